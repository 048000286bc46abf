"""`zhiban products`: import and export over the running daemon."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, BinaryIO, Final

import click

from daemon.cli.reach import Daemon, part
from daemon.errors import UnreadableFile, ZhibanError
from daemon.log import printable
from daemon.products.feeds.options import FORMATS
from daemon.services.exports import csv_lines, json_lines

_COUNTS: Final = ("read", "created", "updated", "unchanged", "rejected", "missing")
_SHOWN: Final = 10
_ROWS: Final = 200


@click.group()
def products() -> None:
    """Import, export and look at products."""


@products.command("import")
@click.argument("files", metavar="FILE...", nargs=-1, required=True, type=click.Path(path_type=Path))
@click.option("--source", default="import", show_default=True, help="Whose products these are.")
@click.option("--format", "form", type=click.Choice(FORMATS), default="auto", show_default=True)
@click.option("--map", "columns", multiple=True, metavar="FIELD=COLUMN", help="Which column holds a field. Repeatable.")
@click.option("--currency", help="ISO 4217 code, where the file has none.")
@click.option("--timezone", help="IANA name, for times without a zone.")
@click.option("--locale", help='Such as "de_DE", for numbers such as "1.234,50".')
@click.option("--id-prefix", help="Set before every id.")
@click.option("--whole", is_flag=True, help="Products of the source that the file does not name become missing.")
@click.option("--json", "as_json", is_flag=True, help="One report a line, as JSON.")
def import_(files: tuple[Path, ...], whole: bool, as_json: bool, columns: tuple[str, ...], **asked: str | None) -> None:
    """Import files: CSV, TSV, Shopify, JSON, JSON Lines or Google Merchant XML, whatever they are.

    Rows that cannot be read are shown and kept; the others are imported. Exit status: 0, or 2 when a whole file could
    not be read.
    """
    if wrong := [pair for pair in columns if "=" not in pair]:
        raise click.BadParameter(f'"{wrong[0]}": expected FIELD=COLUMN', param_hint="--map")
    daemon = Daemon.found()
    daemon.ask("GET", "/api/v1/sources")  # a wrong token is told now and not after a gigabyte
    query = {**asked, "format": asked["form"], "map": list(columns), "partial": "false" if whole else "true"}
    del query["form"]
    failed: ZhibanError | None = None
    for path in files:
        try:
            report = _sent(daemon, path, query)
        except ZhibanError as error:
            failed = error
            click.echo(f"zhiban: {path}: {error}", err=True)
            continue
        click.echo(json.dumps(report, ensure_ascii=False)) if as_json else _show(path, report)
    if failed is not None:
        raise click.exceptions.Exit(failed.exit_status)


def _sent(daemon: Daemon, path: Path, query: Mapping[str, Any]) -> dict[str, Any]:
    """Upload a file; return the report. Raises UnreadableFile when it cannot be opened."""
    try:
        with path.open("rb") as file, _progress(path, file) as shown:
            size, name = path.stat().st_size, printable(path.name)[:500]
            report: dict[str, Any] = daemon.upload("/api/v1/products:import", shown, size, {**query, "name": name})
    except OSError as error:
        raise UnreadableFile(f"cannot be read: {error.strerror or error}") from error
    return report


@contextmanager
def _progress(path: Path, file: BinaryIO) -> Iterator[BinaryIO]:
    """Give the file with a progress bar on standard error while that is a terminal."""
    from rich.console import Console  # noqa: PLC0415 slow to import
    from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TimeRemainingColumn  # noqa: PLC0415

    console = Console(stderr=True)
    columns = (TextColumn("{task.description}", markup=False), BarColumn(), DownloadColumn(), TimeRemainingColumn())
    with Progress(*columns, console=console, transient=True, disable=not console.is_terminal) as bars:
        yield bars.wrap_file(file, total=path.stat().st_size, description=printable(path.name))


def _show(path: Path, report: Mapping[str, Any]) -> None:
    told = ", ".join(f"{report[name]} {name}" for name in _COUNTS if report[name] or name == "read")
    click.echo(f"{path}: {told}")
    for warning in report["warnings"]:
        click.echo(f"  note: {printable(warning['message'])}")
    for reject in report["rejects"][:_SHOWN]:
        where = f"line {reject['line']}" if reject["line"] is not None else "somewhere"
        click.echo(f"  {where}: {reject['field'] + ': ' if reject['field'] else ''}{printable(reject['reason'])}")
    if report["rejected"] > _SHOWN:
        click.echo(f"  and {report['rejected'] - _SHOWN} more rows")
    if report["rejects_file"]:
        click.echo(f"  rejected rows are kept in {report['rejects_file']}")


@products.command()
@click.option("--changed", is_flag=True, required=True, expose_value=False,
              help="Products whose source does not show their status yet.")  # fmt: skip
@click.option("--source", help="Only of this source.")
@click.option("--format", "form", type=click.Choice(("csv", "jsonl")), default="csv", show_default=True)
@click.option("--output", type=click.Path(path_type=Path, dir_okay=False), help="Default: standard output.")
def export(source: str | None, form: str, output: Path | None) -> None:
    """Write what the shop has still to take over: id, source, status, source_status, reason, since.

    CSV is for spreadsheets too: cells that they would take for formulas begin with an apostrophe.
    """
    rows = Daemon.found().pages("/api/v1/products:export", {"source": source}, 10**9)
    with click.open_file(str(output or "-"), "wb", atomic=output is not None) as out:
        for place, batch in enumerate(_batched(rows)):
            out.write(json_lines(batch) if form == "jsonl" else csv_lines(batch, header=place == 0).encode())


def _batched(rows: Iterator[dict[str, Any]]) -> Iterator[list[dict[str, Any]]]:
    """Yield rows in batches; at least one, which may be empty."""
    batch: list[dict[str, Any]] = []
    first = True
    for row in rows:
        batch.append(row)
        if len(batch) == _ROWS:
            yield batch
            batch, first = [], False
    if batch or first:
        yield batch


@products.command()
@click.argument("product_id", metavar="ID")
def show(product_id: str) -> None:
    """Write one product as JSON."""
    click.echo(
        json.dumps(Daemon.found().ask("GET", f"/api/v1/products/{part(product_id)}"), indent=2, ensure_ascii=False)
    )
