"""What stands for a token: random numbers, or those that word2vec learned from whom it stands beside."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor, nn

from daemon.errors import InvalidInput
from daemon.inference.chat.network.shape import Shape


class Embeddings(nn.Module):
    """weight: [V, E], shared by encoder, decoder and, where tied, the softmax. They start at variance 1/E."""

    def __init__(self, shape: Shape) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.randn(shape.vocabulary, shape.embedding) * shape.embedding**-0.5)
        self.dropout = nn.Dropout(shape.dropout)

    def forward(self, tokens: Tensor) -> Tensor:
        """Look up. tokens: [B, T] int64; return [B, T, E]."""
        embedded: Tensor = self.dropout(nn.functional.embedding(tokens, self.weight))
        return embedded

    @torch.no_grad()
    def fill(self, vectors: Tensor) -> None:
        """Take other numbers, which go on learning. Raises InvalidInput unless they are [V, E] and finite."""
        if vectors.shape != self.weight.shape:
            raise InvalidInput(f"embeddings are {list(vectors.shape)} where {list(self.weight.shape)} are needed")
        if not bool(torch.isfinite(vectors).all()):
            raise InvalidInput("embeddings hold numbers that are not finite")
        self.weight.copy_(vectors)


def word2vec_embeddings(sentences: Sequence[Sequence[int]], shape: Shape, seed: int) -> Tensor:
    """Learn embeddings by the skip-gram with a hierarchical softmax over the Huffman tree of the tokens' counts.

    Mikolov et al. (2013), "Distributed representations", section 2.1; gensim's. sentences: tokens. Return [V, E], the
    same for the same sentences and seed, at variance 1/E like random ones, since both feed a tied softmax; tokens that
    no sentence holds stay random. Raises InvalidInput for a token outside the vocabulary.
    """
    from gensim.models import Word2Vec  # noqa: PLC0415 an import of seconds, for those alone who ask for it

    _check(sentences, shape.vocabulary)
    vectors = torch.randn(shape.vocabulary, shape.embedding, generator=torch.Generator().manual_seed(seed))
    vectors *= shape.embedding**-0.5
    words = [[str(token) for token in sentence] for sentence in sentences if len(sentence) > 1]
    if not words:
        return vectors
    learned = Word2Vec(
        words, vector_size=shape.embedding, sg=1, hs=1, negative=0, min_count=1, workers=1, seed=seed, epochs=5
    ).wv
    found = torch.from_numpy(learned.vectors.copy())
    spread = found.std(correction=0).clamp_min(1e-12)
    vectors[[int(word) for word in learned.index_to_key]] = found / spread * shape.embedding**-0.5
    return vectors


def _check(sentences: Sequence[Sequence[int]], vocabulary: int) -> None:
    for number, sentence in enumerate(sentences):
        if any(not 0 <= token < vocabulary for token in sentence):
            raise InvalidInput(f"sentence {number} holds a token that is not from 0 to {vocabulary - 1}")
