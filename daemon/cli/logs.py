"""`zhiban logs`: the JSON lines of the log in a form for people, from a file, standard input or the journal."""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any, BinaryIO, Final

import click
import orjson

from daemon.log import printable

_LEVELS: Final = ("debug", "info", "warning", "error", "critical")
_COLOURS: Final = {"debug": "bright_black", "info": "green", "warning": "yellow", "error": "red", "critical": "red"}
_PRIORITY: Final = re.compile(rb"^<[0-7]>")
_HEAD: Final = ("timestamp", "level", "event", "exception")


@click.command()
@click.argument("file", required=False)
@click.option("--unit", default="zhiban", show_default=True, help="Of the journal.")
@click.option("--level", type=click.Choice(_LEVELS), default="debug", help="Leave out what is below.")
@click.option("--event", "events", multiple=True, metavar="PREFIX", help="Only events that begin so; repeatable.")
@click.option("--follow", "-f", is_flag=True, help="Of the journal: go on with what comes.")
@click.option("--lines", "-n", type=click.IntRange(1), default=200, show_default=True, help="Of the journal.")
def logs(file: str | None, unit: str, level: str, events: tuple[str, ...], follow: bool, lines: int) -> None:
    """Read the log of FILE ("-" or a pipe: standard input), or of the journal when there is neither."""
    for line in _source(file, unit, follow, lines):
        event = parsed(line)
        if event is None:
            click.echo(printable(line.decode("utf-8", "replace").rstrip("\r\n")))
        elif wanted(event, level, events):
            click.echo(told(event))


def _source(file: str | None, unit: str, follow: bool, lines: int) -> Iterator[bytes]:
    if file == "-" or (file is None and not sys.stdin.isatty()):
        yield from sys.stdin.buffer
    elif file:
        yield from _lines_of(Path(file))
    else:
        yield from _journal(unit, follow, lines)


def _lines_of(path: Path) -> Iterator[bytes]:
    try:
        with path.open("rb") as opened:
            yield from opened
    except OSError as exc:
        raise click.UsageError(f"{path}: {exc.strerror}") from exc


def _journal(unit: str, follow: bool, lines: int) -> Iterator[bytes]:
    command = ["journalctl", f"--unit={unit}", "--output=cat", "--no-pager", f"--lines={lines}"]
    try:
        reader = subprocess.Popen([*command, *(["--follow"] if follow else [])], stdout=subprocess.PIPE)  # noqa: S603
    except OSError as exc:
        raise click.UsageError("there is no journalctl here: name a FILE, or pipe the log in") from exc
    with reader:
        yield from _of(reader.stdout)
        reader.terminate()


def _of(stream: Iterable[bytes] | BinaryIO | None) -> Iterator[bytes]:
    yield from stream or ()


def parsed(line: bytes) -> dict[str, Any] | None:
    """Return an event; None for a line that is no JSON object with an event. Reads `journalctl -o json`, too."""
    try:
        event = orjson.loads(_PRIORITY.sub(b"", line.strip()))
        if isinstance(event, dict) and "event" not in event and "MESSAGE" in event:
            event = orjson.loads(event["MESSAGE"])
    except (ValueError, TypeError):
        return None
    return event if isinstance(event, dict) and "event" in event else None


def wanted(event: dict[str, Any], level: str, prefixes: tuple[str, ...]) -> bool:
    """Tell whether an event is at or above a level, and begins with one of the prefixes, if there are any."""
    found = str(event.get("level", "info"))
    loud = found not in _LEVELS or _LEVELS.index(found) >= _LEVELS.index(level)
    return loud and (not prefixes or str(event["event"]).startswith(prefixes))


def told(event: dict[str, Any]) -> str:
    """Return an event as a line for people, its traceback below; nothing in it can steer a terminal."""
    level = str(event.get("level", ""))
    fields = "  ".join(f"{printable(str(name))}={_value(value)}" for name, value in event.items() if name not in _HEAD)
    head = " ".join(
        (
            click.style(printable(str(event.get("timestamp", "")))[:19].replace("T", " "), dim=True),
            click.style(f"{printable(level):8}", fg=_COLOURS.get(level)),
            click.style(f"{printable(str(event['event'])):24}", bold=True),
        )
    )
    trace = str(event.get("exception") or "")
    return "\n".join([f"{head} {fields}".rstrip(), *(f"    {printable(line)}" for line in trace.splitlines())])


def _value(value: object) -> str:
    if isinstance(value, str):
        text = printable(value)
        return text if text and not re.search(r"[\s=\"]", text) else f'"{text}"'
    return printable(orjson.dumps(value).decode())
