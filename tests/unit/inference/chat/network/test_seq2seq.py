"""The whole network, over every way to build it."""

import itertools
from typing import Any

import pytest

pytest.importorskip("torch", reason="torch is not installed (extra `train`)")

import torch

from daemon.errors import InvalidInput
from daemon.inference.chat.network.seq2seq import Seq2Seq
from tests.unit.inference.chat.network.small import (
    BEGIN,
    CELLS,
    CONTEXTS,
    END,
    HANDINGS,
    network,
    pairs_loss,
    rows,
    train,
)

COPIES = [((3, 4, 5), (3, 4, 5)), ((6,), (6,)), ((7, 8), (7, 8)), ((9, 3, 10, 4), (9, 3, 10, 4))]
PHRASES = [((3, 4), (5, 6, 7)), ((3, 5), (8,)), ((4, 3), (7, 6, 5)), ((9,), (9, 10)), ((10, 9, 8), (3,))]
CELLS_AND_HANDINGS = list(itertools.product(CELLS, HANDINGS))
#: Each context and handing over with one cell; all others are slow.
WAYS = [
    pytest.param(*names, marks=[] if sum(places) % len(CELLS) == 0 else pytest.mark.slow)
    for places, names in zip(
        itertools.product(range(len(CELLS)), range(len(CONTEXTS)), range(len(HANDINGS))),
        itertools.product(CELLS, CONTEXTS, HANDINGS),
        strict=True,
    )
]


def step_by_step(model: Seq2Seq, source: torch.Tensor, lengths: torch.Tensor, target: torch.Tensor) -> torch.Tensor:
    state, told = model.start(source, lengths), []
    for tokens in target.unbind(1):
        scores, state = model.step(state, torch.arange(len(source)), tokens)
        told.append(scores)
    return torch.stack(told, dim=1)


@pytest.mark.parametrize(("cell", "context", "handing"), WAYS)
def test_every_way_counts_its_parameters_learns_and_equals_itself_step_by_step(
    cell: str, context: str, handing: str
) -> None:
    for bidirectional, (below, above), tied in itertools.product(
        (True, False), ((1, 1), (2, 2), (1, 2), (3, 1)), (True, False)
    ):
        model = network(
            cell=cell, context=context, handing=handing, bidirectional=bidirectional, encoder_layers=below,
            decoder_layers=above, tied=tied,
        )  # fmt: skip
        told = train(model, COPIES, 14, 0.02)
        assert sum(weight.numel() for weight in model.parameters()) == model.shape.parameters()
        assert told[-1] < 0.8 * told[0]
        assert all(weight.grad is not None and weight.grad.isfinite().all() for weight in model.parameters())
        source, lengths = rows([said for said, _ in COPIES])
        target = torch.randint(3, 13, (4, 5))
        whole = torch.log_softmax(model(source, lengths, target), dim=-1)
        torch.testing.assert_close(step_by_step(model, source, lengths, target), whole, atol=1e-5, rtol=0)


@pytest.mark.parametrize(("cell", "handing"), CELLS_AND_HANDINGS)
def test_a_few_pairs_are_learned_by_heart(cell: str, handing: str) -> None:
    model = network(cell=cell, handing=handing, embedding=24, hidden=32)

    train(model, PHRASES, 100, 0.02)

    assert pairs_loss(model, PHRASES).perplexity < 1.05
    for said, reply in PHRASES:
        state, tokens = model.start(*rows([said])), [BEGIN]
        while tokens[-1] != END and len(tokens) < 9:
            scores, state = model.step(state, torch.tensor([0]), torch.tensor(tokens[-1:]))
            tokens.append(int(scores.argmax()))
        assert tokens[1:-1] == list(reply)


@pytest.mark.parametrize("handing", HANDINGS)
def test_the_encoder_is_used(handing: str) -> None:
    model = network(handing=handing, embedding=24, hidden=32)
    train(model, PHRASES, 100, 0.02)
    exchanged = [(PHRASES[place - 1][0], reply) for place, (_, reply) in enumerate(PHRASES)]

    assert pairs_loss(model, exchanged).bits_per_token > pairs_loss(model, PHRASES).bits_per_token + 1


