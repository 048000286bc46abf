"""What users of other WeChat bots reported in public: one test for each, named after the repository and the number."""

from __future__ import annotations

from datetime import timedelta

import pytest

from daemon.errors import DeliveryFailed, DeliveryUnknown
from daemon.forum.rooms import Connection, MessageKind
from daemon.handlers.bot.asking import Asked, Reply
from daemon.services.duty import Duty
from tests.bot_kit import SELF, ScriptedMessenger, bot, made_bot, running


async def test_python_wechaty_getting_started_79_a_line_that_comes_back_is_heard_again() -> None:
    async with bot() as b:
        b.messenger.connection = Connection.CONNECTING
        b.messenger.problems = [DeliveryFailed("the line is down")] * 2
        b.messenger.say("@ShopBot first")
        await b.settle(1)
        b.messenger.connection = Connection.ONLINE
        assert await b.ask("@ShopBot hi") == ["first", "hi"]


async def test_wechaty_puppet_padpro_85_a_restart_does_not_answer_old_messages_again() -> None:
    first = made_bot()
    async with running(first):
        handled = first.messenger.say("@ShopBot hi")
        missed_long_ago = first.messenger.message("@ShopBot yesterday", sent_at=first.clock.now() - timedelta(days=1))
        await first.settle(60)
    second = made_bot(stores=first.stores, messenger=ScriptedMessenger(first.clock))
    async with running(second):
        for message in (handled, missed_long_ago):
            second.messenger.inbox.put_nowait(message)
        await second.settle(60)
        assert second.messenger.sent == []
        assert (second.counted("duplicate"), second.counted("old")) == (1, 1)


@pytest.mark.parametrize("echo", [{"is_own": True}, {"sender_id": SELF}])
async def test_wechaty_1674_an_echo_of_the_own_reply_is_not_answered(echo: dict) -> None:  # type: ignore[type-arg]
    async with bot() as b:
        await b.ask("@ShopBot hi")
        assert await b.ask("hi", **echo) == []
        assert b.counted("own") == 1


@pytest.mark.parametrize("separator", [" ", "\u2005"])
async def test_wechaty_1511_mentions_from_desktops_and_phones_are_both_seen(separator: str) -> None:
    async with bot() as b:
        assert await b.ask(f"@ShopBot{separator}hi") == ["hi"]


async def test_langbot_1122_a_new_nickname_in_the_group_is_recognised() -> None:
    async with bot() as b:
        assert await b.ask("@GroupNick\u2005hi", mentions=(SELF,)) == ["hi"]
        assert await b.ask("@GroupNick hi", names=("ShopBot", "GroupNick")) == ["hi"]


async def test_python_wechaty_222_a_reply_mentions_the_alias_that_the_room_knows() -> None:
    async with bot() as b:
        await b.ask("@ShopBot hi", sender_name="仓库小王")
        assert b.messenger.sent[0].mentions == (("alice", "仓库小王"),)


@pytest.mark.parametrize("length", [2001, 3000])
async def test_hermes_agent_16411_long_replies_arrive_whole(length: int) -> None:
    async def long(_: Duty, __: Asked) -> Reply:
        return Reply(text="值" * length)

    async with bot(long) as b:
        parts = await b.ask("@ShopBot list")
        assert "".join(parts) == "值" * length
        assert all(len(part.encode()) <= 2000 for part in parts)


async def test_puppet_padlocal_62_a_message_of_no_known_type_from_nobody_ends_nothing() -> None:
    async with bot() as b:
        assert await b.ask("", kind=MessageKind.OTHER, sender_id="", sender_name="") == []
        assert await b.ask("@ShopBot x", sender_id="", sender_name="") == []
        assert await b.ask("@ShopBot hi") == ["hi"]
        assert (b.counted("unsupported"), b.counted("incomplete")) == (1, 1)


async def test_wechaty_chatgpt_3_a_reply_that_mentions_the_bot_is_not_answered() -> None:
    async with bot() as b:
        assert await b.ask("@ShopBot hi", is_own=True, mentions=(SELF,)) == []
        assert await b.ask("@ShopBot hi", sender_id=SELF, mentions=(SELF,)) == []


async def test_python_wechaty_388_a_send_that_may_have_arrived_is_not_repeated() -> None:
    async with bot() as b:
        b.messenger.problems = [DeliveryUnknown("no id came back")]
        assert await b.ask("@ShopBot hi") == []
        assert b.counted("unsent") == 1
