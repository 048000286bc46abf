from __future__ import annotations

import asyncio
from datetime import timedelta

import pytest
from structlog.testing import capture_logs

from daemon.adapters.memory import MemoryStores
from daemon.errors import DeliveryFailed, DeliveryUnknown, Unavailable
from daemon.forum.principals import Principal, Role
from daemon.forum.rooms import BindingCode, Connection, Handled, Handling, MessageKind, Quote, SentNotice
from daemon.handlers.bot.asking import Asked, Reply
from daemon.services.duty import Duty
from tests.bot_kit import ROOM, SELF, Bot, ScriptedMessenger, bot, made_bot, running

NOTICE = "Price is zero: Mug\nTake it: ack k7m2x"


async def known(house: Bot, contact: str = "alice", role: Role = Role.OPERATOR) -> Principal:
    """Bind a contact to a principal of its own."""
    now = house.clock.now()
    principal = Principal(id=f"id-{contact}", name=contact, role=role, created_at=now)
    await house.stores.principals.create(principal)
    await house.stores.bot.add_code(
        BindingCode(code_sha256=contact, principal_id=principal.id, expires_at=now + timedelta(minutes=1))
    )
    await house.stores.bot.bind(contact, contact, now)
    return principal


async def noticed(
    house: Bot, message_id: str = "n1", text: str = NOTICE, room: str = ROOM, notice_id: str = ""
) -> None:
    notice = SentNotice(
        message_id=message_id, conversation_id=room, incident_ids=("i1",), sent_at=house.clock.now(), text=text,
        notice_id=notice_id,
    )  # fmt: skip
    await house.stores.bot.remember_notice(notice)


class Recorder:
    """An Answer that keeps what it was asked, and waits for `gate` where there is one for the text."""

    def __init__(self) -> None:
        self.asked: list[Asked] = []
        self.gates: dict[str, asyncio.Event] = {}

    async def __call__(self, _: Duty, asked: Asked) -> Reply | None:
        self.asked.append(asked)
        if gate := self.gates.get(asked.text):
            await gate.wait()
        return Reply(text=f"re {asked.text}")

    @property
    def texts(self) -> list[str]:
        return [asked.text for asked in self.asked]


class TestWhatIsTaken:
    async def test_every_message_is_settled_once_whatever_becomes_of_it(self) -> None:
        async with bot() as b:
            asked = b.messenger.say("@ShopBot status")
            ids = [asked.id, b.messenger.say("@ShopBot status", id=asked.id).id, b.messenger.say("  ").id]
            ids += [b.messenger.say("nobody is meant").id, b.messenger.say("@ShopBot x", sender_id=SELF).id]
            ids += [b.messenger.say("@ShopBot x", kind=MessageKind.OTHER).id]
            await b.settle(60)

        assert sorted(b.messenger.settled) == sorted(ids)

    async def test_a_message_is_settled_though_the_store_that_should_remember_it_is_away(self) -> None:
        stores = MemoryStores()

        async def refuse(message: Handled) -> bool:
            raise Unavailable("the disk is away")

        stores.bot.begin = refuse  # type: ignore[method-assign]
        async with bot(stores=stores) as b:
            asked = b.messenger.say("@ShopBot status")
            await b.settle(60)

        assert b.messenger.settled == [asked.id]
        assert "Sorry" in b.messenger.texts[0]


