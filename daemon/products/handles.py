"""Short names of incidents, made to be typed on a phone: four lower-case consonants, more where two would be alike.

A handle is the beginning of a code that is derived from the incident's id, so it needs no store and stays the same.
Without vowels it is never a word, and without digits and `l` no character is mistaken for another.
"""

from __future__ import annotations

import hashlib
from bisect import bisect_left
from collections.abc import Iterable, Sequence
from functools import lru_cache
from typing import Final

ALPHABET: Final = "bcdfghjkmnpqrstvwxyz"
SHORTEST: Final = 4
LONGEST: Final = 12
_CODES: Final = 32_768


@lru_cache(maxsize=_CODES)
def code_of(incident_id: str) -> str:
    """Return the whole code of an incident, of which a handle is the beginning."""
    number = int.from_bytes(hashlib.sha256(incident_id.encode("utf-8", "replace")).digest()[:8])
    letters = []
    for _ in range(LONGEST):
        number, rest = divmod(number, len(ALPHABET))
        letters.append(ALPHABET[rest])
    return "".join(letters)


def is_handle(text: str) -> bool:
    """Tell whether a text in lower case could be a handle."""
    return SHORTEST <= len(text) <= LONGEST and set(text) <= set(ALPHABET)


class HandleIndex:
    """The handles of some incidents, each as short as they allow."""

    def __init__(self, incident_ids: Iterable[str] = ()) -> None:
        pairs = sorted((code_of(incident_id), incident_id) for incident_id in incident_ids)
        self._codes = [code for code, _ in pairs]
        self._ids = [incident_id for _, incident_id in pairs]

    def handle(self, incident_id: str) -> str:
        """Return the handle of an incident, whether it is in the index or not."""
        code = code_of(incident_id)
        at = bisect_left(self._codes, code)
        own = at < len(self._codes) and self._ids[at] == incident_id
        neighbours = self._codes[max(at - 1, 0) : at] + self._codes[at + own : at + own + 1]
        alike = max((_shared(code, other) for other in neighbours), default=0)
        return code[: max(SHORTEST, min(alike + 1, LONGEST))]

    def named(self, handle: str) -> Sequence[str]:
        """Return the ids of the incidents whose code begins so; more than one: the handle is too short for them."""
        start = bisect_left(self._codes, handle)
        return self._ids[start : bisect_left(self._codes, handle + "~", start)]

    def handles(self) -> list[str]:
        """Return every handle."""
        return [self.handle(incident_id) for incident_id in self._ids]


def told_by_part(parts: Sequence[str], incident_ids: Sequence[str]) -> list[tuple[str, ...]]:
    """Return the incidents that each part of a split notice tells of: those whose handles begin its lines.

    Those without a line of their own ("and 23 more") belong to the last part; a part without any handle tells of all.
    """
    told = [_named_in(part, incident_ids) for part in parts]
    unnamed = set(incident_ids).difference(*told)
    if told and told[-1]:
        told[-1] = tuple(incident for incident in incident_ids if incident in unnamed or incident in told[-1])
    return [named or tuple(incident_ids) for named in told]


def _named_in(part: str, incident_ids: Iterable[str]) -> tuple[str, ...]:
    handles = tuple({words[0] for line in part.splitlines() if (words := line.split()) and is_handle(words[0])})
    return tuple(incident for incident in incident_ids if code_of(incident).startswith(handles))


def _shared(one: str, other: str) -> int:
    return next((n for n, (a, b) in enumerate(zip(one, other, strict=True)) if a != b), len(one))
