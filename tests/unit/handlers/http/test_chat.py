from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import Any

import pytest

from daemon.config import ChannelSection, ChatSection, Config
from daemon.main.chat import opened_chat
from daemon.metrics import Metrics
from tests.house import house
from tests.unit.handlers.http.api import Api, api

pytest.importorskip("opencc", reason="needs the extra chat")


@asynccontextmanager
async def talking(*, load: bool = True, **section: Any) -> AsyncIterator[Api]:
    given = ChatSection.model_validate({"kind": "on", "per_person_per_minute": 10_000, **section})
    home = house(config=Config(channels=(ChannelSection(name="box"),), chat=given))
    home.duty.ports = replace(home.duty.ports, films=home.stores.films)
    home.duty.chat = made = opened_chat(home.duty, Metrics())
    assert made is not None
    if load:
        await made.load()
    async with api(home=home) as service:
        yield service


async def test_a_turn_is_answered_with_mode_intent_and_films() -> None:
    async with talking() as service:
        answer = await service.post("/chat", json={"text": "Recommend me a comedy film", "explain": True})
        assert answer.status == 200
        assert answer.json["mode"] == "films"
        assert answer.json["language"] == "en"
        assert answer.json["intent"]["label"] == "recommend"
        assert answer.json["intent"]["slots"] == {"genres": ["comedy"]}
        assert len(answer.json["films"]) == 3
        assert {"id", "title", "year", "reason"} == set(answer.json["films"][0])
        assert all(film["title"] in answer.json["reply"] for film in answer.json["films"])
        assert any(note.startswith("wish:") for note in answer.json["explained"])
        chinese = await service.post("/chat", json={"text": "😀", "language": "zh", "session": "other"})
        assert (chinese.json["language"], chinese.json["explained"]) == ("zh", [])


async def test_sessions_of_tokens_and_of_one_token_are_kept_apart() -> None:
    async with talking() as service:
        await service.post("/chat", json={"text": "I want to watch something", "session": "a"}, who="viewer")
        for who, session in (("admin", "a"), ("viewer", "b"), ("viewer", "")):
            other = await service.post("/chat", json={"text": "yes", "session": session}, who=who)
            assert other.json["mode"] == "chat"
        assert (await service.post("/chat", json={"text": "yes", "session": "a"}, who="viewer")).json["mode"] == "films"


async def test_fifty_people_at_once_are_answered_each_in_their_own_conversation() -> None:
    async with talking() as service:

        async def person(number: int) -> None:
            genre = ("comedy", "western", "horror")[number % 3]
            body = {"session": f"p{number}", "text": f"Recommend me a {genre} film"}
            first = await service.post("/chat", json=body)
            again = await service.post("/chat", json={**body, "text": "another"})
            assert first.status == again.status == 200
            assert first.json["intent"]["slots"] == {"genres": [genre]}
            assert not {film["id"] for film in first.json["films"]} & {film["id"] for film in again.json["films"]}

        await asyncio.gather(*(person(number) for number in range(50)))


@pytest.mark.parametrize(
    "body",
    [
        {}, {"text": 1}, {"text": None}, {"text": "x", "session": "a/b"}, {"text": "x", "session": "a" * 65},
        {"text": "x", "language": "fr"}, {"text": "x", "who": "mei"}, {"text": "x" * 200_001},
    ],
)  # fmt: skip
async def test_a_body_that_is_wrong_is_told_so(body: dict[str, Any]) -> None:
    async with talking() as service:
        answer = await service.post("/chat", json=body)
        assert answer.status == 422
        assert answer.json["errors"]


@pytest.mark.parametrize("text", ["", "😀", "a" * 100_000, "好" * 100_000, "<b>hi</b>", "what did Alice tell you?"])
async def test_any_text_has_an_answer(text: str) -> None:
    async with talking() as service:
        answer = await service.post("/chat", json={"text": text})
        assert answer.status == 200
        assert answer.json["reply"].strip()
        assert len(answer.raw) < 4_000


