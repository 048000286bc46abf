"""A small folder of data on disk, to be spoilt by tests."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import numpy as np

POINTS = {"a": (13.40, 52.50), "b": (13.401, 52.50), "c": (13.402, 52.50)}
DETECTIONS = (
    {"id": "d0", "camera": "a", "time": "2026-03-01T10:00:00+00:00", "body": 0, "face": 0},
    {"id": "d1", "camera": "b", "time": "2026-03-01T10:01:00Z", "body": 1, "face": None},
    {"id": "d2", "camera": "c", "time": "2026-03-01T12:02:00+02:00", "body": 2, "face": None},
    {"id": "d3", "camera": "b", "time": "2026-03-01T09:00:00+00:00", "body": 3, "face": 1},
)


def point(camera: Any, longitude: float, latitude: float, **properties: Any) -> dict[str, Any]:
    geometry = {"type": "Point", "coordinates": [longitude, latitude]}
    return {"type": "Feature", "geometry": geometry, "properties": {"camera": camera} | properties}


def line(origin: Any, target: Any, **properties: Any) -> dict[str, Any]:
    ends = [POINTS.get(str(name), (13.40, 52.50)) for name in (origin, target)]
    geometry = {"type": "LineString", "coordinates": ends}
    return {"type": "Feature", "geometry": geometry, "properties": {"from": origin, "to": target} | properties}


def write_lines(path: Path, lines: Iterable[Mapping[str, Any]]) -> None:
    path.write_text("".join(json.dumps(one) + "\n" for one in lines), encoding="utf-8")


def write_network(path: Path, features: Iterable[Mapping[str, Any]]) -> None:
    path.write_text(json.dumps({"type": "FeatureCollection", "features": list(features)}), encoding="utf-8")


def write_folder(path: Path) -> Path:
    """Write three cameras in a row, four detections, one passage, and one query with its answer."""
    path.mkdir(exist_ok=True)
    points = [point(name, *place) for name, place in POINTS.items()]
    ways = [line(*pair, metres=70.0) for pair in (("a", "b"), ("b", "a"), ("b", "c"), ("c", "b"))]
    write_network(path / "cameras.geojson", [*points, *ways])
    write_lines(path / "detections.jsonl", DETECTIONS)
    np.save(path / "body.npy", np.array([[1, 0, 0], [3, 0, 0.1], [1, 0, 0.1], [0, 1, 0]], np.float16))
    np.save(path / "face.npy", np.array([[1, 1], [0, 2]], np.float16))
    write_lines(path / "passages.jsonl", [{"detections": ["d3"]}])
    write_lines(path / "queries.jsonl", [{"query": "q0", "detection": "d0", "came_from": None, "horizon_s": 3600.0}])
    write_lines(path / "truth.jsonl", [{"query": "q0", "detections": ["d1", "d2"]}])
    return path
