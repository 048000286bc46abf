"""The routes of the rooms inside the daemon, over a real socket."""

from __future__ import annotations

import asyncio
import json
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import Any

import aiohttp
import pytest

from daemon.adapters.local_room import HISTORY, LocalRoom
from daemon.config import HttpSection
from daemon.forum.principals import Role, Scope
from daemon.forum.rooms import Outgoing
from daemon.handlers.http import event_stream
from daemon.products.ids import new_id
from daemon.services import contacts
from tests.bot_kit import AttentiveRoom
from tests.unit.handlers.http.api import Api, api, token_of

ROOM = "/room/messages"


@asynccontextmanager
async def with_rooms(*ids: str, inbox: int = 1000, read: bool = False) -> AsyncIterator[tuple[Api, LocalRoom]]:
    async with api() as service:
        duty = service.home.duty
        place = (LocalRoom if read else AttentiveRoom)(service.home.clock, rooms=ids, inbox=inbox)
        duty.ports = replace(duty.ports, messenger=place, rooms=place)
        yield service, place


class Stream:
    """A reader of server-sent events."""

    def __init__(self, response: aiohttp.ClientResponse) -> None:
        self.response = response

    async def line(self) -> str:
        async with asyncio.timeout(5):
            return (await self.response.content.readline()).decode().rstrip("\n")

    async def message(self) -> dict[str, Any]:
        """Return the next message; its event has its id."""
        while not (line := await self.line()).startswith("id: "):
            assert line == "" or line.startswith(("retry: ", ":")), line
        data = json.loads((await self.line()).removeprefix("data: "))
        assert data["id"] == line.removeprefix("id: ")
        return dict(data)


@asynccontextmanager
async def stream(service: Api, query: str = "", who: str = "viewer", **headers: str) -> AsyncIterator[Stream]:
    url = f"{service.serving.url}/api/v1/room/stream{query}"
    given = {"Authorization": f"Bearer {service.tokens[who]}", **{k.replace("_", "-"): v for k, v in headers.items()}}
    async with service.session.get(url, headers=given) as response:
        assert (response.status, response.content_type) == (200, "text/event-stream"), await response.text()
        yield Stream(response)


async def test_the_speaker_is_the_principal_of_the_token_and_nobody_else() -> None:
    async with with_rooms() as (service, place):
        said = await service.post(ROOM, who="operator", json={"text": "status"})
        me = (await service.get("/me", who="operator")).json
        heard = await place.receive()
        principal = await contacts.contact_principal(service.home.duty, heard.sender_id)
        pretended = await service.post(ROOM, who="viewer", json={"text": "x", "sender_id": me["id"]})

    assert said.status == 201
    assert (heard.sender_id, heard.sender_name) == (me["id"], me["name"])
    assert principal is not None
    assert principal.role is Role.OPERATOR
    assert pretended.status == 422


async def test_what_is_said_counts_as_taken_when_the_bot_has_taken_it_and_not_before() -> None:
    async with with_rooms(read=True) as (service, place):
        saying = asyncio.create_task(service.post(ROOM, who="operator", json={"text": "status"}))
        heard = await place.receive()
        await asyncio.sleep(0.02)
        assert not saying.done()
        place.settle(heard.id)
        said = await saying
        unread = asyncio.create_task(service.post(ROOM, who="operator", json={"text": "status"}))
        await place.receive()
        place.close()
        refused = await unread

    assert said.status == 201
    assert refused.status == 503
    assert "say it again later" in refused.json["detail"]


async def test_a_principal_is_its_own_contact_in_a_local_room_alone() -> None:
    async with with_rooms() as (service, _):
        duty = service.home.duty
        me = (await service.get("/me")).json["id"]
        assert await contacts.contact_principal(duty, new_id()) is None
        duty.ports = replace(duty.ports, messenger=None)
        assert await contacts.contact_principal(duty, me) is None


