"""Figures of a network: right by hand, and able to tell a good one from a bad one."""

from __future__ import annotations

import math

import pytest

pytest.importorskip("torch")
pytest.importorskip("sentencepiece")
pytest.importorskip("sacrebleu")


import torch

from daemon.errors import InvalidInput
from daemon.inference.chat.network.reference import TorchSteps
from daemon.inference.chat.network.seq2seq import Seq2Seq
from daemon.inference.chat.network.shape import Shape
from daemon.inference.chat.network.weights import load_weights
from daemon.inference.chat.tokenizer import Tokenizer
from daemon.inference.chat.training.batches import EncodedPairs, Sizes
from daemon.inference.chat.training.evaluation import bleu, distinct, evaluate
from daemon.inference.chat.training.pairs import Pair
from daemon.inference.chat.training.perplexity import bits, spread
from daemon.inference.chat.training.step_bits import step_bits
from daemon.inference.chat.training.trainer import BEST, train
from tests.unit.inference.chat.training.small_training import PAIRS, data, recipe, vocabulary

SIZES = Sizes(3, 48, 32)


@pytest.fixture(scope="module")
def tokenizer() -> Tokenizer:
    return vocabulary()


@pytest.fixture(scope="module")
def learned(tokenizer: Tokenizer, tmp_path_factory: pytest.TempPathFactory) -> Seq2Seq:
    folder = tmp_path_factory.mktemp("learned")
    train(recipe(course={"epochs": 50, "evaluate_every": 50}, shape={"dropout": 0.0}), data(tokenizer), folder)
    return load_weights(folder / BEST)


def unlearned(tokenizer: Tokenizer) -> Seq2Seq:
    torch.manual_seed(1)
    return Seq2Seq(Shape(vocabulary=tokenizer.size, embedding=32, hidden=64))


def test_what_was_learned_is_told_from_what_was_not(tokenizer: Tokenizer, learned: Seq2Seq) -> None:
    good, bad = (evaluate(model, tokenizer, PAIRS, sizes=SIZES) for model in (learned, unlearned(tokenizer)))
    assert set(good) == set(bad) == {"en", "zh"}
    for language, figures in good.items():
        assert figures.bits_per_token < 0.2 < bad[language].bits_per_token
        assert figures.bits_per_character < bad[language].bits_per_character
        assert figures.gain > 1 > abs(bad[language].gain)
        assert figures.bleu > 60 > bad[language].bleu
        assert figures.pairs == figures.replies == 8
        assert figures.length == pytest.approx(figures.human_length)
        assert figures.distinct_2 == pytest.approx(figures.human_distinct_2)


def test_measuring_leaves_the_network_as_it_was(tokenizer: Tokenizer, learned: Seq2Seq) -> None:
    before = {name: weight.clone() for name, weight in learned.state_dict().items()}
    learned.train()
    chance = torch.get_rng_state()
    first = evaluate(learned, tokenizer, PAIRS, sizes=SIZES)
    assert learned.training
    assert torch.equal(chance, torch.get_rng_state())
    assert all(torch.equal(before[name], weight) for name, weight in learned.state_dict().items())
    assert evaluate(learned.eval(), tokenizer, PAIRS, sizes=SIZES) == first


def test_bits_of_a_network_that_knows_nothing_are_those_of_chance() -> None:
    model = Seq2Seq(Shape(vocabulary=64, embedding=8, hidden=8))
    with torch.no_grad():
        for weight in model.parameters():
            weight.zero_()
    pairs = EncodedPairs([[5]] * 3, [[1, 9, 2], [1, 9, 9, 2], [1, 2]])
    assert bits(model, pairs) == pytest.approx(6)
    assert bits(model, pairs, shuffled=3) == pytest.approx(6)


def test_when_sources_are_shuffled_none_keeps_its_own() -> None:
    pairs = EncodedPairs([[5 + number] for number in range(40)], [[1, 5 + number, 2] for number in range(40)])
    seen: list[tuple[int, int]] = []

    class Looking(EncodedPairs):
        def batch(self, which: object, sources: object = None) -> object:  # type: ignore[override] # looks on alone
            found = pairs.batch(which, sources)  # type: ignore[arg-type]
            seen.extend((int(a), int(b)) for a, b in zip(found.source[:, 0], found.target[:, 1], strict=True))
            return found

    looking = Looking([[5 + number] for number in range(40)], [[1, 5 + number, 2] for number in range(40)])
    bits(Seq2Seq(Shape(vocabulary=64, embedding=8, hidden=8)), looking, shuffled=1)
    assert len(seen) == 40
    assert {source for source, _ in seen} == set(range(5, 45))
    assert all(source != reply for source, reply in seen)


def test_distinct_counts_different_runs() -> None:
    assert distinct([["a", "b", "a"], ["a"]], 1) == 0.5
    assert distinct([["a", "b", "a"], ["a", "b"]], 2) == pytest.approx(2 / 3)
    assert distinct([], 1) == distinct([["a"]], 2) == 0.0


def test_bleu_is_whole_for_the_same_and_nothing_for_another() -> None:
    assert bleu(["the cat sat on the mat"], ["the cat sat on the mat"], "en") == pytest.approx(100)
    assert bleu(["今天天气很好"], ["今天天气很好"], "zh") == pytest.approx(100)
    assert bleu([""], ["the cat sat on the mat"], "en") == 0
    assert 0 < bleu(["今天天气真的很好啊"], ["今天天气很好啊"], "zh") < 100


@pytest.mark.parametrize("shuffled", [None, 1])
def test_bits_are_the_same_where_the_network_is_asked_step_by_step(
    tokenizer: Tokenizer, learned: Seq2Seq, shuffled: int | None
) -> None:
    pairs = data(tokenizer).held_out
    expected = bits(learned, pairs, shuffled=shuffled)
    assert step_bits(TorchSteps(learned), pairs, shuffled=shuffled) == pytest.approx(expected, rel=1e-4)
    with pytest.raises(InvalidInput, match="no pairs"):
        step_bits(TorchSteps(learned), EncodedPairs([], []))


def test_eight_bits_lose_little(tokenizer: Tokenizer, learned: Seq2Seq) -> None:
    pytest.importorskip("onnx")
    from daemon.inference.chat.serving.onnx_steps import OnnxSteps
    from daemon.inference.chat.training.export import export

    weights = {name: weight.numpy() for name, weight in learned.state_dict().items()}
    served = evaluate(OnnxSteps(export(weights, learned.shape)), tokenizer, PAIRS, sizes=SIZES)
    for language, figures in evaluate(learned, tokenizer, PAIRS, sizes=SIZES).items():
        assert served[language].bits_per_character == pytest.approx(figures.bits_per_character, abs=0.02)
        assert served[language].bleu == pytest.approx(figures.bleu, abs=15)


def test_a_vocabulary_of_another_size_and_nothing_to_measure_are_refused(tokenizer: Tokenizer) -> None:
    with pytest.raises(InvalidInput, match="pieces"):
        evaluate(Seq2Seq(Shape(vocabulary=9, embedding=8, hidden=8)), tokenizer, PAIRS, sizes=SIZES)
    for pairs in ([], [Pair(("a",), "word " * 99, "en", "own")]):
        with pytest.raises(InvalidInput, match="nothing to measure"):
            evaluate(unlearned(tokenizer), tokenizer, pairs, sizes=SIZES)


def test_a_few_of_many_are_spread_evenly() -> None:
    assert spread(10, 3).tolist() == [0, 4, 9]
    assert spread(3, 10).tolist() == spread(3, None).tolist() == [0, 1, 2]
    assert math.isfinite(float(spread(1, 1)[0]))
