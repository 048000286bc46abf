"""The team's WeChat group, over a puppet service of wechaty (gRPC, wechaty-puppet-service 1.19 and its kin).

Only python-wechaty's puppet layer is used, and it is supervised here: `Wechaty.start()` stops the event loop when the
endpoint is refused, ends in silence on a bad token, and sleeps a minute over a lost connection (python-wechaty issues
and their reproduction are told by tests/unit/adapters/test_wechat*.py, one test each). Here every attempt has a new
line (wechat_line.py) without listeners of the last; an end in good order is a disconnection like any other; the time
to wait grows to three seconds (wechat_patience.py), or to minutes where the token is refused or another client keeps
taking the line; and a `ding` with a deadline tells a dead line, since heartbeats come only now and then.

What arrives is only put into line here. A second task asks the service for each message, in order, and makes it ours
(wechat_messages.py). The service keeps no queue: what people write while the daemon is away never arrives.

The token and all texts travel unencrypted, because python-wechaty cannot do otherwise: the puppet service belongs on
the loopback interface or behind a tunnel, with TLS off (WECHATY_PUPPET_SERVICE_NO_TLS_INSECURE_SERVER=true).
"""

from __future__ import annotations

import asyncio
import hashlib
import random
from collections.abc import Callable, Mapping
from contextlib import ExitStack, aclosing
from pathlib import Path
from types import TracebackType
from typing import Any, Final, Self
from urllib.parse import quote

import msgspec
import structlog

from daemon.adapters.lock import only_one
from daemon.adapters.wechat_endpoint import checked_token, host_and_port, is_local
from daemon.adapters.wechat_inbox import Inbox
from daemon.adapters.wechat_line import How, Line, LineEnded, first_ended
from daemon.adapters.wechat_messages import addressed
from daemon.adapters.wechat_names import Names
from daemon.adapters.wechat_patience import Patience
from daemon.adapters.wechaty_shim import EventType
from daemon.errors import DeliveryFailed
from daemon.forum.rooms import Connection, Incoming, Outgoing, Standing
from daemon.ports import Clock

log = structlog.get_logger()

#: Draws a login code as a picture, which a phone has to scan; wechaty's own page for it.
_QR_PAGE: Final = "https://wechaty.js.org/qrcode/"


