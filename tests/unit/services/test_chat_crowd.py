"""Fifty people who talk at once."""

import asyncio
from collections.abc import Sequence
from pathlib import Path

import pytest

pytest.importorskip("torch", reason="builds a model")

from daemon.errors import Unavailable
from daemon.inference.chat.dialogue.answers import Answer
from daemon.ports import Actor
from daemon.services import chat
from daemon.services.chat import ChatSystem
from daemon.services.duty import Duty
from tests.unit.services.test_chat import model, system

PEOPLE = [f"person{number}" for number in range(50)]
TURNS = ("my kettle is {}", "{} 水壶坏了", "tell me about {}", "do you know {}?", "what is a {} kettle?")


def word_of(person: str) -> str:
    """Return a word that nobody else says."""
    return "".join(chr(ord("a") + int(digit)) * 3 for digit in person.removeprefix("person").zfill(2)) + "o"


async def talked(duty: Duty, person: str) -> list[Answer | None]:
    """Say all turns, one after the other; None stands for "busy"."""
    answers: list[Answer | None] = []
    for turn in TURNS:
        try:
            answers.append(await chat.reply(duty, Actor(person, person, frozenset()), turn.format(word_of(person))))
        except Unavailable:
            answers.append(None)
    return answers


def said_in(made: ChatSystem, person: str) -> Sequence[str]:
    return tuple(made._sessions._kept[f"http/{person}/main"].turns)


@pytest.mark.parametrize("queue", [2, 64])
async def test_fifty_people_are_answered_or_told_that_it_is_busy_and_no_histories_mix(
    tmp_path: Path, queue: int
) -> None:
    async with system(model=str(model(tmp_path / "model.zip")), queue=queue, deadline="30s", turns=20) as (duty, made):
        await made.load()
        async with asyncio.timeout(60):
            found = await asyncio.gather(*(talked(duty, person) for person in PEOPLE))
        words = {person: word_of(person) for person in PEOPLE}
        assert len(set(words.values())) == len(PEOPLE)
        for person, answers in zip(PEOPLE, found, strict=True):
            history = said_in(made, person)
            whole = " ".join([*history, *(answer.text for answer in answers if answer)])
            assert not [other for other, word in words.items() if other != person and word in whole]
            expected = [turn.format(words[person]) for turn, answer in zip(TURNS, answers, strict=True) if answer]
            assert [line for line in history if words[person] in line and line in expected] == expected
            assert all(answer.text for answer in answers if answer)
