import asyncio
import contextlib
import logging
import os
import signal
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
import structlog

pytest.importorskip("grpclib", reason="python-wechaty is not installed (extra `wechat`)")

import uvloop
from grpclib.const import Status
from wechaty_grpc.wechaty.puppet import EventType

from daemon.adapters.wechat import WeChat
from daemon.errors import AlreadyRunning, ConfigError, DeliveryFailed, DeliveryUnknown
from daemon.forum.rooms import Connection, Incoming, MessageKind, Outgoing
from tests.unit.adapters.puppet_fake import (
    RECALLED,
    ROOM,
    SELF,
    FakePuppet,
    SwiftClock,
    free_port,
    never,
    refusing,
    serving,
    until,
)

TOKEN = "puppet_test_4711"


def messenger(endpoint: str, state: Path, **options: Any) -> WeChat:
    given: dict[str, Any] = {"clock": SwiftClock(), "inbox": 100} | options
    return WeChat(endpoint, TOKEN, state=state, **given)


@asynccontextmanager
async def online(puppet: FakePuppet, state: Path, **options: Any) -> AsyncIterator[WeChat]:
    async with messenger(puppet.endpoint, state, **options) as wechat:
        await until(lambda: wechat.standing.connection is Connection.ONLINE)
        yield wechat


@pytest.fixture
async def puppet() -> AsyncIterator[FakePuppet]:
    async with serving() as fake:
        yield fake


async def received(wechat: WeChat) -> Incoming:
    async with asyncio.timeout(10):
        return await wechat.receive()


async def test_a_room_text_arrives_with_everything_that_the_service_tells(puppet: FakePuppet, tmp_path: Path) -> None:
    puppet.aliases[ROOM, SELF] = "Duty"
    puppet.aliases[ROOM, "alice"] = "Mei"

    async with online(puppet, tmp_path) as wechat:
        puppet.say("m1", "@Duty\u2005status", mention_ids=[SELF], timestamp=1_790_000_000_000)
        message = await received(wechat)

    assert message == Incoming(
        id="m1", room_id=ROOM, sender_id="alice", sender_name="Mei", text="@Duty\u2005status",
        sent_at=message.sent_at, mentions=(SELF,), names=("Duty", "ShopBot"),
    )  # fmt: skip
    assert message.sent_at.timestamp() == 1_790_000_000


async def test_a_private_text_has_no_room(puppet: FakePuppet, tmp_path: Path) -> None:
    async with online(puppet, tmp_path) as wechat:
        puppet.say("m1", "hi", room_id="")
        message = await received(wechat)

    assert (message.room_id, message.sender_name, message.names) == ("", "Alice", ("ShopBot",))


async def test_the_own_name_is_learned_at_login(puppet: FakePuppet, tmp_path: Path) -> None:
    async with online(puppet, tmp_path) as wechat:
        await until(lambda: wechat.standing.self_name)

        assert (wechat.standing.self_id, wechat.standing.self_name) == (SELF, "ShopBot")


async def test_own_messages_are_marked_also_when_they_mention_the_bot(puppet: FakePuppet, tmp_path: Path) -> None:
    async with online(puppet, tmp_path) as wechat:
        puppet.say("m1", "@ShopBot done", from_id=SELF, mention_ids=[SELF])

        assert (await received(wechat)).is_own


@pytest.mark.parametrize("kind", [0, 5, 10, 14, 16, 99, 2_147_483_647])
async def test_a_message_of_another_or_an_unknown_type_loses_nothing(
    puppet: FakePuppet, tmp_path: Path, kind: int
) -> None:
    async with online(puppet, tmp_path) as wechat:
        puppet.say("odd", "<msg/>", type=kind, from_id="" if kind == 0 else "alice")
        puppet.say("next", "status")
        messages = [await received(wechat), await received(wechat)]

    assert [(m.id, m.kind) for m in messages] == [("odd", MessageKind.OTHER), ("next", MessageKind.TEXT)]