class WeChat:
    """Port Messenger over WeChat; a context manager that connects by itself, again and again.

    endpoint: "host:port" of the puppet service. state: directory of the lock that keeps a token to one daemon.
    inbox: how many messages may wait. send_timeout_s: from handing over to the answer. probe_every_s, probe_s: how
    often a sign of life is asked for, and how long it may take. lock: False where the token is guarded otherwise.
    Raises ConfigError for an endpoint or a token that cannot be one; entering raises AlreadyRunning.
    """

    name = "wechat"
    confirms = False

    def __init__(
        self,
        endpoint: str,
        token: str,
        *,
        clock: Clock,
        state: Path,
        inbox: int,
        send_timeout_s: float = 10.0,
        probe_every_s: float = 5.0,
        probe_s: float = 4.0,
        lock: bool = True,
        jitter: Callable[[], float] = lambda: random.uniform(0.5, 1.0),  # noqa: S311 no secret
    ) -> None:
        self._host, self._port = host_and_port(endpoint)
        self._token = checked_token(token)
        self._clock, self._state, self._lock = clock, state, lock
        self._send_timeout_s, self._probe_every_s, self._probe_s = send_timeout_s, probe_every_s, probe_s
        self._patience = Patience(jitter)
        self._names = Names(clock)
        self._inbox = Inbox(
            inbox, line=self._open_line, self_id=lambda: self._standing.self_id, names=self._names, clock=clock
        )
        self._line: Line | None = None
        self._has_line = asyncio.Event()
        self._logged_in = False  # on the line of now
        self._greeting = asyncio.Event()  # set at a login, whose name is to be learned
        self._standing = Standing(connection=Connection.CONNECTING, since=clock.now())
        self._stack = ExitStack()
        self._tasks: tuple[asyncio.Task[None], ...] = ()
        self._heard: Mapping[int, Callable[[Mapping[str, Any]], None]] = {
            int(EventType.EVENT_TYPE_MESSAGE): self._on_message,
            int(EventType.EVENT_TYPE_LOGIN): self._on_login,
            int(EventType.EVENT_TYPE_LOGOUT): self._on_logout,
            int(EventType.EVENT_TYPE_SCAN): self._on_scan,
            int(EventType.EVENT_TYPE_DIRTY): self._on_dirty,
            int(EventType.EVENT_TYPE_ROOM_TOPIC): self._on_dirty,
        }

    async def __aenter__(self) -> Self:
        if self._lock:
            digest = hashlib.sha256(self._token.encode()).hexdigest()[:16]
            self._stack.enter_context(only_one(self._state, f"wechat-{digest}.lock"))
        if not is_local(self._host):
            log.warning("bot.endpoint_exposed", host=self._host)
        self._tasks = (
            asyncio.create_task(self._supervise(), name="wechat line"),
            asyncio.create_task(self._inbox.run(), name="wechat messages"),
        )
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        self._stand(Connection.STOPPED)
        self._stack.close()

    @property
    def standing(self) -> Standing:
        """Return how it stands to the puppet service."""
        return self._standing

    @property
    def dropped(self) -> Mapping[str, int]:
        """Return how many messages were dropped, by reason: "inbox_full" or "unfetched"."""
        return self._inbox.dropped

    async def receive(self) -> Incoming:
        """Wait for the next message, in the order of their arrival."""
        return await self._inbox.receive()

    def settle(self, message_id: str) -> None:
        """Tell nobody: the service wants to know nothing of what became of a message."""

    async def send(self, message: Outgoing) -> str:
        """Send, the mentions as "@name" before the text; return the message's id, "" where the service tells none.

        A mention without a name gets the one that the contact has in that room. Raises DeliveryFailed, and
        DeliveryUnknown when the message was handed over and no answer came: WeChat may have it.
        """
        line = self._line
        if line is None or self._standing.connection is not Connection.ONLINE:
            problem = f": {self._standing.problem}" if self._standing.problem else ""
            raise DeliveryFailed(f"WeChat is {self._standing.connection.value}{problem}")
        names = [name or await self._shown(line, message.conversation_id, who) for who, name in message.mentions]
        text = addressed(message.text, names)
        mentions = [who for who, _ in message.mentions]
        return await line.send_text(message.conversation_id, text, mentions, self._send_timeout_s)

    async def _open_line(self) -> Line:
        while self._line is None:
            await self._has_line.wait()
        return self._line

    async def _shown(self, line: Line, conversation_id: str, contact_id: str) -> str:
        names = await self._names.of(line, contact_id, conversation_id)
        return names[0] if names else contact_id

    async def _supervise(self) -> None:
        while True:
            began = self._clock.monotonic()
            self._logged_in = False
            ended = await self._hold_line()
            wait = self._patience.after(ended, lived_s=self._clock.monotonic() - began, logged_in=self._logged_in)
            self._stand(wait.connection, problem=wait.problem)
            await self._clock.sleep(wait.seconds)

    async def _hold_line(self) -> LineEnded:
        line = Line(self._host, self._port, self._token)
        try:
            await line.open()
            self._line = line
            self._has_line.set()
            self._stand(Connection.CONNECTING)  # until the account is known to be logged in
            return await first_ended(self._listen(line), self._probe(line), self._greet(line))
        except LineEnded as ended:
            return ended
        except Exception as exc:  # whatever a driver raises, the next line may be better
            log.exception("bot.line_failed")
            return LineEnded(How.LOST, type(exc).__name__)
        finally:
            self._has_line.clear()
            self._line = None
            line.close()

    async def _listen(self, line: Line) -> None:
        async with aclosing(line.events()) as events:
            async for kind, payload in events:
                heard = self._heard.get(kind)
                if heard is not None:
                    heard(payload)

    async def _probe(self, line: Line) -> None:
        while True:
            await self._clock.sleep(self._probe_every_s)
            await line.probe(self._probe_s)

    async def _greet(self, line: Line) -> None:
        while True:
            await self._greeting.wait()
            self._greeting.clear()
            names = await self._names.of(line, self._standing.self_id)
            if names:
                self._standing = msgspec.structs.replace(self._standing, self_name=names[0])

    def _on_message(self, payload: Mapping[str, Any]) -> None:
        message_id = str(payload.get("messageId") or "")
        if message_id:
            self._inbox.arrive(message_id)

    def _on_login(self, payload: Mapping[str, Any]) -> None:
        self_id = str(payload.get("contactId") or "")
        self._names.forget()
        self._logged_in = True
        self._greeting.set()
        known = self._standing.self_name if self_id == self._standing.self_id else ""
        self._stand(Connection.ONLINE, self_id=self_id, self_name=known)

    def _on_logout(self, _payload: Mapping[str, Any]) -> None:
        self._logged_in = False
        log.error("bot.logged_out", self_id=self._standing.self_id)
        self._stand(
            Connection.LOGGED_OUT, problem="the account was logged out of WeChat; it has to be scanned in again"
        )

    def _on_scan(self, payload: Mapping[str, Any]) -> None:
        code = str(payload.get("qrcode") or "")
        if not code:
            return
        url = _QR_PAGE + quote(code, safe="")
        if url != self._standing.scan_url:
            log.warning("bot.scan_wanted", url=url)
        self._stand(Connection.WAITING_FOR_SCAN, scan_url=url, problem="a phone has to scan the code to log in")

    def _on_dirty(self, _payload: Mapping[str, Any]) -> None:
        self._names.forget()

    def _stand(self, connection: Connection, **facts: str) -> None:
        before = self._standing
        kept = {"self_id": before.self_id, "self_name": before.self_name}
        since = before.since if connection is before.connection else self._clock.now()
        self._standing = Standing(connection=connection, since=since, **(kept | facts))
        if (connection, self._standing.problem) != (before.connection, before.problem):
            tell = log.warning if self._standing.problem else log.info
            tell("bot.connection_changed", connection=connection.value, problem=self._standing.problem)
