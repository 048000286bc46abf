"""Remedies and overrides."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from daemon.errors import Conflict
from daemon.products.incidents import Incident
from daemon.products.remedies import Override, RemedyState
from tests.contract.adapters import Stores
from tests.contract.makers import NOW, all_pages, batch, incident, later, remedy


async def kept(stores: Stores, *incidents: Incident) -> list[Incident]:
    await stores.incidents.commit(batch(incidents=incidents))
    return [await stores.incidents.incident(i.id) for i in incidents]


async def test_at_most_one_remedy_holds_a_product(stores: Stores) -> None:
    one, other = await kept(stores, incident("p1", "a"), incident("p1", "b"))
    held, waiting = remedy(one, RemedyState.APPLIED), remedy(other)
    await stores.incidents.commit(batch(remedies=[held, waiting]))
    assert await stores.incidents.held(["p1", "p2"]) == {"p1": replace(held, revision=1)}
    taking = replace(waiting, revision=1, state=RemedyState.APPLIED)
    with pytest.raises(Conflict):
        await stores.incidents.commit(batch(remedies=[taking]))
    handed = replace(held, revision=1, state=RemedyState.HANDED_OVER, ended_at=NOW)
    await stores.incidents.commit(batch(remedies=[taking, handed]))
    assert (await stores.incidents.held(["p1"]))["p1"].id == waiting.id
    by_incident = await stores.incidents.remedies_of([one.id, other.id, "ghost"])
    assert {i: [r.id for r in found] for i, found in by_incident.items()} == {one.id: [held.id], other.id: [waiting.id]}


async def test_remedies_are_listed_newest_first_by_state_and_rule(stores: Stores) -> None:
    one, other = await kept(stores, incident("p1", "a"), incident("p2", "b"))
    first, second, third = remedy(one, RemedyState.SHADOWED), remedy(other, RemedyState.FROZEN), remedy(one)
    await stores.incidents.commit(batch(remedies=[first, second, third]))

    async def listed(*states: RemedyState, rule: str | None = None) -> list[str]:
        found = await all_pages(lambda cursor: stores.incidents.find_remedies(states, 1, cursor, rule=rule))
        return [r.id for r in found]

    assert await listed() == [third.id, second.id, first.id]
    assert await listed(RemedyState.FROZEN, RemedyState.SHADOWED) == [second.id, first.id]
    assert await listed(rule="a") == [third.id, first.id]
    assert await listed(RemedyState.FROZEN, rule="a") == []


async def test_overrides_end_at_their_time(stores: Stores) -> None:
    word = Override(product_id="p1", rule="r", until=later(hours=1), by="ann")
    await stores.incidents.commit(batch(overrides=[word]))
    assert await stores.incidents.overrides(["p1"], later(minutes=59)) == {("p1", "r"): word}
    assert await stores.incidents.overrides(["p1"], later(hours=1)) == {}
    longer = replace(word, until=later(hours=2), by="bob")
    await stores.incidents.commit(batch(overrides=[longer]))
    assert await stores.incidents.overrides(["p1"], later(hours=1)) == {("p1", "r"): longer}