async def test_a_token_with_less_than_its_role_does_not_speak_for_it() -> None:
    async with with_rooms() as (service, place):
        service.tokens["narrow"] = await token_of(service.home, Role.ADMIN, scopes=frozenset({Scope.READ}))
        refused = await service.post(ROOM, who="narrow", json={"text": "shelve 1"})
        read = await service.get(ROOM, who="narrow")

    assert refused.status == 403
    assert "role admin" in refused.json["detail"]
    assert place.waiting == 0
    assert read.status == 200


async def test_messages_come_in_pages_after_one_of_them() -> None:
    async with with_rooms() as (service, _):
        ids = [(await service.post(ROOM, json={"text": str(n)})).json["id"] for n in range(5)]
        latest = (await service.get(f"{ROOM}?limit=2")).json
        page = (await service.get(f"{ROOM}?after={ids[0]}&limit=2")).json
        last = (await service.get(f"{ROOM}?after={page['next_cursor']}&limit=2")).json

    assert ([m["text"] for m in latest["items"]], latest["next_cursor"]) == (["3", "4"], None)
    assert ([m["text"] for m in page["items"]], page["next_cursor"]) == (["1", "2"], ids[2])
    assert ([m["text"] for m in last["items"]], last["next_cursor"]) == (["3", "4"], None)


async def test_an_answer_names_what_it_answers() -> None:
    async with with_rooms() as (service, place):
        notice = await place.send(Outgoing(conversation_id="team", text="2 products"))
        answer = (await service.post(ROOM, json={"text": "ack", "quote": notice})).json

    assert answer["quote"] == {"id": notice, "text": "2 products"}


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"text": ""}, "text"),
        ({"text": " \n\t"}, "text"),
        ({"text": "a\x00b"}, "text"),
        ({"text": "x" * 4001}, "text"),
        ({}, "text"),
        ({"text": "x", "quote": "yesterday"}, "quote"),
        ({"text": "x", "room": 1}, "room"),
    ],
)
async def test_what_cannot_be_said_is_told(body: dict[str, object], field: str) -> None:
    async with with_rooms() as (service, place):
        answer = await service.post(ROOM, json=body)

    assert answer.status == 422
    assert [fault["field"] for fault in answer.json["errors"]] == [field]
    assert place.waiting == 0


async def test_nobody_reads_the_private_chat_of_another() -> None:
    async with with_rooms() as (service, _):
        said = (await service.post(ROOM, who="admin", json={"text": "between us", "room": "@me"})).json
        assert said["room"] == (await service.get("/me")).json["id"]
        assert (await service.get(f"{ROOM}?room={said['room']}", who="viewer")).status == 404
        assert (await service.get(f"/room/stream?room={said['room']}", who="viewer")).status == 404
        assert (await service.post(ROOM, who="viewer", json={"text": "x", "room": said["room"]})).status == 404
        assert (await service.get(f"{ROOM}?room=@me", who="viewer")).json["items"] == []
        assert [m["text"] for m in (await service.get(f"{ROOM}?room=@me")).json["items"]] == ["between us"]


async def test_rooms_are_apart_and_an_unknown_one_is_told() -> None:
    async with with_rooms("a", "b") as (service, _):
        await service.post(ROOM, json={"text": "in a"})
        await service.post(ROOM, json={"text": "in b", "room": "b"})
        assert [m["text"] for m in (await service.get(ROOM)).json["items"]] == ["in a"]
        assert [m["text"] for m in (await service.get(f"{ROOM}?room=b")).json["items"]] == ["in b"]
        unknown = await service.post(ROOM, json={"text": "x", "room": "c"})

    assert unknown.status == 404
    assert "there is a, b" in unknown.json["detail"]


async def test_without_a_room_the_routes_say_so() -> None:
    async with api() as service:
        for answer in (
            await service.get(ROOM),
            await service.get("/room/stream"),
            await service.post(ROOM, json={"text": "x"}),
        ):
            assert answer.status == 404
            assert "[bot] kind" in answer.json["detail"]


