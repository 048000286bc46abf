"""Incidents: commits that are whole, lists, and what time brings."""

from __future__ import annotations

import asyncio

import pytest
from msgspec.structs import replace

from daemon.errors import Conflict, InvalidInput, NotFound, ZhibanError
from daemon.ports import Batch, IncidentFilter
from daemon.products.incidents import Incident, Kind, State
from daemon.products.remedies import Override
from daemon.products.verdicts import RemedyKind, Severity
from tests.contract.adapters import Stores
from tests.contract.makers import NOW, all_pages, audit, batch, entry, incident, later, remedy


async def kept(stores: Stores, *incidents: Incident) -> list[Incident]:
    await stores.incidents.commit(batch(incidents=incidents))
    return [await stores.incidents.incident(i.id) for i in incidents]


async def test_an_incident_comes_back_as_it_was_with_its_next_revision(stores: Stores) -> None:
    new = incident(
        severity=Severity.CRITICAL, category="lamps", owner="ann", remedy=RemedyKind.REVIEW, value="0", title="燈",
        opened_at=NOW, escalate_at=later(minutes=5), flaps=(NOW, later(hours=1)), told=True, remedy_pending=True,
    )  # fmt: skip
    (stored,) = await kept(stores, new)
    assert stored == replace(new, revision=1)
    (again,) = await kept(stores, replace(stored, state=State.ACKNOWLEDGED))
    assert again == replace(stored, state=State.ACKNOWLEDGED, revision=2)


async def test_unknown_things_are_not_found(stores: Stores) -> None:
    for ask in (stores.incidents.incident, stores.incidents.remedy, stores.incidents.silence):
        with pytest.raises(NotFound, match="'ghost'"):
            await ask("ghost")


async def test_a_batch_that_conflicts_anywhere_keeps_nothing(stores: Stores) -> None:
    (stored,) = await kept(stores, incident())
    (_,) = await kept(stores, stored)
    told, noted = entry(), audit()
    await stores.outbox.add([told])
    bad_batches = [
        batch(incidents=[incident("p2"), stored]),  # stale
        batch(incidents=[incident("p2"), replace(incident("p3"), revision=4)]),  # never stored
        batch(incidents=[incident("p2"), incident()]),  # a second current one of the same product and rule
        batch(incidents=[incident("p2"), incident("p2")]),
        batch(incidents=[new := incident("p2"), new]),
        batch(incidents=[incident("p2")], entries=[told]),
        batch(incidents=[incident("p2")], audits=[noted, noted]),
        batch(incidents=[incident("p2")], remedies=[replace(remedy(stored), revision=1)]),
    ]
    for bad in bad_batches:
        whole = replace(
            bad,
            overrides=(Override(product_id="p2", rule="price_zero", until=later(days=1), by="ann"),),
            entries=(entry(), *bad.entries),
            audits=(audit(), *bad.audits),
            rechecks={"p2": NOW},
            progress={"mark": "7"},
        )
        with pytest.raises(Conflict):
            await stores.incidents.commit(whole)
        assert await stores.incidents.latest(["p2"]) == {}
        assert await stores.incidents.overrides(["p2"], NOW) == {}
        assert len((await stores.outbox.find((), 100)).items) == 1
        assert (await stores.audit.entries(100)).items == ()
        assert await stores.incidents.due(later(days=1), 10) == []
        assert await stores.incidents.progress("mark") is None


async def test_a_batch_keeps_all_that_is_in_it(stores: Stores) -> None:
    new, told, noted = incident(), entry(), audit()
    cure, word = remedy(new), Override(product_id="p1", rule="price_zero", until=later(days=1), by="ann")
    await stores.incidents.commit(
        Batch(
            incidents=(new,), remedies=(cure,), overrides=(word,), entries=(told,), audits=(noted,),
            rechecks={"p1": later(hours=1), "p2": None}, progress={"mark": "7"},
        )
    )  # fmt: skip
    assert await stores.incidents.incident(new.id) == replace(new, revision=1)
    assert await stores.incidents.remedy(cure.id) == replace(cure, revision=1)
    assert await stores.incidents.overrides(["p1", "p2"], NOW) == {("p1", "price_zero"): word}
    assert (await stores.outbox.find((), 10)).items == (told,)
    assert (await stores.audit.entries(10)).items == (noted,)
    assert await stores.incidents.next_due() == later(hours=1)
    assert await stores.incidents.progress("mark") == "7"


