"""What the daemon does for a shop is the same wherever the shop keeps its products."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass, replace
from decimal import Decimal
from pathlib import Path
from typing import Any

import msgspec
import pytest

from daemon.errors import Conflict, PreconditionFailed
from daemon.products.incidents import Incident, State
from daemon.products.passes import PassKind, PassRecord
from daemon.products.product import Product, Status
from daemon.products.remedies import Remedy, RemedyMode, RemedyState
from daemon.services import deciding, incidents, passes, products, remedies, settling
from daemon.services.delivery import deliver
from daemon.services.exports import export_changed
from daemon.services.imports import import_rows
from tests.contract.adapters import ADAPTERS, Stores
from tests.contract.makers import store
from tests.contract.shop import PlantedCatalogue
from tests.house import PERSON, House, product, rules
from tests.last_word_kit import BOX, house_on


@dataclass
class Shop:
    home: House
    stores: Stores
    runs: int = 0

    async def says(self, *said: Product) -> None:
        """Let the shop say what its products are."""
        self.runs += 1
        await store(self.stores.catalogue, said, at=self.home.clock.now(), run=f"run-{self.runs}")

    async def now(self, product_id: str) -> Product:
        return await self.stores.catalogue.get(product_id)

    async def checked(self, kind: PassKind = PassKind.FULL) -> PassRecord:
        self.home.clock.advance(30)
        return await passes.run_pass(self.home.duty, kind)

    async def incident(self, product_id: str) -> Incident:
        return (await self.stores.incidents.latest([product_id]))[product_id][0]

    async def remedy(self, product_id: str) -> Remedy:
        found = (await self.stores.incidents.find_remedies((), 100)).items
        latest: Remedy = next(one for one in found if one.product_id == product_id)
        return latest

    async def news(self) -> list[str]:
        return [entry.news for entry in reversed((await self.stores.outbox.find((), 500)).items)]


@pytest.fixture(params=list(ADAPTERS))
async def shop(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Shop]:
    async with ADAPTERS[request.param](tmp_path, request) as stores:
        home = house_on(stores, rules(RemedyMode.ON), BOX)
        if isinstance(stores.catalogue, PlantedCatalogue):
            home.duty.ports = replace(home.duty.ports, followed=stores.catalogue)
        yield Shop(home, stores)


def listed(name: str, price: str | None = "10") -> Product:
    return product(name, price, status=Status.LISTED)


async def test_a_fault_is_remedied_told_and_put_right_when_it_is_gone(shop: Shop) -> None:
    await shop.says(listed("tea", None), listed("mug"))
    record = await shop.checked()
    assert (record.checked, record.abnormal, record.opened) == (2, 1, 1)
    assert (await shop.now("tea")).status is Status.UNLISTED
    remedy = await shop.remedy("tea")
    assert remedy.state is RemedyState.APPLIED
    edit = (await shop.stores.catalogue.edits("tea", 10)).items[0]
    assert (edit.actor, set(edit.changes)) == (f"remedy:{remedy.id}", {"status"})

    await shop.says(product("tea", "12", status=status_kept_by(shop)))
    await shop.checked(PassKind.CHANGED)
    assert (await shop.now("tea")).status is Status.LISTED
    assert (await shop.incident("tea")).state is State.RECOVERED
    assert await shop.news() == ["opened", "remedy_applied", "recovered", "remedy_undone"]
    shop.home.clock.advance(60)
    await deliver(shop.home.duty)
    assert shop.home.duty.ports.notifiers["box"].messages  # type: ignore[attr-defined]


def status_kept_by(shop: Shop) -> Status:
    """Return what the shop says of a status that we changed: its file its own word, its document ours."""
    return Status.DRAFT if isinstance(shop.stores.catalogue, PlantedCatalogue) else Status.LISTED


async def test_a_remedy_that_a_person_takes_back_is_not_applied_again(shop: Shop) -> None:
    await shop.says(listed("tea", None))
    await shop.checked()
    await settling.undo(shop.home.duty, PERSON, (await shop.remedy("tea")).id)
    for _ in range(3):
        await shop.checked()
    assert (await shop.now("tea")).status is Status.LISTED
    assert [one.state for one in (await shop.stores.incidents.find_remedies((), 10)).items] == [RemedyState.UNDONE]
    with pytest.raises(Conflict):
        await settling.undo(shop.home.duty, PERSON, (await shop.remedy("tea")).id)


async def test_a_status_that_a_person_sets_overrides_the_remedy(shop: Shop) -> None:
    await shop.says(listed("tea", None))
    await shop.checked()
    held = await shop.now("tea")
    await products.set_status(shop.home.duty, PERSON, "tea", Status.LISTED, held.revision)
    await shop.checked()
    assert (await shop.now("tea")).status is Status.LISTED
    assert (await shop.remedy("tea")).state is RemedyState.OVERRIDDEN
    with pytest.raises(PreconditionFailed):
        await products.set_status(shop.home.duty, PERSON, "tea", Status.ARCHIVED, held.revision)
    shop.home.clock.advance(shop.home.duty.config.remedies.override)
    await shop.checked()
    assert (await shop.now("tea")).status is Status.UNLISTED


async def test_too_many_at_once_are_a_question_and_its_answer_is_carried_out(shop: Shop) -> None:
    names = [f"p{n:02}" for n in range(25)]
    await shop.says(*(listed(name, None) for name in names))
    await shop.checked()
    assert {(await shop.now(name)).status for name in names} == {Status.LISTED}
    question = await shop.stores.incidents.latest_of_rule("mass:price_missing")
    assert question is not None
    decided = await deciding.decide(shop.home.duty, PERSON, question.id, apply=True)
    assert (decided.waited, decided.applied) == (25, 25)
    await shop.checked()
    assert {(await shop.now(name)).status for name in names} == {Status.UNLISTED}


async def test_an_incident_is_taken_on_silenced_and_closed(shop: Shop) -> None:
    await shop.says(listed("tea", None))
    await shop.checked()
    incident = await shop.incident("tea")
    await incidents.acknowledge(shop.home.duty, PERSON, incident.id)
    shop.home.clock.advance(shop.home.duty.config.incidents.escalate_after)
    await incidents.tick_clocks(shop.home.duty)
    assert (await shop.incident("tea")).state is State.ACKNOWLEDGED
    await incidents.close(shop.home.duty, PERSON, incident.id, "it is meant so")
    await shop.checked()
    assert (await shop.incident("tea")).state is State.CLOSED


async def test_sources_are_imported_beside_the_shop_and_touch_none_of_it(shop: Shop) -> None:
    await shop.says(listed("tea", None), listed("mug"))
    rows: list[dict[str, object]] = [
        {"id": "sup-1", "title": "Cup", "price": Decimal(3)}, {"id": "mug", "title": "Not yours"},
    ]  # fmt: skip
    report = await import_rows(shop.home.duty, rows, source="supplier", actor=PERSON.id, partial=False)
    assert (report.created, report.rejected) == (1, 1)
    assert "belongs to another source" in report.rejects[0].reason
    await shop.checked()
    assert ((await shop.now("mug")).title, (await shop.now("sup-1")).source) == ("Tea mug", "supplier")
    assert (await shop.stores.catalogue.sources())["supplier"].rejected == 1

    whole = await import_rows(
        shop.home.duty, [{"id": "sup-2", "title": "Pot"}], source="supplier", actor=PERSON.id, partial=False
    )
    assert whole.missing == 1
    assert (await shop.now("sup-1")).missing_since is not None
    assert (await shop.now("tea")).missing_since is None
    assert (await shop.checked()).skipped == 1


async def test_what_was_imported_is_remedied_in_our_own_store_and_exported(shop: Shop) -> None:
    rows = [{"id": "sup-1", "title": "Cup", "status": "listed"}]
    await import_rows(shop.home.duty, rows, source="supplier", actor=PERSON.id)
    await shop.checked()
    assert (await shop.now("sup-1")).status is Status.UNLISTED
    exported = [row async for row in export_changed(shop.home.duty)]
    assert [(row["id"], row["status"], row["reason"]) for row in exported] == [
        ("sup-1", "unlisted", "remedy:price_missing")
    ]


async def test_a_remedy_that_was_planned_when_the_daemon_died_is_settled_by_the_next(shop: Shop) -> None:
    await shop.says(listed("tea", None))
    commit = shop.stores.incidents.commit

    async def dying(batch: Any) -> None:
        if any(one.state is RemedyState.APPLIED for one in batch.remedies):
            raise RuntimeError("killed")
        await commit(batch)

    with pytest.MonkeyPatch.context() as death:
        death.setattr(shop.stores.incidents, "commit", dying)
        with pytest.raises(RuntimeError, match="killed"):
            await shop.checked()
    assert (await shop.remedy("tea")).state is RemedyState.PLANNED
    await passes.recover(shop.home.duty)
    assert await remedies.recover(shop.home.duty) == 1
    remedy = await shop.remedy("tea")
    assert (remedy.state, (await shop.now("tea")).status) == (RemedyState.APPLIED, Status.UNLISTED)
    assert msgspec.json.encode(remedy)
