"""A puppet service in process: grpclib's server with the message classes of wechaty-grpc, which has client stubs only.

Like the real one, it closes the event stream of before when a puppet is stopped, and keeps no queue for events.
"""

from __future__ import annotations

import asyncio
import json
import socket
import time
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from typing import Any

from grpclib.const import Cardinality, Handler, Status
from grpclib.exceptions import GRPCError
from grpclib.server import Server
from wechaty_grpc.wechaty import puppet as proto
from wechaty_grpc.wechaty.puppet import EventType

SELF = "bot"
ROOM = "r1@chatroom"
TEXT, RECALLED = 7, 13


class SwiftClock:
    """The machine's clocks, with every second of the daemon lasting 20 ms, or as long as a test needs."""

    factor = 50.0

    def __init__(self, factor: float = factor) -> None:
        self.factor = factor
        self.waits: list[float] = []

    def now(self) -> datetime:
        return datetime.now(UTC)

    def monotonic(self) -> float:
        return time.monotonic() * self.factor

    async def sleep(self, seconds: float) -> None:
        self.waits.append(seconds)
        await asyncio.sleep(seconds / self.factor)


class _Server(Server):  # type: ignore[misc]  # mypy does not follow grpclib
    def __init__(self, services: list[Any]) -> None:
        super().__init__(services)
        self.protocols: list[Any] = []

    def _protocol_factory(self) -> Any:
        self.protocols.append(super()._protocol_factory())
        return self.protocols[-1]

    def abort_connections(self) -> None:
        for protocol in self.protocols:
            transport = getattr(getattr(protocol, "connection", None), "_transport", None)
            if transport is not None and not transport.is_closing():
                transport.abort()