async def test_eight_tasks_that_read_and_commit_lose_nothing(stores: Stores) -> None:
    (start,) = await kept(stores, incident())

    async def count_one() -> None:
        while True:
            read = await stores.incidents.incident(start.id)
            change = batch(incidents=[replace(read, bad_count=read.bad_count + 1)], audits=[audit()])
            try:
                await stores.incidents.commit(change)
            except Conflict:
                await asyncio.sleep(0)
                continue
            return

    async def count_ten() -> None:
        for _ in range(10):
            await count_one()

    await asyncio.gather(*(count_ten() for _ in range(8)))
    end = await stores.incidents.incident(start.id)
    assert (end.bad_count, end.revision) == (start.bad_count + 80, start.revision + 80)
    assert len((await stores.audit.entries(100)).items) == 80


async def test_a_new_fault_takes_the_place_of_the_old_one_in_one_batch(stores: Stores) -> None:
    (old,) = await kept(stores, incident())
    heir = incident(fingerprint="g")
    over = replace(old, state=State.SUPERSEDED, superseded_by=heir.id, ended_at=NOW)
    await stores.incidents.commit(batch(incidents=[heir, over]))
    assert [i.id for i in (await stores.incidents.latest(["p1"]))["p1"]] == [heir.id]


async def test_mass_and_checker_incidents_stand_beside_each_other(stores: Stores) -> None:
    first = incident("", "source_unreadable", kind=Kind.CHECKER, fingerprint="a")
    second = incident("", "source_unreadable", kind=Kind.CHECKER, fingerprint="b")
    mass = incident("", "price_zero", kind=Kind.MASS)
    await kept(stores, first, second, mass, incident("p1", "price_zero"))
    found = await stores.incidents.latest_of_rule("source_unreadable")
    assert found is not None
    assert found.id == second.id
    assert (await stores.incidents.latest_of_rule("price_zero")) == replace(mass, revision=1)
    assert await stores.incidents.latest_of_rule("none") is None


async def test_the_latest_incident_of_each_rule_is_told_ended_or_not(stores: Stores) -> None:
    ended = incident("p1", "a", State.RECOVERED, ended_at=NOW)
    newer, other = incident("p1", "a"), incident("p1", "b", State.CLOSED)
    await kept(stores, ended)
    await kept(stores, newer, other, incident("p2", "a"))
    latest = await stores.incidents.latest(["p1", "p3"])
    assert set(latest) == {"p1"}
    assert {i.id for i in latest["p1"]} == {newer.id, other.id}


FILTERS = [
    (IncidentFilter(), "gfedcba"),
    (IncidentFilter(states=(State.OPEN, State.CLOSED)), "gfedba"),
    (IncidentFilter(product_id="p1"), "fa"),
    (IncidentFilter(rule="r2"), "gb"),
    (IncidentFilter(min_severity=Severity.MAJOR), "gfeda"),
    (IncidentFilter(kind="mass"), "g"),
    (IncidentFilter(owner="ann"), "d"),
    (IncidentFilter(inhibited=True), "e"),
    (IncidentFilter(inhibited=False), "gfdcba"),
    (IncidentFilter(remedy_pending=True), "f"),
    (IncidentFilter(remedy_pending=False, states=(State.OPEN,), rule="r1", min_severity=Severity.MAJOR), "ea"),
    (IncidentFilter(product_id="ghost"), ""),
]


@pytest.mark.parametrize(("where", "expected"), FILTERS)
async def test_lists_are_filtered_and_newest_first(stores: Stores, where: IncidentFilter, expected: str) -> None:
    await kept(
        stores,
        incident("p1", "r1", title="a"),
        incident("p2", "r2", title="b", severity=Severity.MINOR),
        incident("p3", "r3", State.SUSPECTED, title="c", severity=Severity.INFO),
        incident("p4", "r4", State.CLOSED, title="d", owner="ann"),
        incident("p5", "r1", title="e", inhibited_by="cause"),
        incident("p1", "r5", title="f", remedy_pending=True),
        incident("", "r2", title="g", kind=Kind.MASS),
    )
    for size in (1, 3, 100):
        found = await all_pages(lambda cursor, size=size: stores.incidents.find(where, size, cursor))
        assert "".join(i.title for i in found) == expected


