from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Sequence
from datetime import datetime, timedelta
from typing import Any

import pytest
from structlog.testing import capture_logs

from daemon.adapters.memory import FakeClock, MemoryStores
from daemon.adapters.room_channel import QUOTED, RoomNotifier, wants
from daemon.config import BotSection, ChannelSection
from daemon.errors import DeliveryFailed, DeliveryUnknown, Unavailable
from daemon.forum.quoting import quoted_notices
from daemon.forum.rooms import Quote, RoomSetting, Sent, SentNotice
from daemon.forum.splitting import split
from daemon.products.gathering import Bundle, Form
from daemon.products.ids import new_id
from daemon.products.notices import Entry, EntryState, Message
from daemon.products.verdicts import Severity
from daemon.products.wording import Wording
from daemon.services import delivery, delivery_recovery
from tests.notice_kit import all_entries, entry, notice_house, states

WORDING = Wording(chat=True)


class Rooms:
    """What sends into rooms: keeps what it was given, or refuses as it is told, once a room."""

    def __init__(self) -> None:
        self.said: list[tuple[str, str, tuple[tuple[str, str], ...]]] = []
        self.patience: list[float | None] = []
        self.refusals: dict[str, Exception] = {}
        self.busy: set[str] = set()  # rooms where the turn never comes
        self.deaf: set[str] = set()  # rooms where a send never returns
        self.limit_bytes = 100_000
        self.tells_ids = True

    async def __call__(
        self,
        conversation_id: str,
        text: str,
        mentions: Sequence[tuple[str, str]] = (),
        *,
        patience_s: float | None = None,
        beforehand: Callable[[], Awaitable[None]] | None = None,
    ) -> tuple[Sent, ...]:
        self.patience.append(patience_s)
        if conversation_id in self.busy:
            await asyncio.Event().wait()
        if beforehand:
            await beforehand()
        if conversation_id in self.deaf:
            await asyncio.Event().wait()
        if refusal := self.refusals.pop(conversation_id, None):
            raise refusal
        self.said.append((conversation_id, text, tuple(mentions)))
        parts = enumerate(part.rstrip() for part in split(text, self.limit_bytes))
        return tuple(Sent(f"m{len(self.said)}.{number}" if self.tells_ids else "", part) for number, part in parts)


class Desk:
    """A room channel with everything around it."""

    def __init__(self, *rooms: str) -> None:
        self.clock, self.stores, self.rooms = FakeClock(), MemoryStores(), Rooms()
        self._names = rooms or ("a",)
        self.restart()

    def restart(self) -> None:
        """Begin anew with what the stores know."""
        self.notifier = RoomNotifier(
            "box", self._names, send=self.rooms, store=self.stores.bot, clock=self.clock, named=self.named,
            wording=lambda: WORDING, timeout_s=10.0,
        )  # fmt: skip

    async def named(self, contact_id: str) -> str:
        return contact_id.title()

    async def remembered(self, room: str = "a") -> Sequence[SentNotice]:
        return await self.stores.bot.notices(room, self.clock.now() - timedelta(minutes=1))

    async def wish(self, room: str = "a", **wishes: Any) -> None:
        await self.stores.bot.save_room(RoomSetting(room_id=room, **wishes))


def message(*entries: Entry, form: Form = Form.STORIES) -> Message:
    bundle = Bundle(form=form, entries=entries)
    subject, text = WORDING.render(bundle, "box")
    return Message(id=new_id(), channel="box", subject=subject, text=text, severity=bundle.severity,
                   entries=entries, form=form.value)  # fmt: skip


async def test_a_notice_is_subject_and_lines_and_its_incidents_are_remembered() -> None:
    desk = Desk()
    sent = message(entry(product_id="1"), entry(product_id="2"), entry("recovered", "2"))

    await desk.notifier.send(sent)

    assert desk.rooms.said == [("a", f"{sent.subject}\n{sent.text}", ())]
    (notice,) = await desk.remembered()
    assert (notice.message_id, notice.incident_ids, notice.notice_id) == ("m1.0", ("i-1", "i-2"), "")
    assert notice.text == f"{sent.subject}\n{sent.text}"[:QUOTED]
    assert desk.rooms.patience == [10.0]


