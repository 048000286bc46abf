"""A real daemon in a process of its own, with a manager that listens at its NOTIFY_SOCKET."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from typing import Any, Self

START_S = 30.0
#: A daemon that acts on all it finds, at once, and tells of it without delay.
EAGER = """
[remedies]
mode = "on"
budget_count = 1000
budget_percent = 100

[incidents]
flap_count = 1000

[rules.soldout_listed]
grace_s = 0.0

[notices]
interval = "100ms"
group_wait = "200ms"
messages_per_hour = 100000
backoff = "200ms"
backoff_max = "1s"
digest_at = ""
"""


class DaemonProcess:
    """One `zhiban run` with a folder of its own. `grace` is that of its configuration, in seconds."""

    def __init__(
        self, folder: Path, config: str = "", *, grace: float = 5.0, environment: Mapping[str, str] | None = None
    ) -> None:
        self.folder, self.grace = folder, grace
        self.state = folder / "state"
        self.state.mkdir(mode=0o700, exist_ok=True)
        self.config = folder / "config.toml"
        self.config.write_text(f'{config}\n[shutdown]\ngrace = "{grace}s"\n', encoding="utf-8")
        self.log_path = folder / "log"
        self.manager = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.manager.bind(str(folder / "notify"))
        self.environment = {
            "PATH": os.environ["PATH"],
            "NOTIFY_SOCKET": str(folder / "notify"),
            "STATE_DIRECTORY": str(self.state),
            "PYTHONWARNINGS": "default",
            "PYTHONPATH": str(Path(__file__).parents[2]),
            **(environment or {}),
        }
        self.process: subprocess.Popen[bytes] | None = None
        self.told: list[dict[str, str]] = []

    def start(self, *arguments: str) -> Self:
        """Start without waiting for READY."""
        with self.log_path.open("ab") as log:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "daemon", "run", "--config", str(self.config), "--port", "0", *arguments],
                env=self.environment, cwd=self.folder, stdin=subprocess.DEVNULL, stdout=log, stderr=log,
            )  # fmt: skip
        return self

    def __enter__(self) -> Self:
        if self.process is None:
            self.start()
        self.wait_told("READY", START_S)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self.process is not None and self.process.poll() is None:
            self.process.kill()
            self.process.wait()
        self.manager.close()

    @property
    def pid(self) -> int:
        assert self.process is not None
        return self.process.pid

    def wait_told(self, name: str, within_s: float) -> dict[str, str]:
        """Wait for a datagram that assigns a name; return its assignments."""
        until = time.monotonic() + within_s
        while (rest := until - time.monotonic()) > 0:
            if self.process is not None and self.process.poll() is not None:
                raise AssertionError(f"ended with {self.process.returncode} before {name}: {self.log_text()[-3000:]}")
            self.manager.settimeout(min(rest, 0.5))
            try:
                text = self.manager.recv(65536).decode()
            except TimeoutError:
                continue
            told = dict(line.split("=", 1) for line in text.splitlines())
            self.told.append(told)
            if name in told:
                return told
        raise AssertionError(f"no {name} within {within_s} s: {self.told}\n{self.log_text()[-3000:]}")

    def signal(self, number: signal.Signals) -> None:
        """Send a signal."""
        assert self.process is not None
        self.process.send_signal(number)

    def wait_end(self, within_s: float) -> tuple[int, float]:
        """Wait for the end; return the exit status and after how many seconds it came."""
        assert self.process is not None
        began = time.monotonic()
        return self.process.wait(within_s), time.monotonic() - began

    @property
    def url(self) -> str:
        return (self.state / "address").read_text(encoding="utf-8").strip()

    def get(self, path: str, timeout_s: float = 10.0) -> tuple[int, str]:
        """Send a GET with the local token; return status and body."""
        token = (self.state / "token").read_text(encoding="utf-8").strip()
        request = urllib.request.Request(self.url + path, headers={"Authorization": f"Bearer {token}"})
        try:
            with urllib.request.urlopen(request, timeout=timeout_s) as answer:
                return answer.status, answer.read().decode()
        except urllib.error.HTTPError as exc:
            with exc:
                return exc.code, exc.read().decode()

    def log_text(self) -> str:
        """Return the whole log so far."""
        return self.log_path.read_text(encoding="utf-8") if self.log_path.exists() else ""

    def events(self, name: str) -> list[dict[str, Any]]:
        """Return the lines of one event so far."""
        lines = [json.loads(line) for line in self.log_text().splitlines() if line.startswith("{")]
        return [line for line in lines if line["event"] == name]

    def wait_event(self, name: str, within_s: float = 10.0, count: int = 1) -> dict[str, Any]:
        """Wait until an event was logged so many times; return the last."""
        until = time.monotonic() + within_s
        while time.monotonic() < until:
            if len(found := self.events(name)) >= count:
                return found[-1]
            time.sleep(0.02)
        raise AssertionError(f"no {name} within {within_s} s: {self.log_text()[-3000:]}")

    def command(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Run another `zhiban` command as a person on the same machine would."""
        return subprocess.run(
            [sys.executable, "-m", "daemon", *arguments], env=self.environment, cwd=self.folder,
            capture_output=True, text=True, timeout=60, check=False, stdin=subprocess.DEVNULL,
        )  # fmt: skip
