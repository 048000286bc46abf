from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

pytest.importorskip("onnx")
pytest.importorskip("torch")
pytest.importorskip("opencc")

from daemon.inference.chat.serving.generator import Generator, Voice
from daemon.inference.chat.serving.model_files import write_model
from daemon.inference.chat.serving.models import load_model
from daemon.inference.chat.serving.worker import DecodingWorker
from daemon.inference.chat.sources import source_of
from daemon.inference.executor import ThreadOffload
from tests.unit.inference.chat.serving.models import files, search


@pytest.fixture(scope="module")
def voices(tmp_path_factory: pytest.TempPathFactory) -> tuple[Voice, Voice]:
    return voice(tmp_path_factory.mktemp("one"), 1), voice(tmp_path_factory.mktemp("two"), 5)


def voice(folder: Path, seed: int) -> Voice:
    write_model(folder / "m.zip", *files(seed))
    model = load_model(folder / "m.zip")
    return Voice(model.tokenizer, search(model.steps, n_best=3, max_length=40, length_penalty=0.6))


@pytest.fixture
async def generator(voices: tuple[Voice, Voice]) -> AsyncIterator[Generator]:
    offload = ThreadOffload(threads=1, queue=2)
    yield Generator(DecodingWorker(offload, voices[0].search), voices[0], deadline_s=30)
    await offload.close(10)


async def test_it_says_what_the_search_found_best_first(generator: Generator, voices: tuple[Voice, Voice]) -> None:
    turns = ["hello", "你好", "what film?"]
    found = await generator.candidates(turns, "en")
    tokenizer, one = voices[0]
    replies = [reply for reply in one.run([source_of(tokenizer, turns)])[0] if reply.ended == "end"]
    expected = {
        tokenizer.decode(reply.tokens): reply.log_probability / (len(reply.tokens) + 1)
        for reply in replies
        if tokenizer.decode(reply.tokens)
    }
    assert {candidate.text: candidate.score for candidate in found} == expected
    assert len(expected) > 1
    assert [candidate.score for candidate in found] == sorted(expected.values(), reverse=True)
    assert {candidate.speaker for candidate in found} <= {"generator"}


@pytest.mark.parametrize("turns", [[], [""], ["hello", "  "], ["\n\t"]])
async def test_it_has_nothing_to_say_to_nothing(generator: Generator, turns: list[str]) -> None:
    assert await generator.candidates(turns, "en") == []


@pytest.mark.parametrize(
    "turn", ["你" * 100_000, "😀😀😀", "\ud800", "<b>&amp;</b>", "\x00\x07", "混 mixed 文字 script ا", "\u200b"]
)
async def test_whatever_is_said_it_answers_or_has_nothing_to_say(generator: Generator, turn: str) -> None:
    for candidate in await generator.candidates(["before", turn], "zh"):
        assert candidate.text.strip()


async def test_what_broke_off_is_no_reply(generator: Generator, voices: tuple[Voice, Voice]) -> None:
    cut = search(voices[0].search.steps, min_length=3, max_length=3)
    generator.swap(voices[0]._replace(search=cut))
    assert [reply.ended for reply in cut.run([[5]])[0]] == ["length"]
    assert await generator.candidates(["hello"], "en") == []


async def test_a_swap_changes_words_and_numbers_together(generator: Generator, voices: tuple[Voice, Voice]) -> None:
    turns = [["hello"], ["good night"], ["你好"], ["谢谢你"]]
    before = [asyncio.ensure_future(generator.candidates(one, "en")) for one in turns]
    await asyncio.sleep(0)
    generator.swap(voices[1])
    after = [asyncio.ensure_future(generator.candidates(one, "en")) for one in turns]
    found = [await asyncio.gather(*before), await asyncio.gather(*after)]
    generator.swap(voices[0])
    assert found[0] == [await generator.candidates(one, "en") for one in turns]
    generator.swap(voices[1])
    assert found[1] == [await generator.candidates(one, "en") for one in turns]
