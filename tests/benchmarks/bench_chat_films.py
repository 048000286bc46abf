"""Which films people like next: ours against popularity and against the best of implicit's models, on MovieLens.

Of every person the last fifth of ratings by time is put aside (a temporal split within each person), and the last
fifth of the rest is what settings are tuned on, as many settings for every model. Films rated before are never
recommended again, by anybody, so recall is without repeats. What is liked, 4 of 5 or more, is to be found.
"""

from __future__ import annotations

import os
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Final, NamedTuple, TypeAlias

import numpy as np

from daemon.inference.chat.films.content import Content
from daemon.inference.chat.films.importing import read_films
from daemon.inference.chat.films.item_model import ItemModel
from daemon.inference.chat.films.library import Library
from daemon.inference.chat.films.popularity import popularity
from daemon.inference.chat.films.recommender import Recommender, Weights, likes_of
from daemon.inference.chat.films.shelf import Shelf
from daemon.inference.chat.wishes import Slots
from daemon.ports.films import Feedback, Film, Verdict
from tests.benchmarks.__main__ import versions

AREA: Final = "chat"
SEED: Final = 5
DATA: Final = Path(__file__).parents[2] / ".." / "shared" / "data" / "chat" / "movies" / "movielens-small"
FEWEST: Final = 10
TOP: Final = 10
SETTINGS: Final = 8
RESAMPLES: Final = 2_000

Histories: TypeAlias = Mapping[str, Mapping[str, Feedback]]
#: Takes histories and a person's name; returns the scores of all films.
Scorer: TypeAlias = Callable[[str], Any]
#: Takes a setting and histories; returns a scorer.
Maker: TypeAlias = Callable[[Any, Histories], Scorer]


class Split(NamedTuple):
    """What people said first, and what they like of the films they speak of later: rows by person."""

    histories: Histories
    targets: Mapping[str, set[int]]


class Figures(NamedTuple):
    """Recall and NDCG at TOP, one value a person."""

    recall: Any
    ndcg: Any


class World(NamedTuple):
    """The films and everything that does not depend on who likes what."""

    library: Library
    content: Content


