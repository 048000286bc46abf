"""The speaker that makes replies up, word by word."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from daemon.inference.chat.decoding import Search
from daemon.inference.chat.hypotheses import Reply
from daemon.inference.chat.replies import Candidate
from daemon.inference.chat.serving.worker import DecodingWorker
from daemon.inference.chat.sources import source_of
from daemon.inference.chat.tokenizer import Tokenizer
from daemon.products.phrases import Language


class Voice(NamedTuple):
    """A search, and the tokenizer that its model was trained with."""

    tokenizer: Tokenizer
    search: Search


class Generator:
    """Speaker of a network. deadline_s: seconds for one reply."""

    name = "generator"

    def __init__(self, worker: DecodingWorker, voice: Voice, *, deadline_s: float = 2.0) -> None:
        self._worker, self._voice, self._deadline_s = worker, voice, deadline_s

    async def candidates(self, turns: Sequence[str], language: Language) -> Sequence[Candidate]:  # noqa: ARG002 its words say which
        """Return replies to the last of some turns, oldest first, best reply first; [] where there is none in time.

        A score is the mean log-probability of a token. What broke off is no reply. Raises Unavailable when it is busy.
        """
        tokenizer, search = self._voice  # of one model, whatever comes meanwhile
        if not turns or not turns[-1].strip():
            return []
        replies = await self._worker.reply(source_of(tokenizer, turns), self._deadline_s, search=search)
        found = [self._candidate(reply, tokenizer) for reply in replies if reply.ended == "end"]
        return sorted((candidate for candidate in found if candidate.text), key=lambda candidate: -candidate.score)

    def swap(self, voice: Voice) -> None:
        """Speak with another voice from the next reply on; those under way end with their own."""
        self._voice = voice
        self._worker.swap(voice.search)

    def _candidate(self, reply: Reply, tokenizer: Tokenizer) -> Candidate:
        score = reply.log_probability / (len(reply.tokens) + 1)
        notes = (f"score {reply.score:.3f}", " ".join(tokenizer.pieces(reply.tokens)))
        return Candidate(text=tokenizer.decode(reply.tokens), score=score, speaker=self.name, notes=notes)
