"""The retrieval as a speaker: it looks for replies in a thread."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from daemon.inference.chat.replies import Candidate
from daemon.ports import Offload
from daemon.products.phrases import Language

if TYPE_CHECKING:
    from daemon.inference.chat.retrieval import Retrieval


class RetrievalSpeaker:
    """A Speaker over an index that never changes."""

    def __init__(self, retrieval: Retrieval, offload: Offload) -> None:
        self._retrieval, self._offload = retrieval, offload

    async def candidates(self, turns: Sequence[str], language: Language) -> Sequence[Candidate]:
        """Return replies, best first. Raises Unavailable when too much waits for a thread."""
        return await self._offload.run(lambda: self._retrieval.candidates(turns, language), what="chat.retrieve")
