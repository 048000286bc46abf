"""What the chat needs: nothing of training to talk, nothing at all where it is off; and what is said where it lacks."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

pytest.importorskip("torch", reason="builds a model")

from tests.acceptance import chat_models
from tests.acceptance.chat_house import loaded, say, talking
from tests.acceptance.chat_models import UNHEARD
from tests.acceptance.daemon_process import DaemonProcess

ROOT = Path(__file__).parents[2]
#: What only training and measuring need.
TRAINING = ("torch", "onnx", "gensim", "safetensors", "sacrebleu", "yaml", "rich")
#: What only the chat needs, as files of it are called in memory.
HEAVY = ("onnxruntime", "numpy", "scipy", "sentencepiece", "opencc", "torch")
ABSENT = """
import importlib.machinery
absent, find = {absent!r}, importlib.machinery.PathFinder.find_spec
def found(name, path=None, target=None):
    return None if name.partition(".")[0] in absent else find(name, path, target)
importlib.machinery.PathFinder.find_spec = staticmethod(found)
"""


def without(folder: Path, *absent: str) -> dict[str, str]:
    """Return an environment in which some packages are not installed."""
    (folder / "absent").mkdir()
    (folder / "absent" / "sitecustomize.py").write_text(ABSENT.format(absent=absent), encoding="utf-8")
    return {"PYTHONPATH": f"{folder / 'absent'}:{ROOT}"}


def mapped(daemon: DaemonProcess) -> set[str]:
    """Return which of the heavy packages a daemon holds in memory."""
    maps = Path(f"/proc/{daemon.pid}/maps").read_text(encoding="utf-8")
    return {name for name in HEAVY if f"/site-packages/{name}" in maps}


@pytest.fixture
def daemon(tmp_path: Path) -> Iterator[DaemonProcess]:
    environment = without(tmp_path, *TRAINING)
    with talking(tmp_path, chat_models.write(tmp_path / "model.zip"), environment=environment) as process:
        yield process


def test_it_talks_without_anything_of_training(daemon: DaemonProcess) -> None:
    assert loaded(daemon)["problems"] == []
    notes = say(daemon, UNHEARD, explain=True).body["explained"]
    assert any(note.startswith("generator: ") for note in notes)
    assert len(say(daemon, "推荐一部喜剧电影").body["films"]) == 3
    assert {"onnxruntime", "numpy"} <= mapped(daemon)
    assert "torch" not in mapped(daemon)
    told = daemon.command("chat", "train")
    assert (told.returncode, told.stdout) == (1, "")
    assert "pip install 'zhiban[chat,train]'" in told.stderr
    assert "Traceback" not in told.stderr


def test_a_daemon_without_chat_holds_nothing_of_it(tmp_path: Path) -> None:
    with DaemonProcess(tmp_path, "[checks]\nnetwork = false\n") as process:
        assert mapped(process) == set()
        assert say(process, "hello").status == 404


@pytest.mark.parametrize("absent", ["onnxruntime", "opencc"])
def test_what_is_not_installed_is_told_at_the_start_and_in_a_terminal(tmp_path: Path, absent: str) -> None:
    process = talking(tmp_path, environment=without(tmp_path, absent)).start()
    assert process.wait_end(30)[0] == 78
    assert f"pip install 'zhiban[chat]'`: no {absent}" in process.log_text()
    told = process.command("chat")
    assert (told.returncode, told.stdout) == (1, "")
    assert f"pip install 'zhiban[chat]'`: no {absent}" in told.stderr
    assert "Traceback" not in told.stderr
    process.__exit__(None, None, None)


def test_the_help_of_every_command_needs_none_of_it(tmp_path: Path) -> None:
    environment = {"PATH": "/usr/bin", **without(tmp_path, *TRAINING, *HEAVY, "rapidfuzz")}
    for command in ([], ["intent"], ["train"], ["evaluate"]):
        done = subprocess.run([sys.executable, "-m", "daemon", "chat", *command, "--help"], env=environment, text=True,
                              cwd=tmp_path, capture_output=True, timeout=60, check=False)  # fmt: skip
        assert (done.returncode, "Traceback" in done.stderr) == (0, False), done.stderr
