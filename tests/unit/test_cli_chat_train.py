"""`zhiban chat train` and `zhiban chat evaluate`, as a person runs them."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from daemon.cli import main
from daemon.cli.chat_training_needs import need_training
from daemon.errors import Unavailable

try:
    need_training()
except Unavailable as absent:
    pytest.skip(str(absent), allow_module_level=True)

from tests.unit.inference.chat.training.small_training import TALK

HASTY = """
name = "hasty"
vocabulary = 420
[shape]
embedding = 16
hidden = 32
encoder_layers = 1
decoder_layers = 1
[course]
epochs = 100000
evaluate_every = 50
checkpoint_every = 1000
patience = 100000
[cleaning]
held_out = 0.0
[balance]
most_of_one = 1.0
"""


@pytest.fixture
def corpus(tmp_path: Path) -> Path:
    path = tmp_path / "own.jsonl"
    lines = [json.dumps({"context": said, "reply": reply}) for said, reply in TALK.items()]
    path.write_text("\n".join([*lines, "{broken"]))
    return path


def run(*arguments: str) -> Result:
    return CliRunner().invoke(main, ["chat", *arguments])


def test_a_small_corpus_is_learned_and_measured(corpus: Path, tmp_path: Path) -> None:
    folder = tmp_path / "into"
    trained = run("train", "--recipe", "small", "--corpus", str(corpus), "--into", str(folder))
    assert trained.exit_code == 0, trained.output
    assert "16 pairs" in trained.output
    assert "line 17: not a record" in trained.output
    measured = run("evaluate", str(folder), "--json")
    assert measured.exit_code == 0, measured.output
    for figures in json.loads(measured.output).values():
        assert 2 ** figures["bits_per_token"] < 1.2
        assert figures["gain"] > 1
    table = run("evaluate", str(folder), "--on", str(corpus), "--most", "3")
    assert "bits per character" in table.output
    again = run("train", "--recipe", "small", "--corpus", str(corpus), "--into", str(folder))
    assert again.exit_code == 0, again.output
    assert trained.output.splitlines()[-1] == again.output.splitlines()[-1]


def test_what_was_trained_is_packaged_and_measured_beside_its_training(corpus: Path, tmp_path: Path) -> None:
    folder, model = tmp_path / "into", tmp_path / "model.zip"
    assert run("train", "--recipe", "small", "--corpus", str(corpus), "--into", str(folder)).exit_code == 0
    packaged = run("package", "--from", str(folder), "--into", str(model))
    assert packaged.exit_code == 0, packaged.output
    assert f"{model}: {model.stat().st_size} bytes" in packaged.output
    beside = run("evaluate", str(folder), str(model), "--replies", "5")
    assert beside.exit_code == 0, beside.output
    assert "model.zip" in beside.output.replace("\n", "")
    alone = run("evaluate", str(model), "--held-out", str(folder / "held-out.jsonl"), "--json")
    for figures in json.loads(alone.output).values():
        assert 2 ** figures["bits_per_token"] < 1.3
    unnamed = run("evaluate", str(model))
    assert (unnamed.exit_code, "--held-out" in unnamed.output) == (2, True)


@pytest.mark.parametrize("how", [pytest.param(signal.SIGTERM), pytest.param(signal.SIGINT, marks=pytest.mark.slow)])
def test_a_signal_writes_a_checkpoint_and_the_same_command_goes_on(
    corpus: Path, tmp_path: Path, how: signal.Signals
) -> None:
    (tmp_path / "hasty.toml").write_text(HASTY)
    folder = tmp_path / "into"
    command = [sys.executable, "-m", "daemon", "chat", "train", "--recipe", str(tmp_path / "hasty.toml")]
    command += ["--corpus", str(corpus), "--into", str(folder)]
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, cwd=tmp_path
    ) as process:
        assert process.stdout is not None
        for line in process.stdout:
            if line.startswith("step "):
                process.send_signal(how)
                break
        rest = process.stdout.read()
        assert process.wait(timeout=60) == 130, rest
    assert "the same command goes on" in rest
    (saved,) = folder.glob("checkpoint-*.json")
    step = json.loads(saved.read_text())["standing"]["step"]
    assert step % 1000
    shown = run(*command[4:], "--steps", str(step + 3))
    assert shown.exit_code == 0, shown.output
    assert f"step {step + 3}: stopped" in shown.output


def test_two_trainings_in_one_folder_are_refused(corpus: Path, tmp_path: Path) -> None:
    from daemon.adapters.lock import only_one

    folder = tmp_path / "into"
    folder.mkdir()
    with only_one(folder):
        shown = run("train", "--recipe", "small", "--corpus", str(corpus), "--into", str(folder))
    assert shown.exit_code == 1
    assert str(os.getpid()) in shown.output


@pytest.mark.parametrize(
    ("arguments", "status", "told"),
    [
        (["train", "--recipe", "nothing"], 1, "shipped"),
        (["train", "--corpus", "nothing"], 1, "chitchat"),
        (["train", "--recipe", "small", "--corpus", "kdconv"], 2, "https://github.com/thu-coai/KdConv"),
        (["train", "--recipe", "small"], 2, "names no corpora"),
        (["evaluate", "."], 2, "recipe.json"),
        (["package", "--from", ".", "--into", "model.zip"], 1, "no folder of a training"),
    ],
)
def test_what_cannot_be_done_is_told_in_a_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, arguments: list[str], status: int, told: str
) -> None:
    monkeypatch.chdir(tmp_path)
    shown = run(*arguments)
    assert shown.exit_code == status
    assert told in shown.output
    assert "Traceback" not in shown.output


def test_another_recipe_in_the_same_folder_is_refused(corpus: Path, tmp_path: Path) -> None:
    (tmp_path / "hasty.toml").write_text(HASTY)
    common = ["--corpus", str(corpus), "--into", str(tmp_path / "into")]
    assert run("train", "--recipe", str(tmp_path / "hasty.toml"), "--steps", "2", *common).exit_code == 0
    shown = run("train", "--recipe", "small", *common)
    assert shown.exit_code == 1
    assert "another recipe" in shown.output