async def test_a_recalled_message_is_told_as_one(puppet: FakePuppet, tmp_path: Path) -> None:
    async with online(puppet, tmp_path) as wechat:
        puppet.say("m1", "m0", type=RECALLED)

        assert (await received(wechat)).kind is MessageKind.RECALLED


async def test_messages_keep_their_order_however_long_the_service_takes_over_one(
    puppet: FakePuppet, tmp_path: Path
) -> None:
    async with online(puppet, tmp_path) as wechat:
        gate = asyncio.Event()

        async def held() -> None:
            await gate.wait()

        puppet.before["MessagePayload"] = held
        for number in range(20):
            puppet.say(f"m{number}", str(number))
        await until(lambda: puppet.calls["MessagePayload"])
        gate.set()
        texts = [(await received(wechat)).text for _ in range(20)]

    assert texts == [str(number) for number in range(20)]


async def test_a_message_that_the_service_does_not_know_is_counted_and_the_next_one_comes(
    puppet: FakePuppet, tmp_path: Path
) -> None:
    async with online(puppet, tmp_path) as wechat:
        puppet.emit(EventType.EVENT_TYPE_MESSAGE, {"messageId": "gone"})
        puppet.say("m1", "status")

        assert (await received(wechat)).id == "m1"
        assert wechat.dropped == {"unfetched": 1}


@pytest.mark.parametrize("payload", ["", "no json", "[]", "null", "{}", '{"messageId": null}', '{"status": 77}'])
@pytest.mark.parametrize(
    "kind", [EventType.EVENT_TYPE_MESSAGE, EventType.EVENT_TYPE_SCAN, EventType.EVENT_TYPE_ERROR, 7]
)
async def test_an_event_that_makes_no_sense_ends_nothing(
    puppet: FakePuppet, tmp_path: Path, kind: EventType, payload: str
) -> None:
    async with online(puppet, tmp_path) as wechat:
        puppet.emit(kind, payload)
        puppet.say("m1", "status")

        assert (await received(wechat)).id == "m1"
        assert puppet.calls["Event"] == 1


async def test_names_that_cannot_be_had_cost_no_message(puppet: FakePuppet, tmp_path: Path) -> None:
    async with online(puppet, tmp_path) as wechat:
        puppet.before["RoomMemberPayload"] = puppet.before["ContactPayload"] = refusing(Status.INTERNAL)
        puppet.say("m1", "status")

        assert (await received(wechat)).text == "status"


async def test_a_new_nickname_in_the_room_is_known_within_a_minute(puppet: FakePuppet, tmp_path: Path) -> None:
    async with online(puppet, tmp_path) as wechat:
        puppet.say("m1", "a")
        before = await received(wechat)
        puppet.aliases[ROOM, SELF] = "Night(Duty"
        await asyncio.sleep(61 / SwiftClock.factor)
        puppet.say("m2", "b")
        after = await received(wechat)

    assert (before.names, after.names) == (("ShopBot",), ("Night(Duty", "ShopBot"))


async def test_a_room_that_is_renamed_keeps_its_id_and_its_names_are_asked_anew(
    puppet: FakePuppet, tmp_path: Path
) -> None:
    async with online(puppet, tmp_path) as wechat:
        puppet.say("m1", "a")
        await received(wechat)
        puppet.aliases[ROOM, SELF] = "Duty"
        puppet.emit(EventType.EVENT_TYPE_ROOM_TOPIC, {"roomId": ROOM, "newTopic": "Night", "oldTopic": "Day"})
        puppet.say("m2", "b")
        after = await received(wechat)

    assert (after.room_id, after.names[0]) == (ROOM, "Duty")


async def test_a_redelivered_message_keeps_its_id_and_its_time(puppet: FakePuppet, tmp_path: Path) -> None:
    async with online(puppet, tmp_path) as wechat:
        for _ in range(2):
            puppet.say("m1", "status", timestamp=1_780_000_000)
        first, second = await received(wechat), await received(wechat)

    assert first == second
    assert first.sent_at.year == 2026


