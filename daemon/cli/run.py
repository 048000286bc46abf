"""`zhiban run`."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

import click

PLACES: Final = (Path("config.toml"), Path("/etc/zhiban/config.toml"))


def config_file(given: Path | None) -> Path | None:
    """Return the file that was given, else the first of ./config.toml and /etc/zhiban/config.toml, else None."""
    return given or next((path for path in PLACES if path.is_file()), None)


@click.command()
@click.option("--config", "given", type=click.Path(path_type=Path), help="Default: ./config.toml, /etc/zhiban/.")
@click.option("--demo", is_flag=True, help="Add the demonstration shop, with remedies on.")
@click.option("--port", type=click.IntRange(0, 65535), help="Instead of [http] port; 0 takes any free one.")
def run(given: Path | None, demo: bool, port: int | None) -> None:
    """Be on duty until SIGTERM or SIGINT.

    SIGHUP reads the configuration again, SIGUSR1 writes what every task and thread is doing to the log. Exit status:
    0 stopped, 1 failed, 78 the configuration cannot be used.
    """
    with _left_out("rich"):
        from daemon.main.process import live  # noqa: PLC0415 no other command needs the daemon's parts

    live(config_file(given), demo=demo, port=port)


@contextmanager
def _left_out(name: str) -> Iterator[None]:
    """Have an optional library seem absent to what is imported now.

    structlog draws tracebacks with rich where it finds it, which we never let it; that costs 8 MB and 0.1 s.
    """
    if name in sys.modules:
        yield
        return
    sys.modules[name] = None  # type: ignore[assignment]  # how the import system marks what must not be found
    try:
        yield
    finally:
        del sys.modules[name]