async def test_a_list_stays_right_while_incidents_come_and_change(stores: Stores) -> None:
    first = await kept(stores, *(incident(f"p{n}") for n in range(20)))
    seen: list[str] = []
    cursor = None
    for n in range(100):
        page = await stores.incidents.find(IncidentFilter(), 3, cursor)
        seen += [i.id for i in page.items]
        changed = await stores.incidents.incident(first[0].id)
        await kept(stores, incident(f"new{n}"), replace(changed, message=str(n)))
        cursor = page.cursor
        if cursor is None:
            break
    assert seen == [i.id for i in reversed(first)]


async def test_cursors_of_other_lists_are_invalid_input(stores: Stores) -> None:
    await kept(stores, *(incident(f"p{n}") for n in range(3)))
    cursor = (await stores.incidents.find(IncidentFilter(), 1)).cursor
    with pytest.raises(InvalidInput):
        await stores.incidents.passes(1, cursor)
    with pytest.raises(InvalidInput):
        await stores.incidents.find(IncidentFilter(), 1, "nonsense")


async def test_all_states_are_counted(stores: Stores) -> None:
    await kept(stores, incident("p1"), incident("p2"), incident("p3", state=State.CLOSED))
    counts = await stores.incidents.counts()
    assert set(counts) == set(State)
    assert {state: n for state, n in counts.items() if n} == {State.OPEN: 2, State.CLOSED: 1}


async def test_clocks_of_living_incidents_come_due_in_their_order(stores: Stores) -> None:
    await kept(
        stores,
        incident("p1", title="a", escalate_at=later(minutes=3)),
        incident("p2", title="b", remind_at=later(minutes=1), escalate_at=later(minutes=9)),
        incident("p3", State.SILENCED, title="c", silenced_until=later(minutes=2)),
        incident("p4", title="d", state=State.CLOSED, silenced_until=NOW, ended_at=NOW),
        incident("p5", title="e", remind_at=later(minutes=4)),
        incident("p6", title="f"),
    )
    due = await stores.incidents.clocks_due(later(minutes=3), 10)
    assert [i.title for i in due] == ["b", "c", "a"]
    assert [i.title for i in await stores.incidents.clocks_due(later(minutes=3), 1)] == ["b"]
    assert await stores.incidents.clocks_due(NOW, 10) == []


async def test_incidents_name_their_cause(stores: Stores) -> None:
    (cause,) = await kept(stores, incident("p0"))
    first, second, _ = await kept(
        stores, incident("p1", inhibited_by=cause.id), incident("p2", inhibited_by=cause.id), incident("p3")
    )
    assert await stores.incidents.inhibited_by(cause.id) == [first, second]
    assert await stores.incidents.inhibited_by("") == []


async def test_products_come_due_longest_due_first_until_judged_again(stores: Stores) -> None:
    times = {"a": later(minutes=2), "b": later(minutes=1), "c": later(hours=1), "d": later(minutes=2)}
    await stores.incidents.commit(Batch(rechecks=times))
    assert await stores.incidents.due(later(minutes=2), 10) == ["b", "a", "d"]
    assert await stores.incidents.due(later(minutes=2), 2) == ["b", "a"]
    assert await stores.incidents.due(NOW, 10) == []
    await stores.incidents.commit(Batch(rechecks={"b": None, "a": later(days=1), "ghost": None}))
    assert await stores.incidents.due(later(hours=1), 10) == ["d", "c"]
    assert await stores.incidents.next_due() == later(minutes=2)
    await stores.incidents.commit(Batch(rechecks=dict.fromkeys(times)))
    assert await stores.incidents.next_due() is None


async def test_no_error_but_ours_leaves_a_store(stores: Stores) -> None:
    (stored,) = await kept(stores, incident())
    for bad in (batch(incidents=[stored, stored]), batch(incidents=[replace(stored, revision=9)])):
        with pytest.raises(ZhibanError):
            await stores.incidents.commit(bad)
