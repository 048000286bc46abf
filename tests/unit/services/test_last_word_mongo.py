"""A person's word in the shop's back end against the daemon's: whatever interleaves, the last word stands.

As test_last_word, over a real server: the daemon takes passes whose remedies are on, and between any two calls that
it makes of its stores or of the collection, people edit the document behind its back, or the product over the API.
"""

from __future__ import annotations

import asyncio
import tempfile
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any, Final

import pytest
from hypothesis import HealthCheck, given, note, settings
from hypothesis import strategies as st

from daemon.products.product import Status
from daemon.services import passes
from daemon.services.duty import Duty
from tests.contract.shop import ShopStores, open_shop
from tests.interop.mongo_shop import DRIVERS, Driver
from tests.last_word_kit import AFTER, BOX, ID, Act, Crowd, Interrupted, Words, assert_last_words_stand, house_on
from tests.mongo_server import Shop

_WORDS: Final = {
    Status.DRAFT: "draft", Status.LISTED: "published", Status.UNLISTED: "hidden", Status.OUT_OF_STOCK: "sold out",
    Status.REVIEW: "checked", Status.ARCHIVED: "archived",
}  # fmt: skip
_HELD_BY: Final = {_WORDS[status]: rule for rule, status in AFTER.items()}
_PLACES: Final = {"status": "state", "stock": "qty"}
_FIRST: Final = {"_id": ID, "__v": 0, "title": "Tea", "state": "published", "price": 10, "qty": 3}
_NEXT_YEAR: Final = datetime(2027, 1, 1, tzinfo=UTC)
_STATUSES: Final = [Status.LISTED, Status.LISTED, Status.DRAFT, Status.ARCHIVED]
_FIELDS = st.one_of(
    st.tuples(st.just("status"), st.sampled_from(_STATUSES)),
    st.tuples(st.just("price"), st.sampled_from([None, None, Decimal("9.90"), Decimal(12)])),
    st.tuples(st.just("stock"), st.sampled_from([Decimal(0), Decimal(0), Decimal(2)])),
    st.tuples(st.just("title"), st.text("abc", min_size=1, max_size=3)),
)
_ACTS = st.lists(
    st.builds(
        lambda after, kind, what: Act(after, kind, *what),
        st.integers(0, 40),
        st.sampled_from(["shop", "shop", "shop", "set", "undo"]),
        _FIELDS,
    ),
    min_size=1,
    max_size=8,
)


class ShopCrowd(Crowd):
    """People who work in the back end as well. tracked: whether its model keeps updatedAt."""

    def __init__(self, duty: Duty, acts: Sequence[Act], words: Words, shop: Shop, *, tracked: bool) -> None:
        super().__init__(duty, acts, words)
        self._products, self._tracked, self._saved = shop.products, tracked, 0
        self._acting = False

    async def moment(self) -> None:
        """Let a moment pass between two calls."""
        self._acting = True
        await super().moment()
        self._acting = False

    async def inner_moment(self) -> None:
        """Let a moment pass inside a call of the daemon's, where only the back end is open to people."""
        if self._acts and self._acts[0].kind == "shop" and not self._acting:
            await self.moment()

    async def _held(self) -> str:
        word = self._products.find_one({"_id": ID})["state"]  # type: ignore[index]  # it is never deleted
        return "" if word == _WORDS[self.words.last["status"]] else _HELD_BY.get(word, "")

    async def _shop(self, act: Act) -> None:
        self._saved += 1
        time = {"updatedAt": _NEXT_YEAR + timedelta(seconds=self._saved)} if self._tracked else {}
        fields = {_PLACES.get(act.field, act.field): _lying(act.value)} | time
        self._products.update_one({"_id": ID}, {"$set": fields})
        self.words.said(act.field, act.value, None, by_hand=False)


def _lying(value: Any) -> Any:
    if isinstance(value, Status):
        return _WORDS[value]
    return float(value) if isinstance(value, Decimal) else value


async def live_through(shop: Shop, driver: Driver, acts: Sequence[Act], *, tracked: bool) -> None:
    note("\n".join(map(repr, acts)))
    crowds: list[ShopCrowd] = []

    async def inner_moment() -> None:
        for crowd in crowds:
            await crowd.inner_moment()

    shop.products.replace_one({"_id": ID}, _FIRST | ({"updatedAt": _NEXT_YEAR} if tracked else {}), upsert=True)
    statuses = {status.value: (word,) for status, word in _WORDS.items()}
    with tempfile.TemporaryDirectory() as folder:
        async with open_shop(
            Path(folder), shop, driver, around=lambda inner: Interrupted(inner, inner_moment), statuses=statuses, map={}
        ) as stores:
            await stores.catalogue.reader.read_all(lambda: None)
            await _work(stores, crowds, acts, tracked=tracked)


async def _work(stores: ShopStores, crowds: list[ShopCrowd], acts: Sequence[Act], *, tracked: bool) -> None:
    catalogue, home = stores.catalogue, house_on(stores, config=BOX)
    source = await catalogue.get(ID)
    words = Words({name: getattr(source, name) for name in ("status", "price", "title", "stock")}, source)
    whole = home.duty.ports
    crowd = ShopCrowd(Duty(whole, home.duty.config, home.duty.rulebook), acts, words, catalogue.shop, tracked=tracked)
    crowds.append(crowd)
    home.duty.ports = replace(
        whole,
        catalogue=Interrupted(catalogue, crowd.moment),
        incidents=Interrupted(whole.incidents, crowd.moment),
        audit=Interrupted(whole.audit, crowd.moment),
    )
    for _ in range(4):
        await passes.tick(home.duty)
        await catalogue.reader.read_all(lambda: None)
    home.duty.ports = whole
    crowds.clear()
    await catalogue.reader.read_all(lambda: None)
    await assert_last_words_stand(home.duty, words)
    assert await stores.own.mirror.intents() == []
    assert (await catalogue.reader.read_all(lambda: None)).changed == 0


def rehearsed(examples: int) -> settings:
    checks = [HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
    return settings(max_examples=examples, deadline=None, suppress_health_check=checks)


@rehearsed(40)
@given(acts=_ACTS, tracked=st.booleans())
def test_the_last_word_is_a_persons_in_the_back_end(mongo: Shop, acts: list[Act], tracked: bool) -> None:
    asyncio.run(live_through(mongo, "motor", acts, tracked=tracked))


@pytest.mark.parametrize("driver", DRIVERS)
@rehearsed(4)
@given(acts=_ACTS, tracked=st.booleans())
def test_the_last_word_is_a_persons_whatever_the_driver(
    mongo: Shop, driver: Driver, acts: list[Act], tracked: bool
) -> None:
    asyncio.run(live_through(mongo, driver, acts, tracked=tracked))


@pytest.mark.slow
@pytest.mark.timeout(900)
@rehearsed(1000)
@given(acts=_ACTS, tracked=st.booleans())
def test_the_last_word_is_a_persons_in_very_many_orders(mongo: Shop, acts: list[Act], tracked: bool) -> None:
    asyncio.run(live_through(mongo, "motor", acts, tracked=tracked))
