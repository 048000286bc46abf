"""A result as GeoJSON (RFC 7946): points for sightings, lines for the legs between them."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import Any

import msgspec

from daemon.inference.association.network.camera_graph import CameraGraph
from daemon.inference.association.result.about import About
from daemon.inference.association.result.following import Leg, along, leg_hop, moment, stops, what_follows
from daemon.inference.association.result.following_words import follows, leg_words, summary
from daemon.inference.association.result.words import Words
from daemon.inference.association.search.trajectory import Trajectory
from daemon.products.phrases import Language


def feature_collection(
    trajectory: Trajectory, graph: CameraGraph, about: About, language: Language = "en", zone: str = "UTC"
) -> dict[str, Any]:
    """Return a FeatureCollection; who searched, why, and what follows are its foreign member `zhiban`.

    Each feature has a `kind`: "query", "sighting" or "leg". What lies at a camera that is no longer in the network has
    a null geometry (section 3.2), a leg over the 180th meridian two lines (section 3.1.9).
    """
    words = Words.of(trajectory, graph, language, zone)
    following = what_follows(trajectory, graph)
    told = {
        "about": msgspec.to_builtins(about),
        "summary": summary(trajectory, following, words),
        "follows": follows(following, words),
        "unsearched": words.unsearched(trajectory.tasks),
        "cost": words.listed([words.ended(trajectory), words.cost(trajectory)]),
        "language": language,
    }
    features = [_query(trajectory, graph), *_sightings(trajectory, graph, words)]
    legs = {leg.number: leg for leg in following.legs}
    features += _legs(trajectory, graph, legs, words)
    return {"type": "FeatureCollection", "features": features, "zhiban": told}


def to_geojson(found: dict[str, Any]) -> bytes:
    """Return a FeatureCollection as UTF-8."""
    return msgspec.json.encode(found)


def _feature(geometry: dict[str, Any] | None, **properties: object) -> dict[str, Any]:
    return {"type": "Feature", "geometry": geometry, "properties": properties}


def _query(trajectory: Trajectory, graph: CameraGraph) -> dict[str, Any]:
    time = msgspec.to_builtins(moment(trajectory.query_time_s))
    return _feature(_point(trajectory.query_camera, graph), kind="query", camera=trajectory.query_camera, time=time)


def _sightings(trajectory: Trajectory, graph: CameraGraph, words: Words) -> list[dict[str, Any]]:
    alternatives = (*trajectory.alternatives, *([()] * len(trajectory.hops)))
    return [
        _feature(
            _point(hop.camera, graph),
            kind="sighting",
            number=number,
            camera=hop.camera,
            detection=hop.detection,
            time=msgspec.to_builtins(moment(hop.time_s)),
            posterior=hop.posterior,
            filled=hop.filled,
            words=words.hop(hop),
            support=words.support(hop),
            alternatives=words.alternatives(others),
        )
        for number, (hop, others) in enumerate(zip(trajectory.hops, alternatives, strict=False), start=1)
    ]


def _legs(trajectory: Trajectory, graph: CameraGraph, legs: dict[int, Leg], words: Words) -> list[dict[str, Any]]:
    features = []
    for before, after in pairwise(stops(trajectory)):
        if before.camera == after.camera:
            continue
        leg, hop = legs[after.number], leg_hop(before, after, trajectory.query_time_s)
        stated = msgspec.to_builtins(leg)
        more = {"posterior": hop.posterior if hop else None, "words": leg_words(leg, words)}
        features.append(_feature(_line(along(before, after, hop, graph), graph), kind="leg", **stated, **more))
    return features


def _position(camera_id: str, graph: CameraGraph) -> list[float]:
    camera = graph.camera(camera_id)
    return [round(camera.longitude, 7), round(camera.latitude, 7)]


def _point(camera_id: str, graph: CameraGraph) -> dict[str, Any] | None:
    return {"type": "Point", "coordinates": _position(camera_id, graph)} if camera_id in graph else None


def _line(cameras: Sequence[str], graph: CameraGraph) -> dict[str, Any] | None:
    if cameras[0] not in graph or cameras[-1] not in graph:
        return None
    places = [_position(camera, graph) for camera in cameras if camera in graph]
    parts = _cut(places)
    if len(parts) == 1:
        return {"type": "LineString", "coordinates": parts[0]}
    return {"type": "MultiLineString", "coordinates": parts}


def _cut(places: list[list[float]]) -> list[list[list[float]]]:
    """Return a line in parts, none of which crosses the 180th meridian."""
    parts = [[places[0]]]
    for (west, south), (east, north) in pairwise(places):
        if abs(east - west) > 180:
            edge = 180.0 if west > 0 else -180.0
            whole = 360 - abs(east - west)
            latitude = round(south + (north - south) * (abs(edge - west) / whole if whole else 0.0), 7)
            parts[-1].append([edge, latitude])
            parts.append([[-edge, latitude]])
        parts[-1].append([east, north])
    return parts
