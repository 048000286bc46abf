import asyncio
from collections.abc import AsyncIterator

import pytest
from structlog.testing import capture_logs

from daemon.adapters import local_room
from daemon.adapters.local_room import DEFAULT_ROOM, LocalRoom
from daemon.adapters.memory import FakeClock
from daemon.errors import DeliveryFailed, NotFound, Unavailable
from daemon.forum.rooms import Connection, Outgoing, Quote, RoomMessage
from daemon.ports import Messenger, OpenRooms
from daemon.products.ids import new_id

MEI = new_id()


def room(**options: object) -> LocalRoom:
    return LocalRoom(FakeClock(), **options)  # type: ignore[arg-type]  # one option a test


async def post(place: LocalRoom, text: str = "hello", room_id: str = DEFAULT_ROOM, quote_id: str = "") -> RoomMessage:
    return await place.post(MEI, "Mei", room_id, text, quote_id)


async def some(messages: AsyncIterator[RoomMessage], count: int) -> list[str]:
    async with asyncio.timeout(5):
        return [(await anext(messages)).text for _ in range(count)]


def test_it_is_both_ports() -> None:
    messenger: Messenger = room()
    rooms: OpenRooms = room()
    assert (messenger.name, list(rooms.room_ids)) == ("local", ["team"])


async def test_the_bot_hears_what_a_person_says_and_not_itself() -> None:
    place = room(bot_name="Shop(Bot")
    await place.send(Outgoing(conversation_id=DEFAULT_ROOM, text="mine"))
    said = await post(place, "status")

    heard = await place.receive()

    assert (heard.id, heard.room_id, heard.sender_id, heard.sender_name) == (said.id, DEFAULT_ROOM, MEI, "Mei")
    assert (heard.text, heard.is_own, heard.names) == ("status", False, ("Shop(Bot",))
    assert place.waiting == 0


async def test_people_read_what_people_and_the_bot_say_in_order_with_whom_it_mentions() -> None:
    place = room()
    await post(place, "status")
    sent = await place.send(Outgoing(conversation_id=DEFAULT_ROOM, text="3 open", mentions=((MEI, "Mei"),)))

    asked, answered = await place.history(DEFAULT_ROOM)

    assert (asked.text, asked.by_bot) == ("status", False)
    assert (answered.id, answered.text, answered.by_bot, answered.mentions) == (sent, "@Mei 3 open", True, (MEI,))
    assert asked.id < answered.id


async def test_an_answer_carries_what_it_answers() -> None:
    place = room()
    sent = await place.send(Outgoing(conversation_id=DEFAULT_ROOM, text="2 products"))
    gone = new_id()
    await post(place, "ack", quote_id=sent)
    await post(place, "ack", quote_id=gone)

    assert (await place.receive()).quote == Quote(sent, "2 products")
    assert (await place.receive()).quote == Quote(gone, "")


async def test_a_private_chat_is_one_of_its_own() -> None:
    place = room()
    await post(place, "between us", room_id="")

    assert (await place.receive()).room_id == ""
    await place.send(Outgoing(conversation_id=MEI, text="yes"))
    assert [said.text for said in await place.history(MEI)] == ["between us", "yes"]
    assert await place.history(DEFAULT_ROOM) == []


async def test_after_a_restart_the_bot_may_speak_first_in_private() -> None:
    place = room()
    await place.send(Outgoing(conversation_id=MEI, text="interrupted, please repeat"))

    assert [said.text for said in await place.history(MEI)] == ["interrupted, please repeat"]


async def test_a_room_that_is_not_there_is_told() -> None:
    place = room(rooms=("a", "b"))

    with pytest.raises(NotFound, match="no room 'c'; there is a, b"):
        await post(place, room_id="c")
    with pytest.raises(DeliveryFailed, match="no room 'c'") as caught:
        await place.send(Outgoing(conversation_id="c", text="x"))
    assert caught.value.permanent


async def test_an_overflowing_inbox_refuses_aloud_and_counts() -> None:
    place = room(inbox=2)
    await post(place)
    await post(place)
    with capture_logs() as logs, pytest.raises(Unavailable, match="has 2 messages to read first"):
        await post(place, "SECRET")

    assert place.dropped == 1
    assert [(line["event"], line["reason"]) for line in logs] == [("message.dropped", "inbox_full")]
    assert "SECRET" not in str(logs)
    assert [said.text for said in await place.history(DEFAULT_ROOM)] == ["hello", "hello"]
    await place.receive()
    await post(place, "now it goes")


async def test_history_is_bounded_and_comes_in_pages() -> None:
    place = room(history=5)
    for number in range(12):
        await post(place, str(number))

    kept = await place.history(DEFAULT_ROOM)

    assert [said.text for said in kept] == ["7", "8", "9", "10", "11"]
    assert [said.text for said in await place.history(DEFAULT_ROOM, limit=2)] == ["10", "11"]
    assert [said.text for said in await place.history(DEFAULT_ROOM, kept[1].id, 2)] == ["9", "10"]
    assert await place.history(DEFAULT_ROOM, kept[-1].id) == []


async def test_a_watcher_hears_what_comes_and_resumes_where_it_was() -> None:
    place = room()
    first = await post(place, "before")
    watcher, resumed = place.watch(DEFAULT_ROOM), place.watch(DEFAULT_ROOM, first.id)
    await post(place, "one")
    await post(place, "two")

    assert await some(watcher, 2) == ["one", "two"]
    assert await some(resumed, 2) == ["one", "two"]
    upcoming = asyncio.ensure_future(anext(watcher))
    await asyncio.sleep(0)
    await post(place, "three")
    assert (await upcoming).text == "three"


async def test_ids_of_an_earlier_daemon_are_before_everything() -> None:
    earlier = await post(room(), "of yesterday")
    place = room()
    await post(place, "of today")

    assert await some(place.watch(DEFAULT_ROOM, earlier.id), 1) == ["of today"]


async def test_a_watcher_that_is_too_slow_misses_what_was_forgotten_and_the_log_says_so() -> None:
    place = room(history=3)
    first = await post(place, "0")
    watcher = place.watch(DEFAULT_ROOM, first.id)
    await post(place, "1")
    assert await some(watcher, 1) == ["1"]
    for number in range(2, 9):
        await post(place, str(number))

    with capture_logs() as logs:
        assert await some(watcher, 3) == ["6", "7", "8"]
    assert [line["event"] for line in logs] == ["room.reader_lagged"]


async def test_closing_ends_watchers_and_takes_nothing_more() -> None:
    place = room()
    watcher = place.watch(DEFAULT_ROOM)
    upcoming = asyncio.ensure_future(anext(watcher, None))
    await asyncio.sleep(0)
    states = [place.standing.connection]

    place.close()

    assert await upcoming is None
    states.append(place.standing.connection)
    assert states == [Connection.ONLINE, Connection.STOPPED]
    with pytest.raises(Unavailable, match="closed"):
        await post(place)
    with pytest.raises(DeliveryFailed, match="closed") as caught:
        await place.send(Outgoing(conversation_id=DEFAULT_ROOM, text="x"))
    assert not caught.value.permanent


async def test_watchers_are_bounded_and_give_their_place_back(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(local_room, "WATCHERS", 1)
    place = room()
    await post(place)
    watcher = place.watch(DEFAULT_ROOM, "0")
    await anext(watcher)

    with pytest.raises(Unavailable, match="1 readers"):
        place.watch(DEFAULT_ROOM)
    await watcher.aclose()
    assert (await anext(place.watch(DEFAULT_ROOM, "0"))).text == "hello"
