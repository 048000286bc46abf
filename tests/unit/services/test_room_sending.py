from __future__ import annotations

import asyncio
from itertools import pairwise
from typing import Any

import pytest

from daemon.adapters.memory import FakeClock
from daemon.config import BotSection
from daemon.errors import DeliveryFailed, DeliveryUnknown
from daemon.forum.rooms import Sent
from daemon.forum.splitting import size_of
from daemon.services.room_sending import MOST_WAIT_S, TRIES, RoomSender
from tests.bot_kit import ScriptedMessenger


class Room:
    """A sender over a scripted messenger."""

    def __init__(self, **section: Any) -> None:
        self.clock = FakeClock()
        self.messenger = ScriptedMessenger(self.clock)
        self.section = BotSection(**section)
        self.results: list[str] = []
        self.sender = RoomSender(self.messenger, self.clock, lambda: self.section, observe=self.results.append)

    async def send(self, text: str, room: str = "r1", seconds: float = 600, **more: Any) -> tuple[Sent, ...]:
        task = asyncio.ensure_future(self.sender.send(room, text, **more))
        await self.clock.run(seconds)
        assert task.done()
        return await task


async def test_a_long_text_arrives_whole_in_order_with_the_ids_of_its_parts() -> None:
    room = Room(message_bytes=100)
    text = "\n".join(f"第{n}行：库存为零" for n in range(40))

    sent = await room.send(text, mentions=(("alice", "Alice"),))

    parts = room.messenger.texts
    assert len({one.id for one in sent}) == len(parts) > 3
    assert [one.text for one in sent] == parts
    assert "\n".join(parts) == text
    assert all(size_of(part) <= 100 for part in parts)
    assert [bool(m.mentions) for m in room.messenger.sent] == [True] + [False] * (len(parts) - 1)


async def test_the_first_part_leaves_room_for_whom_it_mentions() -> None:
    room = Room(message_bytes=100)
    await room.send("x" * 150, mentions=(("a", "值" * 10), ("b", "b" * 10)))
    assert size_of(room.messenger.texts[0]) + size_of(f"@{'值' * 10} @{'b' * 10} ") <= 100


async def test_names_are_shown_in_one_line_and_not_at_any_length() -> None:
    room = Room()
    await room.send("hi", mentions=(("a", "x\n" * 500), ("b", "\ud800")))
    shown = [name for _, name in room.messenger.sent[0].mentions]
    assert "\n" not in shown[0]
    assert len(shown[0]) <= 64
    assert shown[1] == "\ufffd"


async def test_what_has_no_utf8_form_is_sent_all_the_same() -> None:
    room = Room()
    await room.send("a\ud800b")
    assert room.messenger.texts == ["a\ufffdb"]


@pytest.mark.parametrize("blank", ["", "\n", "  \n \n"])
async def test_nothing_to_read_is_not_sent(blank: str) -> None:
    room = Room()
    assert await room.send(blank) == ()
    assert room.messenger.sent == []


async def test_no_minute_has_more_messages_than_configured_in_a_room_and_in_all() -> None:
    room = Room(sends_per_minute=30, room_sends_per_minute=10)
    tasks = [asyncio.ensure_future(room.sender.send(f"r{n % 4}", f"{n}")) for n in range(80)]
    await room.clock.run(1000)
    await asyncio.gather(*tasks)
    at = room.messenger.sent_at_s
    for start in at:
        within = [m for m, s in zip(room.messenger.sent, at, strict=True) if start <= s < start + 55]
        assert len(within) <= 30
        assert all(sum(m.conversation_id == f"r{n}" for m in within) <= 10 for n in range(4))
    assert len(at) == 80


async def test_texts_of_a_room_keep_their_order_and_their_parts_together() -> None:
    room = Room(message_bytes=100, room_sends_per_minute=5)
    tasks = [asyncio.ensure_future(room.sender.send("r1", f"{n}" * 250)) for n in range(3)]
    await room.clock.run(1000)
    await asyncio.gather(*tasks)
    assert "".join(room.messenger.texts) == "0" * 250 + "1" * 250 + "2" * 250


async def test_a_room_that_waits_holds_up_no_other() -> None:
    room = Room(room_sends_per_minute=2)
    slow = [asyncio.ensure_future(room.sender.send("slow", f"{n}")) for n in range(5)]
    await room.clock.run(0)
    await room.send("hi", "other", seconds=0)
    assert room.messenger.sent[-1].conversation_id == "other"
    await room.clock.run(1000)
    await asyncio.gather(*slow)


async def test_waits_are_not_all_alike() -> None:
    room = Room(room_sends_per_minute=2)
    tasks = [asyncio.ensure_future(room.sender.send("r1", f"{n}")) for n in range(12)]
    await room.clock.run(2000)
    await asyncio.gather(*tasks)
    at = room.messenger.sent_at_s[2:]
    assert len({round(b - a, 3) for a, b in pairwise(at)}) > 3


async def test_what_was_clearly_not_taken_is_tried_again() -> None:
    room = Room()
    room.messenger.problems = [DeliveryFailed("away"), DeliveryFailed("away"), None]
    assert await room.send("hi") == (Sent("sent-1", "hi"),)
    assert room.results == ["failed", "failed", "sent"]


async def test_tries_are_bounded() -> None:
    room = Room()
    room.messenger.problems = [DeliveryFailed("away")] * 20
    with pytest.raises(DeliveryFailed, match="away"):
        await room.send("hi")
    assert room.results == ["failed"] * TRIES


