"""What the commands that train and measure need."""

from __future__ import annotations

import logging
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from typing import Final

import structlog

from daemon.errors import Unavailable

_PACKAGES: Final = ("numpy", "opencc", "sacrebleu", "safetensors", "sentencepiece", "torch", "yaml")


def need_training() -> None:
    """Raise Unavailable where the extras are not installed."""
    if missing := [name for name in _PACKAGES if find_spec(name) is None]:
        raise Unavailable(f"this needs `pip install 'zhiban[chat,train]'`: no {', '.join(missing)}")


@contextmanager
def quiet_log() -> Iterator[None]:
    """Keep the log off the terminal, but for what is wrong."""
    structlog.configure(
        wrapper_class=structlog.make_filtering_bound_logger(logging.WARNING),
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
    )
    try:
        yield
    finally:
        structlog.reset_defaults()
