"""Acceptance 1 and 4: what somebody sees who starts the demonstration, tails its log and fixes a product."""

from __future__ import annotations

import urllib.request
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import pytest

from daemon import demo
from tests.acceptance.asking import ask, every, free_port, until
from tests.acceptance.daemon_process import DaemonProcess


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[DaemonProcess]:
    folder: Path = tmp_path_factory.mktemp("demo")
    with DaemonProcess(folder).start("--demo", "--port", str(free_port())) as process:
        process.wait_event("pass.finished", 30)  # whichever test comes first
        yield process


def incidents(shop: DaemonProcess, query: str) -> list[dict[str, object]]:
    return every(shop, f"/api/v1/incidents?{query}")


def test_the_first_pass_finds_what_the_labels_say_and_acts(shop: DaemonProcess) -> None:
    labels = demo.labels()

    for rule in ("price_missing", "currency_bad", "duplicate_key", "price_jump", "gtin_bad"):
        found = {incident["product_id"] for incident in incidents(shop, f"rule={rule}")}
        assert found == set(labels.bad[rule]), rule
    missing = labels.bad["price_missing"][0]
    assert ask(shop, "GET", f"/api/v1/products/{missing}").body["status"] == "unlisted"


def test_pages_and_images_are_judged_over_the_network(shop: DaemonProcess) -> None:
    for rule in ("image_broken", "link_broken", "page_price_mismatch"):
        until(partial(incidents, shop, f"rule={rule}"), 60, rule)


def test_a_fixed_product_recovers_and_is_put_back_and_people_hear_of_it(shop: DaemonProcess) -> None:
    product = demo.labels().bad["price_missing"][0]
    seen = ask(shop, "GET", f"/api/v1/products/{product}")
    corrected = ask(shop, "PATCH", f"/api/v1/products/{product}", {"price": "72.00"}, seen.etag)
    assert corrected.status == 200, corrected

    until(lambda: ask(shop, "GET", f"/api/v1/products/{product}").body["status"] == "listed", 20, "listed again")
    (incident,) = incidents(shop, f"product={product}&rule=price_missing")
    assert incident["state"] == "recovered"
    until(
        lambda: any("Recovered" in line for event in shop.events("notice.sent") for line in event["lines"]),
        20,
        "the notice of the recovery",
    )


def test_an_edit_against_an_old_revision_is_refused(shop: DaemonProcess) -> None:
    product = demo.labels().bad["price_missing"][1]

    assert ask(shop, "PATCH", f"/api/v1/products/{product}", {"price": "1"}, '"999"').status == 412
    assert ask(shop, "PATCH", f"/api/v1/products/{product}", {"price": "1"}).status == 428


def test_an_incident_is_acknowledged_silenced_and_closed(shop: DaemonProcess) -> None:
    first, second = incidents(shop, "rule=gtin_bad&state=open")[:2]

    assert ask(shop, "POST", f"/api/v1/incidents/{first['id']}/acknowledge").body["state"] == "acknowledged"
    assert ask(shop, "POST", f"/api/v1/incidents/{first['id']}/acknowledge").status == 409
    closed = ask(shop, "POST", f"/api/v1/incidents/{second['id']}/close", {"reason": "in-store code"})
    assert (closed.body["state"], closed.body["reason"]) == ("closed", "in-store code")


def test_a_sale_that_ends_while_the_daemon_runs_opens_an_incident_within_a_minute(shop: DaemonProcess) -> None:
    ends = demo.labels().opens_after_s["sale_window_passed"]
    product, seconds = min(ends.items(), key=lambda item: item[1])

    until(lambda: incidents(shop, f"product={product}&rule=sale_window_passed"), seconds + 60, "the sale is over")


def test_the_probes_and_the_shop_answer(shop: DaemonProcess) -> None:
    assert shop.get("/readyz")[0] == 200
    metrics = shop.get("/metrics")[1]
    assert 'zhiban_incidents{state="open"}' in metrics
    with urllib.request.urlopen(f"{shop.url}/demo/", timeout=10) as answer:
        assert "山岚与北岭" in answer.read().decode()
