"""Simulated worlds as folders of data."""

from __future__ import annotations

import errno
import json
import os
import shutil
import signal
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from daemon.errors import InvalidInput, StoreFull
from daemon.inference.association.folders.folder import DataFolder
from daemon.inference.association.folders.simulating import simulate
from daemon.inference.association.folders.streets import StreetSettings
from daemon.inference.association.folders.world import COLUMNS, World, WorldSettings
from daemon.inference.association.folders.writing import write_world

SMALL = WorldSettings(detections=600, streets=StreetSettings(cameras=16), columns=COLUMNS, repeats=0.5)
REPOSITORY = Path(__file__).parents[5]
#: Stops for good after the vectors are written.
STUCK = """
import pathlib, sys, time
from daemon.inference.association.folders.simulating import simulate
from daemon.inference.association.folders.world import WorldSettings
from daemon.inference.association.folders.writing import write_world

def progress(stage, done, total):
    if stage == "face.npy":
        print("stuck", flush=True)
        time.sleep(600)

write_world(simulate(WorldSettings(detections=500)), pathlib.Path(sys.argv[1]), progress)
"""


@pytest.fixture(scope="module")
def world() -> World:
    return simulate(SMALL)


def contents(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def test_what_is_read_is_what_was_written(world: World, tmp_path: Path) -> None:
    write_world(world, tmp_path / "site")
    read = DataFolder.read(tmp_path / "site")
    assert [(camera.id, camera.longitude, camera.latitude) for camera in read.cameras] == [
        (camera.id, camera.longitude, camera.latitude) for camera in world.cameras
    ]
    assert set(read.ways) == set(world.ways)
    assert np.array_equal(read.bodies, world.body())
    assert np.array_equal(read.faces, world.faces())
    assert np.array_equal(read.rows.camera, world.camera_of)
    assert read.rows.times == pytest.approx(world.times, abs=1e-4)
    assert np.array_equal(read.rows.face, world.face_rows)
    assert read.rows.quality == pytest.approx(world.quality, abs=1e-6)
    assert read.rows.direction_deg == pytest.approx(world.direction_deg, abs=1e-4, nan_ok=True)
    assert read.rows.box == pytest.approx(world.boxes, abs=1e-4)
    assert list(read.rows.tracks) == [f"t{passage}" for passage in world.passages]
    assert set(read.rows.body_models) == {"simulated-body"}
    assert list(read.passages) == [tuple(f"d{row}" for row in rows) for rows in world.confirmed_passages()]
    assert read.truth == {one.id: tuple(f"d{row}" for row in one.answers) for one in world.questions}
    assert [(one.detection, one.came_from, one.horizon_s) for one in read.queries] == [
        (f"d{one.row}", f"c{one.came_from}", one.horizon_s) for one in world.questions
    ]


def test_lines_have_the_form_of_the_frozen_folder(tmp_path: Path) -> None:
    write_world(simulate(replace(SMALL, columns=frozenset(), repeats=0.0)), tmp_path / "site")
    line = json.loads((tmp_path / "site" / "detections.jsonl").read_text().splitlines()[0])
    assert list(line) == ["id", "camera", "time", "body", "face"]
    assert line["time"].endswith("+00:00")
    network = json.loads((tmp_path / "site" / "cameras.geojson").read_text())
    assert {tuple(one["properties"]) for one in network["features"]} == {("camera",), ("from", "to", "metres")}
    body = np.load(tmp_path / "site" / "body.npy", mmap_mode="r")
    assert (body.dtype, body.shape[1]) == (np.float16, 64)


def test_the_same_seed_gives_the_same_bytes(world: World, tmp_path: Path) -> None:
    write_world(world, tmp_path / "one")
    write_world(simulate(SMALL), tmp_path / "other")
    assert contents(tmp_path / "one") == contents(tmp_path / "other")


def test_the_settings_are_told_beside_the_data(world: World, tmp_path: Path) -> None:
    write_world(world, tmp_path / "site")
    told = json.loads((tmp_path / "site" / "simulation.json").read_text())
    assert told["settings"]["walks"]["returns"] == 0.1
    assert told["settings"]["columns"] == sorted(COLUMNS)


def test_an_empty_folder_is_filled_and_missing_parents_are_made(world: World, tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    write_world(world, tmp_path / "empty")
    write_world(world, tmp_path / "a" / "b")
    assert contents(tmp_path / "empty").keys() == contents(tmp_path / "a" / "b").keys()


def test_a_folder_that_holds_something_is_refused_and_left_as_it_is(world: World, tmp_path: Path) -> None:
    (tmp_path / "site").mkdir()
    (tmp_path / "site" / "mine").write_text("mine")
    with pytest.raises(InvalidInput, match=r"site: holds something already; expected a folder that is not there yet"):
        write_world(world, tmp_path / "site")
    with pytest.raises(InvalidInput, match=r"mine: is no folder"):
        write_world(world, tmp_path / "site" / "mine")
    assert contents(tmp_path / "site") == {"mine": b"mine"}
    assert [path.name for path in tmp_path.iterdir()] == ["site"]


def test_the_working_folder_is_not_put_away(world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(InvalidInput, match="is the working folder"):
        write_world(world, Path())


def test_a_folder_that_comes_meanwhile_is_not_written_over(world: World, tmp_path: Path) -> None:
    def meanwhile(stage: str, *_: int) -> None:
        if stage == "detections.jsonl":
            (tmp_path / "site").mkdir(exist_ok=True)
            (tmp_path / "site" / "theirs").write_text("theirs")

    with pytest.raises(InvalidInput, match="something was put there meanwhile"):
        write_world(world, tmp_path / "site", meanwhile)
    assert contents(tmp_path / "site") == {"theirs": b"theirs"}
    assert [path.name for path in tmp_path.iterdir()] == ["site"]


def test_too_little_room_is_told_before_anything_is_written(
    world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    usage = shutil.disk_usage(tmp_path)._replace(free=1_000)
    monkeypatch.setattr(shutil, "disk_usage", lambda _: usage)
    with pytest.raises(StoreFull, match=r"needs about \d+ MB, and 0 MB are free"):
        write_world(world, tmp_path / "site")
    assert not list(tmp_path.iterdir())


def test_a_disk_that_fills_up_leaves_nothing_behind(
    world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: Any) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(StoreFull, match="No space left on device; nothing was kept"):
        write_world(world, tmp_path / "site")
    assert not list(tmp_path.iterdir())


def test_a_killed_run_leaves_no_folder_and_the_next_one_clears_up(world: World, tmp_path: Path) -> None:
    command = [sys.executable, "-c", STUCK, str(tmp_path / "site")]
    with subprocess.Popen(command, stdout=subprocess.PIPE, cwd=REPOSITORY) as run:
        assert run.stdout is not None
        assert run.stdout.readline() == b"stuck\n"
        left = next(iter(tmp_path.iterdir()))
        assert left.name.startswith(".site.unfinished-")
        write_world(world, tmp_path / "other")
        # a run that lives keeps its own; one beside it for the same name does not take it away
        write_world(world, tmp_path / "site")
        assert left.is_dir()
        shutil.rmtree(tmp_path / "site")
        run.send_signal(signal.SIGKILL)
    assert sorted(path.name for path in tmp_path.iterdir()) == [left.name, "other"]
    write_world(world, tmp_path / "site")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["other", "site"]
