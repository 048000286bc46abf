"""Our worlds beside the frozen one in shared/data/association: the same kind of world by every figure."""

from __future__ import annotations

from pathlib import Path
from typing import Final

import pytest

from daemon.inference.association.folders.folder import DataFolder
from daemon.inference.association.folders.simulating import simulate
from daemon.inference.association.folders.walkers import WalkSettings
from daemon.inference.association.folders.world import WorldSettings
from daemon.inference.association.folders.writing import write_world
from tests.unit.inference.association.folders.folder_figures import figures

FROZEN = Path(__file__).parents[6] / "shared" / "data" / "association"
pytestmark = pytest.mark.skipif(not FROZEN.is_dir(), reason="the world in shared/data/association is not here")

#: How far a figure may be off, as a share of it: about three standard errors of what one world tells.
WITHIN: Final = {
    "ways": 0.0,
    "metres, mean": 0.03,
    "metres, deviation": 0.12,
    "detections a camera, mean": 0.01,
    "detections a camera, deviation": 0.15,
    "share with a face": 0.03,
    "passages confirmed": 0.12,
    "detections of a passage, mean": 0.12,
    "detections of a passage, median": 0.15,
    "share of hops to a neighbour": 0.01,
    "hop, median s": 0.04,
    "hop, 95 % s": 0.06,
    "hop, 99 % s": 0.15,
    "speed, median m/s": 0.03,
    "speed, deviation of logarithm": 0.06,
    "body of one person, mean": 0.03,
    "body of one person, deviation": 0.06,
    "body of one person, 5 %": 0.08,
    "body of one person, 95 %": 0.02,
    "body of two people, deviation": 0.03,
    "face of one person, mean": 0.02,
    "face of one person, deviation": 0.08,
    "face of one person, 5 %": 0.04,
    "face of one person, 95 %": 0.02,
    "face of two people, deviation": 0.05,
    "queries": 0.0,
    "detections within the horizon, mean": 0.06,
    "answers, mean": 0.13,
    "answers, least": 0.0,
    "answers, most": 0.2,
}


def test_a_world_of_its_size_is_like_the_frozen_one(tmp_path: Path) -> None:
    settings = WorldSettings(detections=57_934, walks=WalkSettings(returns=0.0), least_answers=6, seed=2)
    write_world(simulate(settings), tmp_path / "ours")
    ours, frozen = (figures(DataFolder.read(folder)) for folder in (tmp_path / "ours", FROZEN))
    for name, value in frozen.items():
        print(f"{name:40}{value:12.4f}{ours[name]:12.4f}")
    off = {
        name: (value, ours[name])
        for name, value in frozen.items()
        if abs(ours[name] - value) > abs(value) * WITHIN.get(name, 9)
    }
    assert not off
    for name in ("body of two people, mean", "face of two people, mean"):
        assert ours[name] == pytest.approx(frozen[name], abs=0.01)
