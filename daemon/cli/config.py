"""`zhiban config`: looking at configuration files."""

from __future__ import annotations

from pathlib import Path

import click

from daemon.cli.run import config_file


@click.group()
def config() -> None:
    """Look at configuration files."""


@config.command()
@click.argument("file", type=click.Path(path_type=Path), required=False)
def check(file: Path | None) -> None:
    """Tell whether FILE can be used, and every fault with its line. Without FILE: the one that `run` would take.

    Exit status: 0 it can, 78 it cannot. Nothing is changed and no secret is read.
    """
    from daemon.main.assembly import configure  # noqa: PLC0415 slow to import

    path = config_file(file)
    found, rulebook = configure(path)
    click.echo(f"{path or 'the defaults'}: good, {len(rulebook.rules)} rules, {len(found.sources)} sources")
