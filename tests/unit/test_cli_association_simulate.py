"""`zhiban association simulate`, as a person runs it."""

from __future__ import annotations

import signal
import subprocess
import sys
import time
from pathlib import Path

import click
import pytest
from click.testing import CliRunner, Result

pytest.importorskip("numpy")
pytest.importorskip("networkx")

from daemon.cli import main
from daemon.cli.association_simulate import simulate as command
from daemon.inference.association.folders.folder import DataFolder
from daemon.inference.association.folders.world import COLUMNS


def simulate(folder: Path, *arguments: str) -> Result:
    return CliRunner().invoke(main, ["association", "simulate", str(folder), *arguments])


def test_a_folder_is_written_that_can_be_read(tmp_path: Path) -> None:
    done = simulate(tmp_path / "site", "--cameras", "30", "--detections", "900", "--width", "24", "--seed", "4")
    assert done.exit_code == 0, done.output
    assert "30 cameras, 9" in done.output
    assert "fewer than asked for" in done.output
    read = DataFolder.read(tmp_path / "site")
    assert (len(read.cameras), read.bodies.shape[1]) == (30, 24)
    assert read.truth


def test_the_same_seed_gives_the_same_bytes_and_another_one_others(tmp_path: Path) -> None:
    for name, seed in (("one", "7"), ("same", "7"), ("other", "8")):
        assert simulate(tmp_path / name, "--people", "40", "--cameras", "20", "--seed", seed).exit_code == 0
    one, same, other = (
        {path.name: path.read_bytes() for path in (tmp_path / name).iterdir()} for name in ("one", "same", "other")
    )
    assert one == same
    assert {name for name in one if one[name] != other[name]} == set(one)


def test_columns_and_repeats_are_told_when_asked_for(tmp_path: Path) -> None:
    wished = [part for column in ("direction", "quality", "box", "track", "model") for part in ("--with", column)]
    done = simulate(tmp_path / "site", "--people", "40", "--cameras", "20", "--repeats", "2", *wished)
    assert done.exit_code == 0, done.output
    rows = DataFolder.read(tmp_path / "site").rows
    assert len(set(rows.tracks)) < len(rows.ids) / 2
    assert rows.quality.min() > 0
    assert rows.box.min() >= 0


def test_all_columns_can_be_asked_for() -> None:
    option = next(one for one in command.params if one.name == "columns")
    assert isinstance(option.type, click.Choice)
    assert set(option.type.choices) == COLUMNS


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["--cameras", "1"], "cameras: 1; expected 2 to 100,000"),
        (["--people", "3", "--detections", "9"], "expected one of them"),
        (["--people", "0"], "people: 0; expected"),
        (["--detections", "0"], "detections: 0; expected"),
        (["--hours", "nan"], "hours: nan; expected"),
        (["--width", "1"], "width: 1; expected"),
        (["--returns", "1"], "returns: 1.0; expected"),
        (["--missed", "-0.1"], "missed: -0.1; expected"),
        (["--seed", "-1"], "seed: -1; expected"),
        (["--clock-rate-ppm", "inf"], "rate_ppm: inf; expected"),
        (["--with", "colour"], "is not one of"),
        (["--cameras", "many"], "is not a valid integer"),
    ],
)
def test_what_makes_no_sense_is_refused_before_anything_is_written(
    tmp_path: Path, arguments: list[str], told: str
) -> None:
    done = simulate(tmp_path / "site", *arguments)
    assert done.exit_code == 2
    assert told in done.output
    assert not list(tmp_path.iterdir())


def test_a_folder_that_holds_something_is_refused(tmp_path: Path) -> None:
    (tmp_path / "mine").write_text("mine")
    done = simulate(tmp_path, "--people", "40")
    assert done.exit_code == 2
    assert "holds something already" in done.output
    assert [path.name for path in tmp_path.iterdir()] == ["mine"]


def test_what_does_not_fit_into_memory_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def too_much(*_: object) -> None:
        raise MemoryError

    monkeypatch.setattr("daemon.inference.association.folders.simulating.simulate", too_much)
    done = simulate(tmp_path / "site")
    assert done.exit_code == 2
    assert "do not fit into memory" in done.output


@pytest.mark.parametrize(
    ("sent", "status"), [(signal.SIGTERM, 143), pytest.param(signal.SIGINT, 1, marks=pytest.mark.slow)]
)
def test_a_run_that_is_told_to_stop_leaves_nothing_behind(tmp_path: Path, sent: signal.Signals, status: int) -> None:
    started = [sys.executable, "-m", "daemon", "association", "simulate", str(tmp_path / "site"), "--width", "2048",
               "--detections", "200000"]  # fmt: skip
    with subprocess.Popen(started, cwd=Path(__file__).parents[2], stderr=subprocess.PIPE) as run:
        until = time.monotonic() + 60
        while not list(tmp_path.iterdir()) and time.monotonic() < until:
            time.sleep(0.02)
        run.send_signal(sent)
        assert run.wait(20) == status
    assert not list(tmp_path.iterdir())
