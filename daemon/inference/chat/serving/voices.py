"""The network of a daemon as a speaker, swapped for another while replies are being made."""

from __future__ import annotations

from typing import Final

from daemon.inference.chat.beam_search import BeamSearch
from daemon.inference.chat.search_settings import Settings
from daemon.inference.chat.serving.generator import Generator, Voice
from daemon.inference.chat.serving.models import Model
from daemon.inference.chat.serving.worker import DecodingWorker
from daemon.inference.chat.tokenizer import BOS, EOS, PAD, UNK
from daemon.ports import Offload

#: How replies are searched for: beams, those that are compared with other speakers' replies, tokens of a reply.
SETTINGS: Final = Settings(
    begin=BOS, end=EOS, width=5, n_best=3, min_length=1, max_length=24, length_penalty=0.6, no_repeat_ngram=3,
    banned=frozenset({PAD, BOS, UNK}),
)  # fmt: skip


class Voices:
    """One worker, whatever models come. queue: replies that may wait for it."""

    def __init__(self, offload: Offload, model: Model, *, queue: int) -> None:
        self._worker = DecodingWorker(offload, BeamSearch(model.steps, SETTINGS), queue=queue)

    def speaking(self, model: Model, deadline_s: float) -> Generator:
        """Return a speaker of a model; replies of another that are under way end with their own."""
        search = BeamSearch(model.steps, SETTINGS)
        self._worker.swap(search)
        return Generator(self._worker, Voice(model.tokenizer, search), deadline_s=deadline_s)

    async def close(self, deadline_s: float) -> None:
        """Give up what is under way and wait for the thread."""
        await self._worker.close(deadline_s)
