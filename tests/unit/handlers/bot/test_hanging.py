"""A command or a chat that hangs: its conversation waits to a deadline, and no other waits at all."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import pytest
from structlog.testing import capture_logs

from daemon.handlers.bot import replying
from daemon.handlers.bot.asking import Asked, Reply
from daemon.services.duty import Duty
from tests.bot_kit import Bot, bot

OTHER = "r2@chatroom"


class Hanging:
    """An Answer, and a Dialogue, that never answers one text."""

    def __init__(self) -> None:
        self.let_go: list[str] = []

    async def __call__(self, _: Duty, asked: Asked) -> Reply | None:
        if asked.text.startswith("chat"):
            return None
        return Reply(text=await self.reply("", asked.text))

    async def reply(self, _: str, text: str) -> str:
        if not text.endswith("hang"):
            return f"re {text}"
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            self.let_go.append(text)
            raise
        return "never"


@pytest.fixture
def hanging(monkeypatch: pytest.MonkeyPatch) -> Hanging:
    """Let deadlines end as soon as a test lets real time pass."""
    monkeypatch.setattr(replying, "COMMAND_S", 0.05)
    monkeypatch.setattr(replying, "DIALOGUE_S", 0.05)
    return Hanging()


@pytest.fixture
async def asked(hanging: Hanging) -> AsyncIterator[Bot]:
    async with bot(hanging, dialogue=hanging) as b:
        yield b


async def until_failed(b: Bot, times: int = 1) -> None:
    async with asyncio.timeout(5):
        while b.counted("failed") < times:
            await asyncio.sleep(0.002)
            await b.clock.run(0)


@pytest.mark.parametrize("text", ["hang", "chat hang"])
async def test_others_are_answered_while_one_hangs_and_its_own_room_after_its_deadline(
    asked: Bot, hanging: Hanging, text: str
) -> None:
    with capture_logs() as logs:
        asked.messenger.say(f"@ShopBot {text}")
        asked.messenger.say("@ShopBot next", sender_id="bob")
        asked.messenger.say("@ShopBot other", room_id=OTHER)
        await asked.settle()
        before = list(asked.messenger.texts)
        await until_failed(asked)
        await asked.settle(60)

    failure = next(line for line in logs if line["event"] == "message.failed")
    assert before == ["re other"]
    assert failure["error"] == "TimeoutError"
    assert failure["error_id"] in asked.messenger.texts[1]
    assert asked.messenger.sent[1].mentions == (("alice", "Alice"),)
    assert asked.messenger.texts[2:] == ["re next"]
    assert hanging.let_go == [text]


async def test_what_hung_is_over_and_asked_of_nobody_after_a_restart(asked: Bot) -> None:
    asked.messenger.say("@ShopBot hang")
    await asked.settle()
    await until_failed(asked)
    await asked.settle(60)

    assert await asked.stores.bot.interrupted() == []


async def test_a_room_in_which_everything_hangs_comes_to_rest(asked: Bot) -> None:
    for _ in range(5):
        asked.messenger.say("@ShopBot hang")
    await asked.settle()
    await until_failed(asked, 5)
    await asked.settle(60)

    assert len(asked.messenger.texts) == 5
    assert asked.dispatcher.waiting == 0
    assert await asked.ask("@ShopBot hi") == ["re hi"]
