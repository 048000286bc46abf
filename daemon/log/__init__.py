"""Logging: events with data in fields, as JSON lines, or in readable colours on a terminal.

Our own events go from structlog straight to bytes; what libraries log through the standard library, and warnings,
come through one formatter with the same steps and are named `foreign.logged`. Nothing here waits for the reader of
the log (daemon/log_writer.py), and nothing that looks like a secret gets through (daemon/redaction.py).
"""

from __future__ import annotations

import asyncio
import json
import logging
import os
import re
import sys
import threading
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from types import TracebackType
from typing import Any, Final, Protocol

import orjson
import structlog
from structlog.typing import EventDict, Processor, WrappedLogger

from daemon.log.redaction import Redactor
from daemon.log.writer import LineWriter

_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069]")
#: The last step of a chain: a finished line with its line break.
Render = Callable[[WrappedLogger, str, EventDict], bytes]
#: journald's priorities for our levels (sd-daemon(3)).
_PRIORITIES: Final = {"debug": b"<7>", "info": b"<6>", "warning": b"<4>", "error": b"<3>", "critical": b"<2>"}
_MAX_TRACEBACK: Final = 20_000  # characters

log = structlog.get_logger()


class Settings(Protocol):
    """What the log is told of its configuration: the [log] section."""

    @property
    def level(self) -> str:
        """Return "debug", "info", "warning" or "error"."""

    @property
    def format(self) -> str:
        """Return "json", "console", or "auto" for whichever fits the descriptor."""

    @property
    def queue(self) -> int:
        """Return how many lines may wait."""


@dataclass(frozen=True, slots=True)
class Log:
    """The running log."""

    writer: LineWriter

    def set_level(self, level: str) -> None:
        """Change what is logged from now on, for our own events and for foreign ones."""
        numeric = logging.getLevelNamesMapping()[level.upper()]
        structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(numeric))
        logging.getLogger().setLevel(max(numeric, logging.INFO))

    def close(self, deadline_s: float = 1.0) -> None:
        """Write out what is queued, at most so many seconds."""
        self.writer.close(deadline_s)


def start(
    settings: Settings,
    *,
    hidden: Iterable[str] = (),
    descriptor: int = 2,
    environment: Mapping[str, str] = os.environ,
) -> Log:
    """Send every log of the process to a descriptor. hidden: secrets, see Redactor."""
    console = settings.format == "console" or (settings.format == "auto" and os.isatty(descriptor))
    prefix = not console and _is_journal(descriptor, environment)
    shared: list[Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.format_exc_info,
        _cut_traceback,
        Redactor(hidden),
    ]
    render = _to_console(os.isatty(descriptor)) if console else _to_json(prefix)
    writer = LineWriter(descriptor, settings.queue, lambda count: _dropped_line(shared, render, count))
    structlog.configure(
        processors=[*shared, render],
        logger_factory=lambda *_args: _QueueLogger(writer.put),
        cache_logger_on_first_use=False,
    )
    _adopt_foreign(shared, render, writer.put)
    running = Log(writer)
    running.set_level(settings.level)
    return running


def watch_crashes() -> None:
    """Log what would otherwise only be printed: uncaught errors of the process, of threads and of finalizers."""
    sys.excepthook = _log_uncaught
    threading.excepthook = lambda args: _log_uncaught(args.exc_type, args.exc_value, args.exc_traceback)
    sys.unraisablehook = lambda args: _log_uncaught(args.exc_type, args.exc_value, args.exc_traceback)


def watch_loop(loop: asyncio.AbstractEventLoop) -> None:
    """Log what the loop would only print: errors of tasks that nobody awaited, and of callbacks."""
    loop.set_exception_handler(_log_loop_error)


def _log_uncaught(kind: type[BaseException], error: BaseException | None, traceback: TracebackType | None) -> None:
    if issubclass(kind, KeyboardInterrupt):
        return
    log.critical("error.uncaught", exc_info=(kind, error, traceback))


