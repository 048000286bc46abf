"""A daemon whose MongoDB is not there, comes late, hangs or ends: it stays alive, says so, and catches up."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.acceptance.asking import ask, every, until
from tests.acceptance.daemon_process import DaemonProcess
from tests.acceptance.keystone_shop import BackEnd, catalogue, daemon_over, incidents, product, say
from tests.mongo_server import MongoServer, Shop

SOON_S = 60.0


@pytest.fixture(params=['driver = "motor"', 'driver = "pymongo"\nstream = false'], ids=["told", "looked for"])
def keys(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def server(mortal_mongo: Shop) -> MongoServer:
    assert mortal_mongo.server is not None
    return mortal_mongo.server


@pytest.fixture
def back_end(mortal_mongo: Shop) -> BackEnd:
    return BackEnd(mortal_mongo)


@contextmanager
def frozen(server: MongoServer) -> Iterator[None]:
    server.freeze()
    try:
        yield
    finally:
        server.thaw()


def connected(process: DaemonProcess) -> bool:
    return bool(catalogue(process)["connected"])


def is_away(process: DaemonProcess) -> bool:
    return not connected(process)


def test_a_daemon_starts_before_mongodb_and_catches_up_once_it_is_there(
    mortal_mongo: Shop, server: MongoServer, back_end: BackEnd, keys: str, tmp_path: Path
) -> None:
    faulty = back_end.create("Enamel mug", price=None)
    back_end.create("Copper pot")
    server.stop()

    with daemon_over(mortal_mongo, tmp_path, keys) as process:
        until(lambda: catalogue(process)["problem"] != "not asked yet", SOON_S, "a first try")
        stands = catalogue(process)
        assert (stands["kind"], stands["name"], stands["connected"]) == ("mongodb", "shop", False)
        assert str(server.port) in stands["problem"]
        shown = process.command("status")
        assert shown.returncode == 0, shown
        assert re.search(r"catalogue shop \(mongodb\): away since \d{4}-", shown.stdout)
        assert str(server.port) in say(process, "status")
        assert product(process, faulty).status == 404
        assert ask(process, "GET", "/api/v1/products").body["items"] == []

        server.start()

        until(lambda: incidents(process, faulty) == {"price_missing": "open"}, SOON_S, "caught up")
        until(lambda: back_end.read(faulty)["state"] == "draft", SOON_S, "the remedy")
        stands = catalogue(process)
        assert (stands["connected"], stands["problem"], stands["documents"]) == (True, "", 2)
        assert re.search(
            r"catalogue shop \(mongodb\): connected since .*; 2 documents", process.command("status").stdout
        )
        assert str(server.port) not in say(process, "status")


def test_what_people_did_while_a_server_was_away_is_found_when_it_is_back(
    mortal_mongo: Shop, server: MongoServer, back_end: BackEnd, keys: str, tmp_path: Path
) -> None:
    faulty, fine = back_end.create("Enamel mug", price=None), back_end.create("Copper pot")
    gone = back_end.create("Steel pan")
    with daemon_over(mortal_mongo, tmp_path, keys) as process:
        until(lambda: every(process, "/api/v1/remedies?state=applied"), SOON_S, "the remedy")

        server.kill()
        until(lambda: is_away(process), SOON_S, "it is away")
        assert product(process, fine).body["status"] == "listed"
        refused = ask(process, "PATCH", f"/api/v1/products/{fine}/status", {"status": "unlisted"}, '"1"')
        assert refused.status == 503, refused
        server.start()
        back_end.save(faulty, price=9)
        back_end.save(fine, price=None)
        back_end.delete(gone)

        until(lambda: connected(process), SOON_S, "it is back")
        until(lambda: incidents(process, faulty) == {"price_missing": "recovered"}, SOON_S, "recovered")
        until(lambda: incidents(process, fine) == {"price_missing": "open"}, SOON_S, "opened")
        until(lambda: back_end.states() == {faulty: "published", fine: "draft"}, SOON_S, "the remedies")
        until(lambda: product(process, gone).body["missing_since"], SOON_S, "missing")


def test_a_server_that_hangs_holds_up_nothing_else(
    mortal_mongo: Shop, server: MongoServer, back_end: BackEnd, keys: str, tmp_path: Path
) -> None:
    faulty = back_end.create("Enamel mug", price=None)
    fine = back_end.create("Copper pot")
    with daemon_over(mortal_mongo, tmp_path, keys) as process:
        until(lambda: every(process, "/api/v1/remedies?state=applied"), SOON_S, "the remedy")

        with frozen(server):
            until(lambda: is_away(process), SOON_S, "it is away")
            assert "away since" in process.command("status").stdout
            assert product(process, fine).body["status"] == "listed"
            refused = ask(process, "PATCH", f"/api/v1/products/{fine}/status", {"status": "unlisted"}, '"1"')
            assert refused.status == 503, refused
        until(lambda: connected(process), SOON_S, "it is back")

        back_end.save(faulty, price=9)
        until(lambda: incidents(process, faulty) == {"price_missing": "recovered"}, SOON_S, "recovered")
        until(lambda: back_end.read(faulty)["state"] == "published", SOON_S, "put back")


@pytest.fixture
def failing(mongo: Shop) -> Iterator[MongoServer]:
    if mongo.server is None:
        pytest.skip("fail points are set only in a server of our own")
    try:
        yield mongo.server
    finally:
        mongo.server.heal()


def losses(process: DaemonProcess) -> list[str]:
    return [one["reason"] for one in process.events("catalogue.connection_changed") if not one["connected"]]


def test_a_server_without_change_streams_is_looked_through(mongo: Shop, failing: MongoServer, tmp_path: Path) -> None:
    back_end = BackEnd(mongo)
    faulty = back_end.create("Enamel mug", price=None)
    back_end.create("Copper pot")
    failing.fail(["aggregate"], errorCode=40573)  # "The $changeStream stage is only supported on replica sets"

    with daemon_over(mongo, tmp_path) as process:
        until(lambda: incidents(process, faulty) == {"price_missing": "open"}, SOON_S, "opened")
        process.wait_event("catalogue.stream_missing")
        back_end.save(faulty, price=9)

        until(lambda: incidents(process, faulty) == {"price_missing": "recovered"}, SOON_S, "recovered")
        assert not catalogue(process)["live"]
        assert losses(process) == []


def test_a_change_stream_that_has_lost_its_place_begins_anew(mongo: Shop, failing: MongoServer, tmp_path: Path) -> None:
    back_end = BackEnd(mongo, tracked=False)
    faulty = back_end.create("Enamel mug", price=None)
    fine = back_end.create("Copper pot")
    with daemon_over(mongo, tmp_path) as process:
        until(lambda: incidents(process, faulty) == {"price_missing": "open"}, SOON_S, "opened")
        until(lambda: catalogue(process)["live"], SOON_S, "live")

        failing.fail(["getMore"], times=1, errorCode=286)  # "ChangeStreamHistoryLost"
        process.wait_event("catalogue.stream_restarted")
        back_end.save(faulty, price=9)
        back_end.save(fine, price=None)

        until(lambda: incidents(process, faulty) == {"price_missing": "recovered"}, SOON_S, "recovered")
        until(lambda: incidents(process, fine) == {"price_missing": "open"}, SOON_S, "opened")
        assert losses(process) == []


def test_a_line_that_is_lost_is_told_in_words(
    mortal_mongo: Shop, server: MongoServer, back_end: BackEnd, tmp_path: Path
) -> None:
    back_end.create("Copper pot")
    with daemon_over(mortal_mongo, tmp_path) as process:
        until(lambda: catalogue(process)["live"], SOON_S, "live")
        server.kill()
        until(lambda: is_away(process), SOON_S, "it is away")
        assert all(reason.startswith("MongoDB: ") for reason in losses(process)), losses(process)