async def test_a_conversation_is_deleted_by_its_owner_alone() -> None:
    async with talking() as service:
        await service.post("/chat", json={"text": "Recommend me a movie", "session": "a"}, who="viewer")
        assert (await service.ask("DELETE", "/api/v1/chat/a")).status == 404
        assert (await service.ask("DELETE", "/api/v1/chat/a", who="viewer")).status == 204
        assert (await service.ask("DELETE", "/api/v1/chat/a", who="viewer")).status == 404
        assert (await service.post("/chat", json={"text": "another", "session": "a"}, who="viewer")).json[
            "mode"
        ] == "chat"


async def test_a_turn_sent_again_with_its_key_is_answered_again_and_not_said_twice() -> None:
    async with talking() as service:
        body = {"text": "Recommend me a movie"}
        first = await service.post("/chat", json=body, headers={"Idempotency-Key": "k1"})
        again = await service.post("/chat", json=body, headers={"Idempotency-Key": "k1"})
        assert again.raw == first.raw
        assert again.headers["Idempotency-Replayed"] == "true"
        assert (await service.post("/chat", json=body)).json["films"] != first.json["films"]


@pytest.mark.parametrize("how", ["delete", "forget me", "忘了我"])
async def test_a_conversation_that_is_forgotten_leaves_no_answer_to_be_given_again(how: str) -> None:
    async with talking() as service:
        body = {"text": "Recommend me a movie", "session": "a"}
        keys: list[dict[str, Any]] = [{"headers": {"Idempotency-Key": f"k{number}"}} for number in range(3)]
        first = await service.post("/chat", json=body, **keys[0])
        elsewhere = await service.post("/chat", json={**body, "session": "b"}, **keys[1])
        if how == "delete":
            assert (await service.ask("DELETE", "/api/v1/chat/a")).status == 204
        else:
            assert (await service.post("/chat", json={**body, "text": how}, **keys[2])).status == 200
        again = await service.post("/chat", json=body, **keys[0])
        assert "Idempotency-Replayed" not in again.headers
        assert again.json["films"] == first.json["films"], "nothing of what was shown before is known"
        assert (await service.post("/chat", json={**body, "session": "b"}, **keys[1])).raw == elsewhere.raw


async def test_an_answer_outlives_neither_its_conversation_s_end_nor_a_wish_for_it() -> None:
    async with talking(idle="1m") as service:
        body, key = {"text": "Recommend me a movie", "session": "a"}, {"Idempotency-Key": "k"}
        await service.post("/chat", json=body, headers=key)
        service.home.clock.advance(61)
        assert (await service.ask("DELETE", "/api/v1/chat/a")).status == 204, "what was said of films was still there"
        assert "Idempotency-Replayed" not in (await service.post("/chat", json=body, headers=key)).headers


async def test_too_many_turns_and_a_system_that_loads_say_when_to_come_back() -> None:
    async with talking(per_person_per_minute=1) as service:
        await service.post("/chat", json={"text": "hello"})
        over = await service.post("/chat", json={"text": "hello"})
        assert (over.status, over.json["type"]) == (429, "urn:zhiban:problem:too-many")
        assert 1 <= int(over.headers["Retry-After"]) <= 60
        assert (await service.post("/chat", json={"text": "hello"}, who="viewer")).status == 200
    async with talking(load=False) as service:
        loading = await service.post("/chat", json={"text": "hello"})
        assert (loading.status, "Retry-After" in loading.headers) == (503, True)
        assert (await service.ask("GET", "/readyz")).json["chat"]["state"] == "loading"


async def test_without_a_chat_system_there_is_none() -> None:
    async with api() as service:
        assert (await service.post("/chat", json={"text": "hello"})).status == 404
        assert "chat" not in (await service.ask("GET", "/readyz")).json


async def test_text_that_is_no_unicode_is_refused_as_everywhere() -> None:
    async with talking() as service:
        answer = await service.post("/chat", json={"text": "a\ud800"})
        assert (answer.status, answer.json["type"]) == (400, "urn:zhiban:problem:bad-request")
