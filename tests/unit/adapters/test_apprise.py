"""Apprise against a real receiver: its own JSON service, pointed at a server on loopback."""

from __future__ import annotations

import subprocess
import sys
import threading
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field
from typing import Any, TypeVar

import pytest
from aiohttp import web

from daemon.adapters.apprise import AppriseNotifier, inert
from daemon.errors import DeliveryFailed, DeliveryUnknown, Unavailable
from daemon.inference.executor import ThreadOffload
from daemon.products.notices import Message
from daemon.products.verdicts import Severity
from tests.notice_kit import entry

T = TypeVar("T")

#: Apprise's own, made when it looks for its PGP support.
pytestmark = pytest.mark.filterwarnings("ignore:'imghdr' is deprecated:DeprecationWarning")


@dataclass(slots=True)
class Receiver:
    url: str = ""
    status: int = 200
    got: list[dict[str, Any]] = field(default_factory=list)

    async def handle(self, request: web.Request) -> web.Response:
        self.got.append(await request.json())
        return web.Response(status=self.status)


@pytest.fixture
async def receiver() -> AsyncIterator[Receiver]:
    kept = Receiver()
    app = web.Application()
    app.router.add_post("/{path:.*}", kept.handle)
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=0)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    kept.url = f"json://127.0.0.1:{runner.addresses[0][1]}/secret-token"
    yield kept
    await runner.cleanup()


@pytest.fixture
async def offload() -> AsyncIterator[ThreadOffload]:
    pool = ThreadOffload(threads=1, queue=4)
    yield pool
    await pool.close(5.0)


class Broken:
    """An Offload in which something raises."""

    def __init__(self, error: Exception) -> None:
        self.error = error

    async def run(self, work: Callable[[], T], *, what: str) -> T:
        raise self.error


def message(severity: Severity = Severity.CRITICAL, text: str = "one\ntwo") -> Message:
    return Message(id="m1", channel="box", subject="Price missing", text=text, severity=severity, entries=(entry(),))


async def test_a_message_arrives_as_text_with_a_type_of_its_severity(
    receiver: Receiver, offload: ThreadOffload
) -> None:
    channel = AppriseNotifier("box", receiver.url, offload=offload)
    await channel.send(message())
    await channel.send(message(Severity.MAJOR))
    await channel.send(message(Severity.MINOR))
    assert [(one["title"], one["type"]) for one in receiver.got] == [
        ("Price missing", "failure"),
        ("Price missing", "warning"),
        ("Price missing", "info"),
    ]
    assert receiver.got[0]["message"] == "one\ntwo"


async def test_it_makes_no_threads_of_its_own(receiver: Receiver, offload: ThreadOffload) -> None:
    before = {thread.name for thread in threading.enumerate()}
    await AppriseNotifier("box", receiver.url, offload=offload).send(message())
    new = {thread.name for thread in threading.enumerate()} - before
    assert all(name.startswith("offload") for name in new)


async def test_markup_and_calls_in_product_text_stay_text(receiver: Receiver, offload: ThreadOffload) -> None:
    channel = AppriseNotifier("box", receiver.url, offload=offload)
    await channel.send(message(text="@everyone <!channel> <b>x</b> \\n & 100%"))
    (got,) = receiver.got
    assert got["message"] == inert("@everyone <!channel> <b>x</b> \\n & 100%")
    assert "@everyone" not in got["message"]
    assert "<!" not in got["message"]
    assert "\\n" in got["message"], "escapes are not interpreted"


@pytest.mark.parametrize("status", [400, 500])
async def test_what_the_service_refuses_is_a_failure(status: int, receiver: Receiver, offload: ThreadOffload) -> None:
    receiver.status = status
    with pytest.raises(DeliveryFailed) as caught:
        await AppriseNotifier("box", receiver.url, offload=offload).send(message())
    assert not caught.value.permanent


async def test_nobody_there_is_a_failure(offload: ThreadOffload, unused_tcp_port: int) -> None:
    channel = AppriseNotifier("box", f"json://127.0.0.1:{unused_tcp_port}/secret-token", offload=offload)
    with pytest.raises(DeliveryFailed):
        await channel.send(message())


@pytest.mark.parametrize("url", ["", "nonsense", "nosuchservice://secret-token", "json://a/secret-token, json://b/"])
async def test_a_secret_that_is_not_one_url_is_a_permanent_failure_and_not_shown(
    url: str, offload: ThreadOffload
) -> None:
    with pytest.raises(DeliveryFailed) as caught:
        await AppriseNotifier("box", url, offload=offload).send(message())
    assert caught.value.permanent
    assert "secret-token" not in str(caught.value)


async def test_a_full_pool_is_a_failure_because_nothing_was_handed_over() -> None:
    channel = AppriseNotifier("box", "json://127.0.0.1/", offload=Broken(Unavailable("too much work")))
    with pytest.raises(DeliveryFailed, match="too much work"):
        await channel.send(message())


async def test_anything_else_that_breaks_is_unknown_and_says_no_more_than_its_kind() -> None:
    channel = AppriseNotifier("box", "json://h/secret", offload=Broken(RuntimeError("json://h/secret")))
    with pytest.raises(DeliveryUnknown) as caught:
        await channel.send(message())
    assert str(caught.value) == "Apprise broke off: RuntimeError"


async def test_at_the_level_of_foreign_loggers_the_url_is_never_logged(
    receiver: Receiver, offload: ThreadOffload, caplog: pytest.LogCaptureFixture
) -> None:
    receiver.status = 500
    with caplog.at_level("INFO"), pytest.raises(DeliveryFailed):
        await AppriseNotifier("box", receiver.url, offload=offload).send(message())
    assert "secret-token" not in caplog.text


def test_apprise_is_not_imported_before_it_is_used() -> None:
    code = "import sys, daemon.adapters.apprise; sys.exit('apprise' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