async def test_what_overflows_the_inbox_is_counted_and_told_once(puppet: FakePuppet, tmp_path: Path) -> None:
    async with online(puppet, tmp_path, inbox=3) as wechat:
        with structlog.testing.capture_logs() as events:
            for number in range(10):
                puppet.say(f"m{number}", "x")
            await until(lambda: wechat.dropped["inbox_full"] == 7)
            ids = [(await received(wechat)).id for _ in range(3)]
            puppet.say("later", "x")
            ids.append((await received(wechat)).id)

    assert ids == ["m0", "m1", "m2", "later"]
    assert [e["reason"] for e in events if e["event"] == "message.dropped"] == ["inbox_full"]


async def test_a_reply_names_whom_it_mentions_before_its_text(puppet: FakePuppet, tmp_path: Path) -> None:
    async with online(puppet, tmp_path) as wechat:
        sent = await wechat.send(Outgoing(conversation_id=ROOM, text="done", mentions=(("alice", "Mei"),)))

    assert sent == "sent-1"
    assert puppet.sent == [(ROOM, "@Mei\u2005done", ["alice"])]


async def test_a_mention_without_a_name_gets_the_alias_of_the_room(puppet: FakePuppet, tmp_path: Path) -> None:
    puppet.aliases[ROOM, "alice"] = "Mei\nLin"
    async with online(puppet, tmp_path) as wechat:
        await wechat.send(Outgoing(conversation_id=ROOM, text="!", mentions=(("alice", ""), ("bob", ""), ("x", ""))))

    assert puppet.sent == [(ROOM, "@Mei Lin\u2005@Bob\u2005@x\u2005!", ["alice", "bob", "x"])]


@pytest.mark.parametrize("reply", [None, "", "unknown-id"])
async def test_what_was_sent_is_sent_whatever_id_the_service_tells_and_nothing_is_asked_afterwards(
    puppet: FakePuppet, tmp_path: Path, reply: str | None
) -> None:
    puppet.send_reply = reply
    async with online(puppet, tmp_path) as wechat:
        assert await wechat.send(Outgoing(conversation_id=ROOM, text="x")) == (reply or "")
        await asyncio.sleep(0.02)

    assert (puppet.calls["MessageSendText"], puppet.calls["MessagePayload"]) == (1, 0)


async def test_a_text_goes_out_whole_and_in_any_alphabet(puppet: FakePuppet, tmp_path: Path) -> None:
    text = "值" * 3000 + "\ud800\0👩‍👩‍👧"
    async with online(puppet, tmp_path) as wechat:
        await wechat.send(Outgoing(conversation_id=ROOM, text=text))

    assert puppet.sent == [(ROOM, "值" * 3000 + "?\0👩‍👩‍👧", [])]


async def test_a_send_without_an_answer_is_unknown_and_not_repeated(puppet: FakePuppet, tmp_path: Path) -> None:
    async with online(puppet, tmp_path, send_timeout_s=0.05, probe_every_s=1000.0) as wechat:
        puppet.before["MessageSendText"] = never
        with pytest.raises(DeliveryUnknown):
            await wechat.send(Outgoing(conversation_id=ROOM, text="x"))

        assert puppet.calls["MessageSendText"] == 1


async def test_a_send_whose_line_breaks_is_unknown(puppet: FakePuppet, tmp_path: Path) -> None:
    async with online(puppet, tmp_path) as wechat:
        puppet.before["MessageSendText"] = never
        sending = asyncio.create_task(wechat.send(Outgoing(conversation_id=ROOM, text="x")))
        await until(lambda: puppet.calls["MessageSendText"])
        await puppet.crash()
        with pytest.raises(DeliveryUnknown):
            await sending


