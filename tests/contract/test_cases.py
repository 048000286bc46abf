"""Cases, approvals and searches."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace

from daemon.adapters.memory import MemoryStores
from daemon.adapters.sql import SqlStores, open_stores
from daemon.errors import Conflict, NotFound
from daemon.forum.audit_chain import Head
from daemon.ports import Approval, Case, Search, SearchState
from daemon.products.ids import new_id
from tests.contract.makers import NOW, all_pages, audit, batch, later

Stores = MemoryStores | SqlStores


@pytest.fixture(params=["memory", "sqlite"])
async def stores(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Stores]:
    if request.param == "memory":
        yield MemoryStores()
        return
    async with open_stores(tmp_path / "state" / "zhiban.db") as opened:
        yield opened


def case(**fields: Any) -> Case:
    given: dict[str, Any] = {
        "id": new_id(), "title": "lost child", "purpose": "find a lost child", "owner": "mei", "created_at": NOW,
        "expires_at": later(days=7), "quota": 3, "cameras": ("c1", "c2"), "members": ("ann",),
    }  # fmt: skip
    return Case(**(given | fields))


def search(of: Case, **fields: Any) -> Search:
    given: dict[str, Any] = {
        "id": new_id(), "case_id": of.id, "purpose": "find her", "searcher": "mei", "created_at": NOW,
        "state": SearchState.QUEUED, "asked": {"camera": "c1", "text": "\ud800\0"},
    }  # fmt: skip
    return Search(**(given | fields))


def approval(of: Case, **fields: Any) -> Approval:
    given: dict[str, Any] = {
        "id": new_id(),
        "case_id": of.id,
        "asked_by": "mei",
        "asked_at": NOW,
        "reason": "no other way",
    }
    return Approval(**(given | fields))


async def actions(stores: Stores) -> list[str]:
    """Return what the audit log holds, oldest first."""
    return [entry.action for entry in reversed((await stores.audit.entries(100)).items)]


async def test_a_case_comes_back_equal_and_changes_only_as_it_was_read(stores: Stores) -> None:
    kept = await stores.cases.add_case(made := case(), audit(action="a"))
    assert kept == replace(made, revision=1)
    assert await stores.cases.case(made.id) == kept
    changed = await stores.cases.change_case(replace(kept, members=(), closed_at=NOW), audit(action="b"))
    assert changed == replace(kept, members=(), closed_at=NOW, revision=2)
    assert await stores.cases.case(made.id) == changed
    with pytest.raises(Conflict):
        await stores.cases.change_case(kept, audit(action="no"))
    with pytest.raises(Conflict):
        await stores.cases.add_case(made, audit(action="no"))
    with pytest.raises(NotFound):
        await stores.cases.change_case(case(revision=1), audit(action="no"))
    with pytest.raises(NotFound):
        await stores.cases.case("none")
    assert await actions(stores) == ["a", "b"]


async def test_a_change_whose_audit_entry_cannot_be_kept_is_none(stores: Stores) -> None:
    kept = await stores.cases.add_case(case(), known := audit())
    begun = search(kept)
    asked = approval(kept)
    for attempt in (
        stores.cases.add_case(case(), known),
        stores.cases.change_case(replace(kept, quota=9), known),
        stores.cases.ask_approval(asked, known),
        stores.cases.begin_search(begun, known),
    ):
        with pytest.raises(Conflict):
            await attempt
    assert [c async for c in _each(stores)] == [kept]
    assert not await stores.cases.approvals(kept.id)
    with pytest.raises(NotFound):
        await stores.cases.search(begun.id)
    await stores.cases.ask_approval(asked, audit())
    await stores.cases.begin_search(begun, audit())
    with pytest.raises(Conflict):
        await stores.cases.decide_approval(replace(asked, decided_by="bo", decided_at=NOW), known)
    with pytest.raises(Conflict):
        await stores.cases.change_search(replace(begun, state=SearchState.DONE), known)
    assert (await stores.cases.approvals(kept.id), await stores.cases.search(begun.id)) == ([asked], begun)


async def _each(stores: Stores) -> AsyncIterator[Case]:
    for found in await all_pages(lambda cursor: stores.cases.cases(10, cursor)):
        yield found


async def test_cases_are_listed_newest_first_and_those_of_one_by_themselves(stores: Stores) -> None:
    made = [await stores.cases.add_case(case(owner=f"o{n % 2}", members=(f"m{n % 3}", "x")), audit()) for n in range(7)]
    for whose, wanted in ((None, made), ("o1", made[1::2]), ("m0", made[::3]), ("x", made), ("o", []), ("%", [])):
        found = await all_pages(lambda cursor, whose=whose: stores.cases.cases(2, cursor, whose=whose))
        assert found == wanted[::-1]


async def test_an_approval_is_decided_once(stores: Stores) -> None:
    kept = await stores.cases.add_case(case(), audit(action="a"))
    first, second = approval(kept), approval(kept)
    for asked in (first, second):
        await stores.cases.ask_approval(asked, audit(action="b"))
    granted = replace(first, decided_by="bo", decided_at=NOW, granted=True, expires_at=later(hours=1))
    await stores.cases.decide_approval(granted, audit(action="c"))
    assert await stores.cases.approvals(kept.id) == [granted, second]
    with pytest.raises(Conflict):
        await stores.cases.decide_approval(replace(granted, granted=False), audit(action="no"))
    with pytest.raises(NotFound):
        await stores.cases.decide_approval(approval(kept), audit(action="no"))
    with pytest.raises(NotFound):
        await stores.cases.ask_approval(approval(case()), audit(action="no"))
    assert await stores.cases.approvals("none") == []
    assert await actions(stores) == ["a", "b", "b", "c"]


async def test_a_search_is_kept_with_its_vectors_and_counted_in_its_case(stores: Stores) -> None:
    kept = await stores.cases.add_case(case(), audit(action="a"))
    vectors = [b"\0\1", b"", b"x" * 100_000]
    begun = search(kept, by_face=True, approval_id="p")
    assert await stores.cases.begin_search(begun, audit(action="b"), vectors) == replace(kept, searches=1)
    assert await stores.cases.case(kept.id) == replace(kept, searches=1)
    assert await stores.cases.search(begun.id) == begun
    assert list(await stores.cases.query_vectors(begun.id)) == vectors
    assert list(await stores.cases.query_vectors("none")) == []
    changed = await stores.cases.change_case(replace(kept, quota=9), audit(action="c"))
    assert changed.searches == 1


async def test_a_search_changes_until_it_ends(stores: Stores) -> None:
    kept = await stores.cases.add_case(case(), audit(action="a"))
    begun = search(kept)
    await stores.cases.begin_search(begun, audit(action="b"))
    running = replace(begun, state=SearchState.RUNNING, started_at=NOW, progress={"rounds": 3})
    await stores.cases.change_search(running)
    assert await stores.cases.search(begun.id) == running
    done = replace(running, state=SearchState.DONE, ended_at=later(seconds=3), result={"hops": [{"text": "\ud800"}]})
    await stores.cases.change_search(done, audit(action="c"))
    assert await stores.cases.search(begun.id) == done
    with pytest.raises(Conflict):
        await stores.cases.change_search(running, audit(action="no"))
    with pytest.raises(NotFound):
        await stores.cases.change_search(search(kept))
    with pytest.raises(NotFound):
        await stores.cases.search("none")
    assert await actions(stores) == ["a", "b", "c"]


async def test_searches_are_listed_without_their_results_and_what_did_not_end_is_found(stores: Stores) -> None:
    one, other = [await stores.cases.add_case(case(quota=10), audit()) for _ in range(2)]
    made = [search(one if n % 2 else other) for n in range(6)]
    for begun in made:
        await stores.cases.begin_search(begun, audit())
    made[0] = replace(made[0], state=SearchState.RUNNING)
    await stores.cases.change_search(made[0])
    done = replace(made[3], state=SearchState.FAILED, ended_at=NOW, result={"a": 1})
    await stores.cases.change_search(done)
    assert await stores.cases.unended() == [*made[:3], *made[4:]]
    listed = [*made[:3], replace(done, result=None), *made[4:]]
    assert await all_pages(lambda cursor: stores.cases.searches(2, cursor)) == listed[::-1]
    of_one = await all_pages(lambda cursor: stores.cases.searches(2, cursor, case_id=one.id))
    assert of_one == listed[5::-2]


@pytest.mark.parametrize(
    ("fields", "why"),
    [({"closed_at": NOW}, "closed"), ({"expires_at": NOW}, "expired"), ({"quota": 0}, "quota")],
)
async def test_a_case_that_is_over_or_used_up_lets_no_search_begin(
    stores: Stores, fields: dict[str, Any], why: str
) -> None:
    kept = await stores.cases.add_case(case(**fields), audit(action="a"))
    with pytest.raises(Conflict, match=why):
        await stores.cases.begin_search(search(kept), audit(action="no"), [b"x"])
    with pytest.raises(NotFound):
        await stores.cases.begin_search(search(case()), audit(action="no"))
    assert not (await stores.cases.searches(10)).items
    assert (await stores.cases.case(kept.id)).searches == 0
    assert await actions(stores) == ["a"]


async def test_searches_at_once_never_exceed_the_quota(stores: Stores) -> None:
    kept = await stores.cases.add_case(case(quota=5), audit())
    begun = [stores.cases.begin_search(search(kept), audit(), [b"v"]) for _ in range(20)]
    done = await asyncio.gather(*begun, return_exceptions=True)
    assert sorted(c.searches for c in done if isinstance(c, Case)) == [1, 2, 3, 4, 5]
    assert sum(isinstance(c, Conflict) for c in done) == 15
    assert len((await stores.cases.searches(30)).items) == (await stores.cases.case(kept.id)).searches == 5


async def test_a_change_at_once_with_searches_loses_no_count(stores: Stores) -> None:
    kept = await stores.cases.add_case(case(quota=100), audit())
    searching = [stores.cases.begin_search(search(kept), audit()) for _ in range(10)]
    await asyncio.gather(*searching, stores.cases.change_case(replace(kept, quota=50), audit()))
    assert await stores.cases.case(kept.id) == replace(kept, quota=50, revision=2, searches=10)


async def test_what_ended_long_ago_is_forgotten_and_a_case_stays_with_its_last_search(stores: Stores) -> None:
    cut = later(days=-30)
    old, live = case(expires_at=later(days=-40), quota=9), case(quota=9)
    shut = case(created_at=later(days=-90), closed_at=later(days=-31))
    for one in (old, live, shut):
        await stores.cases.add_case(replace(one, expires_at=later(days=9), closed_at=None), audit())
        await stores.cases.ask_approval(approval(one), audit())
    ended = [search(old), search(live), search(live), search(old)]
    for begun in ended:
        await stores.cases.begin_search(begun, audit(), [b"v"])
    times = (later(days=-31), later(days=-31), later(days=-29))
    for begun, at in zip(ended, times, strict=False):
        await stores.cases.change_search(replace(begun, state=SearchState.CANCELLED, ended_at=at))
    for one in (old, shut):
        held = await stores.cases.case(one.id)
        await stores.cases.change_case(replace(one, searches=0, revision=held.revision), audit())

    assert await stores.cases.forget(cut) == 3
    assert await stores.cases.forget(cut) == 0
    left = {s.id for s in (await stores.cases.searches(10)).items}
    assert left == {ended[2].id, ended[3].id}
    assert {c.id for c in (await stores.cases.cases(10)).items} == {old.id, live.id}
    assert [len(await stores.cases.query_vectors(s.id)) for s in ended] == [0, 0, 1, 1]
    assert [len(await stores.cases.approvals(c.id)) for c in (old, live, shut)] == [1, 1, 0]
    assert (await stores.cases.case(live.id)).searches == 2

    last = await stores.cases.search(ended[3].id)
    await stores.cases.change_search(replace(last, state=SearchState.DONE, ended_at=later(days=-31)))
    assert await stores.cases.forget(cut) == 2
    again = await stores.cases.add_case(case(), audit())
    assert [c.id for c in (await stores.cases.cases(10)).items] == [again.id, live.id]


async def test_every_audit_entry_moves_the_head_of_the_chain(stores: Stores) -> None:
    assert await stores.audit.head() == Head()
    heads = []
    kept = case()
    await stores.audit.append(audit())
    heads.append(await stores.audit.head())
    await stores.incidents.commit(batch(audits=[audit(), audit()]))
    heads.append(await stores.audit.head())
    await stores.cases.add_case(kept, audit())
    heads.append(await stores.audit.head())
    await stores.cases.begin_search(search(kept), audit())
    heads.append(await stores.audit.head())
    assert [head.seq for head in heads] == [1, 3, 4, 5]
    assert len({head.mac for head in heads}) == 4
    assert len({head.key_id for head in heads}) == 1
    await stores.incidents.commit(batch())
    assert await stores.audit.head() == heads[-1]
