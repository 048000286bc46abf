"""Real daemons that talk, and talking with them."""

from __future__ import annotations

import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.acceptance.asking import Answer, ask
from tests.acceptance.daemon_process import DaemonProcess

CONFIG = """
[catalogue]
kind = "memory"
[checks]
network = false
[bot]
kind = "local"
rooms = ["north", "south"]
language = "en"
per_person_per_minute = 1000
per_room_per_minute = 1000
sends_per_minute = 1000
room_sends_per_minute = 1000
[chat]
kind = "on"
per_person_per_minute = 10000
"""


def talking(folder: Path, model: Path | None = None, *, grace: float = 5.0, environment: dict[str, str] | None = None,
            **chat: object) -> DaemonProcess:  # fmt: skip
    """Return a daemon that is not started yet. chat: more of its section [chat]."""
    given = {"model": str(model), **chat} if model else chat
    lines = [f"{name} = {value if isinstance(value, int) else chr(34) + str(value) + chr(34)}"
             for name, value in given.items()]  # fmt: skip
    return DaemonProcess(folder, CONFIG + "\n".join(lines), grace=grace, environment=environment)


def loaded(daemon: DaemonProcess, count: int = 1) -> dict[str, Any]:
    """Wait until its models were loaded so many times; return how that went."""
    return daemon.wait_event("chat.loaded", 60, count)


def say(daemon: DaemonProcess, text: str, session: str = "main", *, token: str = "", **more: object) -> Answer:
    """Say something over HTTP."""
    return ask(daemon, "POST", "/api/v1/chat", {"text": text, "session": session, **more}, token=token)


def token_of(daemon: DaemonProcess, name: str) -> str:
    """Return a token of somebody new."""
    made = ask(daemon, "POST", "/api/v1/tokens", {"name": name, "role": "viewer"})
    assert made.status == 201, made
    return str(made.body["token"])


class Speaking:
    """Somebody who says something and waits for the answer in a thread. answer: None while there is none."""

    def __init__(self, what: Callable[[], Answer]) -> None:
        self.answer: Answer | None = None
        self.problem: BaseException | None = None
        self._what = what
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def _run(self) -> None:
        try:
            self.answer = self._what()
        except BaseException as problem:  # noqa: BLE001 raised where the answer is waited for
            self.problem = problem

    def wait(self, within_s: float = 60.0) -> Answer:
        """Return the answer. Raises what asking for it raised."""
        self._thread.join(within_s)
        if self.problem is not None:
            raise self.problem
        if self.answer is None:
            pytest.fail(f"no answer within {within_s} s")
        return self.answer


def resident_kb(daemon: DaemonProcess) -> int:
    """Return the memory that a daemon holds, in kilobytes."""
    status = Path(f"/proc/{daemon.pid}/status").read_text(encoding="utf-8")
    return int(next(line.split()[1] for line in status.splitlines() if line.startswith("VmRSS")))