@pytest.mark.parametrize(
    ("status", "said", "expected", "permanent", "retry_after_s"),
    [
        (Status.INTERNAL, "no such room", DeliveryFailed, False, None),
        (Status.NOT_FOUND, "", DeliveryFailed, True, None),
        (Status.INTERNAL, "发送过于频繁", DeliveryFailed, False, 60.0),
        (Status.INTERNAL, "timeout after 30s", DeliveryUnknown, None, None),
        (Status.UNKNOWN, "", DeliveryUnknown, None, None),
    ],
)
async def test_an_error_of_the_service_is_judged(
    puppet: FakePuppet, tmp_path: Path, status: Status, said: str, expected: type[Exception], permanent: bool | None,
    retry_after_s: float | None,
) -> None:  # fmt: skip
    puppet.before["MessageSendText"] = refusing(status, said)
    async with online(puppet, tmp_path) as wechat:
        with pytest.raises(expected) as caught:
            await wechat.send(Outgoing(conversation_id=ROOM, text="x"))

    assert getattr(caught.value, "permanent", None) == permanent
    assert getattr(caught.value, "retry_after_s", None) == retry_after_s


async def test_nothing_is_sent_while_there_is_no_line(tmp_path: Path) -> None:
    async with messenger(f"127.0.0.1:{free_port()}", tmp_path) as wechat:
        with pytest.raises(DeliveryFailed, match="connecting"):
            await wechat.send(Outgoing(conversation_id=ROOM, text="x"))


async def test_a_refused_endpoint_is_tried_until_the_service_is_there(tmp_path: Path) -> None:
    puppet = FakePuppet()
    clock = SwiftClock()
    async with messenger(puppet.endpoint, tmp_path, clock=clock) as wechat:
        await until(lambda: len(clock.waits) >= 8)
        assert wechat.standing.connection is Connection.CONNECTING
        assert puppet.endpoint in wechat.standing.problem

        await puppet.start()
        await until(lambda: wechat.standing.connection is Connection.ONLINE)

    await puppet.stop()
    waits = clock.waits[:8]
    assert max(waits) <= 3.0
    assert min(waits[5:]) >= 1.5


async def test_a_token_that_is_refused_is_said_and_tried_seldom(puppet: FakePuppet, tmp_path: Path) -> None:
    puppet.before["Stop"] = refusing(Status.UNAUTHENTICATED, f"Invalid token: {TOKEN}")
    clock = SwiftClock()
    with structlog.testing.capture_logs() as events:
        async with messenger(puppet.endpoint, tmp_path, clock=clock) as wechat:
            await until(lambda: wechat.standing.connection is Connection.REFUSED)
            await asyncio.sleep(0.1)
            problem = wechat.standing.problem

            assert puppet.calls["Stop"] == 1
            assert clock.waits[0] >= 15
            del puppet.before["Stop"]
            await until(lambda: wechat.standing.connection is Connection.ONLINE)

    assert "refuses the token" in problem
    assert TOKEN not in str(events) + problem


async def test_a_line_that_ends_in_good_order_is_opened_again_and_messages_come_once(
    puppet: FakePuppet, tmp_path: Path
) -> None:
    async with online(puppet, tmp_path) as wechat:
        tasks = len(asyncio.all_tasks())
        for number in range(5):
            await asyncio.sleep(11 / SwiftClock.factor)
            await puppet.stop()
            await puppet.start()
            await until(lambda: puppet.listened_to and wechat.standing.connection is Connection.ONLINE)
            puppet.say(f"m{number}", str(number))
            assert (await received(wechat)).text == str(number)
        await asyncio.sleep(0.02)

        assert puppet.calls["MessagePayload"] == 5
        assert len(asyncio.all_tasks()) <= tasks + 4


