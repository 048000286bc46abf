"""The loss."""

import math

import pytest

pytest.importorskip("torch", reason="torch is not installed (extra `train`)")

import torch

from daemon.errors import InvalidInput
from daemon.inference.chat.network.loss import batch_loss, cross_entropy
from tests.unit.inference.chat.network.small import BEGIN, END, network, pairs_loss, rows, train

PAIRS = [((3, 4), (5, 6)), ((7,), (8,))]


def test_a_network_that_knows_nothing_needs_the_bits_of_its_vocabulary() -> None:
    loss = cross_entropy(torch.zeros(5, 16), torch.arange(5))

    assert loss.bits_per_token == pytest.approx(4)
    assert loss.perplexity == pytest.approx(16)
    assert loss.tokens == 5


def test_a_smoothed_loss_is_the_cross_entropy_with_a_smoothed_target() -> None:
    torch.manual_seed(1)
    logits, right = torch.randn(6, 9), torch.randint(0, 9, (6,))
    smoothed = torch.full((6, 9), 0.1 / 9)
    smoothed[torch.arange(6), right] += 0.9

    loss, plain = cross_entropy(logits, right, 0.1), cross_entropy(logits, right)

    torch.testing.assert_close(loss.minimised, torch.nn.functional.cross_entropy(logits, smoothed))
    torch.testing.assert_close(loss.nats, plain.nats)


@torch.no_grad()
def test_a_batch_counts_the_tokens_that_are_told_and_no_padding() -> None:
    model = network()
    loss = pairs_loss(model, PAIRS, extra=4)
    nats = 0.0
    for said, reply in PAIRS:
        logits = model(*rows([said]), torch.tensor([[BEGIN, *reply]]))[0]
        scores = torch.log_softmax(logits, dim=-1)
        nats -= sum(float(scores[place, token]) for place, token in enumerate([*reply, END]))

    assert loss.tokens == 5
    assert float(loss.nats) == pytest.approx(nats, rel=1e-5)
    assert loss.bits_per_token == pytest.approx(nats / 5 / math.log(2), rel=1e-5)


def test_products_in_bf16_learn_the_same() -> None:
    exact, rough = network(embedding=24, hidden=32), network(embedding=24, hidden=32)
    train(exact, PAIRS, 60, 0.02)
    train(rough, PAIRS, 60, 0.02, bf16=True)

    assert pairs_loss(exact, PAIRS).perplexity < 1.05
    assert pairs_loss(rough, PAIRS).perplexity < 1.05
    assert pairs_loss(rough, PAIRS, bf16=True).minimised.dtype == torch.float32
    assert all(weight.dtype == torch.float32 for weight in rough.parameters())


def test_nothing_to_tell_is_refused() -> None:
    with pytest.raises(InvalidInput, match="at least one token"):
        cross_entropy(torch.zeros(0, 4), torch.zeros(0, dtype=torch.int64))


@pytest.mark.parametrize("length", [0, 1, 5])
def test_lengths_that_a_target_does_not_have_are_refused(length: int) -> None:
    with pytest.raises(InvalidInput, match="begin and end"):
        batch_loss(network(), *rows([[3]]), torch.tensor([[BEGIN, 4, 5, END]]), torch.tensor([length]))
