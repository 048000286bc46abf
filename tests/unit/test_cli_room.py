from __future__ import annotations

import asyncio
import io
import os
import re
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

import aiohttp
import click
import pytest

from daemon.adapters import room_client
from daemon.adapters.local_room import LocalRoom
from daemon.adapters.room_client import BEGINNING, Lost, RoomClient
from daemon.cli.room_talk import Talk
from daemon.errors import InvalidInput, Unauthorized, Unavailable
from daemon.forum.rooms import Outgoing
from daemon.products.ids import new_id
from tests.bot_kit import AttentiveRoom
from tests.unit.handlers.http.api import Api, api

ME = new_id()


def message(text: str, **fields: Any) -> dict[str, Any]:
    plain = {"id": new_id(), "room": "team", "sender_id": "bot", "sender_name": "zhiban", "text": text,
             "sent_at": "2026-11-25T03:00:00Z", "by_bot": True, "mentions": [], "quote": None}  # fmt: skip
    return {**plain, **fields}


def mine(text: str, **fields: Any) -> dict[str, Any]:
    return message(text, **{"sender_id": ME, "sender_name": "Mei", "by_bot": False, **fields})


def talk(*, addresses: bool = True) -> Talk:
    return Talk(ME, "zhiban", addresses=addresses)


class TestTalk:
    def test_a_message_shows_time_number_name_and_lines(self) -> None:
        shown = click.unstyle(talk().heard(message("one\ntwo")))
        assert re.fullmatch(r"\d\d:00:00 \[1\] zhiban: one\n  two", shown)

    def test_nothing_in_a_message_steers_the_terminal(self) -> None:
        shown = talk().heard(mine("a\x1b[2Jb\x07\u202e", sender_name="\x1b]0;x\x07"))
        assert "\x1b[2J" not in shown
        assert "\x1b]" not in shown
        assert "\u202e" not in shown

    def test_an_answer_shows_what_it_answers(self) -> None:
        room, notice = talk(), message("a notice of " + "many words " * 9)
        room.heard(notice)
        shown = click.unstyle(room.heard(mine("ack", quote={"id": notice["id"], "text": notice["text"]})))
        assert re.search(r"\n  ↳ \[1\] a notice of many words .{1,30}…$", shown)

    def test_what_is_typed_is_said_to_the_bot(self) -> None:
        assert talk().meant(" status ") == ("@zhiban status", None)
        assert talk().meant("@Mei look") == ("@Mei look", None)
        assert talk().meant("＠所有人 hi") == ("＠所有人 hi", None)
        assert talk(addresses=False).meant("status") == ("status", None)

    def test_numbers_and_the_latest_notice_can_be_answered(self) -> None:
        room = talk()
        first, second, reply = message("one"), message("two"), message("yours", mentions=[ME])
        for each in (first, second, reply, mine("thanks")):
            room.heard(each)
        assert room.meant(">1 ack") == ("@zhiban ack", first["id"])
        assert room.meant("> ack") == ("@zhiban ack", second["id"])
        assert room.meant("＞3 确认") == ("@zhiban 确认", reply["id"])
        assert room.meant(">2h") == ("@zhiban 2h", second["id"])

    @pytest.mark.parametrize("line", [">9 ack", ">1", ">", "> ack"])
    def test_what_cannot_be_answered_is_told(self, line: str) -> None:
        room = talk()
        room.heard(mine("hello"))
        with pytest.raises(InvalidInput):
            room.meant(line)

    def test_it_knows_when_the_bot_has_answered(self) -> None:
        room = talk()
        room.heard(message("of before", mentions=[ME]))
        room.meant("status")
        room.heard(message("a notice"))
        assert room.unanswered
        room.heard(message("3 open", mentions=[ME]))
        assert not room.unanswered


@asynccontextmanager
async def visited(who: str = "operator") -> AsyncIterator[tuple[Api, LocalRoom, RoomClient]]:
    async with api() as service, aiohttp.ClientSession() as session:
        duty = service.home.duty
        place = AttentiveRoom(service.home.clock)
        duty.ports = replace(duty.ports, messenger=place, rooms=place)
        yield service, place, RoomClient(session, lambda: (service.serving.url, service.tokens[who]))


