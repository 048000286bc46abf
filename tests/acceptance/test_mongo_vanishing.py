"""Documents, and whole collections, that go or change between being read, being judged and being acted on."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from structlog.testing import capture_logs

from daemon.adapters.mongo.collection import Collection
from daemon.products.product import Status
from daemon.products.remedies import RemedyMode, RemedyState
from daemon.services import passes
from tests.acceptance.shop_house import ShopHouse, named, number_id, shop_house, sound
from tests.mongo_server import Shop
from tests.unit.handlers.http.api import api

Step = Callable[[ShopHouse], None]
ILL, WELL = 1, 2


def delete(house: ShopHouse) -> None:
    house.shop.products.delete_one({"_id": number_id(ILL)})


def drop(house: ShopHouse) -> None:
    house.shop.products.drop()


def rename(house: ShopHouse) -> None:
    house.shop.products.rename("products_old")


def grow(house: ShopHouse) -> None:
    house.shop.products.update_one({"_id": number_id(ILL)}, {"$set": {"details": "x" * 5_000_000}})


def ruin(house: ShopHouse) -> None:
    house.shop.products.update_one({"_id": number_id(ILL)}, {"$set": {"state": {"en": "published"}, "price": [1]}})


STEPS = (delete, drop, rename, grow, ruin)


#: What was read once more before the remedy was judged again has no price either.
STATES_AFTER: dict[tuple[Step, str], object] = {
    (grow, "get"): "draft",
    (ruin, "get"): {"en": "published"},
    (ruin, "update"): {"en": "published"},
}


@asynccontextmanager
async def one_ill(mongo: Shop, folder: Path) -> AsyncIterator[ShopHouse]:
    """A house whose daemon takes a product without a price off the shelf."""
    async with shop_house(mongo, folder, mode=RemedyMode.ON) as house:
        house.plant(sound(ILL, price=None), sound(WELL))
        await house.until_read()
        yield house


def before(monkeypatch: pytest.MonkeyPatch, name: str, do: Callable[[], None]) -> None:
    """Let something happen just before a method of the collection is first called from now on."""
    call: Callable[..., Awaitable[Any]] = getattr(Collection, name)
    left = [do]

    async def after_it(collection: Collection, *args: Any, **kwargs: Any) -> Any:
        while left:
            left.pop()()
        return await call(collection, *args, **kwargs)

    monkeypatch.setattr(Collection, name, after_it)


async def states(house: ShopHouse) -> set[RemedyState]:
    """Return where the remedies of the ill product stand."""
    found = await house.stores.incidents.find_remedies(tuple(RemedyState), 100)
    return {one.state for one in found.items if one.product_id == named(ILL)}


@pytest.mark.parametrize("step", STEPS)
@pytest.mark.parametrize("where", ["get", "update"])
async def test_a_remedy_meets_what_became_of_its_document(
    step: Step, where: str, mongo: Shop, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with one_ill(mongo, tmp_path) as house:
        before(monkeypatch, where, lambda: step(house))
        with capture_logs() as logs:
            record = await house.judge()

        assert (record.checked, record.failed, record.error) == (2, 0, "")
        assert not [log for log in logs if log["log_level"] == "error"]
        collection = house.shop.database["products_old" if step is rename else "products"]
        document = collection.find_one({"_id": number_id(ILL)})
        assert document is None or document["state"] == STATES_AFTER.get((step, where), "published")
        assert (RemedyState.APPLIED in await states(house)) is (STATES_AFTER.get((step, where)) == "draft")
        assert RemedyState.PLANNED not in await states(house)
        for _ in range(3):  # and the next passes go on
            house.clock.advance(3600)
            await passes.tick(house.duty)
        await house.told()


@pytest.mark.parametrize("step", [delete, drop, rename])
async def test_what_is_gone_is_known_to_be_gone(step: Step, mongo: Shop, tmp_path: Path) -> None:
    async with one_ill(mongo, tmp_path) as house:
        await house.judge()
        step(house)

        async def is_missing() -> bool:
            house.clock.advance(1)
            stored = await house.stored(named(ILL))
            return stored is not None and stored.missing_since is not None

        await house.until(is_missing)
        assert (await house.judge()).checked == (1 if step is delete else 0)
        assert named(ILL) in await house.say(f"product {named(ILL)}")
        async with api(home=house.home) as http:
            answer = await http.get(f"/products/{named(ILL)}")
            assert answer.status == 200
            assert answer.json["missing_since"]
            changed = await http.ask("PATCH", f"/api/v1/products/{named(ILL)}/status", json={"status": "archived"},
                                     headers={"If-Match": answer.headers["ETag"]})  # fmt: skip
            assert changed.status == 404
        house.plant(sound(ILL, price=5))

        async def is_back() -> bool:
            house.clock.advance(1)
            stored = await house.stored(named(ILL))
            return stored is not None and stored.missing_since is None

        await house.until(is_back)
        assert (await house.judge()).checked == (2 if step is delete else 1)
        assert await house.incidents(named(ILL)) == {}


async def test_a_document_that_goes_while_a_pass_reads_is_judged_by_what_was_read(
    mongo: Shop, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with shop_house(mongo, tmp_path, follow=False, page_size=1) as house:
        house.plant(*(sound(number, price=None) for number in range(1, 4)), sound(4))
        calls = [0]
        page = Collection.page

        async def vanishing(collection: Collection, after: bytes | None, limit: int) -> Any:
            calls[0] += 1
            found = await page(collection, after, limit)
            house.shop.products.delete_one({"_id": number_id(calls[0])})  # just after it was read
            return found

        monkeypatch.setattr(Collection, "page", vanishing)
        house.follow()
        await house.until_read()

        assert (await house.judge()).failed == 0
        assert set(await house.verdicts()) <= {named(number) for number in range(1, 4)}


async def test_a_remedy_that_has_no_place_in_its_document_is_refused_once_with_the_reason(
    mongo: Shop, tmp_path: Path
) -> None:
    odd: dict[int, dict[str, Any]] = {
        10: {"state": {"en": "published"}}, 11: {"state": ["published"]},  # whose status nobody knows
        21: {"state": "veröffentlicht"}, 22: {"state": 1},  # which are understood, but not known to the shop
    }  # fmt: skip
    async with shop_house(mongo, tmp_path, mode=RemedyMode.ON) as house:
        house.plant(sound(WELL), sound(ILL, price=None))
        house.plant({k: v for k, v in sound(20, price=None).items() if k != "state"})
        house.plant(*(sound(number, price=None, **fields) for number, fields in odd.items()))
        await house.until_read()
        with capture_logs() as logs:
            for _ in range(4):
                await house.judge()
                house.clock.advance(60)

        assert (await house.catalogue.get(named(ILL))).status == Status.UNLISTED
        refused = [log for log in logs if log["event"] == "remedy.impossible"]
        assert {log["product"]: log["reason"].rsplit(": ", 1)[-1].split(";")[0] for log in refused} == {
            named(20): "no field in the document says it",
            named(21): 'the shop has words of its own, such as "veröffentlicht"',
            named(22): "the shop has no word like '1' for \"unlisted\"",
        }
        assert len(refused) == 3
        assert "price_missing" in await house.incidents(named(20))
        kept = house.shop.products.find_one({"_id": number_id(20)})
        assert kept is not None
        assert "state" not in kept
