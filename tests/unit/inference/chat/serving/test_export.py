from __future__ import annotations

from typing import Any

import numpy as np
import pytest

pytest.importorskip("onnx")
pytest.importorskip("torch")

from daemon.errors import InvalidInput
from daemon.inference.chat.network.reference import TorchSteps, one_at_a_time
from daemon.inference.chat.serving.onnx_steps import OnnxSteps
from daemon.inference.chat.tokenizer import BOS, EOS
from daemon.inference.chat.training.export import export
from tests.unit.inference.chat.serving.models import arrays, graphs, network, search, shape, sources

SHAPES = [
    {},
    {"context": "transformed_last", "score": "dot", "tied": False},
    {"context": "transformed_all", "bidirectional": False, "encoder_layers": 1, "decoder_layers": 3},
    {"encoder_layers": 3, "decoder_layers": 1, "score": "dot"},
    {"vocabulary": 97, "hidden": 2, "embedding": 1},
]


@pytest.mark.parametrize("changes", SHAPES)
def test_graphs_in_single_precision_give_torchs_tokens(changes: dict[str, Any]) -> None:
    model = network(**changes)
    said = sources(12)
    found = search(OnnxSteps(export(arrays(model), model.shape, "float32"))).run(said)
    expected = search(TorchSteps(model)).run(said)
    assert [[one.tokens for one in replies] for replies in found] == [
        [one.tokens for one in replies] for replies in expected
    ]
    for ours, theirs in zip(found, expected, strict=True):
        assert np.allclose([one.score for one in ours], [one.score for one in theirs], atol=1e-4)


def test_a_graph_in_single_precision_gives_the_tokens_of_one_hypothesis_a_call() -> None:
    model = network()
    steps = OnnxSteps(export(arrays(model), model.shape, "float32"))
    said = sources(12)
    for source, replies in zip(said, search(steps, width=5).run(said), strict=True):
        naive = one_at_a_time(TorchSteps(model), source, begin=BOS, end=EOS, width=5, longest=12)[0]
        assert tuple(token for token in naive.tokens if token != EOS) == replies[0].tokens


@pytest.mark.parametrize("changes", SHAPES[:4])
def test_eight_bits_are_near_to_single_precision(changes: dict[str, Any]) -> None:
    model = network(**changes)
    said, first = sources(12), np.arange(12)
    models: list[Any] = [TorchSteps(model), OnnxSteps(export(arrays(model), model.shape, "int8"))]
    scores = []
    for one in models:
        candidates, _ = one.step(one.start(said), first, np.full(12, BOS), one.size)
        scores.append(np.take_along_axis(candidates.scores, candidates.tokens.argsort(axis=1), axis=1))
    assert np.abs(scores[0] - scores[1]).mean() < 0.05
    assert np.abs(scores[0] - scores[1]).max() < 0.5


def test_eight_bits_take_a_quarter_of_the_room() -> None:
    small, large = graphs("int8", hidden=256), graphs("float32", hidden=256)
    assert small.embeddings.nbytes * 4 == large.embeddings.nbytes
    assert len(small.step) < 0.3 * len(large.step)
    assert len(small.encoder) < 0.3 * len(large.encoder)


def test_the_same_weights_give_the_same_bytes() -> None:
    first, second = graphs(), graphs()
    assert (first.encoder, first.step) == (second.encoder, second.step)


@pytest.mark.parametrize(
    ("changes", "field"), [({"cell": "lstm"}, "cell"), ({"handing": "bahdanau"}, "handing"), ({"cell": "rnn"}, "cell")]
)
def test_a_shape_without_graphs_is_refused_by_the_field(changes: dict[str, Any], field: str) -> None:
    model = network(**changes)
    with pytest.raises(InvalidInput, match="can be trained, not served") as refused:
        export(arrays(model), model.shape)
    assert [name for name, _ in refused.value.faults] == [field]


def test_weights_that_are_not_finite_missing_or_of_another_shape_are_refused() -> None:
    model = network()
    weights = arrays(model)
    with pytest.raises(InvalidInput, match=r"softmax\.bias: numbers that are not finite"):
        export({**weights, "softmax.bias": np.full(90, np.nan)}, model.shape)
    with pytest.raises(InvalidInput, match="missing"):
        export({name: weight for name, weight in weights.items() if "projection" not in name}, model.shape)
    with pytest.raises(InvalidInput, match=r"embeddings\.weight is \[90, 13\] where \[91, 13\]"):
        export(weights, shape(vocabulary=91))
    with pytest.raises(InvalidInput, match="no precision 'int4'"):
        export(weights, model.shape, "int4")


def test_a_row_of_zeros_stays_zero() -> None:
    model = network()
    weights = arrays(model)
    weights["embeddings.weight"] = weights["embeddings.weight"].copy()
    weights["embeddings.weight"][:5] = 0
    steps = OnnxSteps(export(weights, model.shape))
    candidates, _ = steps.step(steps.start([[3]]), np.zeros(1, np.int64), np.array([0]), 90)
    assert np.isfinite(candidates.scores).all()


@pytest.mark.parametrize("precision", ["int8", "float32"])
@pytest.mark.parametrize("tied", [True, False])
def test_of_listed_tokens_alone_one_is_said_as_if_there_were_no_others(precision: str, tied: bool) -> None:
    model, listed = network(tied=tied), [80, EOS, 7, 44, 45, 9, 30]
    said, rows, last = sources(5), np.arange(5), np.full(5, BOS)
    whole = OnnxSteps(export(arrays(model), model.shape, precision))
    few = OnnxSteps(export(arrays(model), model.shape, precision, listed))
    everything, _ = whole.step(whole.start(said), rows, last, 90)
    for k in (1, 3, 7, 12, 90):
        found, _ = few.step(few.start(said), rows, last, k)
        assert found.tokens.shape == found.scores.shape == (5, k)
        for tokens, scores, all_tokens, all_scores in zip(*found, *everything, strict=True):
            expected = [token for token in all_tokens if token in listed]
            logits = np.array([score for token, score in zip(all_tokens, all_scores, strict=True) if token in listed])
            assert tokens[:7].tolist() == expected[:k]
            assert np.allclose(scores[:7], (logits - np.logaddexp.reduce(logits))[:k], atol=1e-5)
            assert np.isneginf(scores[7:]).all()
            assert len(set(tokens.tolist())) == k


def test_a_search_among_listed_tokens_says_nothing_else_alone_and_in_a_batch() -> None:
    model, listed = network(), {EOS, *range(20, 60)}
    search_ = search(OnnxSteps(export(arrays(model), model.shape, "int8", sorted(listed))), width=5, n_best=5)
    said = sources(9)
    together = search_.run(said)
    assert together == [search_.run([source])[0] for source in said]
    assert {token for replies in together for one in replies for token in one.tokens} <= listed


@pytest.mark.parametrize("listed", [[], [-1], [90]])
def test_a_list_of_what_are_no_tokens_is_refused(listed: list[int]) -> None:
    model = network()
    with pytest.raises(InvalidInput, match="from 0 to 89"):
        export(arrays(model), model.shape, "int8", listed)
