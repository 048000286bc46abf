"""What commands about people do: ask the daemon while it runs, else work on its store, under its lock."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Awaitable, Callable
from typing import TypeVar

from daemon.cli.reach import Daemon, state_of
from daemon.services.duty import Duty

T = TypeVar("T")


def running() -> Daemon | None:
    """Return the daemon when one runs: the lock says so, or the environment names one."""
    from daemon.adapters.lock import holder  # noqa: PLC0415 as below

    if "ZHIBAN_URL" in os.environ or holder(state_of(os.environ)) is not None:
        return Daemon.found()
    return None


def on_store(act: Callable[[Duty], Awaitable[T]]) -> T:
    """Do something on the store itself, as configured by default. Raises AlreadyRunning when a daemon began.

    Raises ConfigError, too, where the key of the audit log is not at hand.
    """
    from daemon.adapters.lock import only_one  # noqa: PLC0415 slow to import
    from daemon.cli.run import config_file  # noqa: PLC0415
    from daemon.config import ChannelSection, Config  # noqa: PLC0415
    from daemon.config.credentials import Secrets  # noqa: PLC0415
    from daemon.main.assembly import configure, open_ports, state_directory  # noqa: PLC0415
    from daemon.products.rulebook import Rulebook  # noqa: PLC0415

    state = state_directory(os.environ)
    # with the key that the audit log is kept with, whatever else is configured
    audit = configure(config_file(None))[0].audit
    config = Config(channels=(ChannelSection(name="log"),), audit=audit)

    async def acting() -> T:
        async with open_ports(config, state, Secrets(os.environ)) as ports:
            return await act(Duty(ports, config, Rulebook(())))

    with only_one(state):
        return asyncio.run(acting())
