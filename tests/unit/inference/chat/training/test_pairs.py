"""Pairs and batches of them."""

from __future__ import annotations

from collections import Counter

import pytest

pytest.importorskip("torch")
pytest.importorskip("sentencepiece")

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from daemon.errors import InvalidInput
from daemon.inference.chat.sources import joined, source_of
from daemon.inference.chat.tokenizer import BOS, EOS, PAD
from daemon.inference.chat.training.batches import EncodedPairs, Sizes, batches, encoded, in_order
from daemon.inference.chat.training.cleaning import Cleaned
from daemon.inference.chat.training.dialogues import Dialogue
from daemon.inference.chat.training.pairs import Balance, Pair, balanced, pairs_of, unknown
from tests.unit.inference.chat.training.small_training import vocabulary

LENGTHS = st.lists(st.tuples(st.integers(1, 40), st.integers(2, 30)), min_size=1, max_size=300)


def pair(said: str, reply: str) -> Pair:
    return Pair((said,), reply, "en", "own")


def rows(lengths: list[tuple[int, int]]) -> EncodedPairs:
    return EncodedPairs([[7] * source for source, _ in lengths], [[8] * target for _, target in lengths])


def test_each_turn_but_the_first_is_a_reply_to_those_before() -> None:
    cleaned = Cleaned(Dialogue(("a", "b", "c", "d"), "en", "own"), 1)
    assert [(one.context, one.reply) for one in pairs_of(cleaned, 2)] == [
        (("a",), "b"),
        (("a", "b"), "c"),
        (("b", "c"), "d"),
    ]


def test_bland_replies_are_thinned_and_the_same_ones_stay_in_any_order() -> None:
    pairs = [pair(f"question {number}", "i don't know") for number in range(1000)] + [pair("a", "something else")]
    counts: Counter[str] = Counter()
    kept = balanced(pairs, Balance(bland=0.1, most_of_one=1.0), counts)
    assert 60 < len(kept) < 140
    assert counts["bland reply"] == 1001 - len(kept)
    assert set(balanced(pairs[::-1], Balance(bland=0.1, most_of_one=1.0), Counter())) == set(kept)


def test_no_reply_is_learned_too_often() -> None:
    pairs = [
        pair(f"q{number}", "Nice to meet you!" if number % 2 else f"reply {number} of many") for number in range(1000)
    ]
    counts: Counter[str] = Counter()
    kept = balanced(pairs, Balance(bland=1.0, most_of_one=0.01), counts)
    assert sum(one.reply == "Nice to meet you!" for one in kept) == 10
    assert counts["reply too often"] == 490


def test_an_equal_pair_is_learned_once_and_no_pair_that_is_learned_is_measured() -> None:
    counts: Counter[str] = Counter()
    learned = balanced([pair("How are you?", "Fine, and you?")] * 3, Balance(most_of_one=1.0), counts)
    assert len(learned) == 1
    assert counts["duplicate pair"] == 2
    measured = [pair("how are you", "fine and you"), pair("how are you", "not so well")]
    assert unknown(measured, learned, counts) == measured[1:]


def test_a_source_holds_the_last_turns_with_an_end_between_them() -> None:
    tokenizer = vocabulary()
    turns = [tokenizer.encode(turn) for turn in ("good night", "晚安", "hello there")]
    whole = [*turns[0], EOS, *turns[1], EOS, *turns[2]]
    assert source_of(tokenizer, ["left out", "good night", "晚安", "hello there"]) == whole
    assert source_of(tokenizer, ["good night", "晚安", "hello there"], longest=5) == whole[-5:]
    assert source_of(tokenizer, []) == [EOS]
    assert source_of(tokenizer, ["", "\u200b"]) == [EOS]
    assert joined([[], [5], [], [6]], 9) == [5, EOS, 6]


def test_a_reply_that_is_too_long_is_left_out_and_counted() -> None:
    tokenizer = vocabulary()
    counts: Counter[str] = Counter()
    reply = "sleep well!"
    longest = len(tokenizer.encode(reply)) + 2
    found = encoded([pair("a", reply), pair("a", reply + " and more")], tokenizer, Sizes(3, 48, longest), counts)
    assert len(found) == 1
    assert found.characters == len(reply)
    assert counts == {"reply of too many tokens": 1}
    batch = found.batch(np.array([0]))
    assert batch.target[0].tolist() == [BOS, *tokenizer.encode(reply), EOS]


@settings(deadline=None, max_examples=50)
@given(LENGTHS, st.integers(2, 200), st.integers(0, 5))
def test_an_epoch_holds_each_pair_once_in_batches_that_are_not_too_large(
    lengths: list[tuple[int, int]], most: int, epoch: int
) -> None:
    pairs = rows(lengths)
    made = batches(pairs, most, 3, epoch)
    assert sorted(int(place) for batch in made for place in batch) == list(range(len(pairs)))
    for batch in made:
        longest = max(int(pairs.target_lengths[place]) for place in batch)
        assert len(batch) == 1 or len(batch) * longest <= most
    again = batches(pairs, most, 3, epoch)
    assert all(np.array_equal(left, right) for left, right in zip(made, again, strict=True))
    measured = in_order(pairs, most, np.arange(len(pairs)))
    assert sorted(int(place) for batch in measured for place in batch) == list(range(len(pairs)))


def test_another_epoch_has_another_order() -> None:
    pairs = rows([(number % 9 + 1, number % 7 + 2) for number in range(300)])
    first, second = ([place for batch in batches(pairs, 40, 1, epoch) for place in batch] for epoch in (0, 1))
    assert first != second


def test_rows_are_padded_to_the_longest() -> None:
    pairs = EncodedPairs([[5, 6, 7], [8]], [[BOS, 9, EOS], [BOS, EOS]])
    batch = pairs.batch(np.array([1, 0]))
    assert batch.source.tolist() == [[8, PAD, PAD], [5, 6, 7]]
    assert batch.lengths.tolist() == [1, 3]
    assert batch.target.tolist() == [[BOS, EOS, PAD], [BOS, 9, EOS]]
    assert pairs.batch(np.array([1]), np.array([0])).source.tolist() == [[5, 6, 7]]
    assert pairs.told == 3


def test_nothing_makes_no_batches() -> None:
    with pytest.raises(InvalidInput, match="nothing to learn"):
        batches(EncodedPairs([], []), 10, 1, 0)
