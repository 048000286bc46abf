"""`zhiban association ingest`."""

from __future__ import annotations

import base64
import io
import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import click
import msgspec

from daemon.cli.reach import Daemon
from daemon.errors import InvalidInput, UnreadableFile
from daemon.log import printable

if TYPE_CHECKING:
    from daemon.inference.association.pictures.mot_challenge import Refused
    from daemon.ports import Sighting

#: Detections of one request; what was acknowledged stays when a later one fails.
_BATCH: Final = 2_000
_TOLD: Final = 10
_NETWORK: Final = "/api/v1/association/cameras:import"
_DETECTIONS: Final = "/api/v1/association/detections"
_PICTURES: Final = "/api/v1/association/pictures"
_KINDS: Final = {".csv": "text/csv", ".json": "application/json", ".geojson": "application/geo+json"}


@click.command()
@click.argument("path", type=click.Path(path_type=Path))
@click.option("--network", is_flag=True, help="PATH is a file of cameras and ways: GeoJSON, JSON or CSV.")
@click.option("--mot", is_flag=True, help="PATH is a MOTChallenge sequence: tracker output with its frames.")
@click.option("--camera", default="", help="Of the sequence.")
@click.option("--start", default="", help='Time of its first frame, with its zone: "2026-11-25T08:30:00Z".')
@click.option("--fps", type=float, help="Frames a second, where seqinfo.ini does not say.")
def ingest(path: Path, network: bool, mot: bool, camera: str, start: str, fps: float | None) -> None:
    """Hand what cameras saw to the running daemon.

    PATH is a folder of cameras.geojson, detections.jsonl and body.npy, which `zhiban association simulate` writes
    too. Each detection is kept once, so that what broke off is simply begun again. Exit status: 0, 2 when detections
    were refused.
    """
    daemon = Daemon.found()
    if network:
        _send_network(daemon, path)
        return
    counts = _send_sequence(daemon, path, camera, start, fps) if mot else _send_folder(daemon, path)
    click.echo(f"{counts['stored']} stored, {counts['known']} known already, {counts['refused']} refused")
    if counts["refused"]:
        raise click.exceptions.Exit(InvalidInput.exit_status)


def _send_network(daemon: Daemon, path: Path) -> None:
    kind = _KINDS.get(path.suffix.lower(), "application/json")
    try:
        with path.open("rb") as file:
            answer = daemon.upload(_NETWORK, file, path.stat().st_size, {}, kind=kind)
    except OSError as exc:
        raise UnreadableFile(f"{path}: cannot be read: {exc.strerror or exc}") from exc
    click.echo(f"{path}: {answer['cameras']} cameras, {answer['ways']} ways")
    for warning in answer["warnings"][:_TOLD]:
        click.echo(f"  note: {printable(warning)}")


def _send_folder(daemon: Daemon, path: Path) -> Mapping[str, int]:
    from daemon.inference.association.folders.folder import DataFolder  # noqa: PLC0415 slow to import

    folder = DataFolder.read(path)
    _send_network(daemon, path / "cameras.geojson")
    counts = {"stored": 0, "known": 0, "refused": 0}
    lines = (_encoded(sighting) for sighting in folder.sightings())
    with _shown(len(folder.rows.ids)) as sent:
        for batch in _batches(lines):
            content = b"\n".join(batch)
            answer = daemon.upload(_DETECTIONS, io.BytesIO(content), len(content), {}, kind="application/x-ndjson")
            counts["stored"] += answer["stored"]
            counts["known"] += answer["known"]
            _tell_refused(counts, ((json.loads(batch[place])["id"], why) for place, why in answer["refused"]))
            sent(len(batch))
    return counts


def _send_sequence(daemon: Daemon, path: Path, camera: str, start: str, fps: float | None) -> Mapping[str, int]:
    """Have the daemon embed the best pictures of each track."""
    from daemon.inference.association.pictures.mot_challenge import read_sequence  # noqa: PLC0415 slow to import

    if not camera or not start:
        raise click.UsageError("--mot needs --camera and --start")
    counts = {"stored": 0, "known": 0, "refused": 0}
    left_out: list[Refused] = []
    for seen, crop in read_sequence(path, camera=camera, start=_time(start), frames_per_s=fps, refuse=left_out.append):
        query = {
            "camera": seen.camera, "time": seen.time.isoformat(), "id": seen.id, "track": seen.track or "",
        }  # fmt: skip
        content = _png(crop)
        try:
            daemon.upload(_PICTURES, io.BytesIO(content), len(content), query, kind="image/png")
            counts["stored"] += 1
        except InvalidInput as exc:
            _tell_refused(counts, [(seen.id, str(exc))])
    _tell_left_out(left_out)
    return counts


def _tell_left_out(left_out: Sequence[Refused]) -> None:
    """Say which boxes gave no picture that is worth keeping: that is usual, and no fault of the sequence."""
    if not left_out:
        return
    click.echo(f"{len(left_out)} boxes gave no picture:", err=True)
    for where, why in left_out[:_TOLD]:
        click.echo(f"  {printable(where)}: {printable(why)}", err=True)
    if len(left_out) > _TOLD:
        click.echo(f"  and {len(left_out) - _TOLD} more", err=True)


def _tell_refused(counts: dict[str, int], refused: Iterable[tuple[str, str]]) -> None:
    """Count what was refused, and say of the first ones, by id, why."""
    for name, why in refused:
        counts["refused"] += 1
        if counts["refused"] <= _TOLD:
            click.echo(f"  refused: {printable(name)}: {printable(why)}", err=True)


def _encoded(sighting: Sighting) -> bytes:
    """Return a detection as a line, its vectors as base64 of float16, as they will be kept."""
    sent: dict[str, Any] = {
        name: value for name, value in msgspec.to_builtins(sighting.detection).items() if value is not None
    }
    for name, vector in (("body", sighting.body), ("face", sighting.face)):
        if vector is not None:
            sent[name] = base64.b64encode(vector.astype("<f2").tobytes()).decode()
    return json.dumps(sent, ensure_ascii=False).encode()


def _batches(lines: Iterable[bytes]) -> Iterator[list[bytes]]:
    iterator = iter(lines)
    while batch := list(islice(iterator, _BATCH)):
        yield batch


def _time(text: str) -> datetime:
    try:
        time = datetime.fromisoformat(text)
    except ValueError:
        raise click.BadParameter('expected a time such as "2026-11-25T08:30:00Z"', param_hint="--start") from None
    if time.tzinfo is None:
        raise click.BadParameter("expected a time with its zone", param_hint="--start")
    return time


def _png(crop: Any) -> bytes:
    from PIL import Image  # noqa: PLC0415 slow to import

    out = io.BytesIO()
    Image.fromarray(crop).save(out, "PNG")
    return out.getvalue()


@contextmanager
def _shown(total: int) -> Iterator[Callable[[int], None]]:
    """Give what moves a bar on standard error while that is a terminal."""
    from rich.console import Console  # noqa: PLC0415 slow to import
    from rich.progress import MofNCompleteColumn, Progress, TimeRemainingColumn  # noqa: PLC0415

    console = Console(stderr=True)
    columns = (*Progress.get_default_columns()[:-1], MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=console, transient=True, disable=not console.is_terminal) as bars:
        task = bars.add_task("detections", total=total)
        yield lambda count: bars.advance(task, count)
