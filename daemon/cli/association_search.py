"""`zhiban association search`."""

from __future__ import annotations

import contextlib
import io
import json
import mimetypes
import sys
import uuid
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final

import click

from daemon.cli.reach import Daemon, part
from daemon.errors import Conflict, UnreadableFile, ZhibanError
from daemon.log import printable

_PATH: Final = "/api/v1/association/searches"
_FORMS: Final = ("svg", "geojson")


@click.command()
@click.option("--case", required=True, help="Id of the case that it is made for.")
@click.option("--purpose", required=True, help="What for; it is in the audit log.")
@click.option("--detection", default="", help="Id of the target's detection.")
@click.option(
    "--picture", "pictures", multiple=True, type=click.Path(path_type=Path), help="Of the target. Repeatable."
)
@click.option("--camera", default="", help="That took the first picture.")
@click.option("--time", "time", default="", help='Of the first picture, with its zone: "2026-11-25T08:30:00Z".')
@click.option("--came-from", default="", help="Camera that it came from.")
@click.option("--direction", type=float, help="Of movement, in degrees from north.")
@click.option(
    "--carried", multiple=True, metavar="KIND=VALUE", help="badge, plate or wifi that it carries. Repeatable."
)
@click.option("--horizon", type=float, help="Seconds that it looks ahead or back.")
@click.option("--backwards", is_flag=True, help="Where it came from, and not where it went.")
@click.option("--both", is_flag=True, help="Where it came from and where it went.")
@click.option("--by-face", is_flag=True, help="By faces too, which somebody else has approved of in the case.")
@click.option("--svg", type=click.Path(path_type=Path, dir_okay=False), help="Write the drawing here.")
@click.option("--geojson", type=click.Path(path_type=Path, dir_okay=False), help="Write the way as GeoJSON here.")
@click.option("--language", type=click.Choice(("en", "zh")), default="en", show_default=True)
@click.option("--json", "as_json", is_flag=True, help="Write the search as JSON instead of words.")
def search(
    pictures: tuple[Path, ...], svg: Path | None, geojson: Path | None, language: str, as_json: bool, **asked: Any
) -> None:
    """Search for a target: from a detection, or from a picture with its camera and time.

    Times are shown in UTC. Ctrl-C cancels the search; what it had found by then is shown. Exit status: 0 done, 1 when
    it did not come to its end.
    """
    daemon = Daemon.found()
    begun = _begin(daemon, _body(asked), pictures)
    where = f"{_PATH}/{part(begun['id'])}"
    ended = _followed(daemon, where)
    if as_json:
        click.echo(json.dumps(daemon.ask("GET", where), ensure_ascii=False, indent=2))
    elif ended["result"] is not None:
        click.echo(_taken(daemon, where, "text", language).rstrip())
    for form, path in zip(_FORMS, (svg, geojson), strict=True):
        if path is not None and ended["result"] is not None:
            _write(path, _taken(daemon, where, form, language))
            click.echo(f"written: {path}", err=as_json)
    if ended["state"] != "done":
        raise ZhibanError(f"the search is {ended['state']}{': ' + ended['problem'] if ended['problem'] else ''}")


def _body(asked: Mapping[str, Any]) -> dict[str, Any]:
    carried = [dict(zip(("kind", "value"), pair.partition("=")[::2], strict=True)) for pair in asked["carried"]]
    backwards, both = asked["backwards"], asked["both"]
    body = {
        "case": asked["case"], "purpose": asked["purpose"], "detection": asked["detection"], "camera": asked["camera"],
        "time": asked["time"] or None, "came_from": asked["came_from"], "direction_deg": asked["direction"],
        "horizon_s": asked["horizon"], "by_face": asked["by_face"], "carried": carried,
        "forwards": both or not backwards, "backwards": both or backwards,
    }  # fmt: skip
    return {name: value for name, value in body.items() if value is not None}


def _begin(daemon: Daemon, body: Mapping[str, Any], pictures: Sequence[Path]) -> Any:
    if not pictures:
        return daemon.ask("POST", _PATH, body=body)
    content, kind = _form(body, pictures)
    return daemon.upload(_PATH, io.BytesIO(content), len(content), {}, kind=kind)


def _form(body: Mapping[str, Any], pictures: Sequence[Path]) -> tuple[bytes, str]:
    """Return multipart/form-data (RFC 7578) of what is asked and the pictures, and its content type."""
    boundary = uuid.uuid4().hex
    parts = [("search", "application/json", json.dumps(body).encode())]
    for path in pictures:
        try:
            parts.append(
                ("picture", mimetypes.guess_type(path.name)[0] or "application/octet-stream", path.read_bytes())
            )
        except OSError as exc:
            raise UnreadableFile(f"{path}: cannot be read: {exc.strerror or exc}") from exc
    whole = b"".join(
        f'--{boundary}\r\nContent-Disposition: form-data; name="{name}"\r\nContent-Type: {kind}\r\n\r\n'.encode()
        + content + b"\r\n"
        for name, kind, content in parts
    )  # fmt: skip
    return whole + f"--{boundary}--\r\n".encode(), f"multipart/form-data; boundary={boundary}"


def _followed(daemon: Daemon, where: str) -> Any:
    """Return a search as it is when it has ended; meanwhile its progress is shown on a terminal."""
    shown = sys.stderr.isatty()
    try:
        for state in daemon.events(f"{where}/events", {}):
            if shown:
                click.echo(f"\r\x1b[K{_line(state)}", nl=False, err=True)
    except KeyboardInterrupt:
        with contextlib.suppress(Conflict):  # it ended by itself
            daemon.ask("POST", f"{where}/cancel")
    finally:
        if shown:
            click.echo("\r\x1b[K", nl=False, err=True)
    return daemon.ask("GET", where)


def _write(path: Path, content: str) -> None:
    try:
        with click.open_file(str(path), "w", encoding="utf-8", atomic=True) as file:
            file.write(content)
    except OSError as exc:
        raise ZhibanError(f"{path}: cannot be written: {exc.strerror or exc}") from exc


def _line(state: Mapping[str, Any]) -> str:
    progress = state["progress"]
    if not progress:
        return str(state["state"])
    return (
        f"{state['state']}: {progress['found']} found, {progress['compared']} compared in {progress['tasks']} windows, "
        f"{progress['unexplored']:.1%} not looked at"
    )


def _taken(daemon: Daemon, where: str, form: str, language: str) -> str:
    status, answer = daemon.raw("GET", where, query={"format": form, "language": language})
    if status >= 400:
        daemon.ask("GET", where, query={"format": form})  # tells what is wrong
    text = answer if isinstance(answer, str) else json.dumps(answer, ensure_ascii=False)
    return text if form != "text" else "\n".join(printable(line) for line in text.split("\n"))
