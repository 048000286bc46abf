"""The network as beam search sees it."""

import numpy as np
import pytest

pytest.importorskip("torch", reason="torch is not installed (extra `train`)")

import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from daemon.errors import InvalidInput
from daemon.inference.chat.beam_search import BeamSearch
from daemon.inference.chat.hypotheses import Reply
from daemon.inference.chat.network.reference import TorchSteps, one_at_a_time
from daemon.inference.chat.search_settings import Settings
from daemon.inference.chat.steps import StepFunction
from tests.unit.inference.chat.network.small import BEGIN, CELLS, CONTEXTS, END, HANDINGS, network
from tests.unit.inference.chat.searching.models import BEGIN as HAND_BEGIN
from tests.unit.inference.chat.searching.models import END as HAND_END
from tests.unit.inference.chat.searching.models import Model, models

SENTENCES = st.lists(st.integers(3, 12), min_size=1, max_size=10)


def greedy(steps: StepFunction, sources: list[list[int]], length: int) -> tuple[list[list[int]], np.ndarray]:
    """Return the best tokens of each source, and their scores; finished ones go on, to see that it harms nobody."""
    state = steps.start(sources)
    tokens = np.full(len(sources), BEGIN)
    told, scores = [], []
    for _ in range(length):
        best, state = steps.step(state, np.arange(len(sources)), tokens, 3)
        tokens = best.tokens[:, 0]
        told.append(tokens)
        scores.append(best.scores[:, 0])
    return np.stack(told, axis=1).tolist(), np.stack(scores, axis=1)


@given(
    sources=st.lists(SENTENCES, min_size=2, max_size=8),
    cell=st.sampled_from(CELLS),
    context=st.sampled_from(CONTEXTS),
    handing=st.sampled_from(HANDINGS),
)
@settings(max_examples=50, deadline=None)
def test_a_reply_is_the_same_alone_and_in_a_batch(
    sources: list[list[int]], cell: str, context: str, handing: str
) -> None:
    model = network(cell=cell, context=context, handing=handing, encoder_layers=2, decoder_layers=2)
    steps = TorchSteps(model)
    together, scores = greedy(steps, sources, 6)
    for row, source in enumerate(sources):
        alone, alone_scores = greedy(steps, [source], 6)
        assert alone[0] == together[row]
        np.testing.assert_allclose(alone_scores[0], scores[row], atol=1e-5, rtol=0)


@pytest.mark.parametrize("handing", HANDINGS)
@pytest.mark.parametrize("cell", CELLS)
def test_rows_go_on_from_any_parents_and_leave_their_state_as_it_was(cell: str, handing: str) -> None:
    steps = TorchSteps(network(cell=cell, handing=handing))
    sources = [[3, 4, 5], [6], [7, 8]]
    _, state = steps.step(steps.start(sources), np.arange(3), np.full(3, BEGIN), 1)
    parents, tokens = np.array([2, 0, 0, 2, 2]), np.array([4, 5, 6, 7, 8])
    found, _ = steps.step(state, parents, tokens, 13)
    again, _ = steps.step(state, parents, tokens, 13)
    np.testing.assert_array_equal(found.scores, again.scores)
    for row, (parent, token) in enumerate(zip(parents, tokens, strict=True)):
        _, alone = steps.step(steps.start([sources[parent]]), np.array([0]), np.array([BEGIN]), 1)
        right, _ = steps.step(alone, np.array([0]), np.array([token]), 13)
        np.testing.assert_array_equal(found.tokens[row], right.tokens[0])
        np.testing.assert_allclose(found.scores[row], right.scores[0], atol=1e-5, rtol=0)


def test_candidates_are_log_probabilities_best_first_and_equal_ones_by_token() -> None:
    model = network()
    with torch.no_grad():
        model.embeddings.weight.zero_()
        model.softmax.bias[7] = 1.0
    steps = TorchSteps(model)
    best, _ = steps.step(steps.start([[3]]), np.array([0]), np.array([BEGIN]), 99)

    assert best.tokens.dtype == np.int64
    assert best.scores.dtype == np.float32
    assert best.tokens.tolist() == [[7, 0, 1, 2, 3, 4, 5, 6, 8, 9, 10, 11, 12]]
    assert np.exp(best.scores).sum() == pytest.approx(1, abs=1e-5)


def test_a_network_in_training_replies_without_dropout_and_stays_in_training() -> None:
    model = network(dropout=0.5, encoder_layers=2, decoder_layers=2).train()
    steps = TorchSteps(model)

    assert greedy(steps, [[3, 4]], 5)[0] == greedy(steps, [[3, 4]], 5)[0]
    assert model.training


@pytest.mark.parametrize(
    ("sources", "problem"),
    [([], "no sources"), ([[3], []], "source 1 is empty"), ([[13]], "source 0"), ([[-1]], "13|12")],
)
def test_sources_that_cannot_be_are_refused(sources: list[list[int]], problem: str) -> None:
    with pytest.raises(InvalidInput, match=problem):
        TorchSteps(network()).start(sources)


def test_the_naive_search_of_width_1_is_greedy_and_a_wide_one_exhaustive() -> None:
    steps = TorchSteps(network(vocabulary=4))
    reply = greedy(steps, [[3, 3]], 4)[0][0]
    cut = reply[: reply.index(END) + 1] if END in reply else reply

    assert list(one_at_a_time(steps, [3, 3], begin=BEGIN, end=END, width=1, longest=4)[0].tokens) == cut
    wide = one_at_a_time(steps, [3, 3], begin=BEGIN, end=END, width=500, longest=3)
    assert len(wide) == 1 + 3 + 9 * 4
    assert np.exp([one.score for one in wide]).sum() == pytest.approx(1, abs=1e-5)
    assert all(END not in one.tokens[:-1] for one in wide)
    ended = [one.score for one in wide if one.tokens[-1] == END]
    assert [one.score for one in wide[: len(ended)]] == sorted(ended, reverse=True)


@given(model=models(), source=st.lists(st.integers(0, 9), min_size=1, max_size=3), data=st.data())
def test_the_naive_search_gives_what_a_search_in_batches_does(
    model: Model, source: list[int], data: st.DataObject
) -> None:
    width, longest = data.draw(st.integers(1, 5)), data.draw(st.integers(1, 7))
    batched = Settings(begin=HAND_BEGIN, end=HAND_END, width=width, n_best=width, max_length=longest)
    naive = one_at_a_time(model.steps(), source, begin=HAND_BEGIN, end=HAND_END, width=width, longest=longest)
    expected = [
        (said(reply, HAND_END), reply.log_probability) for reply in BeamSearch(model.steps(), batched).run([source])[0]
    ]
    assert [(one.tokens, one.score) for one in naive[: len(expected)]] == expected


@given(sources=st.lists(SENTENCES, min_size=1, max_size=6), seed=st.integers(0, 20))
@settings(max_examples=30, deadline=None)
def test_a_network_gives_the_same_tokens_one_hypothesis_a_call(sources: list[list[int]], seed: int) -> None:
    steps = TorchSteps(network(seed))
    found = BeamSearch(steps, Settings(begin=BEGIN, end=END, width=5, max_length=8)).run(sources)
    for source, replies in zip(sources, found, strict=True):
        naive = one_at_a_time(steps, source, begin=BEGIN, end=END, width=5, longest=8)
        assert naive[0].tokens == said(replies[0], END)


def said(reply: Reply, end: int) -> tuple[int, ...]:
    return (*reply.tokens, end) if reply.ended == "end" else reply.tokens
