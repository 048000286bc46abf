"""What is recommended."""

from __future__ import annotations

import msgspec

from daemon.inference.chat.wishes import Slots
from daemon.ports.films import Film


class Suggestion(msgspec.Struct, frozen=True, kw_only=True):
    """A film that is recommended. reason: one sentence in the person's language; score: the higher the better."""

    film: Film
    reason: str
    score: float


class Suggestions(msgspec.Struct, frozen=True, kw_only=True):
    """What is recommended. dropped: parts of the wish that no film fits, left out to find the nearest.

    unknown: those of dropped that name a film or a person whom no film here has. used_up: whether there are films that
    fit all, and the person had them before.
    """

    films: tuple[Suggestion, ...]
    wish: Slots
    dropped: tuple[str, ...] = ()
    unknown: tuple[str, ...] = ()
    used_up: bool = False
