"""A guard before HTML parsers: the time that they take grows with the square of how deeply elements are nested."""

from __future__ import annotations

import re
from collections import Counter
from typing import Final

#: Tags that no parser is slow on, however they are nested.
_FEW: Final = 4_000
#: Browsers stop at 512 elements inside one another.
_DEEPEST: Final = 2_000
_TAG: Final = re.compile(r"<(/?)([a-zA-Z][^\s/>]*)")
#: Elements that hold nothing, or that the next of their kind ends.
_CHILDLESS: Final = frozenset(
    "area base br col embed hr img input link meta source track wbr p li dt dd option optgroup tr td th".split()  # noqa: SIM905
)


def shallow(text: str) -> str:
    """Return a document as it is, or up to where its elements are nested deeper than any browser shows them."""
    if text.count("<") <= _FEW:
        return text
    still_open: Counter[str] = Counter()
    depth = 0
    for match in _TAG.finditer(text):
        name = match[2].lower()
        if name in _CHILDLESS:
            continue
        if not match[1]:
            still_open[name] += 1
            depth += 1
        elif still_open[name]:
            still_open[name] -= 1
            depth -= 1
        if depth > _DEEPEST:
            return text[: match.start()]
    return text
