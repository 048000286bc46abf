from daemon.metrics import Metrics


def shown(metrics: Metrics, accept: str = "") -> dict[str, float]:
    body, _ = metrics.render(accept)
    pairs = (line.rsplit(" ", 1) for line in body.decode().splitlines() if not line.startswith("#"))
    return {name: float(value) for name, value in pairs}


def test_incidents_are_shown_by_state() -> None:
    metrics = Metrics()

    metrics.set_incidents({"open": 3, "acknowledged": 0})

    values = shown(metrics)
    assert values['zhiban_incidents{state="open"}'] == 3
    assert values['zhiban_incidents{state="acknowledged"}'] == 0


def test_outbox_states_that_emptied_do_not_linger() -> None:
    metrics = Metrics()

    metrics.set_outbox({("log", "queued"): 2, ("ops", "failed"): 1})
    metrics.set_outbox({("log", "sent"): 2})

    found = {name for name in shown(metrics) if name.startswith("zhiban_outbox")}
    assert found == {'zhiban_outbox_entries{channel="log",state="sent"}'}


def test_runs_of_jobs_are_counted_by_outcome() -> None:
    metrics = Metrics()

    metrics.observe_job("products.check", "finished", 0.2)
    metrics.observe_job("products.check", "timed_out", 900.0)
    metrics.observe_job("products.check", "missed", 25.0)

    values = shown(metrics)
    assert values['zhiban_job_runs_total{job="products.check",outcome="missed"}'] == 1
    assert values['zhiban_job_late_seconds_total{job="products.check"}'] == 25
    assert values['zhiban_job_runs_total{job="products.check",outcome="timed_out"}'] == 1
    assert values['zhiban_job_duration_seconds_count{job="products.check"}'] == 2


def test_dropped_log_lines_are_asked_of_the_log_when_read() -> None:
    metrics = Metrics()
    dropped = [0]
    metrics.watch_log(lambda: dropped[0])

    dropped[0] = 5

    assert shown(metrics)["zhiban_log_dropped_lines_total"] == 5


def test_two_daemons_of_one_process_do_not_share_figures() -> None:
    one, other = Metrics(), Metrics()

    one.checked.inc(7)

    assert shown(one)["zhiban_products_checked_total"] == 7
    assert shown(other)["zhiban_products_checked_total"] == 0


def test_openmetrics_is_given_to_who_asks_for_it() -> None:
    _, plain = Metrics().render()
    body, open_metrics = Metrics().render("application/openmetrics-text; version=1.0.0")

    assert plain.startswith("text/plain")
    assert open_metrics.startswith("application/openmetrics-text")
    assert body.endswith(b"# EOF\n")


def test_nothing_is_shown_of_a_catalogue_elsewhere_where_there_is_none() -> None:
    assert not [name for name in shown(Metrics()) if name.startswith("zhiban_catalogue")]


def test_a_catalogue_elsewhere_is_shown_as_far_as_it_is_known() -> None:
    metrics = Metrics()

    metrics.set_catalogue({"connected": False, "changes": 2})
    metrics.set_catalogue({"connected": True, "changes": 3, "documents": 40})

    values = {name: value for name, value in shown(metrics).items() if name.startswith("zhiban_catalogue")}
    assert values == {
        "zhiban_catalogue_connected": 1, "zhiban_catalogue_changes_total": 3, "zhiban_catalogue_documents": 40,
    }  # fmt: skip
