"""A command on a pseudo-terminal, as a person sees it."""

from __future__ import annotations

import os
import re
import select
import signal
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Self

#: Seconds after which a key is pressed again.
_PATIENCE_S = 5.0
_STYLES = re.compile(r"\x1b\[[0-9;]*[A-Za-z]")


class Terminal:
    """Runs a command; `until` reads what it shows, without colours and cursor movements."""

    def __init__(self, command: Sequence[str], environment: Mapping[str, str], folder: Path) -> None:
        self._screen, terminal = os.openpty()
        self._process = subprocess.Popen(
            command, env={**environment, "TERM": "xterm", "COLUMNS": "400"}, cwd=folder,
            stdin=terminal, stdout=terminal, stderr=terminal, start_new_session=True,
        )  # fmt: skip
        os.close(terminal)
        self._raw = b""
        self._read_to = 0

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._process.kill()
        self._process.wait()
        os.close(self._screen)

    def type(self, line: str) -> None:
        """Type a line and press Enter."""
        self._read_to = len(self.shown)
        os.write(self._screen, f"{line}\r".encode())

    def end_input(self) -> None:
        """Press Ctrl-D."""
        os.write(self._screen, b"\x04")

    def interrupt(self) -> None:
        """Do what a terminal does when Ctrl-C is pressed; this one controls no session."""
        self._process.send_signal(signal.SIGINT)

    def ended(self, within_s: float, press: Callable[[Self], None] | None = None) -> int:
        """Wait until the command has ended; return its exit status.

        press: what ends it, done again as people do: just before it waits for a line, neither key is heard.
        """
        end, pressed = time.monotonic() + within_s, float("-inf")
        while self._process.poll() is None and time.monotonic() < end:
            if press and time.monotonic() > pressed + _PATIENCE_S:
                press(self)
                pressed = time.monotonic()
            self._read(0.1)
        return self._process.wait(1.0)

    @property
    def shown(self) -> str:
        """Everything that was shown so far."""
        return _STYLES.sub("", self._raw.decode("utf-8", "replace")).replace("\r", "")

    def until(self, pattern: str, within_s: float = 30.0) -> re.Match[str]:
        """Read until a pattern is shown after what was typed last; return where."""
        end = time.monotonic() + within_s
        while (found := re.compile(pattern).search(self.shown, self._read_to)) is None:
            rest = end - time.monotonic()
            if rest <= 0 or not self._read(rest):
                raise AssertionError(f"{pattern!r} is not shown: {self.shown[self._read_to - 500 :]}")
        return found

    def _read(self, within_s: float) -> bool:
        if not select.select([self._screen], [], [], within_s)[0]:
            return False
        try:
            chunk = os.read(self._screen, 65536)
        except OSError:  # the command has ended
            return False
        self._raw += chunk
        return bool(chunk)
