"""Acceptance 2 of the catalogue in MongoDB: blows to the server and the daemon at random moments of a pass."""

from __future__ import annotations

import random
import sqlite3
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, closing, contextmanager
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple, TypeAlias

import pytest

from tests.acceptance.asking import ask, every, until
from tests.acceptance.daemon_process import DaemonProcess
from tests.acceptance.keystone_shop import BackEnd, daemon_over
from tests.acceptance.test_kill import Receiver, alive, check_notices, expected_status, is_ready, receiver
from tests.mongo_server import MongoServer, Shop

PRODUCTS = 40
#: Seconds for what takes the longest: finding out what became of a change that was under way when a server died.
REST_S = 100.0
DRIVERS = {True: 'driver = "motor"', False: 'driver = "pymongo"'}
#: Two statuses share a word, so that a document alone does not tell which of them it has.
STATUSES = """
scan_interval = "5s"
[mongodb.statuses]
listed = ["published"]
unlisted = ["draft"]
out_of_stock = ["sold-out"]
draft = ["draft"]
archived = ["archived"]
"""
HOOKS = "".join(
    f"""
[[channels]]
name = "{name}"
kind = "webhook"
url = "http://127.0.0.1:{{port}}/"
secret = "hook-key"
{taken}
"""
    for name, taken in {"hook": 'min_severity = "info"', "shop": 'news = ["product.status_changed"]'}.items()
)
STATES = {"listed": "published", "unlisted": "draft", "out_of_stock": "sold-out"}
__all__ = ["receiver"]


class House(NamedTuple):
    """All that a round needs."""

    back_end: BackEnd
    server: MongoServer
    process: DaemonProcess
    products: Sequence[str]
    rng: random.Random


@contextmanager
def killed_server(house: House) -> Iterator[None]:
    house.server.kill()
    time.sleep(house.rng.uniform(0, 1))
    house.server.start()
    yield


@contextmanager
def killed_daemon(house: House) -> Iterator[None]:
    assert house.process.process is not None
    house.process.process.kill()
    house.process.process.wait()
    yield
    house.process.start()


@contextmanager
def killed_both(house: House) -> Iterator[None]:
    with killed_daemon(house), killed_server(house):
        yield


@contextmanager
def frozen_server(house: House) -> Iterator[None]:
    """For longer than a change may take: what is on its way is done later, when nobody waits for it any more."""
    house.server.freeze()
    time.sleep(house.rng.uniform(0.5, 3))
    house.server.thaw()
    yield


Blow: TypeAlias = Callable[[House], AbstractContextManager[None]]
BLOWS: tuple[Blow, ...] = (killed_server, killed_daemon, killed_both, frozen_server)


def edit(house: House) -> dict[str, set[str]]:
    """Let people edit every product at once, as they please; return which rules each fails then."""
    faults: dict[str, set[str]] = {}
    for product in house.products:
        fault = house.rng.choice(["none", "none", "price_missing", "soldout_listed", "both"])
        faults[product] = {"price_missing", "soldout_listed"} if fault == "both" else {fault} - {"none"}
    house.back_end.save_many(
        {
            product: {
                "price": None if "price_missing" in rules else house.rng.randrange(1, 90),
                "qty": 0 if "soldout_listed" in rules else 5,
            }
            for product, rules in faults.items()
        }
    )
    return faults


def wait_for_the_middle(house: House, before: dict[str, str], faults: dict[str, set[str]]) -> None:
    """Wait until the daemon has moved some of the documents that it has to move after an edit."""
    wanted = wanted_states(faults)
    left = house.rng.randrange(1, 1 + sum(before[product] != state for product, state in wanted.items()))
    end = time.monotonic() + 30
    while sum(state != wanted[product] for product, state in house.back_end.states().items()) > left:
        assert time.monotonic() < end, "nothing moves"
    time.sleep(house.rng.uniform(0, 0.02))


def wanted_states(faults: dict[str, set[str]]) -> dict[str, str]:
    return {product: STATES[expected_status(rules)] for product, rules in faults.items()}


def at_rest(house: House, faults: dict[str, set[str]]) -> bool:
    """Whether incidents, remedies, documents and notices are all where the last edits want them."""
    incidents = [one for one in every(house.process, "/api/v1/incidents") if one["kind"] == "product"]
    found: dict[str, set[str]] = {product: set() for product in faults}
    for incident in filter(alive, incidents):
        found[incident["product_id"]].add(incident["rule"])
    wanted = {product: expected_status(rules) for product, rules in faults.items()}
    planned = every(house.process, "/api/v1/remedies?state=planned")
    queued = [one for one in every(house.process, "/api/v1/notices") if one["state"] in {"queued", "sending"}]
    return (
        found == faults
        and not planned
        and not queued
        and house.back_end.states() == wanted_states(faults)
        and {one["id"]: one["status"] for one in every(house.process, "/api/v1/products")} == wanted
    )


