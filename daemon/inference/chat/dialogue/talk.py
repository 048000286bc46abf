"""Plain talk: whoever has the best reply speaks, else a phrase of our own."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Final

import structlog

from daemon.errors import Unavailable
from daemon.inference.chat.dialogue.answers import Answer
from daemon.inference.chat.dialogue.choice import Choice
from daemon.inference.chat.dialogue.cues import plain
from daemon.inference.chat.dialogue.parts import Judge
from daemon.inference.chat.dialogue.turns import Turn
from daemon.inference.chat.pretences import pretends
from daemon.inference.chat.replies import Candidate, Speaker

#: The speaker whose words we wrote.
OURS: Final = "smalltalk"
_log = structlog.get_logger()


async def spoken(turn: Turn, speakers: Sequence[Speaker], choice: Choice, judge: Judge, within_s: float) -> Answer:
    """Return the best reply that may be said and was not said lately, a phrase where there is none.

    Raises Unavailable when a speaker was busy and no other had anything to say.
    """
    found, busy, late = await _candidates(turn, speakers, within_s)
    # our own words say of us what is true, and may speak of a boss or of legs
    candidates = [one for one in found if one.speaker == OURS or not pretends(one.text)]
    for goodness, one in choice.ranked(candidates):
        turn.notes.append(f"{one.speaker}: {goodness:.2f} (score {one.score:.3f}) {one.text}")
        turn.notes.extend(f"  {note}" for note in one.notes)
    lately = {plain(reply) for reply in turn.session.replies} | {plain(turn.text)}

    def fits(text: str) -> bool:
        return plain(text) not in lately and judge(text) is None

    best = choice.best(candidates, fits)
    if best is not None:
        return turn.answer(best.text, best.speaker)
    if busy and not found:
        raise Unavailable("too many people are talking at once; try again in a moment")
    return turn.answer_phrase("slow" if late and not found else "fallback")


async def _candidates(turn: Turn, speakers: Sequence[Speaker], within_s: float) -> tuple[list[Candidate], bool, bool]:
    """Return what speakers could say in time, whether one was busy, and whether one was late."""
    if not speakers:
        return [], False, False
    turns = tuple(turn.session.turns)
    asked = [asyncio.ensure_future(speaker.candidates(turns, turn.language)) for speaker in speakers]
    try:
        done, late = await asyncio.wait(asked, timeout=within_s)
    finally:
        for one in asked:
            one.add_done_callback(_looked_at)
            one.cancel()
    found: list[Candidate] = []
    busy = False
    for one in asked:
        if one not in done:
            continue
        try:
            found.extend(one.result())
        except Unavailable:
            busy = True
        except Exception as exc:  # noqa: BLE001  (whatever a speaker does, somebody answers)
            _log.error("chat.speaker_failed", error=type(exc).__name__)
    return found, busy, bool(late)


def _looked_at(one: asyncio.Future[Sequence[Candidate]]) -> None:
    """Take note of how a speaker ended whom nobody waits for any more, so that the loop does not report it."""
    _ = one.cancelled() or one.exception()
