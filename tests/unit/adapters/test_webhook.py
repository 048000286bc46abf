"""Signed webhooks against a real server on loopback, good and bad."""

from __future__ import annotations

import asyncio
import base64
import hashlib
import hmac
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime

import aiohttp
import pytest
from aiohttp import web
from structlog.testing import capture_logs

from daemon.adapters.memory import FakeClock
from daemon.adapters.webhook import WebhookNotifier, retry_after_seconds, signature
from daemon.errors import ConfigError, DeliveryFailed, DeliveryUnknown
from daemon.products.notices import EntryState, Message
from daemon.products.verdicts import Severity
from daemon.services.notices import deliver
from tests.notice_kit import NOON, entry, notice_house, states

SECRET = "correct-horse-battery-staple"
Answer = Callable[[web.Request], Awaitable[web.StreamResponse]]


@dataclass(slots=True)
class Hook:
    """A receiver that keeps what it got and answers as told."""

    url: str = ""
    answers: list[Answer] = field(default_factory=list)
    got: list[tuple[dict[str, str], bytes]] = field(default_factory=list)

    async def handle(self, request: web.Request) -> web.StreamResponse:
        self.got.append(({name.lower(): value for name, value in request.headers.items()}, await request.read()))
        return await self.answers.pop(0)(request) if self.answers else web.Response(status=204)


@pytest.fixture
async def hook() -> AsyncIterator[Hook]:
    receiver = Hook()
    app = web.Application()
    app.router.add_route("*", "/{path:.*}", receiver.handle)
    runner = web.AppRunner(app, shutdown_timeout=0)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    receiver.url = f"http://127.0.0.1:{runner.addresses[0][1]}/hook?token=in-the-url"
    yield receiver
    await runner.cleanup()


@pytest.fixture
async def session() -> AsyncIterator[aiohttp.ClientSession]:
    async with aiohttp.ClientSession() as opened:
        yield opened


def message(**fields: object) -> Message:
    whole: dict[str, object] = {
        "id": "msg-1", "channel": "box", "subject": "价格缺失", "text": "one\ntwo", "severity": Severity.CRITICAL,
        "entries": (entry(owner="alice"),),
    }  # fmt: skip
    return Message(**(whole | fields))  # type: ignore[arg-type]


def notifier(url: str, session: aiohttp.ClientSession, secret: str = SECRET, timeout_s: float = 5.0) -> WebhookNotifier:
    return WebhookNotifier("box", url, secret, session=session, clock=FakeClock(NOON), timeout_s=timeout_s)


def status(code: int, **headers: str) -> Answer:
    async def answer(_: web.Request) -> web.Response:
        return web.Response(status=code, headers=headers)

    return answer


async def test_a_receiver_can_prove_who_sent_what_and_when(hook: Hook, session: aiohttp.ClientSession) -> None:
    await notifier(hook.url, session).send(message())
    ((headers, body),) = hook.got
    assert headers["webhook-id"] == "msg-1"
    assert headers["webhook-timestamp"] == str(int(NOON.timestamp()))
    signed = b"msg-1." + headers["webhook-timestamp"].encode() + b"." + body
    expected = base64.b64encode(hmac.new(SECRET.encode(), signed, hashlib.sha256).digest()).decode()
    assert headers["webhook-signature"] == f"v1,{expected}"
    assert headers["content-type"] == "application/json"


async def test_the_body_lists_every_entry_for_machines(hook: Hook, session: aiohttp.ClientSession) -> None:
    one = entry(id="e1", owner="alice", facts={"product_title": "half \ud83d pair"})
    await notifier(hook.url, session).send(message(entries=(one,)))
    body = json.loads(hook.got[0][1])
    assert body["type"] == "notice"
    assert body["timestamp"] == "2026-11-25T12:00:00Z"
    assert {key: body["data"][key] for key in ("channel", "severity", "subject", "text")} == {
        "channel": "box",
        "severity": "critical",
        "subject": "价格缺失",
        "text": "one\ntwo",
    }
    (listed,) = body["data"]["entries"]
    assert listed.pop("facts")["product_title"] == "half ? pair"
    assert listed == {
        "id": "e1", "news": "opened", "at": "2026-11-25T12:00:00Z", "incident_id": "i-1001", "product_id": "1001",
        "rule": "price_missing", "category": None, "owner": "alice", "severity": "critical",
    }  # fmt: skip