class FakePuppet:
    """What the service knows, what it was asked, and how it misbehaves."""

    def __init__(self) -> None:
        self.names = {SELF: "ShopBot", "alice": "Alice", "bob": "Bob"}
        self.aliases: dict[tuple[str, str], str] = {}
        self.messages: dict[str, proto.MessagePayloadResponse] = {}
        self.sent: list[tuple[str, str, list[str]]] = []
        self.calls: Counter[str] = Counter()
        self.send_reply: str | None = "sent-1"
        self.logged_in = True
        self.dongs = True
        self.before: dict[str, Callable[[], Awaitable[None]]] = {}
        self._stream: asyncio.Queue[proto.EventResponse | None] | None = None
        self._server: _Server | None = None
        self.port = free_port()

    @property
    def endpoint(self) -> str:
        return f"127.0.0.1:{self.port}"

    @property
    def listened_to(self) -> bool:
        return self._stream is not None

    async def start(self) -> None:
        self._server = _Server([self])
        await self._server.start("127.0.0.1", self.port)

    async def stop(self) -> None:
        """End as a service does that is told to: the event stream in good order, then the rest."""
        self.end_stream()
        await asyncio.sleep(0)
        await self.crash()

    async def crash(self) -> None:
        """End without a word, as after SIGKILL."""
        if self._server is None:
            return
        server, self._server = self._server, None
        server.abort_connections()
        server.close()
        await server.wait_closed()
        self._stream = None

    def end_stream(self) -> None:
        """Close the event stream in good order, as when another client starts."""
        if self._stream is not None:
            self._stream.put_nowait(None)
            self._stream = None

    def emit(self, kind: EventType, payload: Mapping[str, Any] | str) -> None:
        assert self._stream is not None, "nobody listens"
        text = payload if isinstance(payload, str) else json.dumps(payload)
        self._stream.put_nowait(proto.EventResponse(type=kind, payload=text))

    def say(self, message_id: str, text: str, **fields: Any) -> None:
        """Let somebody write; fields are those of MessagePayloadResponse."""
        known = {"from_id": "alice", "room_id": ROOM, "type": TEXT, "timestamp": 1_790_000_000} | fields
        self.messages[message_id] = proto.MessagePayloadResponse(id=message_id, text=text, **known)
        self.emit(EventType.EVENT_TYPE_MESSAGE, {"messageId": message_id})

    def __mapping__(self) -> dict[str, Handler]:
        unary = {
            "Start": (proto.StartRequest, self._start),
            "Stop": (proto.StopRequest, self._stop),
            "Ding": (proto.DingRequest, self._ding),
            "MessagePayload": (proto.MessagePayloadRequest, self._message_payload),
            "ContactPayload": (proto.ContactPayloadRequest, self._contact_payload),
            "RoomMemberPayload": (proto.RoomMemberPayloadRequest, self._room_member_payload),
            "MessageSendText": (proto.MessageSendTextRequest, self._message_send_text),
        }
        table = {
            f"/wechaty.Puppet/{name}": Handler(
                self._answering(name, answer), Cardinality.UNARY_UNARY, request, getattr(proto, f"{name}Response")
            )
            for name, (request, answer) in unary.items()
        }
        table["/wechaty.Puppet/Event"] = Handler(
            self._event, Cardinality.UNARY_STREAM, proto.EventRequest, proto.EventResponse
        )
        return table

    def _answering(self, name: str, answer: Callable[[Any], Any]) -> Callable[[Any], Awaitable[None]]:
        async def handle(stream: Any) -> None:
            request = await stream.recv_message()
            self.calls[name] += 1
            if name in self.before:
                await self.before[name]()
            await stream.send_message(answer(request))

        return handle

    async def _event(self, stream: Any) -> None:
        await stream.recv_message()
        self.calls["Event"] += 1
        mine = self._stream = asyncio.Queue()
        self.emit(EventType.EVENT_TYPE_HEARTBEAT, {"data": "connected"})
        if self.logged_in:
            self.emit(EventType.EVENT_TYPE_LOGIN, {"contactId": SELF})
        try:
            while (event := await mine.get()) is not None:
                await stream.send_message(event)
        finally:
            if self._stream is mine:
                self._stream = None

    def _start(self, _request: Any) -> Any:
        return proto.StartResponse()

    def _stop(self, _request: Any) -> Any:
        self.end_stream()
        return proto.StopResponse()

    def _ding(self, _request: Any) -> Any:
        if self.dongs and self._stream is not None:
            self.emit(EventType.EVENT_TYPE_DONG, {"data": ""})
        return proto.DingResponse()

    def _message_payload(self, request: Any) -> Any:
        if request.id not in self.messages:
            raise GRPCError(Status.INTERNAL, "no such message")
        return self.messages[request.id]

    def _contact_payload(self, request: Any) -> Any:
        if request.id not in self.names:
            raise GRPCError(Status.INTERNAL, "no such contact")
        return proto.ContactPayloadResponse(id=request.id, name=self.names[request.id], alias="what the owner calls it")

    def _room_member_payload(self, request: Any) -> Any:
        alias = self.aliases.get((request.id, request.member_id), "")
        return proto.RoomMemberPayloadResponse(
            id=request.member_id, room_alias=alias, name=self.names.get(request.member_id, "")
        )

    def _message_send_text(self, request: Any) -> Any:
        self.sent.append((request.conversation_id, request.text, list(request.mentonal_ids)))
        return proto.MessageSendTextResponse(id=self.send_reply)


@asynccontextmanager
async def serving() -> AsyncIterator[FakePuppet]:
    puppet = FakePuppet()
    await puppet.start()
    try:
        yield puppet
    finally:
        puppet.before.clear()
        await puppet.stop()


def refusing(status: Status, message: str = "") -> Callable[[], Awaitable[None]]:
    """Answer a call with an error."""

    async def refuse() -> None:
        raise GRPCError(status, message)

    return refuse


async def never() -> None:
    """Answer a call not at all."""
    await asyncio.Event().wait()


async def until(condition: Callable[[], object], within_s: float = 10.0) -> None:
    """Wait for something to come true."""
    async with asyncio.timeout(within_s):
        while not condition():  # noqa: ASYNC110 what is waited for has no event of its own
            await asyncio.sleep(0.002)


def free_port() -> int:
    with socket.socket() as chosen:
        chosen.bind(("127.0.0.1", 0))
        return int(chosen.getsockname()[1])
