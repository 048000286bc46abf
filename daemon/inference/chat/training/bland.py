"""Replies that answer anything and say nothing, which a generator likes best (Li et al. 2016, section 1)."""

from __future__ import annotations

import re
import tomllib
from functools import cache
from importlib.resources import files

_MARKS = re.compile(r"[\W_]+")
_AGAIN = re.compile(r"(.{1,3}?)\1+")
_APOSTROPHES = re.compile("['’]")


def is_bland(text: str) -> bool:
    """Return whether a reply is one of bland.toml's, or holds neither letters nor digits."""
    return core_of(text) in _bland()


def core_of(text: str) -> str:
    """Return the letters and digits of a text in lower case, each run of one syllable taken once."""
    return _AGAIN.sub(r"\1", _MARKS.sub("", _APOSTROPHES.sub("", text.lower())))


@cache
def _bland() -> frozenset[str]:
    table = tomllib.loads(files(__package__).joinpath("bland.toml").read_text(encoding="utf-8"))
    return frozenset({core_of(text) for texts in table.values() for text in texts} | {""})
