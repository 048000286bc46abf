"""`zhiban backup` and `zhiban restore`."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from daemon.adapters.sql.backup import Copy


@click.command()
@click.argument("file", type=click.Path(path_type=Path))
def backup(file: Path) -> None:
    """Copy the store to FILE, which must not be there yet, also while the daemon runs; the copy is verified."""
    from daemon.adapters.sql.backup import back_up  # noqa: PLC0415 slow to import
    from daemon.main.assembly import DATABASE, state_directory  # noqa: PLC0415

    click.echo(f"backed up: {_told(back_up(state_directory(os.environ) / DATABASE, file))}")


@click.command()
@click.argument("file", type=click.Path(path_type=Path))
def restore(file: Path) -> None:
    """Put FILE, a backup, in the place of the store. The daemon must not run; the store before is kept."""
    from daemon.adapters.lock import only_one  # noqa: PLC0415 slow to import
    from daemon.adapters.sql.backup import restore as put_back  # noqa: PLC0415
    from daemon.main.assembly import DATABASE, state_directory  # noqa: PLC0415

    state = state_directory(os.environ)
    with only_one(state):
        found, kept = put_back(file, state / DATABASE)
    click.echo(f"restored: {_told(found)}")
    if kept:
        click.echo(f"the store before is kept as {kept}")


def _told(copy: Copy) -> str:
    counts = ", ".join(f"{copy.counts[table]} {table}" for table in ("products", "incidents", "remedies", "entries"))
    return f"{copy.path}, {copy.size} bytes, schema {copy.schema}, verified: {counts}"
