"""What users of other chat systems reported in public, in whole conversations: tests are named after the reports."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from itertools import chain
from pathlib import Path

import pytest
from msgspec.structs import replace

pytest.importorskip("torch", reason="builds a model")

from daemon.inference.chat.beam_search import BeamSearch
from daemon.inference.chat.replies import Candidate
from daemon.inference.chat.retrieval import Retrieval
from daemon.inference.chat.serving.generator import Generator, Voice
from daemon.inference.chat.serving.model_files import write_model
from daemon.inference.chat.serving.models import Model, load_model
from daemon.inference.chat.serving.voices import SETTINGS
from daemon.inference.chat.serving.worker import DecodingWorker
from daemon.inference.chat.sources import TOKENS, source_of
from daemon.inference.chat.tokenizer import BOS, EOS, PAD, UNK
from daemon.inference.chat.training.retrieval_index import build_index
from daemon.inference.executor import ThreadOffload
from daemon.products.phrases import Language
from tests.unit.inference.chat.dialogue.talk_kit import CHOICE, Scripted, saying, talk
from tests.unit.inference.chat.serving.models import files

TURNS = ["hello", "你是谁？", "I like watching films at night", "zyzzyva qwrtplk", "是谁", "谢谢你", "😀", "good night"]


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Model:
    folder: Path = tmp_path_factory.mktemp("model")
    write_model(folder / "m.zip", *files())
    return load_model(folder / "m.zip")


@pytest.fixture
async def generator(model: Model) -> AsyncIterator[Generator]:
    offload = ThreadOffload(threads=1, queue=4)
    search = BeamSearch(model.steps, SETTINGS)
    yield Generator(DecodingWorker(offload, search), Voice(model.tokenizer, search), deadline_s=30)
    await offload.close(10)


async def test_chatbot_transformer_1_a_speaker_that_never_knows_does_not_have_the_last_word() -> None:
    house = talk(saying("i dont know", 0.2, "generator"), Scripted(lambda said: [
        Candidate(text=f"{len(said)} is what I make of it", score=1.0, speaker="retrieval")
    ]))  # fmt: skip
    said = [(await house.say(f"the grass is green, part {turn}")).text for turn in range(6)]
    assert "i dont know" not in said


async def test_chatbot_transformer_2_nor_is_it_all_that_is_said_where_nobody_else_speaks() -> None:
    house = talk(saying("i dont know", 1.0, "generator"))
    said = [(await house.say(f"the grass is green, part {turn}")).text for turn in range(6)]
    assert said.count("i dont know") == 1
    assert len(set(said)) >= 4


def test_seq2seq_chatbot_new_18_a_reply_ends_at_its_end_and_repeats_nothing(model: Model) -> None:
    found = BeamSearch(model.steps, SETTINGS).run([source_of(model.tokenizer, [turn]) for turn in TURNS])
    for reply in chain.from_iterable(found):
        assert not set(reply.tokens) & {EOS, BOS, PAD, UNK}
        threes = [tuple(reply.tokens[at : at + 3]) for at in range(len(reply.tokens) - 2)]
        assert len(threes) == len(set(threes))


def test_parlai_2058_ten_beams_of_one_context_each_end_once(model: Model) -> None:
    search = BeamSearch(model.steps, replace(SETTINGS, width=10, n_best=10))
    (replies,) = search.run([source_of(model.tokenizer, ["hello"])])
    assert len(replies) == 10
    assert all(EOS not in reply.tokens for reply in replies)
    assert len({reply.tokens for reply in replies}) == 10


def test_opennmt_137_a_short_turn_has_the_same_reply_alone_and_beside_a_long_one(model: Model) -> None:
    search = BeamSearch(model.steps, SETTINGS)
    sources = [source_of(model.tokenizer, [turn]) for turn in ("hello", "我也喜欢看电影" * 9, "good night")]
    together = search.run(sources)
    assert together == [search.run([source])[0] for source in sources]


def test_opennmt_1320_the_best_of_five_is_the_best_of_one(model: Model) -> None:
    for turn in TURNS:
        source = [source_of(model.tokenizer, [turn])]
        best = [BeamSearch(model.steps, replace(SETTINGS, n_best=count)).run(source)[0][0] for count in (1, 3, 5)]
        assert best[0] == best[1] == best[2]


async def test_seq2seq_chatbot_for_keras_31_a_word_outside_the_vocabulary_is_no_error(generator: Generator) -> None:
    house = talk(generator)
    for text in ("zyzzyva", "𠮷野家", "ñandú", "žluťoučký kůň", "①②③", "🦄 unicorn"):
        assert (await house.say(text)).text.strip()


def test_zhaoyingjun_chatbot_145_a_chat_cuts_words_as_the_training_did(model: Model) -> None:
    learned, said = model.tokenizer.encode("你好，你是谁？"), model.tokenizer.encode("你好,你是谁?")
    assert learned == said == source_of(model.tokenizer, ["你好，你是谁？"])


async def test_dialogpt_71_there_is_a_reply_at_every_turn_of_a_long_conversation(generator: Generator) -> None:
    house = talk(generator)
    for turn in range(24):
        assert (await house.say(f"{TURNS[turn % len(TURNS)]} {turn}")).text.strip()
    history = list(house.sessions.of("k", "k").turns)
    assert len(history) == 12
    assert 0 < len(source_of(generator._voice.tokenizer, history)) <= TOKENS


async def test_dialogpt_71_also_where_a_speaker_falls_silent_once_there_is_a_history() -> None:
    house = talk(Scripted(lambda turns: [] if len(turns) > 1 else saying("hello to you").replies(turns)))
    said = [(await house.say(f"the grass is green, part {turn}")).text for turn in range(5)]
    assert all(said)
    assert said[0] == "hello to you"


async def test_rasa_3011_the_last_of_thousands_of_turns_looks_at_as_little_as_the_first() -> None:
    heard: list[int] = []

    def replies(turns: Sequence[str]) -> Sequence[Candidate]:
        heard.append(sum(map(len, turns)))
        return [Candidate(text=f"reply {len(heard)}", score=1.0, speaker="retrieval")]

    house = talk(Scripted(replies), films=False, detect=None, incoming=lambda _: None, outgoing=lambda _: None)
    for turn in range(2_000):
        await house.say(f"turn {turn} " + "x" * 1_000)
    session = house.sessions.of("k", "k")
    assert (len(session.turns), len(session.replies)) == (12, 6)
    assert max(heard) <= 12 * 400
    assert heard[-1] < max(heard[:20]) + 100


async def test_rasa_8571_people_who_are_gone_are_forgotten() -> None:
    house = talk(saying("indeed"), most=50, idle_s=60.0)
    for person in range(200):
        await house.say("hello", key=f"room:{person}")
    assert len(house.sessions) == 50
    house.clock.advance(61.0)
    assert len(house.sessions) == 0


async def test_crslab_58_a_conversation_about_films_goes_on_without_anything_configured() -> None:
    house = talk()
    first = await house.say("I want to watch something funny tonight")
    later = [await house.say(text) for text in ("yes please", "another one", "something newer", "I've seen the first")]
    assert "?" in first.text
    assert all(answer.source == "films" for answer in later)


class Silent:
    async def candidates(self, turns: Sequence[str], language: Language) -> Sequence[Candidate]:
        return []


@pytest.mark.parametrize(
    "text", ["😀", "👍🏽", "🇨🇳", "1️⃣", "☺️", "❤️❤️❤️", "¯\\_(ツ)_/¯", "(*^_^*)", "[微笑]", "\u200d", "🏴󠁧󠁢󠁥󠁮󠁧󠁿"]
)
async def test_emoji_alone_have_an_answer(text: str, generator: Generator) -> None:
    for house in (talk(generator), talk(Silent()), talk()):
        assert (await house.say(text)).text.strip()


async def test_what_was_learned_by_heart_is_chosen_by_its_own_words() -> None:
    retrieval = Retrieval(
        build_index([(["水壶坏了"], "那就买个新的吧。"), (["the kettle is broken"], "Buy a new one.")])
    )
    (best, *_) = retrieval.candidates(["水壶坏了"], "zh")
    assert (best.text, CHOICE.best([best], lambda _: True)) == ("那就买个新的吧。", best)
