"""Signals of the process, as calls on the loop; and the deadline after which the process ends whatever holds it."""

from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from types import FrameType


@contextmanager
def on_signals(actions: Mapping[signal.Signals, Callable[[], None]]) -> Iterator[None]:
    """Call an action on the loop for each of its signals, for as long as the context lasts.

    The loop's own handlers are the only ones that both asyncio and uvloop honour (MagicStack/uvloop#295).
    """
    loop = asyncio.get_running_loop()
    for number, action in actions.items():
        loop.add_signal_handler(number, action)
    try:
        yield
    finally:
        for number in actions:
            loop.remove_signal_handler(number)


def end_within(seconds: float, last_words: Callable[[], None]) -> None:
    """End the process with status 0 after so many seconds, even if a thread or an unclosed store holds it.

    An interval timer of the process rather than of the loop: it fires while the interpreter joins threads, too.
    """

    def end(_number: int, _frame: FrameType | None) -> None:
        last_words()
        os._exit(0)

    signal.signal(signal.SIGALRM, end)
    signal.setitimer(signal.ITIMER_REAL, seconds)