async def test_a_status_change_has_a_type_of_its_own(hook: Hook, session: aiohttp.ClientSession) -> None:
    changed = entry("product.status_changed", facts={"before": "listed", "after": "unlisted", "revision": "7"})
    await notifier(hook.url, session).send(message(entries=(changed,)))
    body = json.loads(hook.got[0][1])
    assert body["type"] == "product.status_changed"
    assert body["data"]["entries"][0]["facts"]["after"] == "unlisted"


async def test_a_repeat_is_the_same_body_under_the_same_id(hook: Hook, session: aiohttp.ClientSession) -> None:
    hook.answers = [status(503)]
    channel, repeated = notifier(hook.url, session), message()
    with pytest.raises(DeliveryFailed):
        await channel.send(repeated)
    await channel.send(repeated)
    assert hook.got[0][1] == hook.got[1][1]
    assert hook.got[0][0]["webhook-id"] == hook.got[1][0]["webhook-id"]


def test_the_specification_s_own_example_is_signed_alike() -> None:
    key = base64.b64decode("MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")
    body = b'{"test": 2432232314}'
    signed = signature([key], "msg_p5jXN8AQM9LWM0D4loKWxJek", 1614265330, body)
    assert signed == "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="


async def test_while_keys_change_every_key_signs(hook: Hook, session: aiohttp.ClientSession) -> None:
    new = "whsec_" + base64.b64encode(b"0123456789abcdef").decode()
    await notifier(hook.url, session, f"{SECRET}\n{new}").send(message())
    ((headers, body),) = hook.got
    stamp = int(headers["webhook-timestamp"])
    old_one, new_one = headers["webhook-signature"].split(" ")
    assert old_one == signature([SECRET.encode()], "msg-1", stamp, body)
    assert new_one == signature([b"0123456789abcdef"], "msg-1", stamp, body)


@pytest.mark.parametrize("secret", ["", "  ", "tiny", "whsec_not base64", "whsec_!!!!", "whsec_c2hvcnQ="])
async def test_a_secret_that_cannot_sign_is_refused_without_being_shown(
    secret: str, session: aiohttp.ClientSession
) -> None:
    with pytest.raises(ConfigError) as caught:
        notifier("http://127.0.0.1/", session, secret)
    assert "box" in str(caught.value)
    assert not secret.strip() or secret not in str(caught.value)


@pytest.mark.parametrize("code", [200, 201, 202, 204, 299])
async def test_any_2xx_is_taken(code: int, hook: Hook, session: aiohttp.ClientSession) -> None:
    hook.answers = [status(code)]
    await notifier(hook.url, session).send(message())


@pytest.mark.parametrize(
    ("code", "permanent"),
    [(400, True), (401, True), (404, True), (410, True), (422, True), (408, False), (425, False), (429, False),
     (500, False), (502, False), (503, False), (301, False), (302, False), (307, False)],
)  # fmt: skip
async def test_other_answers_say_whether_trying_again_may_help(
    code: int, permanent: bool, hook: Hook, session: aiohttp.ClientSession
) -> None:
    hook.answers = [status(code, Location="/elsewhere")]
    with pytest.raises(DeliveryFailed, match=str(code)) as caught:
        await notifier(hook.url, session).send(message())
    assert caught.value.permanent is permanent
    assert len(hook.got) == 1, "redirects are not followed"


async def test_retry_after_is_read(hook: Hook, session: aiohttp.ClientSession) -> None:
    hook.answers = [status(429, **{"Retry-After": "120"})]
    with pytest.raises(DeliveryFailed) as caught:
        await notifier(hook.url, session).send(message())
    assert caught.value.retry_after_s == 120


