"""What somebody who speaks of films wants, in words that detector, recommender and dialogue share."""

from __future__ import annotations

from typing import Final, Literal, TypeAlias

import msgspec

from daemon.products.phrases import Language

Label: TypeAlias = Literal["recommend", "not", "unsure"]

#: The words for kinds of films.
GENRES: Final = (
    "action", "adventure", "animation", "biography", "children", "comedy", "crime", "disaster", "documentary", "drama",
    "family", "fantasy", "film_noir", "historical", "horror", "martial_arts", "music", "musical", "mystery", "romance",
    "science_fiction", "sport", "spy", "superhero", "suspense", "thriller", "war", "western",
)  # fmt: skip
#: The words for what a film does to those who watch it, or what they are in the mood for.
MOODS: Final = (
    "cosy", "dark", "exciting", "funny", "inspiring", "light", "moving", "relaxing", "romantic", "sad", "scary", "slow",
    "thoughtful", "violent", "warm",
)  # fmt: skip


class Slots(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What a wish names. What is not wanted stands in the fields that begin with "not".

    years: first and last, both included. people: directors, actors, writers as they were written. countries: ISO 3166
    alpha-2. like: titles as they were written. minutes: how long, the shortest and the longest, both included. newer,
    older: than what was shown last. seen: so are those shown last.
    """

    genres: tuple[str, ...] = ()
    not_genres: tuple[str, ...] = ()
    moods: tuple[str, ...] = ()
    not_moods: tuple[str, ...] = ()
    years: tuple[int, int] | None = None
    minutes: tuple[int, int] | None = None
    people: tuple[str, ...] = ()
    not_people: tuple[str, ...] = ()
    countries: tuple[str, ...] = ()
    not_countries: tuple[str, ...] = ()
    like: tuple[str, ...] = ()
    not_like: tuple[str, ...] = ()
    newer: bool = False
    older: bool = False
    seen: bool = False


class Intent(msgspec.Struct, frozen=True, kw_only=True):
    """What an utterance is taken for. rule: the name of the rule that decided."""

    label: Label
    lang: Language
    rule: str
    slots: Slots = Slots()