@pytest.mark.parametrize("round_", range(3))
async def test_a_service_that_dies_and_comes_back_is_found_again(
    puppet: FakePuppet, tmp_path: Path, round_: int
) -> None:
    async with online(puppet, tmp_path) as wechat:
        for number in range(3):
            await puppet.crash()
            await until(lambda: wechat.standing.connection is Connection.CONNECTING)
            await asyncio.sleep(0.05 * round_)
            await puppet.start()
            await until(lambda: wechat.standing.connection is Connection.ONLINE)
            puppet.say(f"m{number}", "x")
            await received(wechat)
            await wechat.send(Outgoing(conversation_id=ROOM, text=str(number)))

    assert [text for _, text, _ in puppet.sent] == ["0", "1", "2"]


async def test_a_service_that_answers_nothing_any_more_is_given_up(puppet: FakePuppet, tmp_path: Path) -> None:
    async with online(puppet, tmp_path, probe_s=0.05) as wechat:
        puppet.before["Ding"] = never
        await until(lambda: puppet.calls["Event"] == 2)
        assert wechat.standing.connection in {Connection.CONNECTING, Connection.ONLINE}
        del puppet.before["Ding"]
        await until(lambda: wechat.standing.connection is Connection.ONLINE)


async def test_an_event_stream_that_falls_silent_is_given_up(puppet: FakePuppet, tmp_path: Path) -> None:
    async with online(puppet, tmp_path):
        await until(lambda: puppet.calls["Ding"] >= 3)
        puppet.dongs = False
        await until(lambda: puppet.calls["Event"] == 2)


@pytest.mark.parametrize("answer", [None, Status.UNIMPLEMENTED])
async def test_a_service_that_never_echoes_is_not_given_up(
    puppet: FakePuppet, tmp_path: Path, answer: Status | None
) -> None:
    puppet.dongs = False
    if answer is not None:
        puppet.before["Ding"] = refusing(answer)
    async with online(puppet, tmp_path) as wechat:
        await until(lambda: puppet.calls["Ding"] >= 8)

        assert (puppet.calls["Event"], wechat.standing.connection) == (1, Connection.ONLINE)


async def test_a_line_that_another_client_keeps_taking_is_left_to_it_for_a_while(
    puppet: FakePuppet, tmp_path: Path
) -> None:
    clock = SwiftClock(5)  # slow enough for a busy machine to take the line soon
    async with online(puppet, tmp_path, clock=clock) as wechat:
        while wechat.standing.connection is not Connection.REFUSED:
            await until(lambda: puppet.listened_to or wechat.standing.connection is Connection.REFUSED)
            await asyncio.sleep(0.01)
            puppet.end_stream()
            await asyncio.sleep(0.005)

        assert "another client" in wechat.standing.problem
        assert puppet.calls["Event"] <= 4
        assert max(clock.waits) >= 15


async def test_a_line_that_ends_before_a_login_was_not_taken_by_another(puppet: FakePuppet, tmp_path: Path) -> None:
    async with online(puppet, tmp_path, clock=SwiftClock(5)) as wechat:
        puppet.logged_in = False
        for _ in range(5):
            puppet.end_stream()
            await until(lambda: puppet.listened_to)
            assert wechat.standing.connection is Connection.CONNECTING


async def test_an_error_of_the_service_is_told_without_the_token(puppet: FakePuppet, tmp_path: Path) -> None:
    puppet.before["MessageSendText"] = refusing(Status.INTERNAL, f"no room for {TOKEN}\nat line 1")
    async with online(puppet, tmp_path) as wechat:
        with pytest.raises(DeliveryFailed) as caught:
            await wechat.send(Outgoing(conversation_id=ROOM, text="x"))

    assert str(caught.value) == "INTERNAL, no room for [token]"


async def test_two_daemons_on_one_token_are_refused(puppet: FakePuppet, tmp_path: Path) -> None:
    async with online(puppet, tmp_path):
        with pytest.raises(AlreadyRunning, match="held by process"):
            async with messenger(puppet.endpoint, tmp_path):
                pass
        async with WeChat(puppet.endpoint, "another", clock=SwiftClock(), state=tmp_path, inbox=1):
            pass
    async with online(puppet, tmp_path):
        pass
    assert TOKEN not in str(list(tmp_path.iterdir()))


