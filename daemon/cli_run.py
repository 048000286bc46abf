"""`zhiban run`: the process around the daemon."""

from __future__ import annotations

import asyncio
import os
import sys
import threading
from collections.abc import Coroutine
from pathlib import Path
from typing import Any, Final

import click
import structlog

from daemon import log as logs
from daemon.credentials import Secrets
from daemon.errors import ZhibanError

log = structlog.get_logger()
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
    from daemon.assembly import configure, state_directory  # noqa: PLC0415 most commands need neither
    from daemon.main import Surroundings, main  # noqa: PLC0415

    os.umask(0o077)
    path = config_file(given)
    config, _ = configure(path)
    if port is not None:
        config = config.model_copy(update={"http": config.http.model_copy(update={"port": port})})
    secrets = Secrets(os.environ)
    around = Surroundings(
        environment=os.environ,
        state=state_directory(os.environ),
        secrets=secrets,
        log=logs.start(config.log, hidden=secrets),
        signals=True,
    )
    logs.watch_crashes()
    end(_lived(main(config, demo=demo, config_path=path, around=around)), around.log)


def _lived(life: Coroutine[Any, Any, None]) -> int:
    """Run the daemon on uvloop; whatever ended it is told and becomes the exit status."""
    import uvloop  # noqa: PLC0415

    try:
        with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
            runner.run(life)
    except ZhibanError as exc:
        log.error("daemon.failed", reason=str(exc))  # noqa: TRY400 the message says it all
        return exc.exit_status
    except Exception:
        log.critical("daemon.failed", exc_info=True)
        return 1
    return 0


def end(status: int, running: logs.Log | None) -> None:
    """Write the rest of the log and end the process, also when a thread that cannot be stopped is still at work."""
    if running:
        running.close(1.0)
    if any(not thread.daemon and thread is not threading.main_thread() for thread in threading.enumerate()):
        os._exit(status)
    sys.exit(status)