async def test_every_part_of_a_long_notice_is_found_by_its_own_text_and_tells_of_its_own_incidents() -> None:
    desk = Desk()
    desk.rooms.limit_bytes = 400
    ids = [f"i-{n}" for n in range(12)]

    await desk.notifier.send(message(*(entry(product_id=str(n)) for n in range(12))))

    notices = await desk.remembered()
    assert len(notices) > 2
    assert len({notice.notice_id for notice in notices}) == 1
    (_, text, _), *_ = desk.rooms.said
    for part in split(text, 400):
        (found,) = quoted_notices(Quote("", f"zhiban：{part}"), notices)
        assert set(found.incident_ids) == ({i for i in ids if f"({i[2:]})" in part} or set(ids))
        (found,) = quoted_notices(Quote("", part[:100]), notices)
    assert {i for notice in notices for i in notice.incident_ids} == set(ids)


async def test_a_muted_room_hears_nothing_until_its_time_and_another_does() -> None:
    desk = Desk("a", "b")
    await desk.wish(muted_until=desk.clock.now() + timedelta(minutes=5))

    with capture_logs() as logs:
        await desk.notifier.send(message(entry()))
    assert [said[0] for said in desk.rooms.said] == ["b"]
    assert [(line["event"], line["room"], line["reason"]) for line in logs] == [("notice.withheld", "a", "muted")]

    desk.clock.advance(301)
    await desk.notifier.send(message(entry()))
    assert [said[0] for said in desk.rooms.said] == ["b", "a", "b"]


async def test_a_room_hears_only_what_it_subscribed_to() -> None:
    desk = Desk()
    await desk.wish(rules=("price_jump",))

    await desk.notifier.send(message(entry(product_id="1001"), entry(product_id="2002", rule="price_jump")))
    await desk.notifier.send(message(entry(product_id="1001")))

    ((_, text, _),) = desk.rooms.said
    assert "2002" in text
    assert "1001" not in text
    (notice,) = await desk.remembered()
    assert notice.incident_ids == ("i-2002",)


@pytest.mark.parametrize(
    ("wishes", "expected"),
    [
        ({}, True),
        ({"rules": ("price_missing",)}, True),
        ({"rules": ("price_jump",)}, False),
        ({"categories": ("cups",)}, True),
        ({"categories": ("CUPS",)}, True),
        ({"categories": ("tea",)}, False),
        ({"rules": ("price_jump",), "categories": ("cups",)}, True),
        ({"min_severity": "major"}, True),
        ({"min_severity": "critical"}, False),
        ({"min_severity": "critical", "rules": ("price_missing",)}, False),
    ],
)
def test_subscriptions_choose_by_rule_or_category_and_severity(wishes: dict[str, Any], expected: bool) -> None:
    one = entry(severity=Severity.MAJOR, category="cups")
    assert wants(RoomSetting(room_id="a", **wishes), one) is expected


def test_a_digest_is_for_everybody() -> None:
    digest = entry("digest", "", rule="", incident_id="", severity=Severity.INFO)
    assert wants(RoomSetting(room_id="a", rules=("x",), min_severity="critical"), digest)


async def test_an_escalation_mentions_who_is_on_call_and_nothing_else_does() -> None:
    desk = Desk()
    await desk.wish(on_call="mei")

    await desk.notifier.send(message(entry()))
    await desk.notifier.send(message(entry(), entry("escalated", "2")))

    assert [said[2] for said in desk.rooms.said] == [(), (("mei", "Mei"),)]


async def test_a_digest_tells_of_no_incident_that_could_be_answered() -> None:
    desk = Desk()
    await desk.notifier.send(
        message(entry("digest", "", rule="", incident_id="", facts={"day": "x", "open": "0"}), form=Form.DIGEST)
    )

    assert len(desk.rooms.said) == 1
    assert await desk.remembered() == []