def stored(process: DaemonProcess, query: str) -> list[Any]:
    with closing(sqlite3.connect(f"file:{process.state}/zhiban.sqlite3?mode=ro", uri=True)) as store:
        return store.execute(query).fetchall()


def check_remedies(house: House, faults: dict[str, set[str]]) -> None:
    """Check that every remedy in force moved its document once, as the edits tell, and that nothing else did."""
    remedies = {one["id"]: one for one in every(house.process, "/api/v1/remedies")}
    held = {one["product_id"]: one["after"] for one in remedies.values() if one["state"] == "applied"}
    assert held == {p: expected_status(rules) for p, rules in faults.items() if rules}, "not held by what it fails"
    made: Counter[tuple[str, str]] = Counter()
    for product in house.products:
        history = ask(house.process, "GET", f"/api/v1/products/{product}/history?limit=200").body
        assert history["next_cursor"] is None
        for edit in (one for one in history["edits"] if "status" in one["changes"] and one["revision"] > 1):
            kind, _, remedy = edit["actor"].partition(":")
            assert kind in {"remedy", "undo"}, f"nobody moved {product} in the shop, and yet: {edit}"
            made[kind, remedy] += 1
            assert remedies[remedy]["product_id"] == product
    assert set(made.values()) <= {1}, "a remedy was applied or taken back twice"
    were = {one["id"] for one in remedies.values() if one["state"] in {"applied", "handed_over", "undone"}}
    assert were == {remedy for kind, remedy in made if kind == "remedy"}, "a remedy is told and was not applied"
    taken_back = {one["id"] for one in remedies.values() if one["state"] == "undone"}
    assert taken_back == {remedy for kind, remedy in made if kind == "undo"}, "taken back, and nobody knows"


def check(house: House, faults: dict[str, set[str]], receiver: Receiver) -> None:
    """Check all that must hold when nothing moves any more."""
    incidents = [one for one in every(house.process, "/api/v1/incidents") if one["kind"] == "product"]
    assert set(Counter((i["product_id"], i["rule"]) for i in incidents if alive(i)).values()) <= {1}, "doubled"
    check_remedies(house, faults)
    check_notices(house.process, receiver)
    assert stored(house.process, "SELECT * FROM intents") == [], "it is not known whether a change was made"


def strike_and_check(shop: Shop, folder: Path, receiver: Receiver, blow: Blow, seeds: Sequence[int]) -> None:
    assert shop.server is not None
    tracked = seeds[0] % 2 == 0
    back_end = BackEnd(shop, tracked=tracked)
    products = [back_end.create(f"Kettle {number:02}") for number in range(PRODUCTS)]
    more = HOOKS.format(port=receiver.port)
    process = daemon_over(shop, folder, DRIVERS[tracked] + STATUSES, checks="200ms", more=more)
    process.environment["ZHIBAN_HOOK_KEY"] = "a-key-of-sixteen-bytes-or-more"
    with process:
        for seed in seeds:
            house = House(back_end, shop.server, process, products, random.Random(seed))
            before, faults = back_end.states(), edit(house)
            wait_for_the_middle(house, before, faults)
            with blow(house):
                if house.rng.random() < 0.5:
                    faults = edit(house)
            try:
                until(partial(is_ready, process), 30, "READY")
                until(partial(at_rest, house, faults), REST_S, "all come to rest")
                check(house, faults, receiver)
            except AssertionError as error:
                error.add_note(f"seed {seed}")
                raise


@pytest.mark.parametrize(("first", "blow"), list(enumerate(BLOWS, start=1)))
def test_three_blows_lose_nothing_and_double_nothing(
    mortal_mongo: Shop, tmp_path: Path, receiver: Receiver, first: int, blow: Blow
) -> None:
    strike_and_check(mortal_mongo, tmp_path, receiver, blow, range(first, first + 3))


@pytest.mark.slow
@pytest.mark.timeout(1500)
@pytest.mark.parametrize("first", [10, 21])
@pytest.mark.parametrize("blow", BLOWS)
def test_ten_blows_lose_nothing_and_double_nothing(
    mortal_mongo: Shop, tmp_path: Path, receiver: Receiver, first: int, blow: Blow
) -> None:
    strike_and_check(mortal_mongo, tmp_path, receiver, blow, range(first, first + 10))
