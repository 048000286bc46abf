"""How the whole daemon is spoken to and answers over the real puppet service: names, mentions, echoes, long texts."""

from __future__ import annotations

import asyncio
import signal
import time

import pytest

pytest.importorskip("grpclib", reason="python-wechaty is not installed (extra `wechat`)")

from tests.interop.puppet_service import ROOM
from tests.interop.team import Team, until

MENTION_END = "\u2005"
LIMIT = 200


async def say(team: Team, text: str, **fields: object) -> None:
    """Let Alice say something in the group."""
    await team.service.order("say", **({"who": "alice", "text": text} | fields))


async def from_now_on(team: Team, times: int, **settings: object) -> None:
    """Have settings of the bot changed while the daemon runs, for the so many-th time."""
    lines = team.daemon.config.read_text(encoding="utf-8").splitlines()
    kept = [line for line in lines if line.split(" = ")[0] not in settings]
    at = kept.index("[bot]") + 1
    kept[at:at] = [f"{name} = {value}" for name, value in settings.items()]
    team.daemon.config.write_text("\n".join(kept), encoding="utf-8")
    team.daemon.signal(signal.SIGHUP)
    await asyncio.to_thread(team.daemon.wait_event, "config.reloaded", 10.0, times)


@pytest.mark.parametrize("separator", [MENTION_END, " ", "\u3000", ""])
async def test_a_mention_is_heard_by_its_id_or_by_a_name_that_the_room_knows(team: Team, separator: str) -> None:
    await team.service.order("alias", who="bot", name="Duty(Bot")
    await team.service.order("alias", who="alice", name="Mei-Lin")
    await team.service.order("topic", topic="Night shift")
    begins = f"@Mei-Lin{MENTION_END}zhiban "

    async def answered(times: int) -> bool:
        sent = await team.service.sent()
        answers = [text for place, text, mentions in sent if place == ROOM and mentions == ["alice"]]
        return [text[: len(begins)] for text in answers] == [begins] * times

    await say(team, f"@Duty(Bot{separator}version")
    await until(lambda: answered(1), "an answer to the name in the room, typed by hand")
    await say(team, f"@ShopBot{separator}version")
    await until(lambda: answered(2), "an answer to the account's name, typed by hand")
    await say(team, f"@Duty(Bot{separator}version", mentions=["bot"])
    await until(lambda: answered(3), "an answer to the id")


async def test_what_the_account_says_itself_and_what_is_old_or_for_others_gets_no_answer(team: Team) -> None:
    yesterday = {"id": "old", "type": 7, "text": f"@ShopBot{MENTION_END}version", "mentionIdList": ["bot"],
                 "timestamp": 1000 * (int(time.time()) - 86_400)}  # fmt: skip
    await say(team, f"@ShopBot{MENTION_END}version", who="bot", mentions=["bot"])
    await team.service.order("message", **yesterday)
    await say(team, "@所有人 version", mentions=["bot", "alice", "bob"])
    await say(team, f"@ShopBottle{MENTION_END}version", mentions=["bob"])
    own = team.counted("own")

    assert (await team.asks("version")).startswith("zhiban ")
    await until(lambda: team.counted("own") > own, "the echo of the answer")
    assert team.counted("old") == 1
    assert [len(await team.answers(who)) for who in ("alice", "bot", "bob")] == [1, 0, 0]


@pytest.mark.parametrize(("language", "word"), [("en", "help"), ("zh", "帮助")])
async def test_a_long_answer_arrives_whole_in_parts_and_in_order(team: Team, language: str, word: str) -> None:
    await from_now_on(team, 1, language=f'"{language}"', message_bytes=100_000)
    whole = await team.asks(word)
    await from_now_on(team, 2, language=f'"{language}"', message_bytes=LIMIT)
    before = len(await team.service.sent())

    first = await team.asks(word)

    async def parts() -> list[str]:
        sent = (await team.service.sent())[before + 1 :]
        return [first, *(text for place, text, mentions in sent if place == ROOM and not mentions)]

    async def is_whole() -> bool:
        return "\n".join(await parts()) == whole  # lines are shorter than a message, so they stay as they are

    await until(is_whole, "all parts of the answer")
    sizes = [len(text.encode()) for _, text, _ in (await team.service.sent())[before:]]
    assert len(sizes) > len(whole.encode()) // LIMIT
    assert max(sizes) <= LIMIT
