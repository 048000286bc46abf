"""`zhiban version`."""

from __future__ import annotations

import json
import platform
import sqlite3
from importlib.metadata import PackageNotFoundError
from importlib.metadata import version as version_of

import click

_SHOWN = ("aiohttp", "aiosqlite", "uvloop", "sqlalchemy", "structlog", "pydantic")


@click.command()
@click.option("--json", "as_json", is_flag=True, help="As one JSON object.")
def version(as_json: bool) -> None:
    """Tell which version this is, and of what it is made."""
    built_of = {name: _version(name) for name in _SHOWN}
    about = {
        "version": _version("zhiban"),
        "python": platform.python_version(),
        "sqlite": sqlite3.sqlite_version,
        "platform": platform.platform(),
        "libraries": built_of,
    }
    if as_json:
        click.echo(json.dumps(about, indent=2))
    else:
        click.echo(f"zhiban {about['version']} (Python {about['python']}, SQLite {about['sqlite']})")


def _version(name: str) -> str:
    try:
        return version_of(name)
    except PackageNotFoundError:
        return "unknown"
