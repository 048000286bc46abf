"""What every task and thread is doing just now, into the log; for a daemon that hangs (SIGUSR1)."""

from __future__ import annotations

import asyncio
import sys
import threading
import traceback
from types import FrameType

import structlog

log = structlog.get_logger()
_FRAMES = 12


def dump() -> None:
    """Log a line for each task of the running loop and for each thread. Locals are not shown."""
    tasks = asyncio.all_tasks()
    for task in tasks:
        log.info("task.dumped", task=task.get_name(), stack=_lines(task.get_stack(limit=_FRAMES)))
    names = {thread.ident: thread.name for thread in threading.enumerate()}
    frames = sys._current_frames()  # noqa: SLF001 the documented way to see other threads
    for ident, frame in frames.items():
        stack = traceback.extract_stack(frame, limit=_FRAMES)
        log.info("thread.dumped", thread=names.get(ident, str(ident)), stack=[_line(entry) for entry in stack])
    log.info("stacks.dumped", tasks=len(tasks), threads=len(frames))


def _lines(frames: list[FrameType]) -> list[str]:
    return [f"{frame.f_code.co_filename}:{frame.f_lineno} {frame.f_code.co_qualname}" for frame in frames]


def _line(entry: traceback.FrameSummary) -> str:
    return f"{entry.filename}:{entry.lineno} {entry.name}"