class TestRoomClient:
    async def test_it_says_reads_and_follows(self) -> None:
        async with visited() as (_, place, client):
            said = await client.say("status")
            await place.send(Outgoing(conversation_id="team", text="3 open\n一 two"))
            assert [each["text"] for each in await client.latest(5)] == ["status", "3 open\n一 two"]
            assert (await client.say("ack", said["id"]))["quote"] == {"id": said["id"], "text": "status"}
            heard = [each async for each in first(client.follow(BEGINNING), 3)]
        assert [each["text"] for each in heard] == ["status", "3 open\n一 two", "ack"]

    async def test_a_stream_that_breaks_off_is_taken_up_where_it_was(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(room_client, "FIRST_WAIT_S", 0.001)
        async with visited() as (service, place, client):
            await client.say("one")
            following = client.follow(BEGINNING)
            assert [each["text"] async for each in first(following, 1)] == ["one"]
            place.close()
            lost = await anext(following)
            assert lost == Lost("the daemon ended it", 0.001)
            fresh = LocalRoom(service.home.clock)
            service.home.duty.ports = replace(service.home.duty.ports, rooms=fresh)
            await fresh.post(ME, "Mei", "team", "two")
            assert [each["text"] async for each in first(following, 1)] == ["two"]

    async def test_a_daemon_that_is_away_is_waited_for(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(room_client, "FIRST_WAIT_S", 0.001)
        monkeypatch.setattr(room_client, "MOST_WAIT_S", 0.003)
        async with aiohttp.ClientSession() as session:
            client = RoomClient(session, lambda: ("http://127.0.0.1:9", ""))
            waits = [each.wait_s async for each in first(client.follow(BEGINNING), 4) if isinstance(each, Lost)]
            with pytest.raises(Unavailable, match="does not answer"):
                await client.latest(1)
        assert waits == [0.001, 0.002, 0.003, 0.003]

    async def test_a_bad_token_ends_the_following(self) -> None:
        async with visited() as (service, _, client):
            service.tokens["operator"] = "zhb_" + "A" * 43
            with pytest.raises(Unauthorized):
                await anext(client.follow(BEGINNING))
            with pytest.raises(Unauthorized):
                await client.say("x")


async def first(items: AsyncIterator[Any], count: int) -> AsyncIterator[Any]:
    async with asyncio.timeout(5):
        for _ in range(count):
            yield await anext(items)


async def echo(place: LocalRoom) -> None:
    """A bot that answers everything with what it heard."""
    while True:
        heard = await place.receive()
        place.settle(heard.id)
        await place.send(
            Outgoing(conversation_id=heard.room_id, text=f"heard {heard.text}", mentions=((heard.sender_id, "you"),))
        )


class TestCommand:
    """`zhiban room` in a process of its own, against a bot that repeats what it hears."""

    @pytest.fixture
    async def environment(self) -> AsyncIterator[dict[str, str]]:
        async with visited() as (service, place, _):
            bot = asyncio.create_task(echo(place))
            yield {**os.environ, "ZHIBAN_URL": service.serving.url, "ZHIBAN_TOKEN": service.tokens["operator"],
                   "TERM": "xterm"}  # fmt: skip
            bot.cancel()
            with suppress(asyncio.CancelledError):
                await bot

    async def run(self, environment: dict[str, str], stdin: Any, *arguments: str) -> tuple[int, str, str]:
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "daemon", "room", *arguments, env=environment, stdin=stdin,
            stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE,
        )  # fmt: skip
        out, err = await process.communicate()
        return process.returncode or 0, out.decode(), err.decode()

    async def test_lines_of_a_file_are_said_in_order_and_answers_printed(
        self, environment: dict[str, str], tmp_path: Path
    ) -> None:
        script = tmp_path / "lines"
        script.write_text("help\n\n> nothing\n状态", encoding="utf-8")
        with script.open("rb") as stdin:
            code, out, err = await self.run(environment, stdin)
        assert code == 0, err
        assert re.findall(r"zhiban: (.*)", out) == ["@you heard @zhiban help", "@you heard @zhiban 状态"]
        assert "there is no notice yet" in err

    async def test_an_empty_input_ends_at_once(self, environment: dict[str, str]) -> None:
        assert await self.run(environment, asyncio.subprocess.DEVNULL) == (0, "", "")

    async def test_a_room_that_is_not_there_is_told(self, environment: dict[str, str]) -> None:
        code, _, err = await self.run(environment, asyncio.subprocess.DEVNULL, "--room", "attic")
        assert code == 1
        assert "there is no room 'attic'; there is team" in err

    async def test_on_a_terminal_one_types_and_reads_and_ends(self, environment: dict[str, str]) -> None:
        screen, terminal = os.openpty()
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "daemon", "room", env=environment, stdin=terminal, stdout=terminal, stderr=terminal
        )
        os.close(terminal)
        seen = io.StringIO()

        async def until(text: str) -> None:
            async with asyncio.timeout(20):
                while text not in seen.getvalue():
                    chunk = await asyncio.get_running_loop().run_in_executor(None, os.read, screen, 65536)
                    seen.write(chunk.decode("utf-8", "replace"))

        await until("Try: help")
        os.write(screen, "staz\x7ftus 好".encode())
        await until("> status 好")
        os.write(screen, b"\r")
        await until("heard @zhiban status 好")
        os.write(screen, b"\x04")
        async with asyncio.timeout(10):
            assert await process.wait() == 0
        os.close(screen)
