from daemon.jobs.pass_figures import PassFigures
from daemon.metrics import Metrics
from daemon.services.fetching import FetchReport


async def test_fetches_are_counted_by_what_became_of_them() -> None:
    metrics = Metrics()

    async def fetch() -> FetchReport:
        return FetchReport(fetched=10, unreachable=3, overloaded=2)

    report = await PassFigures(metrics).fetched(fetch())

    text = metrics.render()[0].decode()
    assert report.fetched == 10
    assert 'zhiban_fetches_total{outcome="answered"} 5.0' in text
    assert 'zhiban_fetches_total{outcome="unreachable"} 3.0' in text
    assert 'zhiban_fetches_total{outcome="overloaded"} 2.0' in text
