"""Embeddings, random and by word2vec."""

import subprocess
import sys

import pytest

pytest.importorskip("torch", reason="torch is not installed (extra `train`)")
pytest.importorskip("gensim", reason="gensim is not installed (extra `train`)")

import torch

from daemon.errors import InvalidInput
from daemon.inference.chat.network.embeddings import word2vec_embeddings
from daemon.inference.chat.network.seq2seq import Seq2Seq
from tests.unit.inference.chat.network.small import network, shape

SENTENCES = [[3, 4, 5], [6, 4, 5], [3, 4, 7], [8, 9, 8, 9], [10]] * 40
PROGRAM = """
import hashlib
from daemon.inference.chat.network.embeddings import word2vec_embeddings
from tests.unit.inference.chat.network.small import shape
vectors = word2vec_embeddings([[3, 4, 5], [6, 4, 5], [8, 9, 8, 9]] * 40, shape(), 3)
print(hashlib.sha256(vectors.numpy().tobytes()).hexdigest())
"""


def digest(hash_seed: str) -> str:
    command = [sys.executable, "-c", PROGRAM]
    return subprocess.run(command, check=True, capture_output=True, text=True, env={"PYTHONHASHSEED": hash_seed}).stdout


def test_the_same_sentences_and_seed_give_the_same_numbers_in_any_process() -> None:
    assert digest("0") == digest("1") != ""


def test_another_seed_gives_other_numbers() -> None:
    first, same, other = (word2vec_embeddings(SENTENCES, shape(), seed) for seed in (3, 3, 4))

    assert torch.equal(first, same)
    assert not torch.equal(first, other)


def test_tokens_that_stand_beside_the_same_ones_are_alike() -> None:
    sentences = [[3, 4, 5], [6, 4, 5], [7, 8, 9], [10, 8, 9]] * 2000  # most are left out: all tokens are frequent ones
    vectors = torch.nn.functional.normalize(word2vec_embeddings(sentences, shape(), 3))

    assert vectors[3] @ vectors[6] > (vectors[[7, 10]] @ vectors[3]).max() + 0.3
    assert vectors[7] @ vectors[10] > (vectors[[3, 6]] @ vectors[7]).max() + 0.3


def test_they_vary_like_random_ones_and_unseen_tokens_have_some() -> None:
    vectors = word2vec_embeddings(SENTENCES, shape(), 3)

    assert vectors.shape == (13, 8)
    assert vectors[3:10].std(correction=0).item() == pytest.approx(8**-0.5, rel=0.05)
    assert vectors[[0, 1, 2, 11, 12]].abs().sum(dim=1).min() > 0


def test_a_network_takes_them_and_goes_on_learning_them() -> None:
    model, vectors = network(), word2vec_embeddings(SENTENCES, shape(), 3)
    model.embeddings.fill(vectors)
    assert torch.equal(model.embeddings.weight, vectors)

    model(torch.tensor([[3, 4]]), torch.tensor([2]), torch.tensor([[5]])).sum().backward()

    assert model.embeddings.weight.grad is not None


@pytest.mark.parametrize("sentences", [[], [[]], [[3]]])
def test_with_nothing_to_learn_from_they_stay_random(sentences: list[list[int]]) -> None:
    assert word2vec_embeddings(sentences, shape(), 3).std().item() == pytest.approx(8**-0.5, rel=0.3)


@pytest.mark.parametrize("token", [-1, 13])
def test_a_token_outside_the_vocabulary_is_refused(token: int) -> None:
    with pytest.raises(InvalidInput, match="sentence 1"):
        word2vec_embeddings([[3], [4, token]], shape(), 3)


@pytest.mark.parametrize("vectors", [torch.zeros(12, 8), torch.zeros(13, 9), torch.full((13, 8), torch.nan)])
def test_embeddings_that_do_not_fit_are_refused_and_nothing_is_lost(vectors: torch.Tensor) -> None:
    model: Seq2Seq = network()
    before = model.embeddings.weight.clone()

    with pytest.raises(InvalidInput, match="embeddings"):
        model.embeddings.fill(vectors)

    assert torch.equal(model.embeddings.weight, before)
