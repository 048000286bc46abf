"""What /metrics shows. One registry a daemon, made by main; what stores know is asked of them when it is read."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, PlatformCollector, ProcessCollector
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.exposition import choose_encoder
from prometheus_client.registry import Collector

#: Figures of a catalogue that lies elsewhere, and those of them that only grow.
_CATALOGUE = {
    "connected": "1 while the catalogue elsewhere is reached.",
    "live": "1 while it tells of changes as they happen.",
    "documents": "Documents that its last whole reading found.",
    "rejected_documents": "Documents of it that could not be read.",
    "last_read_timestamp_seconds": "When it was last read as a whole.",
    "read_duration_seconds": "How long that took.",
    "unsettled_changes": "Changes of which it is not known yet whether they were made.",
    "changes": "Products that changed by what was read of it.",
    "conflicts": "Changes of ours that somebody else was faster than.",
}
_GROWING = frozenset({"changes", "conflicts"})

_SECONDS = (0.001, 0.005, 0.02, 0.1, 0.5, 2.0, 10.0, 60.0, 600.0)


class Metrics:
    """All metrics of one daemon. Label values come from tables of ours, never from data: their number is bounded."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        ProcessCollector(registry=self.registry)
        PlatformCollector(registry=self.registry)
        self._define_products()
        self._define_process()
        self._define_bot()
        self._define_chat()
        self._define_association()
        self._catalogue: dict[str, float] = {}
        self.registry.register(_Elsewhere(self._catalogue))

    def _define_products(self) -> None:
        registry = self.registry
        self.incidents = Gauge("zhiban_incidents", "Incidents by state.", ["state"], registry=registry)
        self.outbox = Gauge("zhiban_outbox_entries", "Notices by state.", ["channel", "state"], registry=registry)
        self.products = Gauge("zhiban_products", "Products in the catalogue.", registry=registry)
        self.passes = Counter("zhiban_passes", "Passes that ended.", ["kind", "state"], registry=registry)
        self.pass_seconds = Histogram(
            "zhiban_pass_duration_seconds", "Duration of passes.", ["kind"], buckets=_SECONDS, registry=registry
        )
        self.last_pass = Gauge(
            "zhiban_last_pass_timestamp_seconds", "When the last pass of a kind ended.", ["kind"], registry=registry
        )
        self.checked = Counter("zhiban_products_checked", "Products that passes judged.", registry=registry)
        self.fetches = Counter("zhiban_fetches", "Images and pages fetched.", ["outcome"], registry=registry)

    def _define_process(self) -> None:
        registry = self.registry
        self.jobs = Counter("zhiban_job_runs", "Runs of jobs.", ["job", "outcome"], registry=registry)
        self.job_seconds = Histogram(
            "zhiban_job_duration_seconds", "Duration of runs.", ["job"], buckets=_SECONDS, registry=registry
        )
        self.job_late = Counter("zhiban_job_late_seconds", "By how much runs came late.", ["job"], registry=registry)
        self.http_requests = Counter(
            "zhiban_http_requests", "Requests answered.", ["method", "route", "status"], registry=registry
        )
        self.http_seconds = Histogram(
            "zhiban_http_request_duration_seconds", "Time to answer.", ["route"], buckets=_SECONDS, registry=registry
        )
        self.loop_lag = Gauge("zhiban_loop_lag_seconds", "How late the event loop last was.", registry=registry)
        self.loop_lag_max = Gauge("zhiban_loop_lag_max_seconds", "The latest that it was.", registry=registry)
        self.tasks = Gauge("zhiban_asyncio_tasks", "Tasks of the event loop.", registry=registry)
        self.offload = Gauge("zhiban_offload_held", "Work that runs in threads or waits for one.", registry=registry)
        self.ready = Gauge("zhiban_ready", "1 while the daemon serves.", registry=registry)
        self.reload_ok = Gauge(
            "zhiban_config_last_reload_successful", "1 when the last reload took hold.", registry=registry
        )
        self.reload_at = Gauge(
            "zhiban_config_last_reload_success_timestamp_seconds", "When a reload last took hold.", registry=registry
        )

    def _define_bot(self) -> None:
        registry = self.registry
        self.bot_messages = Counter(
            "zhiban_bot_messages", "Messages by what became of them.", ["outcome"], registry=registry
        )
        self.bot_reply_seconds = Histogram(
            "zhiban_bot_reply_seconds", "Time from receipt to reply.", buckets=_SECONDS, registry=registry
        )
        self.bot_sends = Counter("zhiban_bot_sends", "Messages given to the messenger.", ["result"], registry=registry)
        self.bot_connection = Gauge(
            "zhiban_bot_connection", "1 for how the messenger stands to its service.", ["state"], registry=registry
        )

    def _define_chat(self) -> None:
        registry = self.registry
        self.chat_replies = Counter("zhiban_chat_replies", "Replies by who spoke.", ["source"], registry=registry)
        self.chat_seconds = Histogram(
            "zhiban_chat_reply_seconds", "Time to a reply.", buckets=_SECONDS, registry=registry
        )
        self.chat_sessions = Gauge("zhiban_chat_sessions", "Conversations that are remembered.", registry=registry)

    def _define_association(self) -> None:
        registry = self.registry
        self.searches = Counter("zhiban_searches", "Searches that ended, by how.", ["state"], registry=registry)
        self.search_seconds = Histogram(
            "zhiban_search_seconds", "Time from a search's turn to its end.", buckets=_SECONDS, registry=registry
        )
        self.search_compared = Counter(
            "zhiban_search_compared", "Detections that searches compared.", registry=registry
        )
        self.association_running = Gauge("zhiban_searches_running", "Searches under way.", registry=registry)

    def observe_send(self, result: str) -> None:
        """Count a try to send a message into a room: "sent", "failed" or "unknown"."""
        self.bot_sends.labels(result).inc()

    def watch_connection(self, states: Iterable[str], current: Callable[[], str]) -> None:
        """Show in which of its states the messenger's connection is."""

        def shown(state: str) -> Callable[[], float]:
            return lambda: float(current() == state)

        for state in states:
            self.bot_connection.labels(state).set_function(shown(state))

    def watch_log(self, dropped: Callable[[], int]) -> None:
        """Show how many lines the log has dropped."""
        self.registry.register(_Counted("zhiban_log_dropped_lines", "Log lines dropped.", dropped))

    def observe_job(self, job: str, outcome: str, seconds: float) -> None:
        """Count a run of a job, or runs that were missed by so many seconds; the scheduler's observer."""
        self.jobs.labels(job, outcome).inc()
        if outcome == "missed":
            self.job_late.labels(job).inc(seconds)
            return
        self.job_seconds.labels(job).observe(seconds)

    def set_incidents(self, counts: Mapping[str, int]) -> None:
        """Show how many incidents are in each state."""
        for state, count in counts.items():
            self.incidents.labels(state).set(count)

    def set_catalogue(self, figures: Mapping[str, float]) -> None:
        """Show figures of a catalogue that lies elsewhere; nothing is shown of it before."""
        self._catalogue.update(figures)

    def set_outbox(self, depth: Mapping[tuple[str, str], int]) -> None:
        """Show how many entries each channel has in each state; what is not named is gone."""
        self.outbox.clear()
        for (channel, state), count in depth.items():
            self.outbox.labels(channel, state).set(count)

    def render(self, accept: str = "") -> tuple[bytes, str]:
        """Return the exposition and its content type, OpenMetrics where the Accept header asks for it."""
        encode, content_type = choose_encoder(accept)
        return encode(self.registry), content_type


class _Counted(Collector):
    """A counter whose value somebody else keeps."""

    def __init__(self, name: str, told: str, value: Callable[[], int]) -> None:
        self._name, self._told, self._value = name, told, value

    def collect(self) -> Iterator[Metric]:
        yield CounterMetricFamily(self._name, self._told, value=self._value())


class _Elsewhere(Collector):
    """Figures of a catalogue that lies elsewhere, as far as they are known."""

    def __init__(self, figures: Mapping[str, float]) -> None:
        self._figures = figures

    def collect(self) -> Iterator[Metric]:
        for name, value in self._figures.items():
            family = CounterMetricFamily if name in _GROWING else GaugeMetricFamily
            yield family(f"zhiban_catalogue_{name}", _CATALOGUE[name], value=value)
