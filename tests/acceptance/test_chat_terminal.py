"""`zhiban chat` on a terminal: replies and how they came about, its ends, and a daemon that is away."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

pytest.importorskip("torch", reason="builds a model")

from tests.acceptance import chat_models
from tests.acceptance.asking import until
from tests.acceptance.chat_house import loaded, talking
from tests.acceptance.chat_models import UNHEARD
from tests.acceptance.daemon_process import DaemonProcess
from tests.acceptance.terminal import Terminal

CHAT = [sys.executable, "-m", "daemon", "chat"]


@pytest.fixture(scope="module")
def daemon(tmp_path_factory: pytest.TempPathFactory) -> Iterator[DaemonProcess]:
    folder: Path = tmp_path_factory.mktemp("terminal")
    with talking(folder, chat_models.write(folder / "model.zip")) as process:
        loaded(process)
        yield process


def opened(daemon: DaemonProcess, *options: str) -> Terminal:
    return Terminal([*CHAT, *options], daemon.environment, daemon.folder)


def test_a_reply_is_explained_by_rule_slots_candidates_and_scores(daemon: DaemonProcess) -> None:
    with opened(daemon, "--session", "a", "--explain") as terminal:
        terminal.until("Ctrl-D ends")
        terminal.type("Recommend me a comedy from the 1990s, nothing with Jim Carrey")
        terminal.until(r"  mode: films, films")
        terminal.until(r"  intent: recommend by \w+")
        terminal.until(r"  wish: comedy, from 1990 to 1999")
        terminal.until(r"  film: seed:[\w-]+ \d\.\d{3}")
        terminal.until(r"  slots: \{.*'genres'")
        terminal.until(r"1\. .*19\d\d")
        terminal.type(UNHEARD)
        terminal.until(r"  generator: \d\.\d\d \(score -?\d+\.\d{3}\) ")
        terminal.until(r"    score -?\d+\.\d{3}\n\s+\S")
        terminal.type("")
        terminal.until(r"  phrase: empty")


@pytest.mark.parametrize("press", [Terminal.end_input, Terminal.interrupt])
def test_a_key_ends_it_without_a_word_too_many(daemon: DaemonProcess, press: Callable[[Terminal], None]) -> None:
    with opened(daemon) as terminal:
        terminal.until("Ctrl-D ends")
        terminal.type("Recommend me a comedy")
        terminal.until("1. ")
        terminal.until("> $")
        assert terminal.ended(20, press) == 0
        assert "Traceback" not in terminal.shown
        assert "Aborted" not in terminal.shown


def test_in_the_middle_of_a_reply_it_ends_too(tmp_path: Path) -> None:
    model = chat_models.write(tmp_path / "model.zip", rounds=5_000, by_heart=False)
    with talking(tmp_path, model, deadline="60s") as slow:
        loaded(slow)
        with opened(slow) as terminal:
            terminal.until("Ctrl-D ends")
            terminal.type(UNHEARD)
            until(lambda: "zhiban_offload_held 1.0" in slow.get("/metrics")[1], 20, "a reply is being made")
            assert terminal.ended(20, Terminal.interrupt) == 0
            assert "Traceback" not in terminal.shown


def test_without_a_daemon_it_talks_in_its_own_process(tmp_path: Path) -> None:
    process = talking(tmp_path, chat_models.write(tmp_path / "model.zip"))
    with Terminal([*CHAT, "--config", str(process.config), "--explain"], process.environment, tmp_path) as terminal:
        terminal.until("Ctrl-D ends", 60)
        terminal.type(UNHEARD)
        terminal.until(r"  generator: ")
        terminal.type("推荐一部喜剧电影")
        terminal.until("1. 《")
        assert terminal.ended(20, Terminal.end_input) == 0
        assert "Traceback" not in terminal.shown
    process.__exit__(None, None, None)


def test_in_its_own_process_it_ends_in_the_middle_of_a_reply_too(tmp_path: Path) -> None:
    model = chat_models.write(tmp_path / "model.zip", rounds=100, by_heart=False)
    process = talking(tmp_path, model, deadline="600s")
    with Terminal([*CHAT, "--config", str(process.config)], process.environment, tmp_path) as terminal:
        terminal.until("Ctrl-D ends", 60)
        terminal.type("\n".join([UNHEARD] * 20))
        terminal.until(UNHEARD)
        assert terminal.ended(20, Terminal.interrupt) == 0
        assert "Traceback" not in terminal.shown
    process.__exit__(None, None, None)


def test_a_daemon_that_ends_meanwhile_is_told_and_the_next_line_is_asked_all_the_same(tmp_path: Path) -> None:
    with talking(tmp_path) as daemon:
        loaded(daemon)
        with opened(daemon) as terminal:
            terminal.until("Ctrl-D ends")
            assert daemon.process is not None
            daemon.process.kill()
            daemon.process.wait()
            for _ in range(2):
                terminal.type("hello")
                terminal.until("! .*does not answer")
            assert terminal.ended(20, Terminal.end_input) == 0


def test_a_daemon_without_chat_is_told(tmp_path: Path) -> None:
    with DaemonProcess(tmp_path, "[checks]\nnetwork = false\n") as process:
        told = process.command("chat", "--session", "a b")
        assert told.returncode == 0, "nothing was said in this pipe"
        with opened(process) as terminal:
            terminal.until("Ctrl-D ends")
            terminal.type("hello")
            terminal.until(r"no chat system in this daemon: \[chat\] kind")
            assert terminal.ended(20) == 1
