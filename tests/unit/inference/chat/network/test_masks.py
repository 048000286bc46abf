"""Padding changes nothing, and every token something."""

import itertools

import pytest

pytest.importorskip("torch", reason="torch is not installed (extra `train`)")

import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.unit.inference.chat.network.small import BEGIN, CELLS, CONTEXTS, HANDINGS, network, pairs_loss, rows

WAYS = list(itertools.product(CELLS, CONTEXTS, HANDINGS))
SENTENCES = st.lists(st.integers(3, 12), min_size=1, max_size=12)
PAIRS = st.lists(st.tuples(SENTENCES, SENTENCES), min_size=1, max_size=5)


@given(pairs=PAIRS, extra=st.integers(0, 9), padding=st.integers(0, 12), way=st.sampled_from(WAYS), both=st.booleans())
@settings(max_examples=60, deadline=None)
def test_padding_changes_neither_loss_nor_gradients(
    pairs: list[tuple[list[int], list[int]]], extra: int, padding: int, way: tuple[str, str, str], both: bool
) -> None:
    cell, context, handing = way
    model = network(cell=cell, context=context, handing=handing, bidirectional=both, encoder_layers=2)
    padded = pairs_loss(model, pairs, extra, padding)
    torch.autograd.backward(padded.minimised)
    found = [weight.grad.clone() for weight in model.parameters() if weight.grad is not None]
    model.zero_grad()

    alone = [pairs_loss(model, [pair]) for pair in pairs]
    torch.autograd.backward(torch.stack([loss.minimised * loss.tokens for loss in alone]).sum() / padded.tokens)

    assert float(padded.nats) == pytest.approx(sum(float(loss.nats) for loss in alone), abs=1e-4)
    right = [weight.grad for weight in model.parameters() if weight.grad is not None]
    assert len(found) == len(right)
    for one, two in zip(found, right, strict=True):
        torch.testing.assert_close(one, two, atol=1e-5, rtol=1e-4)


@given(sentences=st.lists(SENTENCES, min_size=1, max_size=5), extra=st.integers(1, 9), way=st.sampled_from(WAYS))
@settings(max_examples=40, deadline=None)
def test_padding_of_any_kind_gives_the_same_logits(
    sentences: list[list[int]], extra: int, way: tuple[str, str, str]
) -> None:
    model = network(cell=way[0], context=way[1], handing=way[2])
    target = torch.randint(3, 13, (len(sentences), 4))
    plain = model(*rows(sentences), target)

    assert torch.equal(plain, model(*rows(sentences, extra, padding=7), target))
    for row, sentence in enumerate(sentences):
        torch.testing.assert_close(model(*rows([sentence]), target[row : row + 1])[0], plain[row], atol=1e-5, rtol=0)


@pytest.mark.parametrize(("cell", "context", "handing"), WAYS)
def test_any_token_that_is_changed_changes_the_output_and_padding_does_not(
    cell: str, context: str, handing: str
) -> None:
    model = network(cell=cell, context=context, handing=handing, encoder_layers=2).double()
    source, lengths = rows([[3, 4, 5, 6, 7], [8, 9]])
    target = torch.tensor([[BEGIN, 5, 6], [BEGIN, 7, 8]])
    before = model(source, lengths, target)
    for row, place in itertools.product(range(2), range(5)):
        changed = source.clone()
        changed[row, place] = 12
        different = (model(changed, lengths, target) != before).any(dim=-1)
        assert different[row].all() == (place < lengths[row])
        assert not different[1 - row].any()


@pytest.mark.parametrize("handing", HANDINGS)
def test_what_follows_in_a_target_is_not_known_yet(handing: str) -> None:
    model = network(handing=handing, decoder_layers=2)
    source, lengths = rows([[3, 4, 5]])
    before = model(source, lengths, torch.tensor([[BEGIN, 4, 5, 6]]))
    after = model(source, lengths, torch.tensor([[BEGIN, 4, 9, 6]]))

    assert (before != after).any(dim=-1).tolist() == [[False, False, True, True]]


@pytest.mark.parametrize("handing", ["bahdanau", "luong"])
def test_attention_to_padding_is_nothing_whatever_stands_there(handing: str) -> None:
    model = network(handing=handing)
    state = model.start(*rows([[3, 4, 5], [6]]))
    memory = state.source.memory
    assert memory is not None
    memory.states[1, 1:] = 1e6
    memory.keys[1, 1:] = 1e6
    scores, _ = model.step(state, torch.tensor([1]), torch.tensor([BEGIN]))
    alone, _ = model.step(model.start(*rows([[6]])), torch.tensor([0]), torch.tensor([BEGIN]))

    torch.testing.assert_close(scores, alone, atol=1e-5, rtol=0)
