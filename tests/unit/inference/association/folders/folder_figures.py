"""Figures of a folder of data that tell one kind of world from another."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np

from daemon.inference.association.folders.folder import DataFolder

if TYPE_CHECKING:
    from numpy.typing import NDArray


def figures(folder: DataFolder) -> dict[str, float]:
    """Return figures by name: of the streets, of detections, of passages and hops, of vectors, of queries."""
    return {**_counts(folder), **_hops(folder), **_cosines(folder), **_questions(folder)}


def _counts(folder: DataFolder) -> dict[str, float]:
    a_camera = np.bincount(folder.rows.camera, minlength=len(folder.cameras))
    lengths = [len(passage) for passage in folder.passages]
    return {
        "ways": len(folder.ways),
        "metres, mean": float(np.mean([way.metres for way in folder.ways])),
        "metres, deviation": float(np.std([way.metres for way in folder.ways])),
        "detections a camera, mean": float(a_camera.mean()),
        "detections a camera, deviation": float(a_camera.std()),
        "share with a face": float((folder.rows.face >= 0).mean()),
        "passages confirmed": len(lengths),
        "detections of a passage, mean": float(np.mean(lengths)),
        "detections of a passage, median": float(np.median(lengths)),
    }


def _trails(folder: DataFolder) -> Iterator[NDArray[np.int64]]:
    row = {name: number for number, name in enumerate(folder.rows.ids)}
    return (np.array([row[name] for name in passage]) for passage in folder.passages)


def _hops(folder: DataFolder) -> dict[str, float]:
    number = {camera.id: place for place, camera in enumerate(folder.cameras)}
    metres = {(number[way.origin], number[way.target]): way.metres for way in folder.ways}
    camera, times = folder.rows.camera.tolist(), folder.rows.times.tolist()
    pairs = [pair for trail in _trails(folder) for pair in pairwise(trail.tolist())]
    adjacent = [(a, b) for a, b in pairs if (camera[a], camera[b]) in metres]
    seconds = np.array([times[b] - times[a] for a, b in adjacent])
    speed = np.array([metres[camera[a], camera[b]] for a, b in adjacent]) / seconds
    slow, usual, fast = np.log(np.quantile(speed[speed > 0], (0.16, 0.5, 0.84)))
    return {
        "share of hops to a neighbour": len(adjacent) / len(pairs),
        "hop, median s": float(np.median(seconds)),
        "hop, 95 % s": float(np.quantile(seconds, 0.95)),
        "hop, 99 % s": float(np.quantile(seconds, 0.99)),
        "speed, median m/s": float(np.exp(usual)),
        "speed, deviation of logarithm": float(fast - slow) / 2,
    }


def _cosines(folder: DataFolder) -> dict[str, float]:
    trails = list(_trails(folder))
    found = {}
    for kind, vectors, rows in (
        ("body", folder.bodies, folder.rows.body),
        ("face", folder.faces, folder.rows.face),
    ):
        shown = [vectors[rows[trail][rows[trail] >= 0]].astype(np.float32) for trail in trails]
        alike = np.concatenate([(one @ one.T)[np.tril_indices(len(one), -1)] for one in shown])
        others = np.concatenate([(one @ other.T).ravel() for one, other in pairwise(shown)])
        for name, cosines in ((f"{kind} of one person", alike), (f"{kind} of two people", others)):
            found[f"{name}, mean"] = float(cosines.mean())
            found[f"{name}, deviation"] = float(cosines.std())
        found[f"{kind} of one person, 5 %"] = float(np.quantile(alike, 0.05))
        found[f"{kind} of one person, 95 %"] = float(np.quantile(alike, 0.95))
    return found


def _questions(folder: DataFolder) -> dict[str, float]:
    row = {name: number for number, name in enumerate(folder.rows.ids)}
    times = np.sort(folder.rows.times)
    asked = folder.rows.times[[row[str(query.detection)] for query in folder.queries]]
    within = np.searchsorted(times, asked + 3_600.0, "right") - np.searchsorted(times, asked, "right")
    answers = [len(found) for found in (folder.truth or {}).values()]
    return {
        "queries": len(folder.queries),
        "detections within the horizon, mean": float(within.mean()),
        "answers, mean": float(np.mean(answers)),
        "answers, least": min(answers),
        "answers, most": max(answers),
    }
