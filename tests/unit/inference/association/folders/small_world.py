"""A simulated world small enough to be searched in a test, written as a folder of data."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from daemon.inference.association.folders.simulating import simulate
from daemon.inference.association.folders.streets import StreetSettings
from daemon.inference.association.folders.world import WorldSettings
from daemon.inference.association.folders.writing import write_world


def write_small_world(path: Path, **more: Any) -> Path:
    """Write 16 cameras that look for two hours, and up to 12 queries."""
    settings = WorldSettings(
        **{"detections": 1_500, "hours": 2.0, "queries": 12, "seed": 3, "horizon_s": 1_800.0} | more,
        streets=StreetSettings(cameras=16),
    )  # fmt: skip
    write_world(simulate(settings), path)
    return path