async def test_a_code_to_scan_is_shown_as_a_link_until_somebody_has_logged_in(
    puppet: FakePuppet, tmp_path: Path
) -> None:
    puppet.logged_in = False
    with structlog.testing.capture_logs() as events:
        async with messenger(puppet.endpoint, tmp_path) as wechat:
            await until(lambda: puppet.listened_to)
            for _ in range(2):
                puppet.emit(EventType.EVENT_TYPE_SCAN, {"status": 2, "qrcode": "http://weixin.qq.com/x/A&b"})
            await until(lambda: wechat.standing.connection is Connection.WAITING_FOR_SCAN)
            url = wechat.standing.scan_url
            with pytest.raises(DeliveryFailed, match="scan"):
                await wechat.send(Outgoing(conversation_id=ROOM, text="x"))
            puppet.emit(EventType.EVENT_TYPE_SCAN, {"status": 3})
            puppet.emit(EventType.EVENT_TYPE_LOGIN, {"contactId": SELF})
            await until(lambda: wechat.standing.connection is Connection.ONLINE)

            assert wechat.standing.scan_url == ""

    assert url == "https://wechaty.js.org/qrcode/http%3A%2F%2Fweixin.qq.com%2Fx%2FA%26b"
    assert [e["url"] for e in events if e["event"] == "bot.scan_wanted"] == [url]


async def test_a_logout_is_said_aloud(puppet: FakePuppet, tmp_path: Path) -> None:
    with structlog.testing.capture_logs() as events:
        async with online(puppet, tmp_path) as wechat:
            puppet.emit(EventType.EVENT_TYPE_LOGOUT, {"contactId": SELF, "data": "kicked"})
            await until(lambda: wechat.standing.connection is Connection.LOGGED_OUT)

            assert "logged out" in wechat.standing.problem

    assert [e["log_level"] for e in events if e["event"] == "bot.logged_out"] == ["error"]


@pytest.mark.parametrize("where", ["online", "connecting", "starting", "fetching"])
async def test_leaving_takes_less_than_a_second_and_leaves_no_task(
    puppet: FakePuppet, tmp_path: Path, where: str
) -> None:
    if where == "starting":
        puppet.before["Start"] = never
    tasks = asyncio.all_tasks()
    endpoint = f"127.0.0.1:{free_port()}" if where == "connecting" else puppet.endpoint
    async with messenger(endpoint, tmp_path) as wechat:
        if where == "starting":
            await until(lambda: puppet.calls["Start"])
        elif where != "connecting":
            await until(lambda: wechat.standing.connection is Connection.ONLINE)
        if where == "fetching":
            puppet.before["MessagePayload"] = never
            puppet.say("m1", "x")
            await until(lambda: puppet.calls["MessagePayload"])
        ours = {task for task in asyncio.all_tasks() - tasks if "wechat" in task.get_name()}
        began = time.monotonic()

    assert time.monotonic() - began < 1
    assert wechat.standing.connection is Connection.STOPPED
    assert ours
    assert all(task.done() for task in ours)


