"""A result as JSON: all numbers of a trajectory with their words. Times are RFC 3339 in UTC."""

from __future__ import annotations

import math
from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final, Literal

import msgspec

from daemon.errors import InvalidInput
from daemon.inference.association.network.camera_graph import CameraGraph
from daemon.inference.association.result.about import About
from daemon.inference.association.result.following import Following, moment, what_follows
from daemon.inference.association.result.following_words import follows, summary
from daemon.inference.association.result.words import Words
from daemon.inference.association.search.trajectory import Hop, SearchedTask, Trajectory
from daemon.products.phrases import Language

VERSION: Final = 1


class Place(msgspec.Struct, frozen=True, kw_only=True):
    """A camera. longitude, latitude: None where it is no longer in the network."""

    camera: str
    name: str = ""
    longitude: float | None = None
    latitude: float | None = None


class Terms(msgspec.Struct, frozen=True, kw_only=True):
    """What a posterior is made of. Cosines with the template, and natural logarithms of likelihood ratios."""

    body: float | None
    face: float | None
    body_llr: float
    face_llr: float
    space_time_llr: float
    carried: str = ""


class Seen(msgspec.Struct, frozen=True, kw_only=True):
    """A sighting. parent: number of the one in `weighed` that it was found from, -1 the query. words: why it is so.

    seconds, metres, turn_deg: from the sighting that it was found from. support: how much each term speaks for it.
    """

    detection: str
    place: Place
    time: datetime
    posterior: float
    terms: Terms
    seconds: float
    metres: float | None
    turn_deg: float | None
    missed: tuple[str, ...]
    filled: bool
    parent: int
    words: str
    support: str


class Hit(Seen, frozen=True, kw_only=True):
    """A sighting that is taken to be the target's. number: from 1 in order of time."""

    number: int
    alternatives: tuple[Seen, ...]


class SearchedWindow(msgspec.Struct, frozen=True, kw_only=True):
    """A camera's window that was searched, or was not: then `reason` says why. mass: share of the target in it."""

    camera: str
    start: datetime
    end: datetime
    parent: int
    mass: float
    compared: int
    reason: str = ""


class Cost(msgspec.Struct, frozen=True, kw_only=True):
    """What it took. unexplored: probability of a next sighting where nobody looked."""

    rounds: int
    compared: int
    cpu_s: float
    unexplored: float
    ended: str
    words: str


class ResultDocument(msgspec.Struct, frozen=True, kw_only=True):
    """A whole result. Fields are added, never changed; what would change them counts `version` up."""

    about: About
    query: Place
    query_time: datetime
    summary: str
    hops: tuple[Hit, ...]
    weighed: tuple[Seen, ...]
    windows: tuple[SearchedWindow, ...]
    follows: Following
    follows_words: tuple[str, ...]
    unsearched_words: tuple[str, ...]
    cost: Cost
    language: Language
    format: Literal["zhiban-trajectory"] = "zhiban-trajectory"
    version: int = VERSION


def document(
    trajectory: Trajectory, graph: CameraGraph, about: About, language: Language = "en", zone: str = "UTC"
) -> ResultDocument:
    """Return a trajectory with all that is told of it. zone: of times in words; all others are UTC."""
    words = Words.of(trajectory, graph, language, zone)
    following = what_follows(trajectory, graph)
    alternatives = (*trajectory.alternatives, *([()] * len(trajectory.hops)))
    return ResultDocument(
        about=about,
        query=_place(trajectory.query_camera, graph),
        query_time=moment(trajectory.query_time_s),
        summary=summary(trajectory, following, words),
        hops=tuple(
            Hit(
                number=number,
                alternatives=tuple(_seen(other, graph, words) for other in others),
                **_fields(hop, graph, words),
            )
            for number, (hop, others) in enumerate(zip(trajectory.hops, alternatives, strict=False), start=1)
        ),
        weighed=tuple(_seen(hop, graph, words) for hop in trajectory.tree),
        windows=tuple(map(_window, trajectory.tasks)),
        follows=following,
        follows_words=tuple(follows(following, words)),
        unsearched_words=tuple(words.unsearched(trajectory.tasks)),
        cost=_cost(trajectory, words),
        language=language,
    )


def to_json(found: ResultDocument) -> bytes:
    """Return a document as UTF-8, indented for who opens it."""
    return msgspec.json.format(msgspec.json.encode(found), indent=2)


def from_json(content: bytes) -> ResultDocument:
    """Return what `to_json` wrote. Raises InvalidInput for anything else, and for a later version."""
    try:
        found = msgspec.json.decode(content, type=ResultDocument)
    except (msgspec.DecodeError, RecursionError) as error:
        raise InvalidInput(f"this is no exported trajectory: {error}") from error
    if found.version > VERSION:
        raise InvalidInput(f"this trajectory has version {found.version}; up to {VERSION} can be read")
    return found


def trajectory_of(kept: Mapping[str, Any]) -> Trajectory:
    """Return a trajectory that was kept as plain values. Raises InvalidInput."""
    try:
        return msgspec.convert(kept, Trajectory)
    except msgspec.ValidationError as error:
        raise InvalidInput(f"the result that was kept is no trajectory: {error}") from error


def _seen(hop: Hop, graph: CameraGraph, words: Words) -> Seen:
    return Seen(**_fields(hop, graph, words))


def _fields(hop: Hop, graph: CameraGraph, words: Words) -> dict[str, Any]:
    terms = Terms(
        body=_finite(hop.body),
        face=_finite(hop.face),
        body_llr=_finite(hop.body_llr) or 0.0,
        face_llr=_finite(hop.face_llr) or 0.0,
        space_time_llr=_finite(hop.space_time_llr) or 0.0,
        carried=hop.carried,
    )
    return {
        "detection": hop.detection,
        "place": _place(hop.camera, graph),
        "time": moment(hop.time_s),
        "posterior": hop.posterior,
        "terms": terms,
        "seconds": round(hop.seconds, 3),
        "metres": hop.metres,
        "turn_deg": hop.turn_deg,
        "missed": hop.missed,
        "filled": hop.filled,
        "parent": hop.parent,
        "words": words.hop(hop),
        "support": words.support(hop),
    }


def _finite(value: float | None) -> float | None:
    """JSON knows no infinities: evidence that rules a sighting out, or in, becomes the largest number there is."""
    if value is None or math.isnan(value):
        return None
    return max(-1e308, min(1e308, value))


def _place(camera_id: str, graph: CameraGraph) -> Place:
    if camera_id not in graph:
        return Place(camera=camera_id)
    camera = graph.camera(camera_id)
    return Place(camera=camera.id, name=camera.name, longitude=camera.longitude, latitude=camera.latitude)


def _window(task: SearchedTask) -> SearchedWindow:
    return SearchedWindow(
        camera=task.camera,
        start=moment(task.start_s),
        end=moment(task.end_s),
        parent=task.parent,
        mass=task.mass,
        compared=task.compared,
        reason=task.reason,
    )


def _cost(trajectory: Trajectory, words: Words) -> Cost:
    return Cost(
        rounds=trajectory.rounds,
        compared=trajectory.compared,
        cpu_s=trajectory.cpu_s,
        unexplored=trajectory.unexplored,
        ended=trajectory.ended,
        words=words.listed([words.ended(trajectory), words.cost(trajectory)]),
    )
