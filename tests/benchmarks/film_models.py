"""Models that rank films for people: ours, popularity and those of implicit, as many settings of each."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, Final, NamedTuple

import numpy as np

from daemon.inference.chat.films.item_model import ItemModel
from daemon.inference.chat.films.popularity import popularity
from daemon.inference.chat.films.recommender import Recommender, Weights, likes_of
from daemon.ports.films import Verdict
from tests.benchmarks.film_people import SEED, Histories, Scorer, World, everybody

SETTINGS: Final = 12


class Kind(NamedTuple):
    """A kind of model: its name, its settings and what fits one to histories."""

    name: str
    settings: Sequence[Any]
    fitted: Callable[[Any, Histories], Scorer]


def ours(world: World) -> Kind:
    """Return the recommender as it is: how strongly its item model is held down, and how much content counts."""
    models: dict[float, ItemModel] = {}

    def fitted(setting: tuple[float, float], histories: Histories) -> Scorer:
        l2, together = setting
        likes = likes_of(world.library, everybody(histories))
        if l2 not in models:
            models[l2] = ItemModel.fitted(likes, l2=l2)
        return recommender(world, histories, models[l2], Weights(l2=l2, together=together)).person_scorer(histories)

    settings = [(l2, together) for l2 in (100.0, 200.0, 300.0, 500.0) for together in (0.9, 0.95, 1.0)]
    return Kind("ours", settings, fitted)


class Fitted(Recommender):
    """The recommender, and what it knows of people by name."""

    def person_scorer(self, histories: Histories) -> Scorer:
        """Return what scores all films for a person."""
        return lambda person: self.scores(histories[person])


def recommender(world: World, histories: Histories, model: ItemModel, weights: Weights) -> Fitted:
    """Return the recommender over a model that is fitted already."""
    likes = likes_of(world.library, everybody(histories))
    popular = popularity(world.library.films, np.asarray((likes >= 1).sum(axis=0)).ravel())
    return Fitted(world.library, world.content, model, popular, weights)


def popular(world: World) -> Kind:
    """Return likes, those long ago counting less by a half-life in years."""

    def fitted(half_life: float, histories: Histories) -> Scorer:
        said = [one for one in everybody(histories) if one.verdict is Verdict.LIKED]
        last = max(one.at for one in said)
        counts = np.zeros(len(world.library.films))
        for one in said:
            years = (last - one.at).days / 365.25
            counts[world.library.shelf.rows[one.film]] += 0.5 ** (years / half_life)
        return lambda _: counts

    half_lives = (0.25, 0.5, 1.0, 2.0, 3.0, 4.0, 6.0, 8.0, 12.0, 16.0, 32.0, float("inf"))
    return Kind("popularity", half_lives, fitted)


def of_implicit(world: World) -> Iterator[Kind]:
    """Yield implicit's models."""
    from implicit.als import AlternatingLeastSquares
    from implicit.bpr import BayesianPersonalizedRanking
    from implicit.nearest_neighbours import BM25Recommender

    one: Mapping[str, Any] = {"random_state": SEED, "num_threads": 1}
    kinds: Sequence[tuple[str, Any, Sequence[Mapping[str, Any]]]] = (
        ("ALS", AlternatingLeastSquares, [
            {"factors": factors, "regularization": held, "alpha": alpha, "iterations": 15, **one}
            for factors in (32, 64) for held in (5.0, 20.0, 50.0) for alpha in (4.0, 10.0)
        ]),
        ("BM25", BM25Recommender, [
            {"K": k, "K1": k1, "B": b, "num_threads": 1}
            for k in (200, 500) for k1 in (0.1, 0.4, 1.2) for b in (0.0, 0.2)
        ]),
        ("BPR", BayesianPersonalizedRanking, [
            {"factors": factors, "regularization": held, "learning_rate": rate, "iterations": 100, **one}
            for factors in (64, 128) for held in (0.003, 0.01, 0.03) for rate in (0.005, 0.01)
        ]),
    )  # fmt: skip
    for name, kind, settings in kinds:
        yield Kind(name, settings, _implicit_fitted(kind, world))


def _implicit_fitted(kind: Any, world: World) -> Callable[[Any, Histories], Scorer]:
    def fitted(setting: Any, histories: Histories) -> Scorer:
        likes = likes_of(world.library, everybody(histories))
        places = {name: place for place, name in enumerate(sorted(_people(histories)))}
        model = kind(**setting)
        model.fit(likes, show_progress=False)
        if not hasattr(model, "item_factors"):
            return lambda person: (likes[places[person]] @ model.similarity).toarray().ravel()
        return lambda person: model.item_factors @ model.user_factors[places[person]]

    return fitted


def _people(histories: Histories) -> set[str]:
    """Return who liked or saw anything: the people of the matrix."""
    wanted = {Verdict.LIKED, Verdict.SEEN}
    return {person for person, said in histories.items() if any(one.verdict in wanted for one in said.values())}
