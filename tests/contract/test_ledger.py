"""Silences, the ledger of passes, and what is forgotten."""

from __future__ import annotations

from datetime import timedelta

import pytest
from msgspec.structs import replace

from daemon.errors import NotFound
from daemon.ports import IncidentFilter
from daemon.products.incidents import Incident, Silence, State
from daemon.products.notices import EntryState
from daemon.products.passes import PassKind, PassRecord, PassState
from daemon.products.remedies import Override, RemedyState
from tests.contract.adapters import Stores
from tests.contract.makers import NOW, all_pages, batch, entry, incident, later, remedy


async def kept(stores: Stores, *incidents: Incident) -> list[Incident]:
    await stores.incidents.commit(batch(incidents=incidents))
    return [await stores.incidents.incident(i.id) for i in incidents]


async def test_silences_are_in_force_until_they_end(stores: Stores) -> None:
    first = Silence(id="s1", rule="r", until=later(hours=1), created_at=NOW, created_by="ann", reason="sale")
    second = Silence(id="s2", product_id="p", until=later(hours=2), created_at=NOW, created_by="ann")
    await stores.incidents.save_silence(first)
    await stores.incidents.save_silence(second)
    assert await stores.incidents.silences(NOW) == [second, first]
    assert await stores.incidents.silences(later(hours=1)) == [second]
    await stores.incidents.save_silence(replace(second, ended_at=NOW))
    assert await stores.incidents.silences(NOW) == [first]
    assert await stores.incidents.silence("s2") == replace(second, ended_at=NOW)


async def test_the_ledger_of_passes_is_kept_and_updated_in_place(stores: Stores) -> None:
    records = [PassRecord(id=f"r{n}", kind=PassKind.FULL, state=PassState.RUNNING, started_at=NOW) for n in range(3)]
    for record in records:
        await stores.incidents.add_pass(record)
    over = replace(records[0], state=PassState.FINISHED, finished_at=later(minutes=1), seen=7, cpu_s=0.25)
    await stores.incidents.add_pass(over)
    found = await all_pages(lambda cursor: stores.incidents.passes(2, cursor))
    assert found == [records[2], records[1], over]


async def test_what_ended_long_ago_is_forgotten_and_nothing_else(stores: Stores) -> None:
    old, cut = later(days=-100), later(days=-30)
    gone = incident("p1", state=State.RECOVERED, ended_at=old)
    holding = incident("p2", state=State.RECOVERED, ended_at=old)
    closed = incident("p3", state=State.CLOSED, ended_at=old)
    living, recent = incident("p4"), incident("p5", state=State.RECOVERED, ended_at=NOW)
    sent, queued, late = entry(), entry(), entry()
    await stores.incidents.commit(
        batch(
            incidents=[gone, holding, closed, living, recent],
            remedies=[remedy(gone, RemedyState.UNDONE), remedy(holding, RemedyState.APPLIED)],
            entries=[sent, queued, late],
        )
    )
    await stores.outbox.begin([sent.id, late.id], "m", old)
    await stores.outbox.finish([sent.id], EntryState.SENT, old)
    await stores.outbox.finish([late.id], EntryState.SENT, NOW)
    run = PassRecord(id="r1", kind=PassKind.FULL, state=PassState.FINISHED, started_at=old, finished_at=old)
    await stores.incidents.add_pass(run)
    await stores.incidents.add_pass(replace(run, id="r2", finished_at=None, state=PassState.RUNNING))
    assert await stores.incidents.forget(cut) == 4
    assert await stores.incidents.forget(cut) == 0
    left = await all_pages(lambda cursor: stores.incidents.find(IncidentFilter(), 10, cursor))
    assert {i.id for i in left} == {holding.id, closed.id, living.id, recent.id}
    assert await stores.incidents.latest(["p1"]) == {}
    assert {e.id for e in (await stores.outbox.find((), 10)).items} == {queued.id, late.id}
    assert [p.id for p in (await stores.incidents.passes(10)).items] == ["r2"]
    assert set(await stores.incidents.held(["p2"])) == {"p2"}


async def test_the_ledger_of_passes_has_a_time_of_its_own(stores: Stores) -> None:
    run = PassRecord(
        id="r1", kind=PassKind.FULL, state=PassState.FINISHED, started_at=later(days=-8), finished_at=later(days=-8)
    )
    await stores.incidents.add_pass(run)
    await kept(stores, incident("p1", state=State.RECOVERED, ended_at=later(days=-8)))
    assert await stores.incidents.forget(later(days=-90), later(days=-7)) == 1
    assert (await stores.incidents.passes(10)).items == ()
    assert set(await stores.incidents.latest(["p1"])) == {"p1"}


async def test_overrides_and_silences_are_forgotten_when_they_ended_long_ago(stores: Stores) -> None:
    old, cut = later(days=-100), later(days=-30)
    await stores.incidents.commit(
        batch(
            overrides=[
                Override(product_id=name, rule="stock_negative", until=until, by="ann")
                for name, until in (("p1", old), ("p2", cut), ("p3", later(days=1)))
            ]
        )
    )
    for name, until in (("s1", old), ("s2", later(days=1))):
        silence = Silence(id=name, product_id="p1", until=until, created_at=old, created_by="ann")
        await stores.incidents.save_silence(silence)
    assert await stores.incidents.forget(cut) == 2
    assert await stores.incidents.forget(cut) == 0
    assert {name for name, _ in await stores.incidents.overrides(["p1", "p2", "p3"], later(days=-99))} == {"p2", "p3"}
    assert [silence.id for silence in await stores.incidents.silences(old)] == ["s2"]
    with pytest.raises(NotFound):
        await stores.incidents.silence("s1")


async def test_more_than_one_slice_is_forgotten_at_once(stores: Stores) -> None:
    old = later(days=-100)
    gone = [incident(f"p{n}", state=State.RECOVERED, ended_at=old) for n in range(1_203)]
    await stores.incidents.commit(
        batch(incidents=gone, remedies=[remedy(one, RemedyState.UNDONE) for one in gone[:700]])
    )
    assert await stores.incidents.forget(later(days=-30)) == 1_903
    assert (await stores.incidents.find(IncidentFilter(), 10)).items == ()


async def test_after_forgetting_a_product_may_fail_again(stores: Stores) -> None:
    await kept(stores, incident("p1", state=State.RECOVERED, ended_at=NOW - timedelta(days=9)))
    await stores.incidents.forget(NOW)
    (again,) = await kept(stores, incident("p1"))
    assert [i.id for i in (await stores.incidents.latest(["p1"]))["p1"]] == [again.id]