class TestWhoIsAnswered:
    async def test_a_command_in_a_room_is_answered_with_a_mention_of_the_asker(self) -> None:
        async with bot() as b:
            assert await b.ask("@ShopBot status", sender_name="小王") == ["status"]
            assert b.messenger.sent[0].mentions == (("alice", "小王"),)
            assert b.messenger.sent[0].conversation_id == ROOM
            assert b.counted("handled") == 1

    async def test_what_the_command_layer_needs_is_passed_on(self) -> None:
        recorder = Recorder()
        async with bot(recorder) as b:
            ann = await known(b)
            quote = Quote("n9", "something")
            message = b.messenger.say("@ShopBot\u2005ack 3", quote=quote)
            await b.settle()
            assert recorder.asked == [
                Asked(text="ack 3", room_id=ROOM, contact_id="alice", contact_name="Alice", principal=ann, quote=quote,
                      at=message.sent_at)
            ]  # fmt: skip

    async def test_a_stranger_in_a_room_is_asked_for_as_a_stranger_whatever_their_name(self) -> None:
        recorder = Recorder()
        async with bot(recorder) as b:
            await known(b, role=Role.ADMIN)
            await b.ask("@ShopBot undo 1", sender_id="mallory", sender_name="alice")
            assert recorder.asked[0].principal is None

    async def test_a_reply_may_mention_nobody_or_others_too(self) -> None:
        async def answer(_: Duty, asked: Asked) -> Reply:
            return Reply(text="ok", mention=asked.text == "all", more=(("bob", "Bob"), ("alice", "Alice")))

        async with bot(answer) as b:
            await b.ask("@ShopBot all")
            await b.ask("@ShopBot others")
            assert [dict(m.mentions) for m in b.messenger.sent] == [{"alice": "Alice", "bob": "Bob"}] * 2
            assert b.messenger.sent[0].mentions[0] == ("alice", "Alice")
            assert b.messenger.sent[1].mentions[0] == ("bob", "Bob")

    @pytest.mark.parametrize(
        ("reason", "fields"),
        [
            ("own", {"is_own": True}),
            ("own", {"sender_id": SELF}),
            ("recalled", {"kind": MessageKind.RECALLED}),
            ("unsupported", {"kind": MessageKind.OTHER}),
            ("unsupported", {"text": "<?xml version='1.0'?><msg>@ShopBot status</msg>"}),
            ("incomplete", {"sender_id": ""}),
            ("incomplete", {"id": ""}),
            ("empty", {"text": ""}),
            ("empty", {"text": " \u2005\u3000\n\u200b"}),
            ("empty", {"text": "@ShopBot\u2005"}),
            ("not_addressed", {"text": "good morning"}),
            ("not_addressed", {"text": "@所有人 status", "mentions": (SELF, "alice", "bob")}),
            ("not_addressed", {"text": "ack"}),
            ("not_addressed", {"text": "yes", "quote": Quote("other", "lunch at twelve?")}),
        ],
    )
    async def test_what_is_not_for_the_bot_is_counted_and_gets_no_answer(self, reason: str, fields: dict) -> None:  # type: ignore[type-arg]
        async with bot() as b:
            with capture_logs() as logs:
                assert await b.ask(**({"text": "@ShopBot status"} | fields)) == []
            assert b.counted(reason) == 1
            assert [log["reason"] for log in logs if log["event"] == "message.dropped"] == [reason]
            assert await b.ask("@ShopBot status") == ["status"]

    async def test_old_messages_are_not_answered_and_those_of_a_clock_that_is_ahead_are(self) -> None:
        async with bot(max_age="2m") as b:
            now = b.clock.now()
            assert await b.ask("@ShopBot a", sent_at=now - timedelta(seconds=121)) == []
            assert await b.ask("@ShopBot b", sent_at=b.clock.now() + timedelta(hours=1)) == ["b"]
            assert b.counted("old") == 1

    async def test_a_message_is_handled_once_however_often_it_comes(self) -> None:
        async with bot() as b:
            message = b.messenger.say("@ShopBot hi")
            for _ in range(4):
                b.messenger.inbox.put_nowait(message)
            await b.settle(60)
            assert b.messenger.texts == ["hi"]
            assert b.counted("duplicate") == 4

    async def test_rooms_off_the_allow_list_get_no_answer_at_all(self) -> None:
        async def broken(_: Duty, __: Asked) -> Reply:
            raise RuntimeError("x")

        async with bot(broken, rooms=("other@chatroom",)) as b:
            await noticed(b)
            for text in ("@ShopBot status", "@ShopBot help", "ack", "@ShopBot chat"):
                assert await b.ask(text, quote=Quote("n1", NOTICE)) == []
            for number in range(200):
                b.messenger.say(f"@ShopBot {number}")
            await b.settle(600)
            assert b.messenger.sent == []
            assert b.counted("room_not_allowed") == 204