async def test_what_never_can_succeed_is_tried_once() -> None:
    room = Room()
    room.messenger.problems = [DeliveryFailed("no such room", permanent=True)]
    with pytest.raises(DeliveryFailed):
        await room.send("hi")
    assert room.results == ["failed"]


async def test_a_service_that_asks_to_wait_is_left_alone_by_everybody() -> None:
    room = Room()
    room.messenger.problems = [DeliveryFailed("too frequent", retry_after_s=20)]
    first = asyncio.ensure_future(room.sender.send("r1", "one"))
    await room.clock.run(1)
    began_s = room.clock.monotonic()
    await room.send("two", "r2", seconds=60)
    await first
    assert min(room.messenger.sent_at_s) >= began_s + 18


async def test_whoever_is_asked_to_wait_for_too_long_gives_it_back() -> None:
    room = Room()
    room.messenger.problems = [DeliveryFailed("too frequent", retry_after_s=MOST_WAIT_S * 10)]
    with pytest.raises(DeliveryFailed) as caught:
        await room.send("hi", seconds=0)
    assert caught.value.retry_after_s == MOST_WAIT_S * 10


@pytest.mark.parametrize("problem", [DeliveryUnknown("silence"), RuntimeError("broken"), TimeoutError()])
async def test_what_may_have_arrived_is_not_repeated(problem: Exception) -> None:
    room = Room()
    room.messenger.problems = [problem]
    with pytest.raises(DeliveryUnknown):
        await room.send("hi")
    assert room.results == ["unknown"]
    assert room.messenger.sent == []


async def test_a_text_of_which_a_part_arrived_is_not_said_to_have_failed() -> None:
    room = Room(message_bytes=100)
    room.messenger.problems = [None, DeliveryFailed("gone", permanent=True)]
    with pytest.raises(DeliveryUnknown, match="only 1 of 3"):
        await room.send("x" * 300)


async def test_whoever_cannot_wait_is_told_when_to_come_again() -> None:
    room = Room(room_sends_per_minute=2)
    await room.send("one", seconds=0)
    with pytest.raises(DeliveryFailed) as caught:
        await room.send("two", seconds=0, patience_s=5)
    assert caught.value.retry_after_s is not None
    assert caught.value.retry_after_s > 5
    assert room.messenger.texts == ["one"]
    assert room.results == ["sent"]


async def test_whoever_cannot_wait_is_not_kept_by_tries_either() -> None:
    room = Room()
    room.messenger.problems = [DeliveryFailed("too frequent", retry_after_s=20)]
    with pytest.raises(DeliveryFailed) as caught:
        await room.send("hi", seconds=0, patience_s=10)
    assert caught.value.retry_after_s == 20


async def test_a_text_of_many_parts_that_could_not_all_go_is_not_begun() -> None:
    room = Room(message_bytes=100, room_sends_per_minute=8)
    await room.send("one", seconds=0)
    with pytest.raises(DeliveryFailed):
        await room.send("x" * 350, seconds=0, patience_s=5)
    assert room.messenger.texts == ["one"]


async def test_whoever_cannot_wait_does_not_wait_for_others_to_end_either() -> None:
    room = Room(room_sends_per_minute=2)
    others = [asyncio.ensure_future(room.sender.send("r1", f"{n}")) for n in range(4)]
    await room.clock.run(0)
    with pytest.raises(DeliveryFailed):
        await room.sender.send("r1", "now", patience_s=0.01)
    await room.clock.run(1000)
    await asyncio.gather(*others)
    assert "now" not in room.messenger.texts


async def test_a_send_that_is_given_up_leaves_the_room_free() -> None:
    room = Room(room_sends_per_minute=1)
    await room.send("one", seconds=0)
    waiting = asyncio.ensure_future(room.sender.send("r1", "two"))
    await room.clock.run(0)
    waiting.cancel()
    await asyncio.gather(waiting, return_exceptions=True)
    assert await room.send("three") == (Sent("sent-2", "three"),)


async def test_new_rates_take_hold() -> None:
    room = Room(room_sends_per_minute=1)
    await room.send("one", seconds=0)
    room.section = BotSection(room_sends_per_minute=60)
    for word in ("two", "three", "four"):
        await room.send(word, seconds=0)
    assert room.messenger.texts == ["one", "two", "three", "four"]


async def test_notices_leave_room_for_answers() -> None:
    room = Room(room_sends_per_minute=20, sends_per_minute=1000)

    async def notify() -> None:
        for number in range(100):
            while True:
                try:
                    await room.sender.send("r1", f"notice {number}", patience_s=10)
                    break
                except DeliveryFailed as exc:
                    await room.clock.sleep(exc.retry_after_s or 1)

    telling = asyncio.create_task(notify())
    waits: list[float] = []
    for _ in range(10):
        await room.clock.run(30)
        asked_s = room.clock.monotonic()
        answering = asyncio.create_task(room.sender.send("r1", "answer"))
        await room.clock.run(30)
        await asyncio.wait_for(answering, 1)
        said = [
            at for at, sent in zip(room.messenger.sent_at_s, room.messenger.sent, strict=True) if sent.text == "answer"
        ]
        waits.append(said[-1] - asked_s)
    telling.cancel()

    assert max(waits) == 0
    assert sum(sent.text != "answer" for sent in room.messenger.sent) > 40
