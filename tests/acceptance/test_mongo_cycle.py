"""Acceptance 5 of the catalogue in MongoDB: incident, remedy, recovery and undo on documents that people edit."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from tests.acceptance.asking import ask, every, until
from tests.acceptance.daemon_process import DaemonProcess
from tests.acceptance.keystone_shop import (
    BackEnd,
    catalogue,
    daemon_over,
    incidents,
    notices,
    product,
    rest_of,
    say,
)
from tests.mongo_server import Shop

#: Seconds in which something has to come about that takes two at most on a machine that has nothing else to do.
SOON_S = 15.0


class Kind(NamedTuple):
    """A back end, and how the daemon hears of what is done there."""

    tracked: bool
    keys: str


STREAMED = Kind(tracked=True, keys="")
KINDS = {
    "told, tracked": STREAMED,
    "told": Kind(tracked=False, keys='driver = "pymongo"'),
    "looked for, tracked": Kind(tracked=True, keys='driver = "pymongo"\nstream = false'),
    "read again": Kind(tracked=False, keys='stream = false\nscan_interval = "1s"'),
}
every_kind = pytest.mark.parametrize("kind", KINDS.values(), ids=KINDS)


@pytest.fixture
def kind() -> Kind:
    return STREAMED


@pytest.fixture
def back_end(mongo: Shop, kind: Kind) -> BackEnd:
    return BackEnd(mongo, tracked=kind.tracked)


@pytest.fixture
def faulty(back_end: BackEnd) -> str:
    back_end.create("Copper pot")
    return back_end.create("Enamel mug", price=None)


@pytest.fixture
def process(mongo: Shop, kind: Kind, faulty: str, tmp_path: Path) -> Iterator[DaemonProcess]:
    with daemon_over(mongo, tmp_path, kind.keys) as process:
        until(partial(remedies, process, "applied"), SOON_S, f"a remedy of {faulty}")
        yield process


def remedies(process: DaemonProcess, state: str = "") -> list[dict[str, Any]]:
    return every(process, "/api/v1/remedies?" + (f"state={state}" if state else ""))


def stands(back_end: BackEnd, product_id: str, state: str) -> None:
    until(lambda: back_end.read(product_id)["state"] == state, SOON_S, f"{state} in the shop")


def set_status(process: DaemonProcess, product_id: str, status: str, etag: str = "") -> int:
    return ask(process, "PATCH", f"/api/v1/products/{product_id}/status", {"status": status}, etag).status


def found(process: DaemonProcess, query: str) -> list[str]:
    return [one["title"] for one in every(process, f"/api/v1/products?{query}")]


@every_kind
def test_a_product_goes_off_the_shelf_and_comes_back_once_somebody_mends_it(
    back_end: BackEnd, faulty: str, process: DaemonProcess
) -> None:
    taken = back_end.read(faulty)
    assert taken["state"] == "draft"
    assert list(taken) == list(back_end.created[faulty])
    assert rest_of(taken, "state", "updatedAt") == rest_of(back_end.created[faulty], "state", "updatedAt")
    assert incidents(process, faulty) == {"price_missing": "open"}
    until(partial(notices, process, "New: ", "Enamel mug"), SOON_S, "a notice in the room")
    assert ("updatedAt" in taken) == back_end.tracked
    if back_end.tracked:
        assert taken["updatedAt"] > taken["createdAt"]

    back_end.save(faulty, price=9)
    saved = back_end.read(faulty)

    until(lambda: incidents(process, faulty) == {"price_missing": "recovered"}, SOON_S, "recovered")
    stands(back_end, faulty, "published")
    put_back = back_end.read(faulty)
    assert rest_of(put_back, "state", "updatedAt") == rest_of(saved, "state", "updatedAt")
    if back_end.tracked:
        assert put_back["updatedAt"] > saved["updatedAt"]
    until(partial(notices, process, "Recovered", "Enamel mug"), SOON_S, "the notice of the recovery")
    until(lambda: product(process, faulty).body["status"] == "listed", SOON_S, "listed over HTTP too")
    assert [one["state"] for one in remedies(process)] == ["undone"]


def test_what_a_person_sets_in_the_back_end_goes_before_a_remedy(
    back_end: BackEnd, faulty: str, process: DaemonProcess
) -> None:
    back_end.save(faulty, state="published")
    until(partial(remedies, process, "overridden"), SOON_S, "overridden")

    back_end.save(faulty, title="Enamel cup")

    until(lambda: product(process, faulty).body["title"] == "Enamel cup", SOON_S, "read again")
    ask(process, "POST", "/api/v1/passes", {"kind": "full"})
    process.wait_event("pass.finished", SOON_S, count=len(process.events("pass.finished")) + 1)
    assert back_end.read(faulty)["state"] == "published"


def test_a_remedy_is_undone_from_the_group_and_its_rule_lets_it_be(
    back_end: BackEnd, faulty: str, process: DaemonProcess
) -> None:
    assert "is taken back" in say(process, f"undo {faulty}")

    assert back_end.read(faulty)["state"] == "published"
    assert product(process, faulty).body["status"] == "listed"
    back_end.save(faulty, qty=3)
    until(lambda: product(process, faulty).body["stock"] == "3", SOON_S, "read again")
    assert [one["state"] for one in remedies(process)] == ["undone"]
    assert back_end.read(faulty)["state"] == "published"


def test_a_remedy_is_undone_over_http_once(back_end: BackEnd, faulty: str, process: DaemonProcess) -> None:
    (remedy,) = remedies(process)

    undone = ask(process, "POST", f"/api/v1/remedies/{remedy['id']}/undo")

    assert (undone.status, undone.body["state"]) == (200, "undone")
    assert back_end.read(faulty)["state"] == "published"
    assert ask(process, "POST", f"/api/v1/remedies/{remedy['id']}/undo").status == 409


def test_a_product_is_shelved_and_listed_from_the_group_after_a_yes(back_end: BackEnd, process: DaemonProcess) -> None:
    product_id = back_end.create("Steel pan")
    until(lambda: product(process, product_id).status == 200, SOON_S, "the new product")
    before = rest_of(back_end.read(product_id), "state", "updatedAt")

    assert "Send yes within" in say(process, f"shelve {product_id}")
    assert back_end.read(product_id)["state"] == "published"
    assert "is off the shelf" in say(process, "yes")
    assert back_end.read(product_id)["state"] == "draft"
    assert "Send yes within" in say(process, f"list {product_id}")
    assert "is listed" in say(process, "yes")

    assert back_end.read(product_id)["state"] == "published"
    assert rest_of(back_end.read(product_id), "state", "updatedAt") == before


def test_a_status_is_set_over_http_only_where_the_document_is_still_what_the_caller_saw(
    back_end: BackEnd, process: DaemonProcess
) -> None:
    product_id = back_end.create("Steel pan")
    until(lambda: product(process, product_id).status == 200, SOON_S, "the new product")
    seen = product(process, product_id)
    assert set_status(process, product_id, "unlisted") == 428

    back_end.save(product_id, price=13)  # of which nothing was heard yet: the document is read again
    assert set_status(process, product_id, "unlisted", seen.etag) == 412
    assert back_end.read(product_id)["state"] == "published"

    seen = product(process, product_id)
    assert seen.body["price"] == "13"
    assert set_status(process, product_id, "unlisted", seen.etag) == 200
    assert back_end.read(product_id)["state"] == "draft"
    assert set_status(process, product_id, "listed", seen.etag) == 412
    assert set_status(process, "0" * 24, "listed", '"1"') == 404


def test_lists_are_filtered(back_end: BackEnd, process: DaemonProcess) -> None:
    gone = back_end.create("Steel pan", sku="PAN-1", category=None)
    until(lambda: found(process, "sku=PAN-1") == ["Steel pan"], SOON_S, "the new product")
    back_end.delete(gone)
    until(lambda: found(process, "missing=true") == ["Steel pan"], SOON_S, "the deletion")

    assert found(process, "status=unlisted") == ["Enamel mug"]
    assert found(process, "status=listed&missing=false") == ["Copper pot"]
    assert found(process, "category=Kitchen") == ["Copper pot", "Enamel mug"]
    assert found(process, "source=shop") == ["Copper pot", "Enamel mug", "Steel pan"]
    assert found(process, "q=enamel") == ["Enamel mug"]
    assert catalogue(process)["connected"]