class TestPrivateChats:
    async def test_bound_contacts_are_answered_without_a_mention(self) -> None:
        async with bot() as b:
            await known(b)
            assert await b.ask("status", room_id="") == ["status"]
            assert b.messenger.sent[0].conversation_id == "alice"
            assert b.messenger.sent[0].mentions == ()

    async def test_strangers_are_not_answered_but_may_introduce_themselves(self) -> None:
        async with bot() as b:
            assert await b.ask("status", room_id="") == []
            assert b.counted("stranger") == 1
            assert await b.ask("bind K7M2", room_id="") == ["bind K7M2"]
            assert await b.ask("绑定 K7M2", room_id="") == ["绑定 K7M2"]

    async def test_private_chats_can_be_ignored_altogether(self) -> None:
        async with bot(private="ignore") as b:
            await known(b)
            assert await b.ask("status", room_id="") == []
            assert await b.ask("bind K7M2", room_id="") == []
            assert b.counted("private_ignored") == 2

    async def test_in_the_local_room_everybody_is_the_principal_of_their_token(self) -> None:
        recorder = Recorder()
        async with bot(recorder, kind="local") as b:
            b.messenger.name = "local"
            ann = Principal(id="p1", name="ann", role=Role.VIEWER, created_at=b.clock.now())
            await b.stores.principals.create(ann)
            await b.ask("status", room_id="", sender_id="p1", sender_name="ann")
            await b.ask("@ShopBot status", sender_id="p2", sender_name="ann")
            await b.ask("@ShopBot status", sender_id="p1", sender_name="bob")
            assert [asked.principal for asked in recorder.asked] == [ann, None, ann]


class TestAnswersToNotices:
    async def test_a_quoted_notice_needs_no_mention(self) -> None:
        async with bot() as b:
            await noticed(b, "n1")
            await noticed(b, "n2", "Stock is negative: Lamp")
            assert await b.ask("undo", quote=Quote("n1", "")) == ["undo"]
            assert await b.ask("undo", quote=Quote("", "Price is zero: Mug")) == ["undo"]
            assert await b.ask("undo", quote=Quote("n3", NOTICE)) == []

    async def test_a_notice_of_another_room_is_none_here(self) -> None:
        async with bot() as b:
            await noticed(b, room="other@chatroom")
            assert await b.ask("ack", quote=Quote("n1", NOTICE)) == []
            assert await b.ask("ack") == []

    @pytest.mark.parametrize("word", ["ack", "ACK", "ack!", "确认", "确认。", "ａｃｋ"])
    async def test_ack_alone_answers_the_one_notice_of_the_last_minutes(self, word: str) -> None:
        async with bot(answer_within="10m") as b:
            await noticed(b)
            b.clock.advance(590)
            b.messenger.say(word)
            await b.settle()
            assert b.messenger.texts == [word]
            b.clock.advance(70)
            assert await b.ask(word) == []

    async def test_ack_alone_answers_nothing_when_there_were_two(self) -> None:
        async with bot() as b:
            await noticed(b, "n1")
            await noticed(b, "n2", "Stock is negative: Lamp")
            assert await b.ask("ack") == []
            assert await b.ask("ack that") == []

    async def test_ack_alone_answers_the_one_notice_that_came_in_parts(self) -> None:
        async with bot() as b:
            await noticed(b, "n1", notice_id="long")
            await noticed(b, "n2", "bcdf Open: Lamp", notice_id="long")
            assert await b.ask("ack") == ["ack"]

    async def test_what_quotes_a_notice_and_is_no_command_is_no_conversation(self) -> None:
        async with bot() as b:
            await noticed(b)
            assert await b.ask("chat: poor mug", quote=Quote("n1", NOTICE)) == []
            assert b.counted("not_addressed") == 1


