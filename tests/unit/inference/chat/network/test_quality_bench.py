"""What the bench of the network's quality counts and compares."""

import pytest

pytest.importorskip("torch", reason="torch is not installed (extra `train`)")
pytest.importorskip("sentencepiece", reason="sentencepiece is not installed (extra `chat`)")

from itertools import pairwise

import numpy as np

from daemon.inference.chat.training.batches import Places
from daemon.inference.chat.training.pairs import Pair
from daemon.inference.chat.training.perplexity import bits
from tests.benchmarks.chat_quality.intervals import Dialogues
from tests.benchmarks.chat_quality.listening import dialogues_of
from tests.benchmarks.chat_quality.measuring import bits_of, others
from tests.benchmarks.chat_quality.variants import COMPARISONS, SHAPE, VARIANTS, VOCABULARY, Variant
from tests.unit.inference.chat.network.small import CONTEXTS, HANDINGS, network
from tests.unit.inference.chat.training.small_training import data, vocabulary


def test_the_bits_of_replies_add_up_to_those_of_the_trainer() -> None:
    held_out = data(tokenizer := vocabulary()).held_out
    model = network(vocabulary=tokenizer.size, dropout=0.3)

    assert bits_of(model, held_out).sum() / held_out.told == pytest.approx(bits(model, held_out), rel=1e-6)
    shuffled = bits_of(model, held_out, others(len(held_out), 7)).sum() / held_out.told
    assert shuffled == pytest.approx(bits(model, held_out, shuffled=7), rel=1e-6)


@pytest.mark.parametrize("handing", ["luong", "bahdanau"])
def test_what_the_decoder_begins_with_and_what_it_attends_to_can_be_of_others_apart(handing: str) -> None:
    held_out = data(tokenizer := vocabulary()).held_out
    model, own = network(vocabulary=tokenizer.size, handing=handing), np.arange(len(held_out))
    wrong = others(len(held_out), 7)
    right, first, attention, both = (bits_of(model, held_out, *which) for which in _ways(own, wrong))

    assert np.array_equal(right, bits_of(model, held_out))
    assert np.array_equal(both, bits_of(model, held_out, wrong))
    assert not any(np.allclose(one, two) for one, two in pairwise((right, first, attention, both, right)))


def _ways(own: Places, wrong: Places) -> list[tuple[Places, Places]]:
    return [(own, own), (wrong, own), (own, wrong), (wrong, wrong)]


def test_a_dialogue_goes_on_where_a_reply_is_answered() -> None:
    talk = [("a", "b"), ("b", "c"), ("c", "d"), ("x", "y"), ("y", "b"), ("a", "b")]
    pairs = [Pair((said,), reply, "en", "own") for said, reply in talk]

    assert list(dialogues_of(pairs)) == [0, 0, 0, 1, 1, 2]


def test_a_shuffled_source_is_always_anothers() -> None:
    assert sorted(others(50, 3)) == list(range(50))
    assert (others(50, 3) != np.arange(50)).all()


@pytest.mark.parametrize("variant", VARIANTS, ids=lambda variant: variant.name)
def test_all_variants_are_as_large_as_the_first(variant: Variant) -> None:
    wanted = VARIANTS[0].sized(VOCABULARY)

    assert wanted.hidden == SHAPE["hidden"]
    assert variant.sized(VOCABULARY).parameters() == pytest.approx(wanted.parameters(), rel=0.01)


def test_all_learn_the_same_batches_at_the_same_rates_but_the_one_of_another_seed() -> None:
    recipes = [variant.recipe(VOCABULARY) for variant in VARIANTS]

    assert len({(one.batches, one.optimisation, one.course) for one in recipes}) == 1
    assert sorted(one.seed - recipes[0].seed for one in recipes) == [0] * (len(recipes) - 1) + [1]


def test_every_way_to_make_and_to_hand_over_the_vector_is_compared() -> None:
    names = {variant.name: variant for variant in VARIANTS}
    compared = [names[name] for one in COMPARISONS for name in (one.ours, one.peer)]
    shapes = [variant.sized(VOCABULARY) for variant in compared]

    assert {shape.handing for shape in shapes} == set(HANDINGS)
    assert {shape.context for shape in shapes} == set(CONTEXTS)
    assert {shape.cell for shape in shapes} == {"gru", "rnn"}
    assert {variant.name for variant in compared} == set(names)


def test_an_interval_is_of_dialogues_drawn_together() -> None:
    chance = np.random.default_rng(1)
    peer, own = chance.uniform(20, 80, 400), np.repeat(np.arange(100), 4)
    dialogues = Dialogues(own, 1)

    assert dialogues.ratio(0.9 * peer, peer) == pytest.approx((0.9, 0.9))
    low, high = dialogues.ratio(peer + chance.normal(0, 5, 400), peer)
    assert low < 1 < high
    assert dialogues.gain(peer - 2, peer, np.ones(400)) == pytest.approx((2, 2))


def test_dialogues_that_differ_much_make_an_interval_wide() -> None:
    peer, own = np.full(400, 50.0), np.repeat(np.arange(100), 4)
    better = np.where(own % 2, 55.0, 45.0)
    mixed = np.where(np.arange(400) % 2, 55.0, 45.0)
    dialogues = Dialogues(own, 1)

    (low, high), (inner_low, inner_high) = dialogues.ratio(better, peer), dialogues.ratio(mixed, peer)

    assert high - low > 0.03
    assert inner_low == inner_high == pytest.approx(1.0)
