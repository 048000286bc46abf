"""Which column holds which field: canonical headers, the headers of common shop systems, and `--map`. Pure."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping, Sequence
from difflib import get_close_matches
from functools import lru_cache
from typing import Final

from daemon.errors import InvalidInput, UnreadableFile
from daemon.products.feeds.headers import (
    CANONICAL,
    FINAL_PRICE,
    GUESSES,
    LIST_PRICE,
    MORE_IMAGES,
    OPTIONS,
    PUBLISHED,
    REGULAR_PRICE,
    SALE_WINDOW,
    TRACKER,
)

#: Which canonical fields a helper provides.
_PROVIDES: Final[dict[str, tuple[str, ...]]] = {
    LIST_PRICE: (),
    FINAL_PRICE: ("price",),
    REGULAR_PRICE: ("price",),
    PUBLISHED: ("status",),
    TRACKER: ("track_inventory",),
    SALE_WINDOW: ("sale_start", "sale_end"),
    MORE_IMAGES: ("image",),
    OPTIONS: (),
}

_NOT_WORD: Final = re.compile(r"[\W_]+")
_CAMEL: Final = re.compile(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])")
_NUMBERED_IMAGE: Final = re.compile(
    r"(?:\w+_)?(?:image|img|picture|photo|图片|画像|이미지)(?:_url|_link|_src)?_?\d{1,2}(?:_url|_link|_src)?"
)
_IN_BRACKETS: Final = re.compile(r"[(（\[【][^)）\]】]*[)）\]】]")

Layout = Mapping[str, tuple[str, ...]]


@lru_cache(maxsize=4096)
def header_key(header: str) -> str:
    """Return a header in the one spelling in which headers are compared: "Sale Price", "salePrice" -> "sale_price"."""
    text = unicodedata.normalize("NFKC", header).strip().removeprefix("g:")
    return _NOT_WORD.sub("_", _CAMEL.sub("_", text).casefold()).strip("_")


@lru_cache(maxsize=1)
def _ranks() -> dict[str, dict[str, int]]:
    """Return, for each field, its headers with their rank, the canonical one first."""
    table = {field: {field: 0} for field in CANONICAL}
    for field, words in GUESSES.items():
        ranks = table.setdefault(field, {header_key(field): 0})
        for rank, word in enumerate(words.split(), start=1):
            ranks.setdefault(header_key(word), rank)
    return table


@lru_cache(maxsize=1)
def known_headers() -> frozenset[str]:
    """Return every header, in the spelling of header_key, that some field is known by."""
    return frozenset(key for ranks in _ranks().values() for key in ranks)


def check_map(mapping: Mapping[str, str]) -> None:
    """Raise InvalidInput for a field that is none."""
    for field in mapping:
        if field not in CANONICAL:
            near = get_close_matches(field, CANONICAL, 1)
            hint = f'; did you mean "{near[0]}"?' if near else f"; fields are {', '.join(CANONICAL)}"
            raise InvalidInput(f'"{field}" is no field of a product{hint}', ((f"map.{field}", "no such field"),))


def layout_of(columns: Sequence[str], mapping: Mapping[str, str], *, guess: bool = True) -> Layout:
    """Return which columns hold each field, best first. A column serves one field, but for `image`.

    guess: also look for what the mapping does not name.

    Raises UnreadableFile when the mapping names a column that is not there.
    """
    by_key: dict[str, str] = {}
    for column in columns:
        by_key.setdefault(header_key(column), column)
        by_key.setdefault(header_key(_IN_BRACKETS.sub(" ", column)), column)
    layout: dict[str, tuple[str, ...]] = {field: (_mapped(column, columns),) for field, column in mapping.items()}
    if not guess:
        return layout
    taken = {column for found in layout.values() for column in found}
    for _, field, column in sorted(_claims(by_key), key=lambda claim: claim[0]):
        if field not in layout and column not in taken:
            layout[field] = (column,)
            taken.add(column)
    numbered = [column for key, column in by_key.items() if _NUMBERED_IMAGE.fullmatch(key) and column not in taken]
    return _with_more_images(layout, numbered)


def _claims(by_key: Mapping[str, str]) -> list[tuple[tuple[int, int], str, str]]:
    """Return every (rank, field, column) that headers allow, canonical headers first."""
    claims = []
    for order, (field, ranks) in enumerate(_ranks().items()):
        claims += [((ranks[key], order), field, column) for key, column in by_key.items() if key in ranks]
    return claims


def _mapped(column: str, columns: Sequence[str]) -> str:
    if column in columns:
        return column
    same = [found for found in columns if header_key(found) == header_key(column)]
    if not same:
        raise UnreadableFile(f'no column "{column}"; the columns are {", ".join(columns)[:500]}')
    return same[0]


def _with_more_images(layout: dict[str, tuple[str, ...]], numbered: Sequence[str]) -> Layout:
    more = layout.pop(MORE_IMAGES, ()) + tuple(dict.fromkeys(numbered))
    if more:
        layout["image"] = (*layout.get("image", ()), *more)
    return layout


def provided_by(layout: Layout) -> frozenset[str]:
    """Return the canonical fields that columns of a layout can express."""
    fields = {provided for field in layout for provided in _PROVIDES.get(field, (field,))}
    if LIST_PRICE in layout:
        fields |= {"sale_price"} if fields & {"price"} else {"price"}
    return frozenset(fields)