def split(histories: Histories, library: Library) -> Split:
    """Put the last fifth of everybody's ratings aside."""
    before, targets = {}, {}
    for person, said in histories.items():
        ordered = sorted(said.values(), key=lambda one: (one.at, one.film))
        cut = len(ordered) - max(1, len(ordered) // 5)
        before[person] = {one.film: one for one in ordered[:cut]}
        later = library.rows(one.film for one in ordered[cut:] if one.verdict is Verdict.LIKED)
        if later:
            targets[person] = later
    return Split(before, targets)


def measured(scorer: Scorer, parts: Split, library: Library) -> Figures:
    """Rank the films of each person that the person has not rated before."""
    gains = 1 / np.log2(np.arange(2, TOP + 2))
    recalls, ndcgs = [], []
    for person, wanted in sorted(parts.targets.items()):
        scores = np.array(scorer(person), dtype=np.float64)
        scores[sorted(library.rows(parts.histories[person]))] = -np.inf
        ranked = np.lexsort((np.arange(scores.size), -scores))[:TOP]
        hits = np.array([row in wanted for row in ranked])
        recalls.append(hits.sum() / min(TOP, len(wanted)))
        ndcgs.append(float(gains @ hits / gains[: len(wanted)].sum()))
    return Figures(np.array(recalls), np.array(ndcgs))


def tuned(make: Maker, settings: Sequence[Any], tuning: Split, library: Library) -> tuple[float, Any]:
    """Return the best NDCG and its setting."""
    assert len(settings) == SETTINGS
    found = [(float(measured(make(one, tuning.histories), tuning, library).ndcg.mean()), one) for one in settings]
    return max(found, key=lambda pair: pair[0])


def ours(world: World) -> tuple[Maker, Sequence[Any]]:
    """Return the recommender as it is, and settings of l2 and of how much content counts."""

    def make(setting: Any, histories: Histories) -> Scorer:
        likes = likes_of(world.library, everybody(histories))
        popular = popularity(world.library.films, np.asarray((likes >= 1).sum(axis=0)).ravel())
        weights = Weights(l2=setting[0], together=setting[1])
        model = ItemModel.fitted(likes, l2=weights.l2)
        return scorer_of(Recommender(world.library, world.content, model, popular, weights), histories)

    return make, [(l2, together) for l2 in (100.0, 200.0, 300.0, 500.0) for together in (0.9, 0.95)]


def scorer_of(recommender: Recommender, histories: Histories) -> Scorer:
    """Return what the recommender scores films with."""
    return lambda person: recommender.scores(histories[person])


def popular(world: World) -> tuple[Maker, Sequence[Any]]:
    """Return likes, those long ago counting less by a half-life in years."""

    def make(half_life: float, histories: Histories) -> Scorer:
        said = [one for one in everybody(histories) if one.verdict is Verdict.LIKED]
        last = max(one.at for one in said)
        counts = np.zeros(len(world.library.films))
        for one in said:
            years = (last - one.at).days / 365.25
            counts[world.library.shelf.rows[one.film]] += 0.5 ** (years / half_life)
        return lambda _: counts

    return make, (0.25, 0.5, 1.0, 2.0, 4.0, 8.0, 16.0, float("inf"))


def of_implicit(world: World) -> Iterator[tuple[str, Maker, Sequence[Any]]]:
    """Yield implicit's models with settings of each."""
    from implicit.als import AlternatingLeastSquares
    from implicit.bpr import BayesianPersonalizedRanking
    from implicit.nearest_neighbours import BM25Recommender

    one: Mapping[str, Any] = {"random_state": SEED, "num_threads": 1}
    kinds: Sequence[tuple[str, Any, Sequence[Mapping[str, Any]]]] = (
        ("ALS", AlternatingLeastSquares, [
            {"factors": factors, "regularization": held, "alpha": alpha, "iterations": 15, **one}
            for factors in (16, 32) for held in (1.0, 5.0) for alpha in (1.0, 2.0)
        ]),
        ("BM25", BM25Recommender, [
            {"K": k, "K1": k1, "B": b, "num_threads": 1} for k in (200, 500) for k1 in (0.1, 0.4) for b in (0.0, 0.2)
        ]),
        ("BPR", BayesianPersonalizedRanking, [
            {"factors": factors, "regularization": held, "learning_rate": rate, "iterations": 100, **one}
            for factors in (32, 64) for held in (0.01, 0.03) for rate in (0.005, 0.01)
        ]),
    )  # fmt: skip
    for name, kind, settings in kinds:
        yield name, _implicit_maker(kind, world), settings


def _implicit_maker(kind: Any, world: World) -> Maker:
    def make(setting: Any, histories: Histories) -> Scorer:
        likes = likes_of(world.library, everybody(histories))
        places = {name: place for place, name in enumerate(sorted(names_in(histories)))}
        model = kind(**setting)
        model.fit(likes, show_progress=False)
        if not hasattr(model, "item_factors"):
            return lambda person: (likes[places[person]] @ model.similarity).toarray().ravel()
        return lambda person: model.item_factors @ model.user_factors[places[person]]

    return make


def names_in(histories: Histories) -> set[str]:
    """Return who liked or saw anything: the people of the matrix."""
    wanted = {Verdict.LIKED, Verdict.SEEN}
    return {person for person, said in histories.items() if any(one.verdict in wanted for one in said.values())}


def everybody(histories: Histories) -> list[Feedback]:
    """Return all that anybody said."""
    return [one for said in histories.values() for one in said.values()]


def bounds(first: Any, second: Any) -> tuple[float, float]:
    """Return the 95 % interval of the mean difference by a paired bootstrap over people (Koehn 2004)."""
    drawn = np.random.default_rng(SEED).integers(0, first.size, (RESAMPLES, first.size))
    low, high = np.percentile((first - second)[drawn].mean(axis=1), (2.5, 97.5))
    return float(low), float(high)


def loaded() -> tuple[World, Histories]:
    """Return the films and the histories of people with enough ratings. Raises OSError without the data."""
    if not DATA.is_dir():
        raise FileNotFoundError(f"no MovieLens in {DATA}")
    films: list[Film] = []
    histories: defaultdict[str, dict[str, Feedback]] = defaultdict(dict)
    for batch in read_films(DATA):
        films += batch.films
        for said in batch.feedback:
            histories[said.person][said.film] = said
    library = Library(Shelf.of(films))
    enough = {person: said for person, said in histories.items() if len(said) >= FEWEST}
    return World(library, Content.fitted(library.films, library.people)), enough


def rows() -> Iterator[dict[str, Any]]:
    """Measure."""
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")  # implicit warns of more
    world, histories = loaded()
    whole = split(histories, world.library)
    tuning = split(whole.histories, world.library)
    models: dict[str, tuple[float, Figures, Any]] = {}
    kinds = [("ours", *ours(world)), ("popularity", *popular(world)), *of_implicit(world)]
    for name, make, settings in kinds:
        score, best = tuned(make, settings, tuning, world.library)
        models[name] = score, measured(make(best, whole.histories), whole, world.library), best
    peer = max((name for name in models if name not in {"ours", "popularity"}), key=lambda name: models[name][0])
    for against, goal in (("popularity", "better"), (peer, "not worse")):
        for metric in Figures._fields:
            yield _row(metric, models, against, goal)
    yield _diversified(world, whole, models["ours"])


def _row(metric: str, models: Mapping[str, tuple[float, Figures, Any]], against: str, goal: str) -> dict[str, Any]:
    mine, theirs = (getattr(models[name][1], metric) for name in ("ours", against))
    low, high = bounds(mine, theirs)
    named = against if against == "popularity" else f"implicit's best, {against}"
    told = f"{mine.size} people, settings {models['ours'][2]} and {models[against][2]}"
    return {
        "name": f"{metric}@{TOP} without repeats, MovieLens, {told}; peer: {named}",
        "ours": float(mine.mean()), "peer": float(theirs.mean()), "ratio": float(mine.mean() / theirs.mean()),
        "unit": metric, "seed": SEED, "versions": versions("implicit", "numpy", "scipy"),
        "goal": f"{goal} (paired bootstrap, 95 %: {low:+.4f} to {high:+.4f})",
        "met": low > 0 if goal == "better" else bool(high >= 0),
    }  # fmt: skip


def _diversified(world: World, whole: Split, mine: tuple[float, Figures, Any]) -> dict[str, Any]:
    """Measure what people are shown, variety included, against the scores alone."""
    likes = likes_of(world.library, everybody(whole.histories))
    weights = Weights(l2=mine[2][0], together=mine[2][1])
    liked = popularity(world.library.films, np.asarray((likes >= 1).sum(axis=0)).ravel())
    recommender = Recommender(world.library, world.content, ItemModel.fitted(likes, l2=weights.l2), liked, weights)

    def scores(person: str) -> Any:
        shown = recommender.recommend(whole.histories[person], Slots(), "en", TOP)
        ranks = np.zeros(len(world.library.films))
        for rank, suggestion in enumerate(shown.films):
            ranks[world.library.shelf.rows[suggestion.film.id]] = TOP - rank
        return ranks

    found = measured(scores, whole, world.library).recall
    return {
        "name": f"recall@{TOP} of what is shown, variety included; peer: ours without variety",
        "ours": float(found.mean()), "peer": float(mine[1].recall.mean()),
        "ratio": float(found.mean() / mine[1].recall.mean()), "goal": "what variety costs", "met": None,
        "unit": "recall", "seed": SEED,
    }  # fmt: skip
