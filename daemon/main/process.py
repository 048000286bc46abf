"""The process around the daemon: its log, its event loop, its memory, and how it ends."""

from __future__ import annotations

import asyncio
import ctypes
import gc
import os
import sys
import threading
from pathlib import Path
from typing import Final, NoReturn

import click
import structlog
import uvloop

from daemon import log as logs
from daemon.config import Config
from daemon.config.credentials import Secrets
from daemon.errors import ZhibanError
from daemon.main.assembly import configure, state_directory
from daemon.main.life import Surroundings, main

log = structlog.get_logger()
#: Seconds that the store's threads may keep the interpreter from the loop: at the default 5 ms, answers that come
#: beside a full pass wait for it several times in a row.
SWITCH_S: Final = 0.001
_M_ARENA_MAX: Final = -8  # mallopt(3)


def live(path: Path | None, *, demo: bool, port: int | None) -> NoReturn:
    """Run the daemon to its end and end the process with its status. Raises ConfigError before anything is open."""
    os.umask(0o077)
    _share_one_arena()
    sys.setswitchinterval(SWITCH_S)
    config = _configured(path, port)
    secrets = Secrets(os.environ)
    state = state_directory(os.environ)
    running = logs.start(config.log, hidden=secrets)
    logs.watch_crashes()
    around = Surroundings(
        environment=os.environ,
        state=state,
        secrets=secrets,
        log=running,
        signals=True,
        greet=_greet if demo else None,
    )
    gc.collect()
    gc.freeze()  # what was imported stays: a full collection need not hold the loop to look at it again
    status = _lived(config, path, demo, around)
    running.close(1.0)
    if any(not thread.daemon and thread is not threading.main_thread() for thread in threading.enumerate()):
        os._exit(status)  # a thread that cannot be stopped is still at work
    sys.exit(status)


def _greet(url: str, secret: str, case: str) -> None:
    """Show a newcomer where to look, on standard output: the log hides tokens."""
    cameras = f"case:  {case}    (for zhiban association search, once something is ingested)\n" if case else ""
    click.echo(
        f"\nZhiban 值班 is on duty at {url}\n"
        f"token: {secret}\n"
        f'try:   curl -H "Authorization: Bearer {secret}" {url}/api/v1/incidents\n'
        f"shop:  {url}/demo/\n"
        "room:  zhiban room    (in another terminal: what the bot tells, and what it can be asked)\n" + cameras
    )


def _configured(path: Path | None, port: int | None) -> Config:
    config, _ = configure(path)
    if port is None:
        return config
    return config.model_copy(update={"http": config.http.model_copy(update={"port": port})})


def _lived(config: Config, path: Path | None, demo: bool, around: Surroundings) -> int:
    """Run the daemon on uvloop; whatever ended it is told and becomes the exit status."""
    try:
        with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
            runner.run(main(config, demo=demo, config_path=path, around=around))
    except ZhibanError as exc:
        log.error("daemon.failed", reason=str(exc))  # noqa: TRY400 the message says it all
        return exc.exit_status
    except Exception:
        log.critical("daemon.failed", exc_info=True)
        return 1
    return 0


def _share_one_arena() -> None:
    """Have all threads allocate from one heap: with one for each, glibc holds several megabytes more."""
    try:
        ctypes.CDLL(None).mallopt(_M_ARENA_MAX, 1)
    except (AttributeError, OSError):
        return  # another C library, which has its own ways