@pytest.mark.parametrize(
    ("value", "seconds"),
    [
        (None, None),
        ("0", 0.0),
        (" 30 ", 30.0),
        ("Wed, 25 Nov 2026 12:10:00 GMT", 600.0),
        ("Wed, 25 Nov 2026 11:00:00 GMT", 0.0),
        ("soon", None),
        ("-5", None),
        ("1.5", None),
        ("٣", None),
        ("", None),
    ],
)
def test_retry_after_is_seconds_or_a_date(value: str | None, seconds: float | None) -> None:
    assert retry_after_seconds(value, datetime(2026, 11, 25, 12, tzinfo=UTC)) == seconds


async def test_a_refused_connection_is_a_clear_failure(session: aiohttp.ClientSession, unused_tcp_port: int) -> None:
    with pytest.raises(DeliveryFailed) as caught:
        await notifier(f"http://127.0.0.1:{unused_tcp_port}/?token=in-the-url", session).send(message())
    assert not caught.value.permanent
    assert "in-the-url" not in str(caught.value)


async def test_a_name_that_is_none_is_a_clear_failure(session: aiohttp.ClientSession) -> None:
    with pytest.raises(DeliveryFailed) as caught:
        await notifier("http://no-such-host.invalid/", session).send(message())
    assert not caught.value.permanent


async def test_silence_after_the_request_is_unknown(hook: Hook, session: aiohttp.ClientSession) -> None:
    release = asyncio.Event()

    async def hang(_: web.Request) -> web.Response:
        await release.wait()
        return web.Response()

    hook.answers = [hang]
    with pytest.raises(DeliveryUnknown):
        await notifier(hook.url, session, timeout_s=0.1).send(message())
    assert len(hook.got) == 1
    release.set()


async def test_a_connection_cut_after_the_request_is_unknown(hook: Hook, session: aiohttp.ClientSession) -> None:
    async def cut(request: web.Request) -> web.Response:
        assert request.transport is not None
        request.transport.abort()
        return web.Response()

    hook.answers = [cut]
    with pytest.raises(DeliveryUnknown):
        await notifier(hook.url, session).send(message())


async def test_an_answer_that_is_no_http_is_unknown(session: aiohttp.ClientSession) -> None:
    async def babble(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"hello\r\n\r\n")
        writer.close()

    server = await asyncio.start_server(babble, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    with pytest.raises(DeliveryUnknown):
        await notifier(f"http://127.0.0.1:{port}/", session).send(message())
    server.close()
    await server.wait_closed()


async def test_a_closed_session_has_certainly_sent_nothing(hook: Hook) -> None:
    async with aiohttp.ClientSession() as session:
        channel = notifier(hook.url, session)
    with pytest.raises(DeliveryFailed):
        await channel.send(message())


async def test_neither_secret_nor_url_is_logged_or_told(hook: Hook, session: aiohttp.ClientSession) -> None:
    hook.answers = [status(400)]
    channel = notifier(hook.url, session)
    home = notice_house(channel)
    await home.stores.outbox.add([entry()])
    home.clock.advance(6)
    with capture_logs() as logs:
        await deliver(home.duty)
    assert set((await states(home)).values()) == {EntryState.FAILED}
    told = repr(logs) + repr(await home.stores.outbox.find((), 10))
    assert SECRET not in told
    assert "in-the-url" not in told


async def test_a_channel_blocked_for_ten_seconds_gets_the_notice_afterwards(
    session: aiohttp.ClientSession, unused_tcp_port: int
) -> None:
    """uptime-kuma 6046: nothing listens, the check fails, ten seconds later the receiver is there."""
    home = notice_house(notifier(f"http://127.0.0.1:{unused_tcp_port}/hook", session))
    await home.stores.outbox.add([entry()])
    home.clock.advance(6)
    await deliver(home.duty)
    assert set((await states(home)).values()) == {EntryState.QUEUED}

    receiver = Hook()
    app = web.Application()
    app.router.add_post("/hook", receiver.handle)
    runner = web.AppRunner(app, shutdown_timeout=0)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", unused_tcp_port).start()
    home.clock.advance(10)
    await deliver(home.duty)
    await runner.cleanup()

    assert set((await states(home)).values()) == {EntryState.SENT}
    assert "2026-11-25 10:03 UTC" in json.loads(receiver.got[0][1])["data"]["text"]
