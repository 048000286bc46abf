"""A person's word against the daemon's: whatever interleaves, the last word stands and no edit is lost.

The daemon takes passes whose remedies are on. Between any two calls that it makes of its stores, people set the
status, correct fields, undo remedies, edit the catalogue beside the daemon, and the shop imports, as drawn.
"""

from __future__ import annotations

import asyncio
import tempfile
from collections.abc import Sequence
from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from typing import Final

import pytest
from hypothesis import given, note, settings
from hypothesis import strategies as st

from daemon.adapters.memory import MemoryStores
from daemon.adapters.sql import open_stores
from daemon.products.product import Status
from daemon.services import passes
from daemon.services.duty import Duty
from tests.contract.adapters import Stores
from tests.last_word_kit import AFTER, Act, Crowd, Interrupted, assert_last_words_stand, begun

_FIELDS = st.one_of(
    st.tuples(st.just("status"), st.sampled_from([Status.LISTED, Status.LISTED, Status.DRAFT, Status.ARCHIVED])),
    st.tuples(st.just("price"), st.sampled_from([None, Decimal("9.90"), Decimal(12)])),
    st.tuples(st.just("stock"), st.sampled_from([Decimal(0), Decimal(0), Decimal(2)])),
    st.tuples(st.just("title"), st.text("abc", min_size=1, max_size=3)),
)
_HELD_STATUS = st.tuples(st.just("status"), st.sampled_from(list(AFTER.values())))
_ACTS = st.lists(
    st.builds(
        lambda after, kind, what: Act(after, kind, *what),
        st.integers(0, 30),
        st.sampled_from(["set", "set", "beside", "import", "undo", "stale"]),
        _FIELDS,
    )
    | st.builds(lambda after, what: Act(after, "set", *what), st.integers(0, 30), _HELD_STATUS),
    max_size=12,
)


async def live_through(stores: Stores, acts: Sequence[Act]) -> None:
    note("\n".join(map(repr, acts)))
    home, words = await begun(stores)
    whole = home.duty.ports
    crowd = Crowd(Duty(whole, home.duty.config, home.duty.rulebook), acts, words)
    home.duty.ports = replace(
        whole,
        catalogue=Interrupted(whole.catalogue, crowd.moment),
        incidents=Interrupted(whole.incidents, crowd.moment),
        audit=Interrupted(whole.audit, crowd.moment),
    )
    for _ in range(4):
        await passes.tick(home.duty)
    home.duty.ports = whole
    await assert_last_words_stand(home.duty, crowd.words)


async def in_memory(acts: Sequence[Act]) -> None:
    await live_through(MemoryStores(), acts)


async def in_sqlite(acts: Sequence[Act]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        async with open_stores(Path(folder) / "zhiban.db") as stores:
            await live_through(stores, acts)


@settings(max_examples=60, deadline=None)
@given(acts=_ACTS)
def test_the_last_word_is_a_persons_in_memory(acts: list[Act]) -> None:
    asyncio.run(in_memory(acts))


@settings(max_examples=12, deadline=None)
@given(acts=_ACTS)
def test_the_last_word_is_a_persons_in_sqlite(acts: list[Act]) -> None:
    asyncio.run(in_sqlite(acts))


@pytest.mark.slow
@settings(max_examples=2000, deadline=None)
@given(acts=_ACTS)
def test_the_last_word_is_a_persons_in_very_many_orders(acts: list[Act]) -> None:
    asyncio.run(in_memory(acts))


_ACTIONS: Final = (
    *(Act(0, "set", "status", status) for status in (Status.LISTED, Status.DRAFT, *AFTER.values())),
    *(Act(0, "import", "status", status) for status in (Status.DRAFT, Status.ARCHIVED)),
    Act(0, "undo", "", None),
    Act(0, "set", "price", Decimal(5)),
    Act(0, "set", "stock", Decimal(5)),
)
#: What happens before the pass that is interrupted, each followed by a quiet pass.
_BEFORE: Final = {
    "first": (),
    "takes over": (
        Act(0, "set", "price", Decimal(5)),
        Act(0, "set", "stock", Decimal(0)),
        Act(0, "set", "price", None),
    ),
    "recovers": (Act(0, "set", "title", "b"), Act(0, "set", "price", Decimal(5))),
    "hands on": (Act(0, "set", "stock", Decimal(0)), Act(0, "set", "price", Decimal(5))),
}


async def interrupted_at(moment: int, acts: Sequence[Act], action: Act) -> bool:
    """Live through what came before, and do one thing at one moment of the pass after it; tell whether it came."""
    home, words = await begun(MemoryStores())
    whole = home.duty.ports
    for act in acts:
        await Crowd(Duty(whole, home.duty.config, home.duty.rulebook), (act,), words).moment()
        if act is not acts[-1]:
            await passes.tick(home.duty)
    crowd = Crowd(Duty(whole, home.duty.config, home.duty.rulebook), (action._replace(after=moment),), words)
    home.duty.ports = replace(
        whole,
        catalogue=Interrupted(whole.catalogue, crowd.moment),
        incidents=Interrupted(whole.incidents, crowd.moment),
    )
    await passes.tick(home.duty)
    home.duty.ports = whole
    await assert_last_words_stand(home.duty, words)
    return not crowd.left


@pytest.mark.parametrize("action", _ACTIONS, ids=lambda act: f"{act.kind} {act.field} {act.value}")
@pytest.mark.parametrize("before", _BEFORE)
async def test_the_last_word_is_a_persons_at_every_moment_of_a_pass(before: str, action: Act) -> None:
    moment = 0
    while await interrupted_at(moment, _BEFORE[before], action):
        moment += 1
    assert moment > 30
