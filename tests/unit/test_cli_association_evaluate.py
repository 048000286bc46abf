"""`zhiban association evaluate`, as a person runs it: on a folder alone."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from daemon.cli import main
from tests.unit.inference.association.folders.folder_files import write_folder
from tests.unit.inference.association.folders.small_world import write_small_world


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_small_world(tmp_path_factory.mktemp("evaluate") / "world")


def run(*arguments: str) -> Result:
    return CliRunner().invoke(main, ["association", "evaluate", *arguments])


def test_json_is_all_that_is_written_and_no_state_is_made(world: Path, tmp_path: Path) -> None:
    nowhere = tmp_path / "state"
    done = subprocess.run(
        [sys.executable, "-m", "daemon", "association", "evaluate", str(world), "--json"],
        env=os.environ | {"STATE_DIRECTORY": str(nowhere)}, cwd=tmp_path, capture_output=True, check=False, timeout=110,
    )  # fmt: skip
    assert (done.returncode, done.stderr) == (0, b"")
    found = json.loads(done.stdout)
    assert {"exhaustive", "greedy", "best_first", "calibration_error"} <= found.keys()
    assert len(found["best_first"]["found"]) == found["queries"] == 12
    assert list(tmp_path.iterdir()) == []


def test_a_table_compares_the_three(world: Path) -> None:
    done = run(str(world), "--queries", "3", "--batch", "2", "--stop-mass", "0.01")
    assert done.exit_code == 0, done.output
    for told in ("3 queries", "exhaustive", "greedy topology", "best-first", "F1", "calibration error", "batch 2"):
        assert told in done.stdout


def test_what_is_not_known_is_said_to_be(tmp_path: Path) -> None:
    folder = write_folder(tmp_path / "world")
    (folder / "truth.jsonl").unlink()
    done = run(str(folder))
    assert done.exit_code == 0, done.output
    assert "not known" in done.stdout
    assert "calibration" not in done.stdout


def test_faults_of_a_folder_are_told_and_end_it(tmp_path: Path) -> None:
    folder = write_folder(tmp_path / "world")
    (folder / "queries.jsonl").write_text('{"query": "q0", "detection": "nobody", "horizon_s": 60}\n')
    done = run(str(folder), "--json")
    assert done.exit_code == 2
    assert done.stdout == ""
    assert "queries.jsonl:1: 'nobody' is no detection" in done.stderr


@pytest.mark.parametrize("arguments", [("--batch", "0"), ("--queries", "0"), ("--stop-mass", "2")])
def test_options_that_make_no_sense_are_refused(world: Path, arguments: tuple[str, str]) -> None:
    assert run(str(world), *arguments).exit_code == 2


def test_a_folder_that_is_not_there_is_told(tmp_path: Path) -> None:
    done = run(str(tmp_path / "nowhere"))
    assert done.exit_code == 2
    assert "no folder" in done.stderr


@pytest.mark.slow
def test_it_ends_quietly_when_its_reader_leaves(world: Path) -> None:
    process = subprocess.Popen(
        [sys.executable, "-m", "daemon", "association", "evaluate", str(world), "--json"],
        stdout=subprocess.PIPE, stderr=subprocess.PIPE,
    )  # fmt: skip
    assert process.stdout is not None
    assert process.stderr is not None
    process.stdout.close()
    said = process.stderr.read()
    process.stderr.close()
    assert (process.wait(110), said) == (141, b"")
