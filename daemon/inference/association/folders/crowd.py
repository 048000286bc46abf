"""Who comes by seen, person after person, until enough has been seen."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Final, NamedTuple

import numpy as np

from daemon.inference.association.folders.chance import Stream, chance
from daemon.inference.association.folders.streets import Streets
from daemon.inference.association.folders.walkers import Visits, Walkers, joined
from daemon.inference.association.folders.world import WorldSettings

if TYPE_CHECKING:
    from numpy.typing import NDArray

#: Told a stage, how much of it is done, and of how much.
Progress = Callable[[str, int, int], None]
_MOST_AT_ONCE: Final = 32_768  # people, whose walks take 50 MB
_LEAST_AT_ONCE: Final = 64
_REPEAT_AFTER_S: Final = (0.5, 1.5)


class Crowd(NamedTuple):
    """n sightings, person by person, each person's oldest first. passages: int64 (n,), equal within one passage."""

    people: int
    seen: Visits
    passages: NDArray[np.int64]


def gather(settings: WorldSettings, streets: Streets, progress: Progress) -> Crowd:
    """Let people walk until there are as many people or sightings as the settings say."""
    walkers = Walkers(streets, settings.walks, settings.hours * 3_600)
    people, seen = 0, [_nobody()]
    for visits in _groups(settings, walkers, progress):
        people += visits.people
        seen.append(visits.seen._replace(persons=visits.seen.persons + np.int32(people - visits.people)))
    sightings = joined(seen)
    return _repeated(
        Crowd(people, sightings, np.arange(len(sightings.persons))),
        settings.repeats,
        chance(settings.seed, Stream.REPEATS),
    )


def _groups(settings: WorldSettings, walkers: Walkers, progress: Progress) -> Iterator[Crowd]:
    """Yield groups of people with what was seen of them, the last one cut where it is enough."""
    wanted = settings.people or settings.detections or 0
    # of repeats, that are drawn later, the mean counts
    worth = 1.0 if settings.people else 1.0 + settings.repeats
    told, each, number = 0.0, 1.0 if settings.people else worth * 10.0, 0
    while told < wanted:
        number += 1
        count = int(np.clip((wanted - told) / each, 1 if settings.people else _LEAST_AT_ONCE, _MOST_AT_ONCE))
        walked = walkers.walk(count, chance(settings.seed, Stream.WALKS, number))
        seen = _seen(walked, settings.missed, chance(settings.seed, Stream.MISSES, number))
        group = Crowd(count, seen, np.arange(len(seen.persons)))
        if not settings.people:
            group = _cut(group, (wanted - told) / worth)
        told += group.people if settings.people else len(group.seen.persons) * worth
        progress("walks", min(int(told), wanted), wanted)
        yield group


def _seen(visits: Visits, missed: float, drawn: np.random.Generator) -> Visits:
    kept = drawn.random(len(visits.persons)) >= missed
    return visits.at(kept)


def _cut(group: Crowd, enough: float) -> Crowd:
    """Keep whole people, until there are enough sightings."""
    if len(group.seen.persons) <= enough:
        return group
    last = int(group.seen.persons[int(np.ceil(enough)) - 1])
    end = int(np.searchsorted(group.seen.persons, last, side="right"))
    return Crowd(last + 1, group.seen.at(slice(end)), group.passages[:end])


def _repeated(crowd: Crowd, repeats: float, drawn: np.random.Generator) -> Crowd:
    """Let passages be seen several times, about a second apart."""
    if not repeats:
        return crowd
    counts = 1 + drawn.poisson(repeats, len(crowd.passages))
    passages = np.repeat(crowd.passages, counts)
    seen = crowd.seen.at(passages)
    nth = np.arange(len(passages)) - np.repeat(np.cumsum(counts) - counts, counts)
    later = nth * drawn.uniform(*_REPEAT_AFTER_S, len(passages))
    # the draws of one passage may change places
    times = seen.times + later
    order = np.lexsort((times, passages))
    return Crowd(crowd.people, seen._replace(times=times[order]), passages)


def _nobody() -> Visits:
    whole, real = np.zeros(0, dtype=np.int32), np.zeros(0)
    return Visits(whole, whole, whole, real, real.astype(np.float32))