async def test_a_service_that_tells_no_id_is_remembered_by_the_text() -> None:
    desk = Desk()

    desk.rooms.tells_ids = False
    await desk.notifier.send(message(entry()))
    await desk.notifier.send(message(entry(product_id="2")))

    notices = await desk.remembered()
    assert len({notice.message_id for notice in notices}) == 2
    assert all(notice.message_id and notice.text for notice in notices)


async def test_a_room_that_fails_keeps_no_other_from_hearing_and_alone_hears_again() -> None:
    desk = Desk("a", "b")
    desk.rooms.refusals["a"] = DeliveryFailed("too frequent", retry_after_s=5)
    one, two = entry(product_id="1"), entry(product_id="2")

    with pytest.raises(DeliveryFailed, match="too frequent") as caught:
        await desk.notifier.send(message(one))
    assert caught.value.retry_after_s == 5
    await desk.notifier.send(message(one, two))

    assert [said[0] for said in desk.rooms.said] == ["b", "a", "b"]
    assert "(1)" in desk.rooms.said[1][1]
    assert "(1)" not in desk.rooms.said[2][1]


async def test_a_restart_between_two_rooms_tells_each_of_them_once() -> None:
    desk = Desk("a", "b", "c")
    one = entry()
    for _ in range(2):
        desk.rooms.refusals |= {"b": DeliveryFailed("too frequent"), "c": DeliveryFailed("away")}
        with pytest.raises(DeliveryFailed):
            await desk.notifier.send(message(one))
        desk.restart()
    desk.rooms.refusals = {"c": DeliveryFailed("away")}
    with pytest.raises(DeliveryFailed):
        await desk.notifier.send(message(one))
    desk.restart()
    await desk.notifier.send(message(one))

    assert [said[0] for said in desk.rooms.said] == ["a", "b", "c"]


async def test_where_it_may_have_arrived_is_known_after_a_restart_too() -> None:
    desk = Desk("a", "b")
    desk.rooms.refusals = {"a": DeliveryUnknown("silence"), "b": DeliveryFailed("away")}
    one = entry()
    with pytest.raises(DeliveryFailed):
        await desk.notifier.send(message(one))
    desk.restart()
    await desk.notifier.send(message(one))

    assert [said[0] for said in desk.rooms.said] == ["b"]


async def test_a_room_where_it_may_have_arrived_is_not_told_again() -> None:
    desk = Desk("a", "b")
    desk.rooms.refusals = {"a": DeliveryUnknown("silence"), "b": DeliveryFailed("away")}
    one = entry()

    with pytest.raises(DeliveryFailed):
        await desk.notifier.send(message(one))
    await desk.notifier.send(message(one))

    assert [said[0] for said in desk.rooms.said] == ["b"]


async def test_when_all_rooms_are_through_doubt_is_told() -> None:
    desk = Desk("a", "b")
    desk.rooms.refusals["a"] = DeliveryUnknown("silence")

    with pytest.raises(DeliveryUnknown, match="silence"):
        await desk.notifier.send(message(entry()))
    assert [said[0] for said in desk.rooms.said] == ["b"]


async def test_a_room_that_is_gone_for_good_is_told_and_only_all_of_them_fail() -> None:
    desk = Desk("a", "b")
    desk.rooms.refusals["a"] = DeliveryFailed("no such room", permanent=True)
    with capture_logs() as logs:
        await desk.notifier.send(message(entry()))
    assert [line["event"] for line in logs] == ["notice.room_lost"]

    desk.rooms.refusals = {room: DeliveryFailed("no such room", permanent=True) for room in "ab"}
    with pytest.raises(DeliveryFailed, match="no such room"):
        await desk.notifier.send(message(entry()))


async def broken_off(desk: Desk, *, dies: bool) -> list[EntryState]:
    """Let a round of delivery be cut off, or its daemon die, in the middle of a message; return what comes of it."""
    home = notice_house(desk.notifier, group_wait="0")
    await home.stores.outbox.add([entry()])
    home.clock.advance(60)
    delivering = asyncio.create_task(delivery.deliver_channel(home.duty, "box"))
    await asyncio.sleep(0.01)
    assert list((await states(home)).values()) == [EntryState.SENDING]
    if dies:
        await delivery_recovery.recover(home.duty)
        found = await states(home)
    delivering.cancel()
    await asyncio.gather(delivering, return_exceptions=True)
    return list((found if dies else await states(home)).values())


