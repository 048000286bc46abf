"""Films as they are kept, and what people thought of them."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping, Sequence
from datetime import datetime
from enum import StrEnum
from typing import Protocol

import msgspec

from daemon.products.phrases import Language


class Person(msgspec.Struct, frozen=True, kw_only=True):
    """Somebody who made a film, by name in each language; "" where it is not known."""

    en: str = ""
    zh: str = ""


class Film(msgspec.Struct, frozen=True, kw_only=True):
    """One film. id: of the catalogue that it comes from, such as "seed:spirited-away-2001" or "movielens:5618".

    title_en, title_zh: "" where it is not known, never both. other_titles: in any language. genres, moods: words of
    wishes.GENRES and wishes.MOODS. countries: ISO 3166 alpha-2. summary_en, summary_zh: a sentence or two.
    """

    id: str
    title_en: str = ""
    title_zh: str = ""
    other_titles: tuple[str, ...] = ()
    year: int | None = None
    genres: tuple[str, ...] = ()
    moods: tuple[str, ...] = ()
    countries: tuple[str, ...] = ()
    directors: tuple[Person, ...] = ()
    cast: tuple[Person, ...] = ()
    summary_en: str = ""
    summary_zh: str = ""
    minutes: int | None = None

    def title(self, language: Language) -> str:
        """Return the title in a language, in another where it has none there."""
        return (self.title_zh or self.title_en) if language == "zh" else (self.title_en or self.title_zh)


class Verdict(StrEnum):
    """What somebody said of a film."""

    SHOWN = "shown"  # recommended, nothing said
    SEEN = "seen"
    LIKED = "liked"
    DISLIKED = "disliked"


class Feedback(msgspec.Struct, frozen=True, kw_only=True):
    """What one person last said of one film. at: aware."""

    person: str
    film: str
    verdict: Verdict
    at: datetime


class FilmStore(Protocol):
    """Films beside those that come with the daemon, and feedback on any."""

    async def put_films(self, films: Sequence[Film]) -> int:
        """Store films, those of the same id anew, in one transaction; return how many are new."""

    async def forget_films(self, source: str) -> int:
        """Delete the films whose ids begin with a source and a colon; return how many."""

    def films(self, page_size: int) -> AsyncIterator[Sequence[Film]]:
        """Iterate over all films in pages, in the order of their ids."""

    async def give(self, feedback: Sequence[Feedback]) -> None:
        """Keep feedback, durably; the latest of a person on a film counts, but shown never goes before another."""

    async def feedback(self, person: str) -> Mapping[str, Feedback]:
        """Return what one person said, by film."""

    async def forget(self, person: str) -> int:
        """Delete all that one person said, durably; return how much it was."""

    def all_feedback(self, page_size: int) -> AsyncIterator[Sequence[Feedback]]:
        """Iterate over everybody's feedback in pages, by person."""
