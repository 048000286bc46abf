import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path

import pytest

from daemon.config import ChatSection, Config
from daemon.errors import NotFound, TooMany, Unavailable
from daemon.forum.principals import Scope
from daemon.inference.chat.dialogue.answers import Answer
from daemon.inference.chat.languages import language_of
from daemon.inference.chat.loading import RETRIEVAL
from daemon.inference.executor import ThreadOffload
from daemon.main.chat import opened_chat
from daemon.metrics import Metrics
from daemon.ports import Actor
from daemon.services import chat
from daemon.services.chat import ChatSystem
from daemon.services.duty import Duty
from tests.house import house

pytest.importorskip("torch", reason="builds a model")
from daemon.inference.chat.serving.model_files import write_model
from daemon.inference.chat.training.retrieval_index import build_index
from tests.unit.inference.chat.serving.models import files

MEI, LI = (Actor(name, name, frozenset({Scope.READ})) for name in ("mei", "li"))
PAIRS = [
    (["the kettle is broken"], "Then buy a new kettle."), (["how tall is the tower"], "About ninety metres."),
    (["水壶坏了"], "那就买个新的吧。"),
]  # fmt: skip


def model(path: Path, seed: int = 1) -> Path:
    card, contents = files(seed)
    write_model(path, card, {**contents, RETRIEVAL: build_index(PAIRS)})
    return path


def by_heart(answer: Answer) -> str:
    """Return what the retrieval would have said, whoever spoke."""
    return "\n".join(note for note in answer.notes if note.startswith("retrieval: "))


@asynccontextmanager
async def system(**section: object) -> AsyncIterator[tuple[Duty, ChatSystem]]:
    home = house(config=Config(chat=ChatSection.model_validate({"kind": "on", **section})))
    offload = ThreadOffload(2, 64)
    home.duty.ports = replace(home.duty.ports, films=home.stores.films, offload=offload)
    home.duty.chat = made = opened_chat(home.duty, Metrics())
    assert made is not None
    try:
        yield home.duty, made
    finally:
        await made.close()
        await offload.close(2.0)


async def test_with_a_model_both_speakers_are_there_and_the_better_one_speaks(tmp_path: Path) -> None:
    async with system(model=str(model(tmp_path / "model.zip"))) as (duty, made):
        await made.load()
        assert made.standing.state == "on"
        assert not made.standing.problems
        answer = await chat.reply(duty, MEI, "the kettle is broken")
        goodness = {float(note.split()[1]): note for note in answer.notes if ": 0." in note or ": 1." in note}
        assert goodness[max(goodness)].endswith(f" {answer.text}")
        assert "Then buy a new kettle." in by_heart(answer)
        assert "那就买个新的吧。" in by_heart(await chat.reply(duty, MEI, "水壶坏了"))


async def test_a_folder_with_a_retrieval_alone_speaks_by_heart(tmp_path: Path) -> None:
    (tmp_path / RETRIEVAL).write_bytes(build_index(PAIRS))
    async with system(model=str(tmp_path)) as (duty, made):
        await made.load()
        assert set(made.standing.problems) == {"generator"}
        assert "About ninety metres." in by_heart(await chat.reply(duty, MEI, "how tall is the tower"))


@pytest.mark.parametrize("damage", ["cut", "foreign", "absent"])
async def test_a_broken_model_is_told_of_and_the_old_one_goes_on(tmp_path: Path, damage: str) -> None:
    path = model(tmp_path / "model.zip")
    async with system(model=str(path)) as (duty, made):
        await made.load()
        if damage == "absent":
            path.unlink()
        else:
            path.write_bytes(path.read_bytes()[:-200] if damage == "cut" else b"PK not at all")
        await made.load()
        assert set(made.standing.problems) == {"generator", "retrieval"}
        assert "model.zip" in made.standing.problems["generator"]
        assert "Then buy a new kettle." in by_heart(await chat.reply(duty, MEI, "the kettle is broken"))


async def test_a_model_is_swapped_while_replies_are_made_and_none_is_dropped(tmp_path: Path) -> None:
    path = model(tmp_path / "model.zip")
    async with system(model=str(path), deadline="30s") as (_, made):
        running = asyncio.create_task(made.run())
        await made.load()

        async def person(number: int) -> None:
            for turn in range(3):
                answer = await made.answer(f"k{number}", "p", f"number {number} says good night {turn} times")
                assert answer.text

        people = [asyncio.create_task(person(number)) for number in range(12)]
        await asyncio.sleep(0)
        model(path, seed=2)
        made.reload()
        await asyncio.gather(*people)
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)


async def test_before_it_is_loaded_it_is_unavailable_and_the_bot_says_so_in_words() -> None:
    async with system() as (duty, made):
        assert made.standing.state == "loading"
        with pytest.raises(Unavailable):
            await chat.reply(duty, MEI, "hello")
        assert language_of(await made.reply("room:mei", "hello"), "zh") == "en"
        assert language_of(await made.reply("room:mei", "你好"), "en") == "zh"


async def test_nobody_speaks_in_another_s_conversation() -> None:
    async with system() as (duty, made):
        await made.load()
        await chat.reply(duty, MEI, "I want to watch something", session="one")
        assert (await chat.reply(duty, LI, "yes", session="one")).mode == "chat"
        assert (await chat.reply(duty, MEI, "yes", session="two")).mode == "chat"
        assert (await chat.reply(duty, MEI, "yes", session="one")).mode == "films"


async def test_a_conversation_is_forgotten_on_request_and_only_by_its_owner() -> None:
    async with system() as (duty, made):
        await made.load()
        await chat.reply(duty, MEI, "Recommend me a movie", session="one")
        with pytest.raises(NotFound):
            await chat.forget(duty, LI, "one")
        assert duty.ports.films is not None
        assert await duty.ports.films.feedback("http/mei/one")
        await chat.forget(duty, MEI, "one")
        assert not await duty.ports.films.feedback("http/mei/one")
        with pytest.raises(NotFound):
            await chat.forget(duty, MEI, "one")


async def test_the_bot_knows_a_person_in_every_room_and_keeps_the_rooms_apart() -> None:
    async with system() as (duty, made):
        await made.load()
        await made.reply("one@room:mei", "Recommend me a movie")
        assert duty.ports.films is not None
        assert len(await duty.ports.films.feedback("bot/mei")) == 3
        await made.reply("two@room:mei", "another")
        assert len(await duty.ports.films.feedback("bot/mei")) == 3
        assert duty.ports.dialogue is made


async def test_people_whose_ids_end_alike_are_not_the_same() -> None:
    async with system() as (duty, made):
        await made.load()
        assert duty.ports.films is not None
        await made.reply("room:mei:example", "Recommend me a movie")
        assert not await duty.ports.films.feedback("bot/example")
        assert len(await duty.ports.films.feedback("bot/mei:example")) == 3


async def test_whoever_talks_too_much_is_told_when_to_come_back() -> None:
    async with system(per_person_per_minute=2) as (duty, made):
        await made.load()
        await chat.reply(duty, MEI, "hello")
        await chat.reply(duty, MEI, "hello")
        with pytest.raises(TooMany) as told:
            await chat.reply(duty, MEI, "hello")
        assert 0 < told.value.retry_after_s <= 30
        await chat.reply(duty, LI, "hello")


async def test_without_a_chat_system_there_is_none() -> None:
    with pytest.raises(NotFound, match=r"\[chat\]"):
        await chat.reply(house().duty, MEI, "hello")
    assert opened_chat(house().duty, Metrics()) is None