@pytest.mark.parametrize("dies", [False, True], ids=["cancelled", "killed"])
@pytest.mark.parametrize(
    ("rooms", "busy", "deaf", "muted", "expected"),
    [
        ("a", "a", "", "", EntryState.QUEUED),
        ("a", "", "a", "", EntryState.UNKNOWN),
        ("ab", "b", "", "", EntryState.QUEUED),
        ("ab", "", "b", "", EntryState.UNKNOWN),
        ("ab", "", "a", "", EntryState.QUEUED),
        ("ab", "", "a", "b", EntryState.UNKNOWN),
    ],
)
async def test_a_notice_cut_off_before_its_turn_in_a_room_is_sent_later_and_after_it_never(
    rooms: str, busy: str, deaf: str, muted: str, dies: bool, expected: EntryState
) -> None:
    desk = Desk(*rooms)
    desk.rooms.busy, desk.rooms.deaf = set(busy), set(deaf)
    for room in muted:
        await desk.stores.bot.save_room(RoomSetting(room_id=room, muted_until=desk.clock.now() + timedelta(hours=1)))

    assert await broken_off(desk, dies=dies) == [expected]


async def test_a_room_whose_turn_had_come_is_not_told_again_when_the_rest_is() -> None:
    desk = Desk("a", "b")
    one = entry()
    desk.rooms.busy = {"b"}
    sending = asyncio.create_task(desk.notifier.send(message(one)))
    await asyncio.sleep(0.01)
    sending.cancel()
    await asyncio.gather(sending, return_exceptions=True)
    desk.restart()
    desk.rooms.busy = set()

    assert await desk.notifier.unsent([one]) == [one]
    await desk.notifier.send(message(one))

    assert [said[0] for said in desk.rooms.said] == ["a", "b"]


async def test_nothing_is_sent_that_could_not_be_noted_before() -> None:
    async def refuse(told: Iterable[tuple[str, str]], now: datetime) -> None:
        raise Unavailable("the disk is away")

    desk = Desk("a")
    desk.stores.bot.remember_told = refuse  # type: ignore[method-assign]
    with pytest.raises(DeliveryFailed, match="the disk is away"):
        await desk.notifier.send(message(entry()))
    assert desk.rooms.said == []


async def test_delivery_speaks_to_a_room_in_the_language_of_its_bot_and_settles_its_entries() -> None:
    desk = Desk()
    home = notice_house(desk.notifier, group_wait="0")
    channel = ChannelSection(name="box", kind="room", min_severity="info")
    home.duty.config = home.duty.config.model_copy(
        update={"bot": BotSection(kind="local", language="zh"), "channels": (channel,)}
    )
    await home.duty.ports.outbox.add([entry(), entry("recovered", "2")])
    home.clock.advance(60)

    async with asyncio.timeout(5):
        await delivery.deliver(home.duty)

    ((_, text, _),) = desk.rooms.said
    assert text.startswith("【严重】价格缺失")
    assert "zhiban" not in text
    assert set((await states(home)).values()) == {EntryState.SENT}
    assert len(await all_entries(home)) == 2


async def test_a_room_where_people_talk_is_not_flooded() -> None:
    desk = Desk()
    home = notice_house(desk.notifier, group_wait="0")
    channel = ChannelSection(name="box", kind="room", min_severity="info")
    home.duty.config = home.duty.config.model_copy(
        update={"bot": BotSection(kind="local", language="en"), "channels": (channel,)}
    )
    await home.duty.ports.outbox.add([entry(product_id=str(n), rule=f"rule_{n}") for n in range(30)])
    home.clock.advance(60)

    await delivery.deliver(home.duty)

    assert len(desk.rooms.said) == delivery.ROOM_MESSAGES
    assert desk.rooms.said[-1][1].startswith("[critical] 26 more notices in one")
    assert "See them: incidents" in desk.rooms.said[-1][1] or "more: incidents" in desk.rooms.said[-1][1]
    assert set((await states(home)).values()) == {EntryState.SENT}
