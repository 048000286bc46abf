"""What a person decided about too many products at once is carried out whole, whatever comes between."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from datetime import timedelta

import msgspec
import pytest

from daemon.errors import Conflict
from daemon.forum.principals import Principal, Role
from daemon.ports import Batch, IncidentFilter
from daemon.products.incidents import Decision, Incident, State
from daemon.products.passes import PassKind
from daemon.services import deciding, incidents, passes, remedies, settling
from tests.house import PERSON, House, house, product

BAD = [f"p{n:02}" for n in range(30)]


async def frozen() -> tuple[House, Incident]:
    """A house whose rule has found too many products at fault, and the question about them."""
    home = house()
    await home.shelve(*(product(name, None) for name in BAD))
    await passes.tick(home.duty)
    return home, await question(home)


async def question(home: House) -> Incident:
    found = await home.stores.incidents.latest_of_rule("mass:price_missing")
    assert found is not None
    return found


async def statuses(home: House) -> dict[str, int]:
    found = [await home.status(name) for name in BAD]
    return {status: found.count(status) for status in set(found)}


@pytest.mark.parametrize(("apply", "after"), [(True, {"unlisted": 30}), (False, {"listed": 30})])
async def test_a_decision_that_was_cut_off_is_carried_out_by_the_next_round(
    monkeypatch: pytest.MonkeyPatch, apply: bool, after: dict[str, int]
) -> None:
    home, mass = await frozen()
    with monkeypatch.context() as cut:
        cut.setattr(remedies, "apply_all" if apply else "_let_be", _cut_off_after_seven)
        with pytest.raises(asyncio.CancelledError):
            await deciding.decide(home.duty, PERSON, mass.id, apply)
    assert (await question(home)).state is State.CLOSED

    await passes.run_pass(home.duty, PassKind.FULL)

    assert await statuses(home) == after
    decided = await question(home)
    assert (decided.state, decided.closed_by, decided.id) == (State.RECOVERED, "Mei", mass.id)


_apply_all = remedies.apply_all


async def _cut_off_after_seven(duty: object, waiting: Sequence[Incident]) -> int:
    await _apply_all(duty, [one for one in waiting[:7] if not await _dropped(duty, one)])  # type: ignore[arg-type]
    raise asyncio.CancelledError


async def _dropped(duty: object, one: Incident) -> bool:
    overrides = await duty.ports.incidents.overrides([one.product_id], duty.ports.clock.now())  # type: ignore[attr-defined]
    return bool(overrides)


async def test_what_went_bad_after_the_decision_is_not_covered_by_it(monkeypatch: pytest.MonkeyPatch) -> None:
    home, mass = await frozen()
    monkeypatch.setattr(remedies, "AT_ONCE", 10)
    decided = await deciding.decide(home.duty, PERSON, mass.id, apply=True)
    assert (decided.waited, decided.applied, decided.left) == (30, 10, 20)
    assert home.duty.wake_checks.is_set()
    home.clock.advance(10)
    late = [f"late{n:02}" for n in range(30)]
    await home.shelve(*(product(name, None) for name in late), import_id="2")

    await passes.tick(home.duty)
    assert await statuses(home) == {"unlisted": 30}
    assert {await home.status(name) for name in late} == {"listed"}
    await passes.run_pass(home.duty, PassKind.FULL)
    assert {await home.status(name) for name in late} == {"listed"}
    again = await question(home)
    assert (again.state, again.decision, again.closed_by, again.reason) == (State.OPEN, None, "", "")


async def test_a_drop_stands_though_the_incidents_change_at_the_same_moment(monkeypatch: pytest.MonkeyPatch) -> None:
    home, mass = await frozen()
    commit, store = home.stores.incidents.commit, home.stores.incidents

    async def contended(batch: Batch) -> None:
        if any(not one.remedy_pending and one.product_id for one in batch.incidents):
            raise Conflict("somebody was faster")
        await commit(batch)

    with monkeypatch.context() as meanwhile:
        meanwhile.setattr(store, "commit", contended)
        await deciding.decide(home.duty, PERSON, mass.id, apply=False)
    for _ in range(2):
        await passes.run_pass(home.duty, PassKind.FULL)
    assert await statuses(home) == {"listed": 30}
    assert (await question(home)).state is State.RECOVERED
    assert (await question(home)).decision is Decision.DROP


async def test_a_drop_ends_with_the_override_and_the_question_comes_again() -> None:
    home, mass = await frozen()
    await deciding.decide(home.duty, PERSON, mass.id, apply=False)
    home.clock.advance(home.duty.config.remedies.override + 1)
    await passes.run_pass(home.duty, PassKind.FULL)
    assert await statuses(home) == {"listed": 30}
    assert (await question(home)).state is State.OPEN


async def test_more_than_the_person_knows_of_is_refused_and_stays_a_question() -> None:
    home, mass = await frozen()
    with pytest.raises(Conflict, match="30 products by now, not 29"):
        await deciding.decide(home.duty, PERSON, mass.id, apply=True, at_most=29)
    assert (await question(home)).state is State.OPEN
    assert await statuses(home) == {"listed": 30}


async def test_of_two_who_decide_at_once_one_is_refused() -> None:
    home, mass = await frozen()
    both = [deciding.decide(home.duty, PERSON, mass.id, apply) for apply in (True, False)]
    answers = await asyncio.gather(*both, return_exceptions=True)
    assert sorted(type(answer).__name__ for answer in answers) == ["Conflict", "Decided"]
    decided = (await question(home)).decision
    assert await statuses(home) == {"unlisted" if decided is Decision.APPLY else "listed": 30}


async def test_a_pass_beside_the_one_who_decides_leaves_the_remedies_to_them() -> None:
    home, mass = await frozen()
    home.duty.wake_checks.clear()
    decided, _ = await asyncio.gather(
        deciding.decide(home.duty, PERSON, mass.id, apply=True), passes.run_pass(home.duty, PassKind.FULL)
    )
    assert (decided.waited, decided.applied) == (30, 30)
    assert await statuses(home) == {"unlisted": 30}
    assert not home.duty.deciding


async def test_a_product_that_is_let_be_is_not_handed_to_the_rule_that_was_dropped() -> None:
    home = house()
    await home.shelve(*(product(name, None, stock=0) for name in BAD[:1]), *(product(name, None) for name in BAD[1:]))
    await passes.tick(home.duty)
    assert await home.status("p00") == "out_of_stock"
    await deciding.decide(home.duty, PERSON, (await question(home)).id, apply=False)
    page = await home.stores.incidents.find(IncidentFilter(product_id="p00", rule="price_missing"), 10)
    await home.stores.incidents.commit(Batch(incidents=(msgspec.structs.replace(page.items[0], remedy_pending=True),)))
    await home.shelve(product("p00", None, stock=5), import_id="2")
    await passes.tick(home.duty)
    assert await home.status("p00") == "listed"


async def test_who_took_a_remedy_back_is_told_by_name_and_the_incident_goes_on() -> None:
    home = house()
    await home.stores.principals.create(
        Principal(id=PERSON.id, name=PERSON.name, role=Role.OPERATOR, created_at=home.clock.now())
    )
    await home.shelve(product("bad", None))
    await passes.tick(home.duty)
    held = (await home.stores.incidents.held(["bad"]))["bad"]
    await settling.undo(home.duty, PERSON, held.id)
    (told,) = [one for one in (await home.stores.outbox.find((), 100)).items if one.news == "remedy_undone"]
    assert (told.facts["ended_by"], told.facts["ended_by_name"]) == ("mei", "Mei")

    for _ in range(2):
        await passes.run_pass(home.duty, PassKind.FULL)
    assert await home.status("bad") == "listed"
    (incident,) = (await home.stores.incidents.latest(["bad"]))["bad"]
    assert (incident.state, incident.remedy_pending) == (State.OPEN, False)

    closed = await incidents.close(home.duty, PERSON, incident.id, "known")
    assert (await incidents.reopen(home.duty, PERSON, closed.id)).state is State.OPEN
    await passes.run_pass(home.duty, PassKind.FULL)
    assert await home.status("bad") == "listed"

    home.clock.advance(timedelta(seconds=home.duty.config.remedies.override).total_seconds() + 1)
    await passes.tick(home.duty)
    assert await home.status("bad") == "unlisted"
