from __future__ import annotations

from typing import Any

import numpy as np
import pytest

pytest.importorskip("onnx")
pytest.importorskip("torch")

from hypothesis import given, settings
from hypothesis import strategies as st

from daemon.errors import InvalidInput, UnreadableFile
from daemon.inference.chat.serving.memory import in_grid
from daemon.inference.chat.serving.onnx_steps import OnnxSteps, State
from daemon.inference.chat.steps import JoiningSteps
from tests.unit.inference.chat.serving.models import graphs, search, sources, steps

SHAPES = [
    {},
    {"context": "transformed_all", "score": "dot", "hidden": 66, "embedding": 50},
    {"bidirectional": False, "decoder_layers": 1, "tied": False},
]


@pytest.mark.parametrize("changes", SHAPES)
def test_in_eight_bits_a_reply_is_the_same_alone_and_in_any_batch(changes: dict[str, Any]) -> None:
    model = search(steps(**changes))
    said = sources(16, longest=40)
    together = model.run(said)
    assert together == [model.run([source])[0] for source in said]
    assert together[3:9] == model.run(said[3:9])


@pytest.mark.parametrize("changes", SHAPES)
def test_in_eight_bits_a_row_is_the_same_among_any_others(changes: dict[str, Any]) -> None:
    model, random = steps(**changes), np.random.default_rng(3)
    said = sources(8, longest=40)
    parents = random.permutation(np.repeat(np.arange(8), random.integers(1, 6, 8)))
    tokens = random.integers(0, model.size, (5, len(parents)))
    state, found = model.start(said), []
    for number, row in enumerate(tokens):
        candidates, state = model.step(state, np.arange(len(parents)) if number else parents, row, 7)
        found.append(candidates)
    for place, parent in enumerate(parents):
        state = model.start([said[parent]])
        for number, row in enumerate(tokens):
            candidates, state = model.step(state, np.zeros(1, np.int64), row[place : place + 1], 7)
            assert (candidates.tokens[0] == found[number].tokens[place]).all()
            assert (candidates.scores[0] == found[number].scores[place]).all()


def test_what_is_attended_to_does_not_depend_on_longer_sources_beside_it() -> None:
    model = steps(hidden=512, embedding=300, vocabulary=400)
    short = [5, 6, 7]
    alone, beside = model.start([short]), model.start([short, list(range(4, 80))])
    row, token = np.zeros(1, np.int64), np.array([9])
    for _ in range(4):
        (ours, alone), (theirs, beside) = (model.step(state, row, token, 400) for state in (alone, beside))
        assert (ours.scores == theirs.scores).all()
        assert (ours.tokens == theirs.tokens).all()


def test_a_state_stays_as_it_was_returned() -> None:
    model = steps()
    state, row = model.start(sources(2)), np.array([0, 1, 1])
    first, _ = model.step(state, row, np.array([4, 5, 6]), 5)
    model.step(state, np.array([1]), np.array([8]), 5)
    again, _ = model.step(state, row, np.array([4, 5, 6]), 5)
    assert (first.scores == again.scores).all()


def test_joined_rows_answer_as_before() -> None:
    model = steps()
    assert isinstance(model, JoiningSteps)
    said = sources(6, longest=30)
    parts = [model.start(said[:2]), model.start(said[2:])]
    # of the first no row of source 0 goes on, and source 1 goes on twice
    _, parts[0] = model.step(parts[0], np.array([1, 1]), np.array([4, 5]), 3)
    joined = model.join(*parts)
    rows, tokens = np.array([1, 0, 5, 3]), np.array([6, 7, 8, 9])
    found, _ = model.step(joined, rows, tokens, 9)
    for place, (part, row) in enumerate([(0, 1), (0, 0), (1, 3), (1, 1)]):
        alone, _ = model.step(parts[part], np.array([row]), tokens[place : place + 1], 9)
        assert (found.scores[place] == alone.scores[0]).all()
    assert joined.memory.sources == 5


def test_joining_for_ever_keeps_only_the_sources_that_rows_are_of() -> None:
    model = steps()
    state: State = model.start(sources(4))
    for number in range(20):
        state = model.join(state, model.start(sources(4, seed=number)))
        _, state = model.step(state, np.array([len(state.source) - 1]), np.array([4]), 1)
    assert model.join(state, model.start([[5]])).memory.sources == 2


def test_the_best_tokens_come_first_and_are_all_there() -> None:
    model = steps("float32")
    state, row = model.start([[4, 5]]), np.zeros(1, np.int64)
    everything, _ = model.step(state, row, np.array([1]), 1000)
    assert sorted(everything.tokens[0]) == list(range(90))
    assert (np.diff(everything.scores[0]) <= 0).all()
    assert np.isclose(np.exp(everything.scores.astype(np.float64)).sum(), 1, atol=1e-5)
    for k in (1, 2, 10, 89):
        some, _ = model.step(state, row, np.array([1]), k)
        assert (some.tokens == everything.tokens[:, :k]).all()


@pytest.mark.parametrize("size", [2, 7, 97, 101, 1000, 12_000])
def test_best_tokens_are_found_in_a_vocabulary_of_any_size(size: int) -> None:
    model = steps("float32", vocabulary=size)
    state, row = model.start([[1]]), np.zeros(1, np.int64)
    everything, _ = model.step(state, row, np.array([1]), size)
    assert sorted(everything.tokens[0]) == list(range(size))
    some, _ = model.step(state, row, np.array([1]), 5)
    assert (some.scores == everything.scores[:, :5]).all()


@pytest.mark.parametrize("said", [[], [[]], [[4], []], [[90]], [[-1]], [[4], [2**40]]])
def test_sources_that_cannot_be_read_are_refused(said: list[list[int]]) -> None:
    with pytest.raises(InvalidInput, match="source"):
        steps().start(said)


@given(st.lists(st.integers(0, 5), min_size=1, max_size=30))
@settings(deadline=None)
def test_every_row_has_a_place_of_its_own_in_the_grid(source: list[int]) -> None:
    grid, place = in_grid(np.array(source, np.int64), 6)
    assert grid.shape[0] == 6
    assert grid.shape[1] == max(2, *(source.count(number) for number in source))
    assert (grid.ravel()[place] == np.arange(len(source))).all()
    assert (place // grid.shape[1] == source).all()
    assert len(set(place.tolist())) == len(source)


def test_graphs_that_are_none_or_exchanged_are_refused() -> None:
    made = graphs()
    for broken in (made._replace(step=b""), made._replace(step=b"no graph"), made._replace(encoder=made.encoder[:900])):
        with pytest.raises(UnreadableFile, match="no graph that can be run"):
            OnnxSteps(broken)
    with pytest.raises(UnreadableFile, match="not those that this program runs"):
        OnnxSteps(made._replace(step=made.encoder, encoder=made.step))
