"""Replies and whoever makes them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

import msgspec

from daemon.products.phrases import Language


class Candidate(msgspec.Struct, frozen=True, kw_only=True):
    """A reply that could be given. score: comparable among the candidates of one speaker, the higher the better.

    speaker: "generator", "retrieval" or "smalltalk". notes: what `--explain` shows, such as other beams.
    """

    text: str
    score: float
    speaker: str
    notes: tuple[str, ...] = ()


class Speaker(Protocol):
    """Whoever makes replies from what was said."""

    async def candidates(self, turns: Sequence[str], language: Language) -> Sequence[Candidate]:
        """Return replies to the last of some turns, oldest first, best reply first; none where it has nothing to say.

        Raises Unavailable when it is busy.
        """
