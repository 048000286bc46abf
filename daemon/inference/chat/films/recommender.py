"""What to watch next: a wish as filters, what is known of the person as weights, and no film twice."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from hashlib import blake2b
from typing import Any, Final

import msgspec
import numpy as np

from daemon.inference.chat.films.content import Content
from daemon.inference.chat.films.diversity import diverse
from daemon.inference.chat.films.filters import MOST, Fitting, all_fit, filters_of, fitting, in_order
from daemon.inference.chat.films.item_model import L2, ItemModel
from daemon.inference.chat.films.library import Library
from daemon.inference.chat.films.popularity import popularity
from daemon.inference.chat.films.reasons import reason_of
from daemon.inference.chat.films.shelf import Shelf
from daemon.inference.chat.films.suggestions import Suggestion, Suggestions
from daemon.inference.chat.steps import Floats, Ints
from daemon.inference.chat.wishes import Slots
from daemon.ports.films import Feedback, Film, Verdict
from daemon.products.phrases import Language

#: How much having seen a film, and no more, says of liking it, in the collaborative model and in a history.
SEEN: Final = 0.5
_POOL: Final = 100
_FAR_YEARS: Final = 50
NOTHING: Final = Slots()


class Weights(msgspec.Struct, frozen=True, kw_only=True):
    """How much each model counts.

    known_after: films somebody spoke of until half the score is their own taste. together: the share of what is liked
    together in that taste, as far as the model knows those films; the rest is content. known_by: people who tell of a
    film until the model half knows it. like: the share that "like X" takes of the whole. nearness: how
    much a dropped range of years still counts. variety: the share of being unlike the others, within one answer.
    chance: the most that chance adds to a score, so that of films about as good not the same are shown every day.
    """

    known_after: float = 1.0
    together: float = 1.0
    known_by: float = 10.0
    like: float = 0.7
    nearness: float = 0.5
    variety: float = 0.2
    chance: float = 0.05
    l2: float = L2


class Recommender:
    """Films, and models fitted to them. Methods hold their thread: call them through ports.Offload."""

    def __init__(self, library: Library, content: Content, model: ItemModel, popular: Floats, weights: Weights) -> None:
        self.library = library
        self.content = content
        self.model = model
        self.popular = popular
        self._weights = weights

    @classmethod
    def fitted(
        cls, films: Iterable[Film], feedback: Iterable[Feedback] = (), weights: Weights | None = None
    ) -> Recommender:
        """Fit all models to films and everybody's feedback; equal for equal input in any order. Takes seconds."""
        weights = weights or Weights()
        library = Library(Shelf.of(films))
        likes = likes_of(library, feedback)
        content = Content.fitted(library.films, library.people)
        popular = popularity(library.films, np.asarray((likes >= 1).sum(axis=0)).ravel())
        return cls(library, content, ItemModel.fitted(likes, l2=weights.l2), popular, weights)

    def recommend(
        self,
        feedback: Mapping[str, Feedback],
        wish: Slots,
        language: Language,
        count: int,
        shown: Iterable[str] = (),
        seed: str = "",
        latest: Slots = NOTHING,
    ) -> Suggestions:
        """Return up to `count` films, best first, none that was shown or that the person ever said anything of.

        shown: ids of films, the last `count` of them those that "newer" and "older" compare with. Only films that fit
        the wish are returned; where none does, those that fit what is left without the parts named in `dropped`, and
        so do parts that are unknown here. Of each field of a wish the first filters.MOST values are looked at.
        seed: what chance goes by; equal ones have equal answers, and "" leaves nothing to chance. latest: the parts of
        the wish that were named last, which are given up after the others.
        """
        order = list(shown)
        like, unknown = self._named(wish.like, "like")
        unlike, unknown_too = self._named(wish.not_like, "not_like")
        gone = self.library.rows((*feedback, *order)) | set(like) | set(unlike)
        last = [row for film in order[-max(1, count) :] if (row := self.library.shelf.rows.get(film)) is not None]
        filters = in_order(tuple(filters_of(wish, self.library, last)), tuple(filters_of(latest, self.library, last)))
        fits = fitting(filters, ~self.library.at(gone))
        scores = self.scores(feedback) + self._wanted(like, unlike) - self._years_off(wish, fits)
        scores = scores + self._chance(seed, scores.size)
        rows = diverse(scores, np.flatnonzero(fits.mask), self.content, max(0, count), _POOL, self._weights.variety)
        liked = sorted(self._rows_said(feedback, Verdict.LIKED))
        found = tuple(
            Suggestion(
                film=self.library.films[row],
                reason=reason_of(
                    self.library, row, wish, self._speaking_for(row, like), self._speaking_for(row, liked)
                ).sentence(language),
                score=float(scores[row]),
            )
            for row in rows
        )
        dropped = tuple(one.name for one in fits.dropped) if found else ()
        nameless = (f"people:{name}" for name in wish.people[:MOST] if not self.library.people.find(name))
        return Suggestions(
            films=found, wish=wish, dropped=dropped + unknown + unknown_too,
            unknown=tuple(part for part in nameless if part in dropped) + unknown + unknown_too,
            used_up=bool(fits.dropped) and bool(all_fit(filters).any()),
        )  # fmt: skip

    def named(self, title: str) -> tuple[Film, ...]:
        """Return the films of exactly a title, but for case, accents, marks and an article before it."""
        return tuple(self.library.films[row] for row in self.library.titles.exactly(title))

    def scores(self, feedback: Mapping[str, Feedback]) -> Floats:
        """Return how well every film suits somebody, by row: popularity for a stranger, their taste the more is known.

        feedback: by film; showing a film says nothing.
        """
        liked, disliked = self._rows_said(feedback, Verdict.LIKED), self._rows_said(feedback, Verdict.DISLIKED)
        seen = self._rows_said(feedback, Verdict.SEEN)
        spoken = len(liked) + len(disliked) + SEEN * len(seen)
        if not spoken:
            return self.popular.copy()
        alike = self.content.profile(
            dict.fromkeys(liked, 1.0) | dict.fromkeys(seen, 0.25) | dict.fromkeys(disliked, -1.0)
        )
        history = np.zeros(len(self.library.films), dtype=np.float32)
        history[sorted(seen)], history[sorted(liked)] = SEEN, 1.0
        together = self.model.scores(history, history.size)
        weights = self._weights
        share = weights.together * self._sureness((*liked, *seen))
        taste = share * _scaled(together) + (1 - share) * _scaled(alike)
        known = spoken / (spoken + weights.known_after)
        scores: Floats = ((1 - known) * self.popular + known * taste).astype(np.float32)
        return scores

    def _sureness(self, rows: Sequence[int]) -> float:
        """Return how well the model knows some films, from 0 to 1: half for one that `known_by` people tell it of."""
        people = [self.model.known(row) for row in rows]
        return sum(count / (count + self._weights.known_by) for count in people) / len(people) if people else 0.0

    def _named(self, titles: Sequence[str], field: str) -> tuple[tuple[int, ...], tuple[str, ...]]:
        """Return the rows of titles of a wish, and which of them are unknown, as `dropped` names them."""
        found = {title: self.library.titles.find(title) for title in titles[:MOST]}
        rows = tuple(dict.fromkeys(row for rows in found.values() for row in rows))
        return rows, tuple(f"{field}:{title}" for title, rows in found.items() if not rows)

    def _rows_said(self, feedback: Mapping[str, Feedback], verdict: Verdict) -> set[int]:
        return self.library.rows(film for film, said in feedback.items() if said.verdict is verdict)

    def _wanted(self, like: Sequence[int], unlike: Sequence[int]) -> Floats:
        """Return how much better each film is for being like some and unlike others."""
        size = len(self.library.films)
        if not like and not unlike:
            return np.zeros(size, dtype=np.float32)
        history = np.zeros(size, dtype=np.float32)
        history[list(like)] = 1.0
        near = self.content.profile(dict.fromkeys(unlike, -1.0) | dict.fromkeys(like, 1.0))
        scale = self._weights.like / (1 - self._weights.like)
        wanted: Floats = (scale * (near + 0.5 * _scaled(self.model.scores(history, size)))).astype(np.float32)
        return wanted

    def _chance(self, seed: str, size: int) -> Any:
        """Return what chance adds to each film's score."""
        if not seed:
            return 0.0
        drawn = np.random.default_rng(int.from_bytes(blake2b(seed.encode("utf-8", "replace"), digest_size=8).digest()))
        return self._weights.chance * drawn.random(size, dtype=np.float32)

    def _years_off(self, wish: Slots, fits: Fitting) -> Any:
        """Return how far films are from the years of the wish where no film of these years was found."""
        if wish.years is None or not any(one.field == "years" for one in fits.dropped):
            return 0.0
        first, last = min(wish.years), max(wish.years)
        off = np.clip(np.maximum(first - self.library.years, self.library.years - last), 0, _FAR_YEARS)
        return self._weights.nearness * off / _FAR_YEARS

    def _speaking_for(self, row: int, others: Sequence[int]) -> list[int]:
        """Return other films, those first that speak most for a film."""
        if not others:
            return []
        alike = self.content.among([row, *others])[0, 1:]
        strength = {
            other: float(near) + self.model.weight(other, row) for other, near in zip(others, alike, strict=True)
        }
        return sorted(others, key=lambda other: (-strength[other], other))


def _scaled(scores: Floats) -> Floats:
    most = float(scores.max(initial=0.0))
    return scores / most if most > 0 else scores


def likes_of(library: Library, feedback: Iterable[Feedback]) -> Any:
    """Return who likes what: scipy.sparse [people, films], 1 for liked, SEEN for seen."""
    from scipy import sparse  # noqa: PLC0415 of the extra "chat"

    worth = {Verdict.LIKED: 1.0, Verdict.SEEN: SEEN}
    told: dict[tuple[str, int], float] = {}
    for said in feedback:
        row = library.shelf.rows.get(said.film)
        if row is not None and said.verdict in worth:
            told[said.person, row] = max(worth[said.verdict], told.get((said.person, row), 0.0))
    places = {person: place for place, person in enumerate(sorted({person for person, _ in told}))}
    pairs: Ints = np.array([(places[person], row) for person, row in sorted(told)], dtype=np.int64).reshape(-1, 2)
    values = np.array([told[key] for key in sorted(told)], dtype=np.float32)
    shape = (max(1, len(places)), len(library.films))
    return sparse.csr_matrix((values, (pairs[:, 0], pairs[:, 1])), shape=shape)