async def test_a_stray_token_or_endpoint_in_the_environment_changes_nothing(
    puppet: FakePuppet, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("TOKEN", "token", "WECHATY_PUPPET_SERVICE_TOKEN"):
        monkeypatch.setenv(name, "somebody-elses")
    for name in ("ENDPOINT", "endpoint", "WECHATY_PUPPET_SERVICE_ENDPOINT"):
        monkeypatch.setenv(name, "127.0.0.1:9")

    async with online(puppet, tmp_path) as wechat:
        puppet.say("m1", "status")

        assert (await received(wechat)).text == "status"


async def test_two_accounts_share_nothing(puppet: FakePuppet, tmp_path: Path) -> None:
    async with serving() as other, online(puppet, tmp_path) as one:
        other.names[SELF] = "Other"
        async with WeChat(other.endpoint, "another", clock=SwiftClock(), state=tmp_path, inbox=9) as two:
            await until(lambda: two.standing.self_name and one.standing.self_name)
            puppet.say("m1", "for one")
            other.say("m2", "for two")

            assert ((await received(one)).text, (await received(two)).text) == ("for one", "for two")
            assert (one.standing.self_name, two.standing.self_name) == ("ShopBot", "Other")


def listening_ports() -> set[int]:
    """Return the ports that this process listens on (proc(5))."""
    ours = set()
    for descriptor in os.listdir("/proc/self/fd"):  # noqa: PTH208 names of descriptors, not files
        with contextlib.suppress(OSError):  # the one that lists them is gone
            ours.add(os.readlink(f"/proc/self/fd/{descriptor}"))  # noqa: PTH115
    lines = [line.split() for line in Path("/proc/self/net/tcp").read_text().splitlines()[1:]]
    return {int(f[1].partition(":")[2], 16) for f in lines if f[3] == "0A" and f"socket:[{f[9]}]" in ours}


async def test_it_listens_nowhere_and_writes_nothing_but_its_lock(
    puppet: FakePuppet, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (state := tmp_path / "state").mkdir()
    (elsewhere := tmp_path / "elsewhere").mkdir()
    monkeypatch.chdir(elsewhere)
    async with online(puppet, state) as wechat:
        puppet.say("m1", "status")
        await received(wechat)

        assert listening_ports() == {puppet.port}

    assert list(elsewhere.iterdir()) == []
    assert [path.suffix for path in state.iterdir()] == [".lock"]


async def test_no_text_gets_into_any_log_and_no_handler_or_signal_changes(
    puppet: FakePuppet, tmp_path: Path, caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]
) -> None:
    handlers, signals = (
        list(logging.getLogger().handlers),
        [signal.getsignal(s) for s in (signal.SIGINT, signal.SIGTERM)],
    )
    caplog.set_level(logging.INFO)
    with structlog.testing.capture_logs() as events:
        async with online(puppet, tmp_path) as wechat:
            puppet.say("m1", "a private word")
            await received(wechat)
            await wechat.send(Outgoing(conversation_id=ROOM, text="a private word"))

    said = caplog.text + str(events) + "".join(capfd.readouterr())
    assert "private word" not in said
    assert TOKEN not in said
    assert logging.getLogger().handlers == handlers
    assert [signal.getsignal(s) for s in (signal.SIGINT, signal.SIGTERM)] == signals


def test_it_works_on_uvloop(tmp_path: Path) -> None:
    async def round_trip() -> str:
        async with serving() as puppet, online(puppet, tmp_path) as wechat:
            puppet.say("m1", "status")
            text = (await received(wechat)).text
            await puppet.crash()
            await puppet.start()
            await until(lambda: puppet.listened_to)
            await until(lambda: wechat.standing.connection is Connection.ONLINE)
            await wechat.send(Outgoing(conversation_id=ROOM, text="ok"))
            return text + puppet.sent[0][1]

    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        assert runner.run(round_trip()) == "statusok"


@pytest.mark.parametrize(
    "endpoint", ["", "host", "host:", ":1", "host:0", "host:99999", "http://h:1", "u@h:1", "h:1/x"]
)
def test_an_endpoint_that_is_none_is_refused(endpoint: str, tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="host:port"):
        messenger(endpoint, tmp_path)


@pytest.mark.parametrize("token", ["", " ", "a b", "a\nb", "令牌"])
def test_a_token_that_cannot_travel_is_refused_without_being_told(token: str, tmp_path: Path) -> None:
    with pytest.raises(ConfigError) as caught:
        WeChat("127.0.0.1:1", token, clock=SwiftClock(), state=tmp_path, inbox=1)

    assert not token.strip() or token not in str(caught.value)
