"""`zhiban mongo`: what the daemon would make of a shop's MongoDB collection. Nothing is written anywhere but here."""

from __future__ import annotations

import asyncio
import io
import json
import os
import sys
from pathlib import Path

import click

from daemon.cli.run import config_file


@click.group()
def mongo() -> None:
    """Look at the shop's MongoDB collection before the daemon follows it; nothing in it is changed."""


_CONFIG = click.option(
    "--config", "given", type=click.Path(path_type=Path), help="Default: the file that `run` would take."
)


@mongo.command()
@_CONFIG
@click.option("--limit", type=click.IntRange(1, 1000), default=10, show_default=True, help="Documents that are shown.")
@click.option("--id", "ids", multiple=True, metavar="ID", help="Show this one, by its _id. Repeatable.")
@click.option("--json", "as_json", is_flag=True, help="As one JSON object.")
def inspect(given: Path | None, limit: int, ids: tuple[str, ...], as_json: bool) -> None:
    """Show what the mapping makes of ten documents, field by field, and what the rules would say of them.

    Connects as [mongodb] of the configuration says, reads some documents by chance, and writes nothing, neither there
    nor into the daemon's own store. Exit status: 0 shown, 1 not reached or nothing there, 2 usage, 78 the
    configuration cannot be used.
    """
    from daemon.cli.language import language_of  # noqa: PLC0415 slow to import
    from daemon.cli.mongo_run import configured, inspection, inspection_data  # noqa: PLC0415
    from daemon.cli.mongo_table import show  # noqa: PLC0415

    config, rulebook = configured(config_file(given))
    found = asyncio.run(inspection(config, rulebook, limit, ids))
    if as_json:
        _write(json.dumps(inspection_data(found), indent=2, ensure_ascii=False) + "\n")
        return
    encoding = sys.stdout.encoding or "utf-8"
    out = io.TextIOWrapper(sys.stdout.buffer, encoding=encoding, errors="backslashreplace", newline="")
    show(found, out, language=language_of(config, os.environ))
    out.flush()
    out.detach()


@mongo.command("map")
@_CONFIG
@click.option("--sample", type=click.IntRange(1, 100_000), default=1000, show_default=True, help="Documents to read.")
def map_(given: Path | None, sample: int) -> None:
    """Write a first [mongodb] section for a collection, from some of its documents.

    It names nothing that was not seen, says how many documents have it, and what is left for you to decide. Exit
    status: as of `inspect`.
    """
    from daemon.cli.mongo_run import configured, proposal  # noqa: PLC0415 slow to import

    config, _ = configured(config_file(given))
    _write(asyncio.run(proposal(config, sample)))


def _write(text: str) -> None:
    """Write what programs read: UTF-8, whatever the terminal says that it reads."""
    sys.stdout.flush()
    sys.stdout.buffer.write(text.encode())
    sys.stdout.buffer.flush()