class TestAnswersToTheBot:
    async def test_a_yes_or_no_right_after_an_answer_needs_no_mention(self) -> None:
        async with bot(confirm_within="1m") as b:
            for word in ("yes", "是", "取消", "OK."):
                assert await b.ask(f"@ShopBot shelve p1 {word}") == [f"shelve p1 {word}"]
                assert await b.ask(word) == [word]

    async def test_it_is_bound_to_the_person_the_room_and_the_time(self) -> None:
        async with bot(confirm_within="1m") as b:
            b.messenger.say("@ShopBot shelve p1")
            await b.settle(1)
            assert await b.ask("yes", sender_id="bob") == []
            b.messenger.say("@ShopBot shelve p1")
            await b.settle(1)
            assert await b.ask("yes", room_id="r2@chatroom") == []
            b.messenger.say("@ShopBot shelve p1")
            await b.settle(1)
            assert await b.ask("yes, lunch at noon") == []
            await b.settle(60)
            assert await b.ask("yes") == []

    async def test_a_yes_to_no_question_is_no_conversation(self) -> None:
        async def none(_: Duty, asked: Asked) -> Reply | None:
            return Reply(text="ok") if asked.text == "status" else None

        async with bot(none) as b:
            b.messenger.say("@ShopBot status")
            await b.settle(1)
            assert await b.ask("yes") == []


class TestOrder:
    async def test_a_conversation_is_answered_in_order_and_others_meanwhile(self) -> None:
        recorder = Recorder()
        recorder.gates["slow"] = asyncio.Event()
        async with bot(recorder) as b:
            b.messenger.say("@ShopBot slow")
            b.messenger.say("@ShopBot next", sender_id="bob")
            b.messenger.say("@ShopBot other", room_id="r2@chatroom")
            await b.settle()
            assert b.messenger.texts == ["re other"]
            assert recorder.texts == ["slow", "other"]
            recorder.gates["slow"].set()
            await b.settle()
            assert b.messenger.texts == ["re other", "re slow", "re next"]

    async def test_order_holds_though_the_store_is_slower_for_some(self) -> None:
        b = made_bot(per_room_per_minute=1000, per_person_per_minute=1000, sends_per_minute=10_000,
                     room_sends_per_minute=10_000)  # fmt: skip
        begin = b.stores.bot.begin

        async def slow_begin(message: Handled) -> bool:
            for _ in range(int(message.id[1:]) * 7 % 5):
                await asyncio.sleep(0)
            return await begin(message)

        b.stores.bot.begin = slow_begin  # type: ignore[method-assign]
        async with running(b):
            for number in range(60):
                b.messenger.say(f"@ShopBot {number}")
            await b.settle(60)
            assert b.messenger.texts == [str(number) for number in range(60)]

    async def test_a_stop_answers_what_was_taken_and_takes_no_more(self) -> None:
        recorder = Recorder()
        recorder.gates["slow"] = asyncio.Event()
        b = made_bot(recorder)
        task = asyncio.create_task(b.dispatcher.run())
        b.messenger.say("@ShopBot slow")
        b.messenger.say("@ShopBot next")
        await b.settle()
        assert b.dispatcher.waiting == 1
        b.dispatcher.stop()
        b.messenger.say("@ShopBot late")
        await b.clock.run(1)
        assert not task.done()
        recorder.gates["slow"].set()
        await b.clock.run(60)
        assert task.done()
        await task
        assert b.messenger.texts == ["re slow", "re next"]
        assert b.messenger.inbox.qsize() == 1

    async def test_what_waits_in_one_conversation_is_bounded_and_the_rest_is_counted(self) -> None:
        recorder = Recorder()
        recorder.gates["slow"] = asyncio.Event()
        async with bot(recorder) as b:
            b.messenger.say("@ShopBot slow")
            await b.settle()
            for number in range(150):
                b.messenger.say(f"@ShopBot {number}")
            await b.settle()
            assert b.counted("overflow") == 50
            assert await b.ask("@ShopBot hi", room_id="r2@chatroom") == ["re hi"]
            recorder.gates["slow"].set()


