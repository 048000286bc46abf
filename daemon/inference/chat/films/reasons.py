"""Why a film is recommended: one true sentence, made of what the film, the person and the wish have in common."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final, Literal

import msgspec

from daemon.inference.chat.films.filters import MOST
from daemon.inference.chat.films.library import Library
from daemon.inference.chat.films.words import country_word, genre_word
from daemon.inference.chat.wishes import Slots
from daemon.ports.films import Film, Person
from daemon.products.phrases import Language

#: director, actor: the wish names the person. like_*: the wish is for something like `other`. liked_*: the person
#: liked `other`. *_director: both films are by `person`; *_genres: both are of all `genres`. facts: what the film is.
Kind = Literal["director", "actor", "like_director", "like_genres", "liked_director", "liked_genres", "facts"]
_GENRES: Final = 2
_SENTENCES: Final = {
    "director": ("Directed by {person}: {facts}.", "{person}导演：{facts}。"),
    "actor": ("With {person}: {facts}.", "{person}出演：{facts}。"),
    "like_director": ("Like {other}, it is directed by {person}.", "和{other}一样，导演是{person}。"),
    "like_genres": ("Like {other}, it is {genres}.", "和{other}一样，是{genres}。"),
    "liked_director": ("Because you liked {other}, also by {person}.", "因为你喜欢同样由{person}导演的{other}。"),
    "liked_genres": ("Because you liked {other}; this too is {genres}.", "因为你喜欢{other}，这部也是{genres}。"),
    "facts": ("{facts}.", "{facts}。"),
}


class Reason(msgspec.Struct, frozen=True, kw_only=True):
    """Why `film` is recommended. What a kind does not need is None or empty."""

    kind: Kind
    film: Film
    person: Person | None = None
    other: Film | None = None
    genres: tuple[str, ...] = ()

    def sentence(self, language: Language) -> str:
        """Return the reason as one sentence."""
        told = _SENTENCES[self.kind][language == "zh"].format(
            person=_name(self.person, language) if self.person else "",
            other=_quoted(self.other, language) if self.other else "",
            genres=_genres(self.genres, language),
            facts=facts(self.film, language, self.genres),
        )
        return told[:1].upper() + told[1:]


def reason_of(library: Library, row: int, wish: Slots, like: Sequence[int], liked: Sequence[int]) -> Reason:
    """Return the strongest reason. like, liked: rows of films, those that speak most for the film first."""
    film = library.films[row]
    wanted = tuple(genre for genre in wish.genres if genre in film.genres)
    for name in wish.people[:MOST]:
        keys = library.people.find(name)
        for kind, people in (("director", film.directors), ("actor", film.cast)):
            for person in people:
                if keys & library.people.keys((person,)):
                    return Reason(kind=kind, film=film, person=person, genres=wanted)  # type: ignore[arg-type]
    in_common = next((found for found in _in_common(library, film, like, "like")), None)
    in_common = in_common or next((found for found in _in_common(library, film, liked, "liked")), None)
    return in_common or Reason(kind="facts", film=film, genres=wanted)


def _in_common(library: Library, film: Film, rows: Sequence[int], kind: Literal["like", "liked"]) -> Iterator[Reason]:
    others = [library.films[row] for row in rows]
    for other in others:
        directors = library.people.keys(other.directors)
        for person in film.directors:
            if directors & library.people.keys((person,)):
                yield Reason(kind=f"{kind}_director", film=film, person=person, other=other)  # type: ignore[arg-type]
    for other in others:
        if genres := tuple(genre for genre in film.genres if genre in other.genres):
            yield Reason(kind=f"{kind}_genres", film=film, other=other, genres=genres[:_GENRES])  # type: ignore[arg-type]


def facts(film: Film, language: Language, first: Sequence[str] = ()) -> str:
    """Return what a film is, such as "a comedy from Japan, 1990s". first: genres that are named before others."""
    genres = tuple(dict.fromkeys((*first, *film.genres)))[:_GENRES]
    if language == "zh":
        when = f"{film.year // 10 * 10}年代的" if film.year else ""
        return f"{when}{country_word(film.countries[0], 'zh') if film.countries else ''}{_genres(genres, 'zh')}"
    where = f" from {country_word(film.countries[0], 'en')}" if film.countries else ""
    return f"{_genres(genres, 'en')}{where}{f', {film.year // 10 * 10}s' if film.year else ''}"


def _genres(genres: Sequence[str], language: Language) -> str:
    words = [genre_word(genre, language) for genre in genres]
    if language == "zh":
        return "、".join(words) or "电影"
    return " and ".join(words) or "a film"


def _name(person: Person, language: Language) -> str:
    return (person.zh or person.en) if language == "zh" else (person.en or person.zh)


def _quoted(film: Film, language: Language) -> str:
    return f"《{film.title('zh')}》" if language == "zh" else f'"{film.title("en")}"'
