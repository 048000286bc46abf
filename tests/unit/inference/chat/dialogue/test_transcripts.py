import tomllib
from pathlib import Path
from typing import Any

import pytest

from daemon.inference.chat.dialogue.answers import Answer
from daemon.inference.chat.replies import Candidate
from tests.unit.inference.chat.dialogue.talk_kit import Scripted, talk

with (Path(__file__).parent / "transcripts.toml").open("rb") as _file:
    TRANSCRIPTS: dict[str, Any] = tomllib.load(_file)


def note(answer: Answer, name: str) -> str:
    return next((one.removeprefix(f"{name}: ") for one in reversed(answer.notes) if one.startswith(f"{name}: ")), "")


def by(answer: Answer) -> str:
    if answer.source != "phrase":
        return answer.source
    return f"phrase:{note(answer, 'phrase')}" if note(answer, "phrase") else f"refused:{note(answer, 'found')}"


@pytest.mark.parametrize("name", TRANSCRIPTS)
async def test_a_conversation_goes_as_it_should(name: str) -> None:
    replies = iter(range(1000))
    house = talk(Scripted(lambda _: [Candidate(text=f"well {next(replies)}", score=1.0, speaker="retrieval")]))
    for turn in TRANSCRIPTS[name]["turns"]:
        answer = await house.say(turn["say"])
        assert (by(answer), answer.mode) == (turn["by"], turn["mode"]), turn["say"]
        assert answer.language == turn.get("lang", name.partition("_")[0] if name != "both_languages" else "")
        assert answer.text.strip()
        assert turn.get("wish", note(answer, "wish")) == note(answer, "wish"), turn["say"]
        assert turn.get("wish_has", "") in note(answer, "wish"), turn["say"]
        assert turn.get("has", "") in answer.text, turn["say"]
        if answer.source == "films":
            assert 1 <= len(answer.films) <= 3
            assert all(
                one.film.title(answer.language) in answer.text and one.reason in answer.text for one in answer.films
            )