class TestLimits:
    async def test_the_first_over_the_limit_is_told_and_the_rest_dropped(self) -> None:
        async with bot(per_person_per_minute=3) as b:
            for number in range(8):
                b.messenger.say(f"@ShopBot {number}")
            b.messenger.say("@ShopBot bob's", sender_id="bob", sender_name="Bob")
            await b.settle(60)
            assert b.messenger.texts[:3] == ["0", "1", "2"]
            assert "a lot at once" in b.messenger.texts[3]
            assert b.messenger.sent[3].mentions == (("alice", "Alice"),)
            assert b.messenger.texts[4:] == ["bob's"]
            assert b.counted("person_limit") == 5
            await b.settle(120)
            assert await b.ask("@ShopBot again") == ["again"]

    async def test_whoever_goes_on_and_on_is_not_told_again(self) -> None:
        async with bot(per_person_per_minute=2) as b:
            for _ in range(60):
                b.messenger.say("@ShopBot x")
                await b.settle(5)
            await b.settle(60)
            assert sum("a lot at once" in text for text in b.messenger.texts) == 1

    async def test_a_room_has_a_limit_of_its_own(self) -> None:
        async with bot(per_room_per_minute=4) as b:
            for number in range(10):
                b.messenger.say(f"@ShopBot {number}", sender_id=f"p{number}")
            await b.settle(120)
            assert b.counted("handled") == 4
            assert b.counted("room_limit") == 6
            assert sum("a lot at once" in text for text in b.messenger.texts) == 1
            assert await b.ask("@ShopBot hi", room_id="r2@chatroom") == ["hi"]

    async def test_chatter_and_repeats_count_against_nobody(self) -> None:
        async with bot(per_person_per_minute=2) as b:
            message = b.messenger.say("@ShopBot one")
            for _ in range(20):
                b.messenger.say("just chatting")
                b.messenger.inbox.put_nowait(message)
            await b.settle()
            assert await b.ask("@ShopBot two") == ["two"]


class TestFailures:
    async def test_a_command_that_raises_is_apologised_for_with_an_id_that_the_log_has(self) -> None:
        async def broken(_: Duty, asked: Asked) -> Reply:
            raise RuntimeError(f"secret {asked.text}")

        async with bot(broken) as b:
            with capture_logs() as logs:
                texts = await b.ask("@ShopBot my private words")
            failure = next(log for log in logs if log["event"] == "message.failed")
            assert len(texts) == 1
            assert failure["error_id"] in texts[0]
            assert failure["error"] == "RuntimeError"
            assert "test_dispatcher.py" in failure["trace"]
            assert "private words" not in repr(logs)
            assert b.counted("failed") == 1

    async def test_a_command_whose_own_work_was_cancelled_stops_nothing(self) -> None:
        async def cancelled(_: Duty, asked: Asked) -> Reply:
            if asked.text == "a":
                raise asyncio.CancelledError
            return Reply(text=asked.text)

        async with bot(cancelled) as b:
            b.messenger.say("@ShopBot a")
            b.messenger.say("@ShopBot b")
            await b.settle(60)
            assert len(b.messenger.texts) == 2
            assert b.messenger.texts[1] == "b"

    async def test_a_store_that_is_busy_for_a_moment_is_asked_again(self) -> None:
        b = made_bot()
        begin, fails = b.stores.bot.begin, [Unavailable("locked")] * 2

        async def busy(message: Handled) -> bool:
            if fails:
                raise fails.pop()
            return await begin(message)

        b.stores.bot.begin = busy  # type: ignore[method-assign]
        async with running(b):
            assert await b.ask("@ShopBot hi") == ["hi"]

    async def test_a_store_that_stays_away_is_said_and_nothing_is_handled(self) -> None:
        recorder = Recorder()
        b = made_bot(recorder)

        async def away(_: Handled) -> bool:
            raise Unavailable("gone")

        b.stores.bot.begin = away  # type: ignore[method-assign, assignment]
        async with running(b):
            texts = await b.ask("@ShopBot hi")
            assert recorder.asked == []
            assert "went wrong" in texts[0]

    @pytest.mark.parametrize("problem", [DeliveryUnknown("silence"), DeliveryFailed("no", permanent=True)])
    async def test_a_reply_that_is_lost_is_counted_and_the_next_one_sent(self, problem: Exception) -> None:
        async with bot() as b:
            b.messenger.problems = [problem]
            with capture_logs() as logs:
                assert await b.ask("@ShopBot one") == []
            assert "reply.lost" in [log["event"] for log in logs]
            assert b.counted("unsent") == 1
            assert await b.ask("@ShopBot two") == ["two"]
            assert await b.stores.bot.interrupted() == []

    async def test_a_text_beyond_reading_is_refused(self) -> None:
        recorder = Recorder()
        async with bot(recorder) as b:
            assert "too long" in (await b.ask("@ShopBot " + "x" * 5000))[0]
            assert recorder.asked == []


