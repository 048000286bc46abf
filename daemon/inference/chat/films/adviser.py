"""The recommender beside the event loop: films are read, models fitted and films chosen in threads."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

from daemon.inference.chat.films.recommender import NOTHING, Recommender
from daemon.inference.chat.films.seed import seed_films
from daemon.inference.chat.films.suggestions import Suggestions
from daemon.inference.chat.wishes import Slots
from daemon.ports.basics import Offload
from daemon.ports.films import Feedback, Film, FilmStore
from daemon.products.phrases import Language

_PAGE = 1_000


class Adviser:
    """Recommends in a thread of Offload. Equal questions, seeds too, have equal answers until it is prepared anew."""

    def __init__(self, recommender: Recommender, offload: Offload) -> None:
        self.recommender = recommender
        self._offload = offload

    @classmethod
    async def prepared(cls, store: FilmStore | None, offload: Offload) -> Adviser:
        """Read the films of the seed catalogue and of a store, and fit. Raises what the store raises, Unavailable."""
        films = list(await offload.run(seed_films, what="films.read"))
        feedback: list[Feedback] = []
        if store is not None:
            films += [film async for page in store.films(_PAGE) for film in page]
            feedback = [said async for page in store.all_feedback(_PAGE) for said in page]
        fitted = await offload.run(lambda: Recommender.fitted(films, feedback), what="films.fit")
        return cls(fitted, offload)

    async def recommend(
        self,
        wish: Slots,
        feedback: Mapping[str, Feedback],
        shown: Collection[str],
        language: Language,
        count: int,
        seed: str = "",
        latest: Slots = NOTHING,
    ) -> Suggestions:
        """Return up to `count` films for a wish, as Recommender.recommend does. Raises Unavailable when it is busy."""
        asked = tuple(shown)
        return await self._offload.run(
            lambda: self.recommender.recommend(feedback, wish, language, count, asked, seed, latest),
            what="films.recommend",
        )

    def named(self, title: str) -> Sequence[Film]:
        """Return the films of exactly a title, but for case, accents, marks and an article before it."""
        return self.recommender.named(title)
