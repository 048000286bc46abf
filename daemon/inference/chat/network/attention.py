"""Attention: which states of the encoder matter now."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import NamedTuple

import torch
from torch import Tensor, nn

from daemon.inference.chat.network.shape import Score


class Memory(NamedTuple):
    """What can be attended to. states, keys: [B, S, H], keys computed once a source; mask: [B, S] bool."""

    states: Tensor
    keys: Tensor
    mask: Tensor

    def select(self, rows: Tensor) -> Memory:
        """Return the memory of some rows. rows: [N] int64."""
        return Memory(*(part.index_select(0, rows) for part in self))


class Attention(nn.Module, ABC):
    """Weighs the states by a softmax over scores; a state of padding weighs nothing."""

    @abstractmethod
    def keys(self, states: Tensor) -> Tensor:
        """Return what queries are compared with, [B, S, H]. states: [B, S, H]."""

    @abstractmethod
    def scores(self, queries: Tensor, keys: Tensor) -> Tensor:
        """Return [B, T, S]. queries: [B, T, H]; keys: [B, S, H]."""

    def memory(self, states: Tensor, mask: Tensor) -> Memory:
        """Return what can be attended to."""
        return Memory(states, self.keys(states), mask)

    def forward(self, queries: Tensor, memory: Memory) -> Tensor:
        """Return the weighted mean of the states for each query, [B, T, H]. queries: [B, T, H]."""
        scores = self.scores(queries, memory.keys).masked_fill(~memory.mask.unsqueeze(1), -torch.inf)
        return torch.bmm(torch.softmax(scores, dim=-1), memory.states)


class Additive(Attention):
    """v tanh(W s + U h), Bahdanau et al. (2015), appendix A.1.2."""

    def __init__(self, hidden: int) -> None:
        super().__init__()
        self.query = nn.Linear(hidden, hidden)
        self.key = nn.Linear(hidden, hidden, bias=False)
        self.energy = nn.Linear(hidden, 1, bias=False)
        for linear in (self.query, self.key, self.energy):
            nn.init.xavier_uniform_(linear.weight)
        nn.init.zeros_(self.query.bias)

    def keys(self, states: Tensor) -> Tensor:
        """Return U h."""
        keys: Tensor = self.key(states)
        return keys

    def scores(self, queries: Tensor, keys: Tensor) -> Tensor:
        """Return v tanh(W s + U h); it holds [B, T, S, H] numbers meanwhile."""
        both = self.query(queries).unsqueeze(2) + keys.unsqueeze(1)
        scores: Tensor = self.energy(torch.tanh(both)).squeeze(-1)
        return scores


class Multiplicative(Attention):
    """s h ("dot") or s W h ("general"), Luong et al. (2015), section 3.1."""

    def __init__(self, hidden: int, score: Score) -> None:
        super().__init__()
        self.key = nn.Linear(hidden, hidden, bias=False) if score == "general" else None
        if self.key is not None:
            nn.init.xavier_uniform_(self.key.weight)

    def keys(self, states: Tensor) -> Tensor:
        """Return W h, or h itself."""
        return states if self.key is None else self.key(states)

    def scores(self, queries: Tensor, keys: Tensor) -> Tensor:
        """Return the product of each query with each key."""
        return torch.bmm(queries, keys.transpose(1, 2))
