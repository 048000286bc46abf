"""What is said in words of our own, from phrases/replies.toml and phrases/slots.toml, which people may edit."""

from __future__ import annotations

import tomllib
from collections.abc import Collection, Mapping
from functools import cache
from pathlib import Path
from typing import Any, Final
from zlib import crc32

from daemon.inference.chat.films.words import country_word
from daemon.inference.chat.wishes import Slots
from daemon.products.phrases import Language

FOLDER: Final = Path(__file__).parent / "phrases"


@cache
def table(name: str) -> Mapping[str, Mapping[str, Any]]:
    """Return one of the files of phrases."""
    with (FOLDER / f"{name}.toml").open("rb") as file:
        return tomllib.load(file)


def phrase(key: str, language: Language, *, turn: int, who: str, avoid: Collection[str] = (), **values: object) -> str:
    """Return one of the variants of a phrase: another one each turn, none of those said lately where there is a choice.

    turn, who: the conversation's count of turns and its key; the same ones give the same phrase again.
    """
    variants: list[str] = table("replies")[key][language]
    start = (turn + crc32(f"{who} {key}".encode("utf-8", "replace"))) % len(variants)
    ordered = [variants[(start + step) % len(variants)].format_map(values) for step in range(len(variants))]
    return next((one for one in ordered if one not in avoid), ordered[0])


def part_name(part: str, language: Language) -> str:
    """Return what a part of a wish, or a word of one, is called; the word itself where no table has it."""
    slots = table("slots")
    for kind in ("parts", "genres", "moods"):
        if part in slots[kind]:
            return str(slots[kind][part][language])
    return part.replace("_", " ")


def joined(names: Collection[str], language: Language) -> str:
    """Return names as a list in a sentence."""
    return str(table("slots")["told"]["joined"][language]).join(names)


def told(wish: Slots, language: Language) -> str:
    """Return a wish as it is read back, "" for one that names nothing."""
    words = table("slots")["told"]
    parts = [part_name(word, language) for word in (*wish.genres, *wish.moods)]
    if wish.years:
        parts.append(words["years"][language].format(first=wish.years[0], last=wish.years[1]))
    if wish.minutes:
        key = "at_most" if wish.minutes[0] <= 1 else "at_least"
        first, last = wish.minutes
        parts.append(str(table("film_talk")["forms"][key][language]).format(first=first, last=last))
    parts += [country_word(country, language) for country in wish.countries]
    if wish.people:
        parts.append(words["people"][language].format(names=joined(wish.people, language)))
    if wish.like:
        parts.append(words["like"][language].format(names=joined(wish.like, language)))
    unwanted = [part_name(word, language) for word in (*wish.not_genres, *wish.not_moods)]
    unwanted += [*wish.not_people, *wish.not_like, *(country_word(one, language) for one in wish.not_countries)]
    if unwanted:
        names = joined(unwanted, language)
        parts.append(words["without"][language].format(names=names))
    return str(words["between"][language]).join(parts)
