"""What stands around the line: where the service is, what answers there instead of it, and what the library may do."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from structlog.testing import capture_logs

pytest.importorskip("grpclib", reason="python-wechaty is not installed (extra `wechat`)")

from daemon.adapters.wechat import WeChat
from daemon.adapters.wechat_endpoint import is_local
from daemon.forum.rooms import Connection, Incoming, MessageKind, Outgoing
from tests.unit.adapters.puppet_fake import (
    RECALLED,
    ROOM,
    SELF,
    TEXT,
    FakePuppet,
    SwiftClock,
    free_port,
    serving,
    until,
)

TOKEN = "puppet_test_4711"
#: What wechaty numbers, from 0 for what it does not know to 16 for a post, and numbers that it does not have.
TYPES = [*range(17), 99, 2_147_483_647, -1]

#: What python-wechaty calls in places; each of them holds the loop, or runs what stands in a file.
BLOCKING = [
    "wechaty_puppet_service.utils.Telnet", "requests.Session.request", "time.sleep", "sqlite3.connect",
    "socket.create_connection", "socket.getaddrinfo", "pickle.load", "pickle.loads",
]  # fmt: skip


def messenger(endpoint: str, state: Path, clock: SwiftClock | None = None) -> WeChat:
    return WeChat(endpoint, TOKEN, clock=clock or SwiftClock(), state=state, inbox=100)


async def received(wechat: WeChat) -> Incoming:
    async with asyncio.timeout(10):
        return await wechat.receive()


def stands(wechat: WeChat, connection: Connection) -> Callable[[], bool]:
    return lambda: wechat.standing.connection is connection


@pytest.mark.parametrize("host", ["127.0.0.1", "127.8.8.8", "::1", "localhost"])
def test_the_loopback_interface_exposes_nothing(host: str) -> None:
    assert is_local(host)


@pytest.mark.parametrize(
    "host", ["10.0.0.7", "192.168.1.2", "203.0.113.9", "0.0.0.0", "::", "fe80::1", "puppet", "localhost.example.com"]
)
def test_every_other_place_exposes_token_and_texts(host: str) -> None:
    assert not is_local(host)


@pytest.mark.parametrize(("host", "said"), [("127.0.0.1", []), ("localhost", []), ("0.0.0.0", ["0.0.0.0"])])
async def test_a_service_that_token_and_texts_reach_in_the_open_is_warned_of(
    tmp_path: Path, host: str, said: list[str]
) -> None:
    with capture_logs() as logs:
        async with messenger(f"{host}:{free_port()}", tmp_path):
            pass

    warnings = [line for line in logs if line["event"] == "bot.endpoint_exposed"]
    assert [line["host"] for line in warnings] == said
    assert {line["log_level"] for line in warnings} <= {"warning"}
    assert TOKEN not in str(logs)


@asynccontextmanager
async def listening(port: int, answer: bytes = b"", *, tls: ssl.SSLContext | None = None) -> AsyncIterator[list[bytes]]:
    """Listen as something that is no puppet service: answer the first bytes with others, and hang up."""
    heard: list[bytes] = []

    async def hang_up(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        heard.append(await reader.read(1024))
        writer.write(answer)
        writer.close()

    server = await asyncio.start_server(hang_up, "127.0.0.1", port, ssl=tls)
    async with server:
        yield heard


@pytest.mark.parametrize(
    "answer",
    [b"", b"HTTP/1.1 400 Bad Request\r\n\r\n", b"SSH-2.0-OpenSSH_9.7\r\n", b"\0" * 64, b"\xff" * 64],
    ids=["nothing", "http", "ssh", "zeros", "ones"],
)
async def test_what_answers_in_place_of_the_service_is_said_and_tried_until_the_service_is_there(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, answer: bytes
) -> None:
    puppet, clock = FakePuppet(), SwiftClock()
    async with messenger(puppet.endpoint, tmp_path, clock) as wechat:
        async with listening(puppet.port, answer) as heard:
            await until(lambda: len(clock.waits) >= 4)
            assert wechat.standing.connection is Connection.CONNECTING
            assert puppet.endpoint in wechat.standing.problem
            assert heard
        await puppet.start()
        await until(stands(wechat, Connection.ONLINE))
    await puppet.stop()

    assert [record for record in caplog.records if record.name == "asyncio"] == []


async def test_a_service_with_tls_is_told_from_one_that_is_away(tmp_path: Path) -> None:
    # Its certificate does not matter: the client speaks without TLS, and no server that wants it listens to that.
    port, clock = free_port(), SwiftClock()
    async with listening(port, tls=ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)), messenger(
        f"127.0.0.1:{port}", tmp_path, clock
    ) as wechat:  # fmt: skip
        await until(lambda: len(clock.waits) >= 4)

        assert wechat.standing.connection is Connection.CONNECTING
        assert f"127.0.0.1:{port}" in wechat.standing.problem
        assert "it has to be a puppet service with TLS off" in wechat.standing.problem


@pytest.mark.parametrize("kind", [kind for kind in TYPES if kind != TEXT])
async def test_what_is_no_text_is_none_whatever_stands_in_it(tmp_path: Path, kind: int) -> None:
    async with serving() as puppet, messenger(puppet.endpoint, tmp_path) as wechat:
        await until(stands(wechat, Connection.ONLINE))
        puppet.say("odd", "@ShopBot\u2005close all", type=kind, mention_ids=[SELF])
        puppet.say("next", "status")
        odd, following = await received(wechat), await received(wechat)

    assert (odd.id, odd.text) == ("odd", "")
    assert odd.kind is (MessageKind.RECALLED if kind == RECALLED else MessageKind.OTHER)
    assert (following.text, following.kind) == ("status", MessageKind.TEXT)


async def test_no_call_of_the_library_holds_the_loop_unpickles_or_asks_a_stranger(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    called: list[str] = []
    for name in BLOCKING:

        def called_anyway(*_: Any, name: str = name, **__: Any) -> None:
            called.append(name)

        monkeypatch.setattr(name, called_anyway)

    puppet = FakePuppet()
    async with messenger(puppet.endpoint, tmp_path) as wechat:
        await until(lambda: wechat.standing.problem)
        for number in range(2):
            await puppet.start()
            await until(stands(wechat, Connection.ONLINE))
            puppet.say(f"m{number}", "status")
            await received(wechat)
            await wechat.send(Outgoing(conversation_id=ROOM, text="all well", mentions=(("alice", ""),)))
            await puppet.crash()
            await until(stands(wechat, Connection.CONNECTING))

    assert called == []
