"""Whatever a channel does and whenever the daemon dies: no entry is lost, none reaches people twice."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from datetime import timedelta
from typing import Literal, TypeAlias

from hypothesis import given, settings
from hypothesis import strategies as st

from daemon.errors import DeliveryFailed, DeliveryUnknown
from daemon.products.incidents import News
from daemon.products.notices import EntryState, Message
from daemon.products.verdicts import Severity
from daemon.services.duty import Duty
from daemon.services.notices import deliver, recover
from tests.house import House
from tests.notice_kit import all_entries, entry, notice_house, reached_people

S = EntryState
Act: TypeAlias = Literal["take", "refuse", "never", "lose", "take silently", "die before", "die after", "cancel"]
_ENDS = {S.SENT, S.COLLAPSED, S.EXPIRED, S.FAILED, S.UNKNOWN}


class Killed(BaseException):
    """The process is gone."""


class Moody:
    """A Notifier that takes, refuses, falls silent or dies, as drawn."""

    name = "box"

    def __init__(self, acts: list[Act], idempotent: bool) -> None:
        self.acts = acts
        self.idempotent = idempotent
        self.taken: list[Message] = []

    async def send(self, message: Message) -> None:
        act: Act = self.acts.pop(0) if self.acts else "take"
        if act in {"take", "take silently", "die after"}:
            self.taken.append(message)
        if act in {"refuse", "never"}:
            raise DeliveryFailed("refused", permanent=act == "never")
        if act in {"lose", "take silently"}:
            raise DeliveryUnknown("silent")
        if act in {"die before", "die after"}:
            raise Killed
        if act == "cancel":
            raise asyncio.CancelledError


_ENTRY = st.tuples(
    st.sampled_from([*(n.value for n in News), "digest", "product.status_changed"]),
    st.sampled_from(["1", "2", "3"]),
    st.sampled_from(["price_missing", "image_missing"]),
    st.sampled_from(list(Severity)),
)
_STEP = st.tuples(st.lists(_ENTRY, max_size=4), st.sampled_from([1.0, 6.0, 90.0, 4000.0, 90_000.0]))
_ACTS = st.lists(
    st.sampled_from(["take", "refuse", "never", "lose", "take silently", "die before", "die after", "cancel"]),
    max_size=12,
)


@settings(max_examples=120, deadline=None)
@given(steps=st.lists(_STEP, min_size=1, max_size=8), acts=_ACTS, idempotent=st.booleans(), cap=st.integers(1, 5))
def test_every_entry_ends_somewhere_and_reaches_people_at_most_once(
    steps: list[tuple[list[tuple[str, str, str, Severity]], float]], acts: list[Act], idempotent: bool, cap: int
) -> None:
    asyncio.run(_live(steps, Moody(acts, idempotent), cap))


async def _live(steps: list[tuple[list[tuple[str, str, str, Severity]], float]], box: Moody, cap: int) -> None:
    home = notice_house(box, messages_per_hour=cap, quiet_from="22:00", quiet_to="07:00", attempts=4)
    added = set()
    for drawn, pause_s in steps:
        new = [
            entry(news, product_id, rule=rule, severity=severity, created_at=home.clock.now())
            for news, product_id, rule, severity in drawn
        ]
        await home.stores.outbox.add(new)
        added |= {one.id for one in new}
        home.clock.advance(pause_s)
        await _round(home)
    for _ in range(60):
        home.clock.advance(1800)
        await _round(home)

    final = {one.id: one for one in await all_entries(home)}
    assert set(final) == added
    assert {one.state for one in final.values()} <= _ENDS
    reached = reached_people(box)
    for one in final.values():
        assert reached[one.id] <= 1
        if one.state in {S.SENT, S.COLLAPSED}:
            assert reached[one.id] == 1
        if one.state is S.FAILED:
            assert reached[one.id] == 0
        if one.state is S.EXPIRED and not reached[one.id]:
            assert one.error


async def _round(home: House) -> None:
    """Take a round; after a death start again as main does."""
    with suppress(asyncio.CancelledError):
        try:
            await deliver(home.duty)
        except Killed:
            home.duty = Duty(home.duty.ports, home.duty.config, home.duty.rulebook)
            home.clock.set_wall(home.clock.now() + timedelta(seconds=1))
            await recover(home.duty)
    assert all(one.state is not S.SENDING for one in await all_entries(home))
