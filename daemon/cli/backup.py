"""`zhiban backup` and `zhiban restore`."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Final

import click

if TYPE_CHECKING:
    from daemon.adapters.gallery.backup import Copied
    from daemon.adapters.sql.backup import Copy

#: The database of the gallery, named here so that a base without numpy can look for it.
GALLERY: Final = "association.sqlite3"


@click.command()
@click.argument("file", type=click.Path(path_type=Path))
def backup(file: Path) -> None:
    """Copy the store to FILE, which must not be there yet, also while the daemon runs; the copy is verified.

    What cameras saw, if anything is kept of that, goes to the folder FILE.association.
    """
    from daemon.adapters.sql.backup import back_up  # noqa: PLC0415 slow to import
    from daemon.main.assembly import DATABASE, state_directory  # noqa: PLC0415

    state = state_directory(os.environ)
    click.echo(f"backed up: {_told(back_up(state / DATABASE, file))}")
    if (state / GALLERY).is_file():
        from daemon.adapters.gallery.backup import back_up as copy_gallery  # noqa: PLC0415 not always installed

        click.echo(f"backed up: {_gallery_told(copy_gallery(state, _beside(file)))}")


@click.command()
@click.argument("file", type=click.Path(path_type=Path))
def restore(file: Path) -> None:
    """Put FILE, a backup, in the place of the store. The daemon must not run; the store before is kept.

    A gallery of what cameras saw is put back from FILE.association where there is none: the one that is there may
    have forgotten what the copy has, and is never replaced.
    """
    from daemon.adapters.lock import only_one  # noqa: PLC0415 slow to import
    from daemon.adapters.sql.backup import restore as put_back  # noqa: PLC0415
    from daemon.main.assembly import DATABASE, state_directory  # noqa: PLC0415

    state = state_directory(os.environ)
    with only_one(state):
        found, kept = put_back(file, state / DATABASE)
    click.echo(f"restored: {_told(found)}")
    if kept:
        click.echo(f"the store before is kept as {kept}")
    if _beside(file).is_dir():
        _restore_gallery(_beside(file), state)


def _restore_gallery(copy: Path, state: Path) -> None:
    if (state / GALLERY).exists():
        click.echo(f"{state / GALLERY} is there and stays; move it and its folder away to put {copy} back")
        return
    from daemon.adapters.gallery.backup import restore as put_back  # noqa: PLC0415 not always installed

    click.echo(f"restored: {_gallery_told(put_back(copy, state))}; what was forgotten since goes at the next start")


def _beside(file: Path) -> Path:
    return file.with_name(f"{file.name}.association")


def _gallery_told(copied: Copied) -> str:
    return f"{copied.path}, {copied.size} bytes, verified: {copied.detections} detections"


def _told(copy: Copy) -> str:
    counts = ", ".join(f"{copy.counts[table]} {table}" for table in ("products", "incidents", "remedies", "entries"))
    return f"{copy.path}, {copy.size} bytes, schema {copy.schema}, verified: {counts}"
