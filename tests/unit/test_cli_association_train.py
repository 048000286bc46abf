"""`zhiban association train`, as a person runs it."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from pathlib import Path

import pytest

pytest.importorskip("torch")
pytest.importorskip("onnxruntime")

from click.testing import CliRunner, Result

from daemon.adapters.lock import only_one
from daemon.cli import main
from daemon.inference.association.pictures.registry import open_embedder
from tests.unit.inference.association.pictures.network_kit import fitted, write_safetensors
from tests.unit.inference.association.pictures.training.small_training import write_people

SMALL = ["--size", "64x32", "--people", "2", "--epochs", "2"]


@pytest.fixture(scope="module")
def crops(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_people(tmp_path_factory.mktemp("crops"))


def run(*arguments: str | Path) -> Result:
    return CliRunner().invoke(main, ["association", "train", *map(str, arguments)])


def test_a_model_is_trained_on_from_weights_and_opened(crops: Path, tmp_path: Path) -> None:
    weights = write_safetensors(tmp_path, fitted())
    (crops / "p1" / "c1_900.png").write_bytes(b"no picture")
    arguments: list[str | Path] = [crops, "--into", tmp_path / "into", "--weights", weights, "--rate", "1e-6", *SMALL]
    trained = run(*arguments, "--licence", "mine")
    assert trained.exit_code == 0, trained.output
    for told in (
        "learned: 16 pictures of 4 people by 2 cameras", "held out: 8 pictures of 2 people", "skipped: 1 that",
        "c1_900.png", "all epochs are done", "people it never saw: rank-1", "even odds at", "name this folder",
    ):  # fmt: skip
        assert told in trained.output
    model = open_embedder(tmp_path / "into" / "model")
    assert model.model_id in trained.output
    manifest = json.loads((tmp_path / "into" / "model" / "osnet_x0_25.onnx.json").read_text())
    assert manifest["licence"] == "mine"
    assert manifest["calibration"]["same"]["pairs"] == 8
    again = run(*arguments)
    assert again.exit_code == 0, again.output
    assert again.output.splitlines()[-1] == trained.output.splitlines()[-1]


@pytest.mark.parametrize("how", [pytest.param(signal.SIGTERM), pytest.param(signal.SIGINT, marks=pytest.mark.slow)])
def test_a_signal_writes_a_checkpoint_and_the_same_command_goes_on(
    crops: Path, tmp_path: Path, how: signal.Signals
) -> None:
    command = ["association", "train", str(crops), "--into", str(tmp_path), "--size", "64x32", "--epochs", "10000"]
    with subprocess.Popen(
        [sys.executable, "-m", "daemon", *command], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    ) as process:
        assert process.stdout is not None
        for line in process.stdout:
            if line.startswith("step "):
                process.send_signal(how)
                break
        rest = process.stdout.read()
        assert process.wait(timeout=60) == 130, rest
    assert "images/s" in line
    assert "left" in line
    assert "the same command goes on" in rest
    step = max(json.loads(saved.read_text())["standing"]["step"] for saved in tmp_path.glob("checkpoint-*.json"))
    shown = run(*command[2:], "--steps", str(step + 1))
    assert shown.exit_code == 0, shown.output
    assert f"step {step + 1}: stopped" in shown.output


def test_two_trainings_in_one_folder_are_refused(crops: Path, tmp_path: Path) -> None:
    with only_one(tmp_path):
        shown = run(crops, "--into", tmp_path)
    assert shown.exit_code == 1
    assert "held by process" in shown.output


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["none"], "neither a folder with a folder for each person nor a list"),
        ([".", "--size", "big"], "must be HEIGHTxWIDTH"),
        ([".", "--size", "4x4"], "from 16 to 1024, not 4 x 4"),
        (["."], "no pictures to learn from"),
        (["a.csv"], "no column identity, path"),
        ([".", "--held-out", "1"], "held_out is 1.0"),
        ([".", "--weights", "a.csv"], "no manifest beside it"),
    ],
)
def test_what_cannot_be_done_is_told_in_a_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, arguments: list[str], told: str
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "a.csv").write_text("")
    shown = run(*arguments, "--into", "into")
    assert shown.exit_code == (1 if arguments == ["none"] else 2)
    assert told in shown.output
    assert "Traceback" not in shown.output