class Chat:
    """A Dialogue that keeps its sessions apart."""

    def __init__(self, answer: str | Exception = "a film") -> None:
        self.sessions: list[tuple[str, str]] = []
        self._answer = answer

    async def reply(self, session: str, text: str) -> str:
        self.sessions.append((session, text))
        if isinstance(self._answer, Exception):
            raise self._answer
        return self._answer


class TestConversation:
    async def test_what_is_no_command_goes_to_the_chat_in_a_session_for_each_person_in_each_room(self) -> None:
        chat = Chat()
        async with bot(dialogue=chat) as b:
            await known(b)
            assert await b.ask("@ShopBot chat a") == ["a film"]
            await b.ask("@ShopBot chat b", sender_id="bob")
            await b.ask("@ShopBot chat c", room_id="r2@chatroom")
            await b.ask("chat d", room_id="")
            assert [session for session, _ in chat.sessions] == [
                f"{ROOM}:alice", f"{ROOM}:bob", "r2@chatroom:alice", ":alice",
            ]  # fmt: skip
            await b.ask("@ShopBot chat e", room_id="a:b", sender_id="c")
            await b.ask("@ShopBot chat f", room_id="a", sender_id="b:c")
            assert chat.sessions[-2][0] != chat.sessions[-1][0]

    async def test_without_a_chat_the_bot_says_so(self) -> None:
        async with bot() as b:
            assert "not set up" in (await b.ask("@ShopBot chat a"))[0]
        async with bot(language="zh") as b:
            assert "还没有设置" in (await b.ask("@ShopBot chat a"))[0]

    async def test_a_chat_that_fails_is_apologised_for(self) -> None:
        for problem in (Unavailable("busy"), TimeoutError()):
            async with bot(dialogue=Chat(problem)) as b:
                assert "went wrong" in (await b.ask("@ShopBot chat a"))[0]

    async def test_a_chat_with_nothing_to_say_says_nothing(self) -> None:
        async with bot(dialogue=Chat("")) as b:
            assert await b.ask("@ShopBot chat a") == []
            assert b.counted("handled") == 1


def interrupted_row(number: int, sender: str = "alice", room: str = ROOM) -> Handled:
    from tests.contract.makers import NOW

    return Handled(
        id=f"old{number}", conversation_id=room, sender_id=sender, sender_name=sender.title(), state=Handling.BEGUN,
        seen_at=NOW,
    )  # fmt: skip


