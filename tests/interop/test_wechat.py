"""The WeChat adapter against the real puppet service (wechaty-puppet-service 1.19.9) over real gRPC."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("grpclib", reason="python-wechaty is not installed (extra `wechat`)")

from daemon.adapters.clock import SystemClock
from daemon.adapters.wechat import WeChat
from daemon.errors import DeliveryFailed, DeliveryUnknown
from daemon.forum.rooms import Connection, Incoming, MessageKind, Outgoing
from tests.interop.puppet_service import ROOM, TOKEN, PuppetService
from tests.interop.tap import tapping

RELOGIN_S = 5.0


def messenger(service: PuppetService, state: Path, token: str = TOKEN, **options: Any) -> WeChat:
    return WeChat(service.endpoint, token, clock=SystemClock(), state=state, inbox=100, **options)


async def until(condition: Callable[[], object], within_s: float = 20.0) -> float:
    """Wait for something to come true; return the seconds that it took."""
    began = time.monotonic()
    async with asyncio.timeout(within_s):
        while not condition():  # noqa: ASYNC110 what is waited for has no event of its own
            await asyncio.sleep(0.01)
    return time.monotonic() - began


def is_online(wechat: WeChat) -> Callable[[], bool]:
    return lambda: wechat.standing.connection is Connection.ONLINE


@asynccontextmanager
async def online(service: PuppetService, state: Path, **options: Any) -> AsyncIterator[WeChat]:
    async with messenger(service, state, **options) as wechat:
        await until(is_online(wechat))
        yield wechat


async def received(wechat: WeChat) -> Incoming:
    async with asyncio.timeout(10):
        return await wechat.receive()


async def test_login_is_told_with_the_own_name(service: PuppetService, tmp_path: Path) -> None:
    async with online(service, tmp_path) as wechat:
        await until(lambda: wechat.standing.self_name)

        assert (wechat.standing.self_id, wechat.standing.self_name) == ("bot", "ShopBot")


async def test_a_mention_arrives_and_its_answer_mentions_the_asker(service: PuppetService, tmp_path: Path) -> None:
    async with online(service, tmp_path) as wechat:
        await service.order("alias", who="alice", name="Mei")
        await service.order("say", who="alice", text="@ShopBot\u2005status", mentions=["bot"])
        asked = await received(wechat)
        message_id = await wechat.send(
            Outgoing(conversation_id=asked.room_id, text="all well", mentions=((asked.sender_id, asked.sender_name),))
        )
        echo = await received(wechat)

    assert (asked.room_id, asked.sender_id, asked.sender_name, asked.text) == (
        ROOM, "alice", "Mei", "@ShopBot\u2005status",
    )  # fmt: skip
    assert (asked.mentions, asked.is_own, asked.names) == (("bot",), False, ("ShopBot",))
    assert abs(asked.sent_at.timestamp() - time.time()) < 60
    assert await service.sent() == [(ROOM, "@Mei\u2005all well", ["alice"])]
    assert (echo.id, echo.is_own) == (message_id, True)


async def test_a_private_chat_goes_both_ways(service: PuppetService, tmp_path: Path) -> None:
    async with online(service, tmp_path) as wechat:
        await service.order("say", who="bob", text="hi", private=True)
        asked = await received(wechat)
        await wechat.send(Outgoing(conversation_id=asked.sender_id, text="hello"))

    assert (asked.room_id, asked.sender_id, asked.sender_name) == ("", "bob", "Bob")
    assert await service.sent() == [("bob", "hello", [])]


@pytest.mark.parametrize(
    ("kind", "nobody"),
    [(0, True), (0, False), (5, False), (7, True), (13, False), (14, False), (16, False), (99, False)],
)
async def test_odd_and_unknown_types_lose_nothing(
    service: PuppetService, tmp_path: Path, kind: int, nobody: bool
) -> None:
    async with online(service, tmp_path) as wechat:
        await service.order("message", id="odd", type=kind, nobody=nobody, text="x", timestamp=1_790_000_000_000)
        await service.order("say", who="alice", text="status")
        odd, text = await received(wechat), await received(wechat)

    assert (odd.kind, odd.text) == (MessageKind.RECALLED if kind == 13 else MessageKind.OTHER, "")
    assert odd.sender_id == ("" if nobody else "alice")
    assert (text.kind, text.text) == (MessageKind.TEXT, "status")


async def test_an_old_and_a_repeated_message_can_be_told(service: PuppetService, tmp_path: Path) -> None:
    async with online(service, tmp_path) as wechat:
        await service.order("message", id="old", type=7, text="status", timestamp=1_780_000_000_000)
        await service.order("again", id="old")
        first, second = await received(wechat), await received(wechat)

    assert first == second
    assert first.sent_at.timestamp() == 1_780_000_000


async def test_a_room_that_is_renamed_stays_the_same_room(service: PuppetService, tmp_path: Path) -> None:
    async with online(service, tmp_path) as wechat:
        await service.order("topic", topic="Night shift")
        await service.order("say", who="alice", text="status")

        assert (await received(wechat)).room_id == ROOM


async def test_a_service_that_is_killed_three_times_is_found_again(service: PuppetService, tmp_path: Path) -> None:
    async with online(service, tmp_path) as wechat:
        for number in range(3):
            await service.kill()
            await until(lambda: wechat.standing.connection is Connection.CONNECTING)
            with pytest.raises(DeliveryFailed):
                await wechat.send(Outgoing(conversation_id=ROOM, text="lost"))
            await asyncio.sleep(number)
            await service.start()
            assert await until(is_online(wechat)) < RELOGIN_S
            await service.order("say", who="alice", text=str(number))
            assert (await received(wechat)).text == str(number)
            await wechat.send(Outgoing(conversation_id=ROOM, text=f"answer {number}"))
            assert (await received(wechat)).is_own

            assert [text for _, text, _ in await service.sent()] == [f"answer {number}"]


async def test_an_event_stream_that_ends_in_good_order_is_opened_again(service: PuppetService, tmp_path: Path) -> None:
    async with online(service, tmp_path) as wechat:
        for number in range(2):
            await service.end_stream()
            await until(lambda: wechat.standing.connection is Connection.CONNECTING)
            assert await until(is_online(wechat)) < RELOGIN_S
            await service.order("say", who="alice", text=str(number))
            assert (await received(wechat)).text == str(number)


async def test_a_refused_endpoint_at_the_start_is_no_end(service: PuppetService, tmp_path: Path) -> None:
    await service.kill()
    async with messenger(service, tmp_path) as wechat:
        await until(lambda: wechat.standing.problem)
        assert wechat.standing.connection is Connection.CONNECTING
        await service.start()

        assert await until(is_online(wechat)) < RELOGIN_S


async def test_a_wrong_token_is_said_and_not_tried_in_a_loop(service: PuppetService, tmp_path: Path) -> None:
    async with (
        tapping(service.port) as tap,
        WeChat(tap.endpoint, "not-the-token", clock=SystemClock(), state=tmp_path, inbox=100) as wechat,
    ):
        await until(lambda: wechat.standing.connection is Connection.REFUSED)
        await asyncio.sleep(2)

        assert "refuses the token" in wechat.standing.problem
        assert "not-the-token" not in wechat.standing.problem
        assert tap.connections == 1
    assert await service.starts() == 0


async def test_another_client_on_the_token_gets_the_line_after_a_while(service: PuppetService, tmp_path: Path) -> None:
    (one_state := tmp_path / "one").mkdir()
    (two_state := tmp_path / "two").mkdir()
    async with online(service, one_state) as one, online(service, two_state) as two:
        both = (one, two)
        await until(lambda: any(w.standing.connection is Connection.REFUSED for w in both), 60)
        await until(lambda: any(w.standing.connection is Connection.ONLINE for w in both))
        starts = await service.starts()
        await asyncio.sleep(3)

        assert await service.starts() - starts <= 1
        refused = next(w for w in both if w.standing.connection is Connection.REFUSED)
        assert "another client" in refused.standing.problem


async def test_a_frozen_service_is_noticed_and_what_was_under_way_is_unknown(
    service: PuppetService, tmp_path: Path
) -> None:
    async with online(service, tmp_path, send_timeout_s=1.0, probe_every_s=0.5, probe_s=1.0) as wechat:
        service.freeze()
        with pytest.raises(DeliveryUnknown):
            await wechat.send(Outgoing(conversation_id=ROOM, text="x"))
        await until(lambda: wechat.standing.connection is Connection.CONNECTING)
        service.thaw()
        await until(is_online(wechat))


async def test_a_logout_and_the_scan_after_it_are_told(service: PuppetService, tmp_path: Path) -> None:
    async with online(service, tmp_path) as wechat:
        await service.order("logout")
        await until(lambda: wechat.standing.connection is Connection.LOGGED_OUT)
        await service.order("scan", qrcode="http://weixin.qq.com/x/abc")
        await until(lambda: wechat.standing.connection is Connection.WAITING_FOR_SCAN)
        assert wechat.standing.scan_url.endswith("http%3A%2F%2Fweixin.qq.com%2Fx%2Fabc")
        await service.order("login")
        await until(is_online(wechat))


async def test_a_daemon_that_comes_back_to_a_running_service_logs_in_again(
    service: PuppetService, tmp_path: Path
) -> None:
    for number in range(3):
        async with online(service, tmp_path) as wechat:
            await service.order("say", who="alice", text=str(number))
            assert (await received(wechat)).text == str(number)


async def test_long_texts_in_chinese_arrive_whole(service: PuppetService, tmp_path: Path) -> None:
    text = "值班" * 1500
    async with online(service, tmp_path) as wechat:
        await wechat.send(Outgoing(conversation_id=ROOM, text=text))

    assert await service.sent() == [(ROOM, text, [])]
