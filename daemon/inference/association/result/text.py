"""A result as plain text: a line for each sighting with its reasons, what follows, and what was not searched."""

from __future__ import annotations

from collections.abc import Iterator

from daemon.inference.association.network.camera_graph import CameraGraph
from daemon.inference.association.result.about import About
from daemon.inference.association.result.about_words import about_lines
from daemon.inference.association.result.following import what_follows
from daemon.inference.association.result.following_words import follows, summary
from daemon.inference.association.result.words import Words
from daemon.inference.association.search.trajectory import Trajectory
from daemon.products.phrases import Language


def to_text(
    trajectory: Trajectory, graph: CameraGraph, about: About, language: Language = "en", zone: str = "UTC"
) -> str:
    """Return a result as lines, without a break at its end."""
    words = Words.of(trajectory, graph, language, zone)
    following = what_follows(trajectory, graph)
    lines = [
        summary(trajectory, following, words),
        words.zone_shown(trajectory.query_time_s),
        *(line for _, of_one in sorted(_sightings(trajectory, words)) for line in of_one),
        *follows(following, words),
        *words.unsearched(trajectory.tasks),
        words.ended(trajectory),
        words.cost(trajectory),
        *about_lines(about, words),
    ]
    return "\n".join(lines)


def _sightings(trajectory: Trajectory, words: Words) -> Iterator[tuple[float, list[str]]]:
    """Yield the time and the lines of the query and of each sighting, with what it may have been else."""
    asked_s = trajectory.query_time_s
    yield asked_s, [f"  0. {words.time(asked_s)} {words.camera(trajectory.query_camera)}: {words.say('legend.query')}"]
    for number, hop in enumerate(trajectory.hops, start=1):
        why = f"{words.hop(hop)} ({words.share(hop.posterior)})"
        others = trajectory.alternatives[number - 1] if number <= len(trajectory.alternatives) else ()
        line = f"{number:3}. {words.time(hop.time_s)} {words.camera(hop.camera)}: {why}"
        yield hop.time_s, [line, *(f"     {other}" for other in words.alternatives(others))]
