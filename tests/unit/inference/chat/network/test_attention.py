"""Attention by the papers' formulas, written out for one query and one state at a time."""

import pytest

pytest.importorskip("torch", reason="torch is not installed (extra `train`)")

import torch

from daemon.inference.chat.network.attention import Additive, Attention, Multiplicative


def weighted(scores: list[torch.Tensor], states: torch.Tensor) -> torch.Tensor:
    weights = torch.softmax(torch.stack(scores), dim=0)
    return torch.stack([weight * state for weight, state in zip(weights, states, strict=True)]).sum(dim=0)


def attended(attention: Attention, queries: torch.Tensor, states: torch.Tensor, mask: torch.Tensor) -> torch.Tensor:
    result: torch.Tensor = attention(queries, attention.memory(states, mask))
    return result


@pytest.fixture
def inputs() -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    torch.manual_seed(5)
    mask = torch.tensor([[True, True, True, True], [True, True, False, False]])
    return torch.randn(2, 3, 6), torch.randn(2, 4, 6), mask


def test_bahdanau_scores_by_a_layer_of_its_own(inputs: tuple[torch.Tensor, torch.Tensor, torch.Tensor]) -> None:
    queries, states, mask = inputs
    attention = Additive(6)
    query, key, energy = attention.query.weight, attention.key.weight, attention.energy.weight[0]
    found = attended(attention, queries, states, mask)
    for row, count in enumerate((4, 2)):
        for step in range(3):
            scores = [energy @ torch.tanh(query @ queries[row, step] + key @ state) for state in states[row, :count]]
            torch.testing.assert_close(found[row, step], weighted(scores, states[row, :count]))


@pytest.mark.parametrize("score", ["dot", "general"])
def test_luong_scores_by_a_product(score: str, inputs: tuple[torch.Tensor, torch.Tensor, torch.Tensor]) -> None:
    queries, states, mask = inputs
    attention = Multiplicative(6, score)  # type: ignore[arg-type]  # parametrize widens
    between = torch.eye(6) if attention.key is None else attention.key.weight
    assert (attention.key is None) == (score == "dot")
    found = attended(attention, queries, states, mask)
    for row, count in enumerate((4, 2)):
        for step in range(3):
            scores = [queries[row, step] @ between @ state for state in states[row, :count]]
            torch.testing.assert_close(found[row, step], weighted(scores, states[row, :count]))
