"""Films in a dialogue: somebody asks for a film and says "another" until one comes that they like, on MovieLens.

People and what is put aside are those of film_people; the recommender has the settings that it ships with. Every turn
goes through the real conversation, its detector, sessions and store, where the person's ratings are kept. Asked for
"another", or told "seen it" of a film that the person rated and did not like, it must bring further films, none twice.
Recall at N is the share of films the person likes, N at most, that are among the first N shown.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Mapping
from random import Random
from typing import Any, Final

import numpy as np

from daemon.adapters.memory import FakeClock, MemoryFilmStore
from daemon.inference.chat.dialogue.choice import Choice
from daemon.inference.chat.dialogue.conversation import Conversation
from daemon.inference.chat.dialogue.parts import Parts
from daemon.inference.chat.dialogue.sessions import Sessions
from daemon.inference.chat.films.adviser import Adviser
from daemon.inference.chat.films.item_model import ItemModel
from daemon.inference.chat.films.recommender import Weights, likes_of
from daemon.inference.chat.intent.detector import detect
from daemon.inference.chat.languages import language_of
from daemon.inference.chat.loading import slots_in
from daemon.inference.chat.normalisation import normalised
from daemon.inference.chat.safety import judge_incoming, judge_outgoing
from daemon.ports.films import Feedback, Verdict
from tests.benchmarks.film_models import popular, recommender
from tests.benchmarks.film_people import SEED, Split, World, bounds, everybody, loaded, ranked, split
from tests.house import Inline

AREA: Final = "chat"
PEOPLE: Final = 300
LISTED: Final = (1, 10, 50)


class Asking:
    """People who ask, one conversation each. rated: rows of films aside that each of them rated and does not like."""

    def __init__(self, world: World, parts: Split, rated: Mapping[str, set[int]]) -> None:
        self._world, self._parts, self._rated = world, parts, rated
        likes = likes_of(world.library, everybody(parts.histories))
        model = ItemModel.fitted(likes)
        self.adviser = Adviser(recommender(world, parts.histories, model, Weights()), Inline())
        self.repeated = 0

    async def shown(self, person: str) -> list[int]:
        """Return the rows of the films that a person was shown, in order, until there are enough."""
        store, clock = MemoryFilmStore(), FakeClock()
        await store.give(list(self._parts.histories[person].values()))
        sessions = Sessions(clock, most=1, turns=12, idle_s=1e6, language="en")
        talk = Conversation(
            Parts(
                normalise=normalised, language_of=language_of, incoming=judge_incoming, outgoing=judge_outgoing,
                detect=detect, slots_in=slots_in, adviser=self.adviser,
            ), sessions, store, clock, name="zhiban", deadline_s=60.0, choice=Choice(0.5, {}), observe=lambda _: None,
        )  # fmt: skip
        rows: list[int] = []
        said = "recommend me a film"
        while len(rows) < max(LISTED):
            answer = await talk.reply(person, person, said, "en")
            found = [self._world.library.shelf.rows[one.film.id] for one in answer.films]
            assert found, answer.text
            rows += found
            said = "seen it" if found[0] in self._rated[person] else "another one"
        known = self._world.library.rows(self._parts.histories[person])
        self.repeated += len(rows) - len(set(rows)) + len(known & set(rows))
        return rows[: max(LISTED)]


def rows() -> Iterator[dict[str, Any]]:
    """Measure."""
    world, histories = loaded()
    parts = split(histories, world.library)
    people = Random(SEED).sample(sorted(parts.targets), PEOPLE)
    asking = Asking(world, parts, {person: _unliked(world, parts, histories[person], person) for person in people})
    mine = {person: asyncio.run(asking.shown(person)) for person in people}
    scorer = popular(world).fitted(float("inf"), parts.histories)
    theirs = {person: ranked(scorer(person), parts, person, world.library, max(LISTED)) for person in people}
    for count in LISTED:
        yield _row(count, parts, mine, theirs)
    yield {
        "name": f"films shown twice or rated before, {PEOPLE} dialogues of {max(LISTED)} films",
        "ours": asking.repeated, "peer": 0, "ratio": None, "goal": "none", "met": asking.repeated == 0,
        "unit": "films", "seed": SEED,
    }  # fmt: skip


def _unliked(world: World, parts: Split, said: Mapping[str, Feedback], person: str) -> set[int]:
    aside = (film for film, one in said.items() if one.verdict is not Verdict.LIKED)
    return world.library.rows(aside) - world.library.rows(parts.histories[person])


def _row(count: int, parts: Split, mine: Mapping[str, Any], theirs: Mapping[str, Any]) -> dict[str, Any]:
    ours, peer = (
        np.array([
            len(parts.targets[person] & set(rows[:count])) / min(count, len(parts.targets[person]))
            for person, rows in sorted(lists.items())
        ])
        for lists in (mine, theirs)
    )  # fmt: skip
    low, high = bounds(ours - peer)
    return {
        "name": f"recall@{count} without repeats in a dialogue, MovieLens, {PEOPLE} people; peer: popularity",
        "ours": float(ours.mean()), "peer": float(peer.mean()), "ratio": float(ours.mean() / peer.mean()),
        "goal": f"better (paired bootstrap, 95 %: {low:+.4f} to {high:+.4f})", "met": low > 0,
        "unit": "recall", "seed": SEED,
    }  # fmt: skip
