"""The thread between the log and its file descriptor, so that a slow reader of the log never holds the loop.

Lines wait in a bounded queue; what does not fit is dropped, counted, and reported by a line of its own as soon as
there is room. The descriptor may be non-blocking (uvloop leaves standard streams so): EAGAIN and short writes are
waited out.
"""

from __future__ import annotations

import os
import select
import threading
import time
from collections import deque
from collections.abc import Callable
from typing import Final

_BATCH: Final = 65_536  # bytes of one write, the size of a pipe


class LineWriter:
    """Writes lines to a descriptor in a thread of its own. Safe to call from any thread.

    dropped_line: makes the line that reports how many were dropped.
    """

    def __init__(self, descriptor: int, limit: int, dropped_line: Callable[[int], bytes]) -> None:
        self.limit = limit
        #: Lines that were never written, since the start.
        self.dropped = 0
        self._descriptor = descriptor
        self._dropped_line = dropped_line
        self._reported = 0
        self._lines: deque[bytes] = deque()
        self._changed = threading.Condition()
        self._writing = False
        self._closing = False
        self._thread = threading.Thread(target=self._run, name="log-writer", daemon=True)
        self._thread.start()

    def put(self, line: bytes) -> None:
        """Queue a line with its line break, or drop and count it. Never waits for the descriptor."""
        with self._changed:
            if self._closing or len(self._lines) >= self.limit:
                self.dropped += 1
                return
            self._lines.append(line)
            self._changed.notify_all()

    def flush(self, deadline_s: float) -> bool:
        """Wait until everything queued is written, at most so many seconds; tell whether it is."""
        with self._changed:
            return self._changed.wait_for(lambda: not self._lines and not self._writing, deadline_s)

    def close(self, deadline_s: float) -> bool:
        """Flush and end the thread; what is not written by the deadline is lost. Tell whether all was written."""
        until = time.monotonic() + deadline_s
        done = self.flush(deadline_s)
        with self._changed:
            self._closing = True
            self._changed.notify_all()
        self._thread.join(max(0.0, until - time.monotonic()))
        return done

    def _run(self) -> None:
        while batch := self._take():
            try:
                self._write(batch)
            except OSError:
                with self._changed:
                    self.dropped += batch.count(b"\n")
            with self._changed:
                self._writing = False
                self._changed.notify_all()

    def _take(self) -> bytes:
        """Wait for lines and return as many as one write holds; nothing when closing and empty."""
        with self._changed:
            self._changed.wait_for(lambda: self._lines or self._closing)
            taken: list[bytes] = []
            if self.dropped > self._reported and self._lines:
                taken.append(self._dropped_line(self.dropped - self._reported))
                self._reported = self.dropped
            size = 0
            while self._lines and size < _BATCH:
                taken.append(self._lines.popleft())
                size += len(taken[-1])
            self._writing = bool(taken)
            return b"".join(taken)

    def _write(self, batch: bytes) -> None:
        rest = memoryview(batch)
        while rest:
            try:
                rest = rest[os.write(self._descriptor, rest) :]
            except BlockingIOError:
                select.select([], [self._descriptor], [], 1.0)
