"""Where a reply must be read off its source, attention is worth much, and the right source more than anything."""

import random

import pytest

pytest.importorskip("torch", reason="torch is not installed (extra `train`)")

import torch

from daemon.inference.chat.network.seq2seq import Seq2Seq
from tests.unit.inference.chat.network.small import network, pairs_loss

Pairs = list[tuple[tuple[int, ...], tuple[int, ...]]]


def reversals(count: int, seed: int) -> Pairs:
    chance = random.Random(seed)
    said = [tuple(chance.choices(range(3, 13), k=chance.randint(5, 8))) for _ in range(count)]
    return [(one, one[::-1]) for one in said]


def exchanged(pairs: Pairs) -> Pairs:
    return [(pairs[place - 1][0], reply) for place, (_, reply) in enumerate(pairs)]


def learned(handing: str, steps: int = 200) -> Seq2Seq:
    """Learn from pairs of which each is seen once, so that nothing can be had by heart."""
    model = network(handing=handing, embedding=16, hidden=32)
    optimizer = torch.optim.Adam(model.parameters(), 0.01)
    for step in range(steps):
        loss = pairs_loss(model, reversals(48, step))
        optimizer.zero_grad()
        torch.autograd.backward(loss.minimised)
        optimizer.step()
    return model


@pytest.fixture(scope="module")
def plain() -> Seq2Seq:
    return learned("first_state")


@pytest.mark.parametrize("handing", ["luong", "bahdanau"])
def test_attention_tells_what_one_vector_cannot_hold(handing: str, plain: Seq2Seq) -> None:
    attending, fresh = learned(handing), reversals(128, 1_000)

    assert pairs_loss(attending, fresh).bits_per_token < pairs_loss(plain, fresh).bits_per_token - 0.5
    assert pairs_loss(attending, exchanged(fresh)).bits_per_token > pairs_loss(attending, fresh).bits_per_token + 2
