"""Counts passes as they end, from the ledger, so that failed and timed-out ones count too; and fetches."""

from __future__ import annotations

from collections import deque
from collections.abc import Awaitable, Callable

from daemon.metrics import Metrics
from daemon.products.passes import PassRecord, PassState
from daemon.services.duty import Duty
from daemon.services.fetching import FetchReport

_OPEN = {PassState.QUEUED, PassState.RUNNING}
_LOOK_BACK = 20


class PassFigures:
    """What /metrics knows of passes."""

    def __init__(self, metrics: Metrics) -> None:
        self._metrics = metrics
        self._counted: deque[str] = deque(maxlen=4 * _LOOK_BACK)

    async def start(self, duty: Duty) -> None:
        """Leave out what ended with an earlier daemon."""
        self._counted.extend(record.id for record in await self._ended(duty))

    async def counted(self, duty: Duty, take: Callable[[], Awaitable[object]]) -> None:
        """Take passes and count them."""
        try:
            await take()
        finally:
            for record in await self._ended(duty):
                if record.id not in self._counted:
                    self._counted.append(record.id)
                    self._count(record)

    async def fetched(self, fetch: Awaitable[FetchReport]) -> FetchReport:
        """Fetch evidence and count it; what is our own overload is no fault of a target."""
        report = await fetch
        failed = {"unreachable": report.unreachable, "overloaded": report.overloaded}
        for outcome, count in {**failed, "answered": report.fetched - sum(failed.values())}.items():
            self._metrics.fetches.labels(outcome).inc(max(0, count))
        return report

    async def _ended(self, duty: Duty) -> list[PassRecord]:
        page = await duty.ports.incidents.passes(_LOOK_BACK)
        return [record for record in page.items if record.state not in _OPEN]

    def _count(self, record: PassRecord) -> None:
        kind = record.kind.value
        self._metrics.passes.labels(kind, record.state.value).inc()
        self._metrics.pass_seconds.labels(kind).observe(record.duration_s)
        self._metrics.checked.inc(record.checked)
        if record.finished_at:
            self._metrics.last_pass.labels(kind).set(record.finished_at.timestamp())