async def test_a_full_inbox_is_told_as_unavailable() -> None:
    async with with_rooms(inbox=1) as (service, _):
        assert (await service.post(ROOM, json={"text": "1"})).status == 201
        refused = await service.post(ROOM, json={"text": "2"})

    assert (refused.status, refused.headers["Retry-After"]) == (503, "5")


async def test_a_key_keeps_a_message_from_being_said_twice() -> None:
    async with with_rooms() as (service, place):
        for _ in range(2):
            answer = await service.post(ROOM, json={"text": "ack"}, headers={"Idempotency-Key": "k1"})
            assert answer.status == 201

    assert place.waiting == 1


async def test_the_stream_tells_what_is_said_and_resumes_after_the_last_event() -> None:
    async with with_rooms() as (service, _):
        first = (await service.post(ROOM, json={"text": "before"})).json
        async with stream(service) as live:
            await service.post(ROOM, json={"text": "多行\n文字"})
            assert (await live.message())["text"] == "多行\n文字"
        async with stream(service, Last_Event_ID=first["id"]) as resumed:
            assert (await resumed.message())["text"] == "多行\n文字"
        async with stream(service, f"?after={first['id']}") as resumed:
            assert (await resumed.message())["text"] == "多行\n文字"
        assert (await service.get("/room/stream", headers={"Last-Event-ID": "x"})).status == 400


async def test_a_quiet_stream_says_that_it_is_still_there(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(event_stream, "HEARTBEAT_S", 0.005)
    async with with_rooms() as (service, _), stream(service) as live:
        assert [await live.line() for _ in range(4)] == ["retry: 1000", "", ": still there", ""]
        await service.post(ROOM, json={"text": "hello"})
        assert (await live.message())["text"] == "hello"


async def test_the_stream_outlives_the_request_deadline_and_ends_when_the_rooms_close() -> None:
    async with with_rooms() as (service, place), stream(service) as live:
        config = service.home.duty.config
        assert config.http.request_timeout > 0
        closing = asyncio.ensure_future(service.serving.close())
        await asyncio.sleep(0.01)
        assert not closing.done()
        place.close()
        async with asyncio.timeout(5):
            await closing
            assert (await live.response.content.read()).startswith(b"retry: ")
        rendered = service.metrics.render()[0].decode()

    assert 'zhiban_http_requests_total{method="GET",route="/api/v1/room/stream",status="200"} 1.0' in rendered
    assert 'zhiban_http_request_duration_seconds_count{route="/api/v1/room/stream"}' not in rendered


async def test_a_reader_that_leaves_gives_its_place_back(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(event_stream, "HEARTBEAT_S", 0.005)
    async with with_rooms() as (service, place):
        async with stream(service) as live:
            await live.line()
            assert place.watching == 1
        async with asyncio.timeout(5):
            while place.watching:  # noqa: ASYNC110 the server learns of it at its next heartbeat
                await asyncio.sleep(0.005)


async def test_a_reader_that_takes_nothing_is_cut_off_and_holds_nothing() -> None:
    section = HttpSection.model_validate({"request_timeout": "100ms"})
    async with api(section) as service:
        duty, loop = service.home.duty, asyncio.get_running_loop()
        place = LocalRoom(service.home.clock)
        duty.ports = replace(duty.ports, messenger=place, rooms=place)
        with socket.socket() as deaf:
            deaf.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
            deaf.setblocking(False)
            await loop.sock_connect(deaf, ("127.0.0.1", service.serving.port))
            head = ("GET /api/v1/room/stream HTTP/1.1", "Host: x", f"Authorization: Bearer {service.tokens['viewer']}")
            await loop.sock_sendall(deaf, "\r\n".join((*head, "", "")).encode())
            async with asyncio.timeout(20):
                while not place.watching:  # noqa: ASYNC110 the server begins in its own time
                    await asyncio.sleep(0.001)
                while place.watching:
                    await place.send(Outgoing(conversation_id="team", text="话" * 4000))
                    await asyncio.sleep(0.001)
        assert len(await place.history("team")) <= HISTORY
