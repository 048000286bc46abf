"""Acceptance 5 of the chat: a training that is told to end does so in time, whatever it is at, and goes on later."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import pytest

pytest.importorskip("torch", reason="trains a model")

from tests.unit.inference.chat.training.small_training import TALK
from tests.unit.test_cli_chat_train import HASTY

#: Seconds in which it has written its checkpoint and ended, also on a machine that is busy.
IN_TIME_S = 20.0
#: What is shown last before it reads, prepares, and learns.
MOMENTS = {"reading": "reading the corpora", "preparing": "pairs to learn", "learning": "step "}


@pytest.fixture
def command(tmp_path: Path) -> list[str]:
    (tmp_path / "hasty.toml").write_text(HASTY, encoding="utf-8")
    lines = [json.dumps({"context": said, "reply": reply}, ensure_ascii=False) for said, reply in TALK.items()]
    (tmp_path / "own.jsonl").write_text("\n".join(lines), encoding="utf-8")
    return [sys.executable, "-m", "daemon", "chat", "train", "--recipe", str(tmp_path / "hasty.toml"),
            "--corpus", str(tmp_path / "own.jsonl"), "--into", str(tmp_path / "into")]  # fmt: skip


@contextmanager
def training(command: Sequence[str], folder: Path, until: str) -> Iterator[subprocess.Popen[str]]:
    """Run a training up to what it shows."""
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, cwd=folder) as process:
        try:
            assert process.stdout is not None
            assert any(until in line for line in process.stdout), "it ended before"
            yield process
        finally:
            process.kill()


@pytest.mark.parametrize(("moment", "number"), [("reading", signal.SIGTERM), ("preparing", signal.SIGINT)])
def test_before_it_learns_it_ends_in_time_and_the_same_command_begins(
    command: list[str], tmp_path: Path, moment: str, number: signal.Signals
) -> None:
    with training(command, tmp_path, MOMENTS[moment]) as process:
        process.send_signal(number)
        told, _ = process.communicate(timeout=IN_TIME_S)
        assert process.returncode in {130, 1, -number}, told
        assert "Traceback" not in told
    with training(command, tmp_path, MOMENTS["learning"]) as process:
        process.send_signal(signal.SIGTERM)
        told, _ = process.communicate(timeout=IN_TIME_S)
        assert process.returncode == 130, told
    assert "the same command goes on" in told
    assert list((tmp_path / "into").glob("checkpoint-*.json"))


@pytest.mark.slow
def test_of_two_signals_the_second_changes_nothing(command: list[str], tmp_path: Path) -> None:
    with training(command, tmp_path, MOMENTS["learning"]) as process:
        process.send_signal(signal.SIGTERM)
        process.send_signal(signal.SIGINT)
        told, _ = process.communicate(timeout=IN_TIME_S)
        assert process.returncode == 130
        assert "the same command goes on" in told


@pytest.mark.slow
def test_killed_without_a_word_it_goes_on_from_its_last_checkpoint(command: list[str], tmp_path: Path) -> None:
    with training(command, tmp_path, MOMENTS["learning"]) as process:
        process.kill()
    with training(command, tmp_path, MOMENTS["learning"]) as process:
        process.send_signal(signal.SIGTERM)
        assert process.wait(IN_TIME_S) == 130
