"""`zhiban association learn`."""

from __future__ import annotations

import io
import json
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path
from typing import Any

import click

from daemon.cli.reach import Daemon
from daemon.errors import InvalidInput, UnreadableFile
from daemon.log import printable


@click.command()
@click.argument("file", metavar="PASSAGES", type=click.Path(path_type=Path))
@click.option("--replace", is_flag=True, help="In place of the passages that are kept already, not beside them.")
def learn(file: Path, replace: bool) -> None:
    """Have the daemon learn transit times, turns and thresholds from confirmed passages.

    PASSAGES is a file of JSON Lines, or a folder that holds passages.jsonl: {"detections": [ID, ...]} a line, the
    detections of one target in order of time. Detections that the daemon does not have are passed over.
    """
    content = _read(file / "passages.jsonl" if file.is_dir() else file)
    daemon, query = Daemon.found(), {"replace": str(replace).lower()}
    with _shown():
        answer = daemon.upload(
            "/api/v1/association/passages", io.BytesIO(content), len(content), query, kind="application/x-ndjson"
        )
    for one in answer["learnt"]:
        models = " and ".join(printable(name) for name in (one["body_model"], one["face_model"]) if name)
        click.echo(
            f"{models or 'no model'}: {one['used']} of {one['passages']} passages, {one['detections']} detections"
        )


def _shown() -> AbstractContextManager[object]:
    """Tell on a terminal that it goes on: a large site takes minutes."""
    from rich.console import Console  # noqa: PLC0415 slow to import

    console = Console(stderr=True)
    return console.status("learning") if console.is_terminal else nullcontext()


def _read(path: Path) -> bytes:
    """Return the passages of a file, one a line."""
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except OSError as exc:
        raise UnreadableFile(f"{path}: cannot be read: {exc.strerror or exc}") from exc
    except UnicodeDecodeError as exc:
        raise UnreadableFile(f"{path}: is not UTF-8: byte {exc.start}") from exc
    passages = [_passage(path, number, line) for number, line in enumerate(lines, 1) if line.strip()]
    if not passages:
        raise InvalidInput(f"{path}: there is no passage in it")
    return b"\n".join(json.dumps({"detections": passage}, ensure_ascii=False).encode() for passage in passages)


def _passage(path: Path, number: int, line: str) -> list[str]:
    """Return the ids of a line, which may be numbers."""
    try:
        found: Any = json.loads(line)
        detections = found["detections"]
    except (ValueError, KeyError, TypeError, RecursionError):
        raise InvalidInput(f'{path}, line {number}: expected {{"detections": [ID, ...]}}') from None
    if not isinstance(detections, list) or not all(isinstance(one, str) or type(one) is int for one in detections):
        raise InvalidInput(f"{path}, line {number}: expected the ids of detections")
    if len(detections) < 2:
        raise InvalidInput(f"{path}, line {number}: expected two detections or more of one target")
    return [str(one) for one in detections]
