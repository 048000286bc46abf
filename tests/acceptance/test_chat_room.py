"""Acceptance of the chat in the bot's room: whoever mentions the bot is answered, and in their own language."""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("torch", reason="builds a model")

from daemon.inference.chat.languages import language_of
from tests.acceptance import chat_models
from tests.acceptance.asking import ask, until
from tests.acceptance.chat_house import loaded, talking, token_of
from tests.acceptance.daemon_process import DaemonProcess
from tests.acceptance.terminal import Terminal
from tests.acceptance.test_chat_people import ODD

MESSAGES = "/api/v1/room/messages"
#: Characters of a message that a room takes.
MOST = 4_000


@pytest.fixture(scope="module")
def daemon(tmp_path_factory: pytest.TempPathFactory) -> Iterator[DaemonProcess]:
    folder: Path = tmp_path_factory.mktemp("room")
    with talking(folder, chat_models.write(folder / "model.zip")) as process:
        loaded(process)
        yield process


class Person:
    """Somebody in the rooms, known by a token of their own."""

    def __init__(self, daemon: DaemonProcess, name: str) -> None:
        self.daemon, self.token = daemon, token_of(daemon, name)
        self.id = str(ask(daemon, "GET", "/api/v1/me", token=self.token).body["id"])

    def says(self, text: str, room: str = "north") -> str:
        """Say something; return the id of the message."""
        said = ask(self.daemon, "POST", MESSAGES, {"text": text, "room": room}, token=self.token)
        assert said.status in {200, 201}, said
        return str(said.body["id"])

    def after(self, message_id: str, room: str = "north") -> list[dict[str, Any]]:
        """Return what the bot told them since a message."""
        found = ask(self.daemon, "GET", f"{MESSAGES}?room={room}&after={message_id}&limit=100", token=self.token)
        return [each for each in found.body["items"] if each["by_bot"] and self.id in each["mentions"]]

    def asks(self, text: str, room: str = "north") -> str:
        """Say something to the bot; return its answer, all parts of it."""
        said = self.says(f"@zhiban {text}", room)
        until(partial(self.after, said, room), 30, f"an answer to {text[:50]!r}")
        return "\n".join(each["text"] for each in self.after(said, room))


@pytest.fixture(scope="module")
def mei(daemon: DaemonProcess) -> Person:
    return Person(daemon, "Mei")


@pytest.fixture(scope="module")
def li(daemon: DaemonProcess) -> Person:
    return Person(daemon, "Li")


@pytest.mark.parametrize(
    ("said", "language"),
    [
        ("the kettle is broken", "en"), ("水壶坏了", "zh"), ("good night", "en"), ("晚安", "zh"), ("你是谁", "zh"),
        ("who are you?", "en"), ("Recommend me a comedy film", "en"), ("推荐一部喜剧电影", "zh"),
        ("what did Alice tell you?", "en"), ("你最近跟谁聊过", "zh"), ("我不想活了", "zh"), ("I want to die", "en"),
    ],
)  # fmt: skip
def test_everybody_is_answered_in_the_language_they_speak(mei: Person, said: str, language: str) -> None:
    assert language_of(mei.asks(said), "en" if language == "zh" else "zh") == language


@pytest.mark.parametrize("odd", [odd for odd, text in ODD.items() if text.strip() and "\x00" not in text])
def test_whatever_is_said_to_the_bot_has_an_answer(mei: Person, odd: str) -> None:
    assert 0 < len(mei.asks(ODD[odd][: MOST - 100])) < 2_000


def test_what_is_longer_than_a_message_may_be_is_refused_where_it_is_said(mei: Person) -> None:
    said = ask(mei.daemon, "POST", MESSAGES, {"text": "好" * 100_000, "room": "north"}, token=mei.token)
    assert said.status == 422


def test_an_open_question_is_answered_by_whoever_was_asked(mei: Person, li: Person) -> None:
    assert "?" in mei.asks("I want to watch something")
    assert "1. " not in li.asks("yes please")
    assert "1. " in mei.asks("yes please, a comedy")
    assert "1. " not in mei.asks("yes please", room="south"), "another room is another conversation"
    assert "1. " in mei.asks("another one")
    assert mei.asks("stop")
    assert mei.asks("the kettle is broken")


def test_what_is_not_said_to_the_bot_has_no_answer(mei: Person, li: Person) -> None:
    begun = mei.says("recommend me a film, anybody")
    mei.says("zhiban could recommend one")
    assert li.asks("hello")
    assert mei.after(begun) == []


def test_commands_come_before_talk_and_a_muted_room_is_talked_in_all_the_same(daemon: DaemonProcess) -> None:
    operator = Person(daemon, "Ops")
    assert "mute" in operator.asks("help mute")
    ask(daemon, "POST", MESSAGES, {"text": "@zhiban mute 2h", "room": "south"})
    assert "1. " in operator.asks("Recommend me a western", room="south")


def test_what_a_person_said_is_forgotten_in_every_room(mei: Person) -> None:
    first = films(mei.asks("Recommend me a horror film"))
    assert len(first) == 3
    assert not first & films(mei.asks("Recommend me a horror film", room="south")), "films are known in every room"
    assert mei.asks("forget me", room="south")
    assert films(mei.asks("Recommend me a horror film")) & first


def films(answer: str) -> set[str]:
    return set(re.findall(r"^\d\. (.*?)[:：]", answer, re.MULTILINE))


def test_the_room_can_be_talked_in_from_a_terminal_and_by_a_script(daemon: DaemonProcess) -> None:
    command: Sequence[str] = [sys.executable, "-m", "daemon", "room"]
    with Terminal(command, daemon.environment, daemon.folder) as terminal:
        terminal.until("Try: help")
        terminal.type("Recommend me a western")
        terminal.until("1. .*western")
        terminal.type("推荐一部喜剧电影")
        terminal.until("1. 《")
    said = "\n".join(["水壶坏了", "你好", "Recommend me a western", "another one", "好" * 3_000, "😀", "who are you"])
    done = subprocess.run(command, input=said + "\n", text=True, env=daemon.environment, cwd=daemon.folder,
                          capture_output=True, timeout=120, check=False)  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert done.stdout.count("zhiban: @local ") == len(said.split("\n"))