def _log_loop_error(_loop: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
    error = context.get("exception")
    task = context.get("task") or context.get("future")
    log.error(
        "loop.failed",
        message=context.get("message"),
        task=task.get_name() if isinstance(task, asyncio.Task) else None,
        exc_info=error if isinstance(error, BaseException) else None,
    )


class _QueueLogger:
    """The end of structlog's chain: takes rendered bytes of any level."""

    def __init__(self, put: Callable[[bytes], None]) -> None:
        self.debug = self.info = self.warning = self.error = self.critical = self.msg = put


class _ForeignHandler(logging.Handler):
    def __init__(self, put: Callable[[bytes], None]) -> None:
        super().__init__()
        self._put = put

    def emit(self, record: logging.LogRecord) -> None:
        try:
            self._put(self.format(record).encode() + b"\n")
        except Exception:  # noqa: BLE001 a log call must never raise into a library
            self._put(_encoded({"event": "foreign.garbled", "level": "error", "logger": record.name}))


def _adopt_foreign(shared: list[Processor], render: Render, put: Callable[[bytes], None]) -> None:
    handler = _ForeignHandler(put)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=[structlog.stdlib.add_logger_name, _name_foreign, *shared],
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, _to_text(render)],
        )
    )
    root = logging.getLogger()
    root.handlers[:] = [handler]
    logging.captureWarnings(capture=True)
    logging.getLogger("aiohttp.access").disabled = True  # one request event of our own instead


def _to_text(render: Render) -> Processor:
    """Adapt our bytes to the standard library's formatters, which insist on text."""
    return lambda logger, method, event: render(logger, method, event).decode().removesuffix("\n")


def _name_foreign(_logger: WrappedLogger, _method: str, event: EventDict) -> EventDict:
    event["message"] = event.pop("event", "")
    event["event"] = "foreign.logged"
    return event


def _cut_traceback(_logger: WrappedLogger, _method: str, event: EventDict) -> EventDict:
    trace = event.get("exception")
    if isinstance(trace, str) and len(trace) > _MAX_TRACEBACK:
        half = _MAX_TRACEBACK // 2
        event["exception"] = f"{trace[:half]}\n... {len(trace) - 2 * half} characters left out ...\n{trace[-half:]}"
    return event


def _encoded(event: Mapping[str, Any]) -> bytes:
    try:
        return orjson.dumps(event, default=str, option=orjson.OPT_NON_STR_KEYS | orjson.OPT_APPEND_NEWLINE)
    except TypeError:  # surrogates, or integers beyond 64 bits
        return json.dumps({str(key): value for key, value in event.items()}, default=repr).encode() + b"\n"


def _to_json(with_priority: bool) -> Render:
    def render(_logger: WrappedLogger, _method: str, event: EventDict) -> bytes:
        line = {name: event.pop(name, "") for name in ("timestamp", "level", "event")} | dict(event)
        encoded = _encoded(line)
        return _PRIORITIES.get(line["level"], b"<6>") + encoded if with_priority else encoded

    return render


def _to_console(colors: bool) -> Render:
    pretty = structlog.dev.ConsoleRenderer(
        colors=colors, exception_formatter=structlog.dev.plain_traceback, sort_keys=False
    )

    def render(logger: WrappedLogger, method: str, event: EventDict) -> bytes:
        trace = event.pop("exception", None)
        safe = {printable(str(key)): _printable_value(value) for key, value in event.items()}
        text = str(pretty(logger, method, safe))
        if trace:
            text += "\n" + "\n".join(printable(line) for line in str(trace).splitlines())
        return text.encode("utf-8", "backslashreplace") + b"\n"

    return render


def printable(text: str) -> str:
    """Return a text on one line that cannot steer a terminal: control and direction characters are escaped."""
    return _CONTROL.sub(lambda found: found[0].encode("unicode_escape").decode(), text)


def _printable_value(value: object) -> object:
    return value if isinstance(value, bool | int | float | None) else printable(str(value))


def _dropped_line(shared: list[Processor], render: Render, count: int) -> bytes:
    event: Any = {"event": "log.dropped", "lines": count}
    for step in (*shared[1:], render):
        event = step(None, "warning", event)
    return bytes(event)


def _is_journal(descriptor: int, environment: Mapping[str, str]) -> bool:
    """Tell whether a descriptor is the journal's stream, as systemd says in JOURNAL_STREAM ("device:inode")."""
    try:
        found = os.fstat(descriptor)
    except OSError:
        return False
    return environment.get("JOURNAL_STREAM") == f"{found.st_dev}:{found.st_ino}"
