"""`zhiban association learn`."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import click

from daemon.cli.reach import Daemon
from daemon.errors import InvalidInput, UnreadableFile


@click.command()
@click.argument("file", metavar="PASSAGES", type=click.Path(path_type=Path))
@click.option("--replace", is_flag=True, help="In place of the passages that are kept already, not beside them.")
def learn(file: Path, replace: bool) -> None:
    """Have the daemon learn transit times, turns and thresholds from confirmed passages.

    PASSAGES is a file of JSON Lines, or a folder that holds passages.jsonl: {"detections": [ID, ...]} a line, the
    detections of one target in order of time.
    """
    path = file / "passages.jsonl" if file.is_dir() else file
    answer = Daemon.found().ask(
        "POST", "/api/v1/association/passages", body={"passages": _read(path), "replace": replace}
    )
    for one in answer["learnt"]:
        models = " and ".join(name for name in (one["body_model"], one["face_model"]) if name)
        click.echo(f"{models}: {one['used']} of {one['passages']} passages, {one['detections']} detections")


def _read(path: Path) -> list[list[str]]:
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as exc:
        raise UnreadableFile(f"{path}: cannot be read: {exc}") from exc
    passages = [_passage(path, number, line) for number, line in enumerate(lines, 1) if line.strip()]
    if not passages:
        raise InvalidInput(f"{path}: there is no passage in it")
    return passages


def _passage(path: Path, number: int, line: str) -> list[str]:
    try:
        found: Any = json.loads(line)
        detections = found["detections"]
    except (ValueError, KeyError, TypeError):
        raise InvalidInput(f'{path}, line {number}: expected {{"detections": [ID, ...]}}') from None
    if not isinstance(detections, list) or not all(isinstance(one, str) for one in detections):
        raise InvalidInput(f"{path}, line {number}: expected the ids of detections")
    return detections