class TestAfterARestart:
    async def test_whoever_was_interrupted_is_asked_to_repeat_with_others_of_the_room(self) -> None:
        b = made_bot()
        for number, sender in enumerate(("alice", "bob", "alice")):
            await b.stores.bot.begin(interrupted_row(number, sender))
        await b.stores.bot.begin(interrupted_row(9, "carol", "carol"))
        async with running(b):
            await b.settle(10)
        assert [(m.conversation_id, m.mentions) for m in b.messenger.sent] == [
            (ROOM, (("alice", "Alice"), ("bob", "Bob"))), ("carol", ()),
        ]  # fmt: skip
        assert all("interrupted" in text for text in b.messenger.texts)
        assert b.counted("interrupted") == 4
        assert await b.stores.bot.interrupted() == []

    async def test_they_are_asked_when_the_messenger_is_online_and_others_answered_meanwhile(self) -> None:
        b = made_bot()
        b.messenger.connection = Connection.CONNECTING
        await b.stores.bot.begin(interrupted_row(1))
        async with running(b):
            await b.settle(30)
            assert b.messenger.sent == []
            assert await b.ask("@ShopBot hi") == ["hi"]
            b.messenger.connection = Connection.ONLINE
            await b.settle(10)
            assert "interrupted" in b.messenger.texts[1]

    async def test_a_service_that_is_away_is_tried_until_it_is_back(self) -> None:
        b = made_bot()
        b.messenger.problems = [DeliveryFailed("away")] * 9
        await b.stores.bot.begin(interrupted_row(1))
        async with running(b):
            await b.settle(600)
        assert len(b.messenger.texts) == 1

    async def test_what_may_have_been_asked_is_not_asked_again(self) -> None:
        b = made_bot()
        b.messenger.problems = [DeliveryUnknown("silence")]
        await b.stores.bot.begin(interrupted_row(1))
        async with running(b):
            await b.settle(600)
        assert b.messenger.sent == []
        assert await b.stores.bot.interrupted() == []

    async def test_rooms_that_are_off_the_list_by_now_are_asked_nothing(self) -> None:
        b = made_bot(rooms=("other@chatroom",))
        await b.stores.bot.begin(interrupted_row(1))
        async with running(b):
            await b.settle(10)
        assert b.messenger.sent == []
        assert await b.stores.bot.interrupted() == []

    async def test_many_are_not_mentioned_in_one_message(self) -> None:
        b = made_bot()
        for number in range(25):
            await b.stores.bot.begin(interrupted_row(number, f"p{number}"))
        async with running(b):
            await b.settle(60)
        assert [len(m.mentions) for m in b.messenger.sent] == [10, 10, 5]


async def test_the_time_to_a_reply_is_measured_from_receipt() -> None:
    recorder = Recorder()
    recorder.gates["slow"] = asyncio.Event()
    async with bot(recorder) as b:
        b.messenger.say("@ShopBot slow")
        await b.settle(3)
        recorder.gates["slow"].set()
        await b.settle()
        assert b.metrics.registry.get_sample_value("zhiban_bot_reply_seconds_sum") == pytest.approx(3)
        assert b.metrics.registry.get_sample_value("zhiban_bot_sends_total", {"result": "sent"}) == 1


async def test_a_message_that_cannot_be_read_at_all_ends_nothing() -> None:
    async with bot() as b:
        b.messenger.say("@ShopBot hi", sent_at=b.clock.now().replace(tzinfo=None))
        await b.settle()
        assert b.counted("failed") == 1
        assert await b.ask("@ShopBot hi") == ["hi"]


def test_a_dispatcher_without_its_ports_is_refused() -> None:
    b = made_bot()
    from dataclasses import replace

    from daemon.handlers.bot.dispatcher import Dispatcher

    duty = Duty(replace(b.duty.ports, messenger=None), b.duty.config, b.duty.rulebook)
    with pytest.raises(ValueError, match="messenger"):
        Dispatcher(duty, Recorder(), b.sender, b.metrics)


def test_the_connection_is_shown_by_state() -> None:
    b = made_bot()
    messenger: ScriptedMessenger = b.messenger
    b.metrics.watch_connection(list(Connection), lambda: messenger.standing.connection)
    messenger.connection = Connection.LOGGED_OUT
    shown = {
        state: b.metrics.registry.get_sample_value("zhiban_bot_connection", {"state": state.value})
        for state in Connection
    }
    assert [state for state, value in shown.items() if value] == [Connection.LOGGED_OUT]
    assert len(shown) == len(Connection)