def test_tied_weights_are_one_and_others_are_two() -> None:
    tied, untied = network(tied=True), network(tied=False)

    assert tied.softmax.weight is None
    assert untied.softmax.weight is not None
    assert [name for name, _ in tied.named_parameters() if name.startswith("softmax")] == ["softmax.bias"]
    with torch.no_grad():
        before = tied(*rows([[3]]), torch.tensor([[BEGIN]]))
        tied.embeddings.weight[12] += 1
        after = tied(*rows([[3]]), torch.tensor([[BEGIN]]))
    assert (before != after).squeeze().nonzero().flatten().tolist() == [12]


@pytest.mark.parametrize("context", CONTEXTS)
def test_both_states_of_an_lstm_are_handed_over(context: str) -> None:
    model = network(cell="lstm", context=context, handing="first_state", encoder_layers=2, decoder_layers=3)
    first = model.start(*rows([[3, 4], [5]])).recurrent
    assert first.cells is not None
    assert first.hidden.shape == first.cells.shape == (3, 2, 12)
    torch.autograd.backward(first.cells.sum())

    assert any(bool(weight.grad.any()) for weight in model.encoder.parameters() if weight.grad is not None)


def test_each_layer_begins_as_the_layer_at_its_height_ended() -> None:
    model = network(encoder_layers=3, decoder_layers=2)
    source, lengths = rows([[3, 4, 5], [6, 7]])
    last = model.encoder(model.embeddings(source), lengths).last.hidden

    torch.testing.assert_close(model.start(source, lengths).recurrent.hidden, last[1:])


@pytest.mark.parametrize("cell", CELLS)
def test_the_last_state_of_each_direction_is_where_that_direction_ended(cell: str) -> None:
    model = network(cell=cell, encoder_layers=2)
    source, lengths = rows([[3, 4, 5, 6], [7, 8]], extra=3)
    encoded = model.encoder(model.embeddings(source), lengths)

    torch.testing.assert_close(encoded.last.hidden[-1, :, :6], encoded.states[[0, 1], [3, 1], :6])
    torch.testing.assert_close(encoded.last.hidden[-1, :, 6:], encoded.states[:, 0, 6:])


@pytest.mark.parametrize(("cell", "handing"), CELLS_AND_HANDINGS)
def test_gradients_are_finite_for_extreme_lengths(cell: str, handing: str) -> None:
    model = network(cell=cell, handing=handing, encoder_layers=2, decoder_layers=2)
    long = [3 + place % 10 for place in range(60)]
    loss = pairs_loss(model, [((3,), long), (long, (4,)), ((5,), (6,)), (long, long)])
    torch.autograd.backward(loss.minimised)

    for weight in model.parameters():
        assert weight.grad is not None
        assert weight.grad.isfinite().all()


@pytest.mark.parametrize(
    ("source", "lengths"),
    [
        (torch.ones(2, 3, dtype=torch.int64), torch.tensor([3, 0])),
        (torch.ones(2, 3, dtype=torch.int64), torch.tensor([4, 1])),
        (torch.ones(2, 3, dtype=torch.int64), torch.tensor([3])),
        (torch.ones(0, 3, dtype=torch.int64), torch.ones(0, dtype=torch.int64)),
        (torch.ones(3, dtype=torch.int64), torch.tensor([3])),
    ],
)
def test_lengths_that_a_source_does_not_have_are_refused(source: torch.Tensor, lengths: torch.Tensor) -> None:
    with pytest.raises(InvalidInput, match="lengths"):
        network().start(source, lengths)


def test_dropout_is_for_training_alone() -> None:
    model = network(dropout=0.5, encoder_layers=2, decoder_layers=2)
    batch: Any = (*rows([[3, 4, 5]]), torch.tensor([[BEGIN, 4]]))
    assert not torch.equal(model(*batch), model(*batch))

    model.eval()

    assert torch.equal(model(*batch), model(*batch))


def test_the_same_seed_gives_the_same_network() -> None:
    first, second, other = network(seed=3), network(seed=3), network(seed=4)

    assert all(torch.equal(one, two) for one, two in zip(first.parameters(), second.parameters(), strict=True))
    assert not torch.equal(first.embeddings.weight, other.embeddings.weight)
