"""Composition root: what the daemon is made of, in which order it starts, and in which order it ends.

Start: signals, lock, stores, network, threads, channels, messenger; what an earlier daemon left undone; HTTP; jobs;
the bot; READY=1.
Stop: not ready, listeners closed, no new messages and runs; what runs may end within shutdown.grace; the rest is
cancelled; then everything closes in reverse order. A second signal skips the wait. A task of ours that dies ends the
process.
"""

from __future__ import annotations

import asyncio
import os
import signal
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import structlog

from daemon.adapters.lock import only_one
from daemon.adapters.signals import end_within, on_signals
from daemon.adapters.systemd import Systemd
from daemon.config import Config
from daemon.config.credentials import Secrets
from daemon.demo.shop import Shop
from daemon.errors import ConfigError, ZhibanError
from daemon.forum.principals import BY_NAME
from daemon.handlers.http import demo_shop
from daemon.handlers.http.server import build_app, serve
from daemon.inference.executor import ThreadOffload
from daemon.jobs.loop_watch import LoopWatch
from daemon.jobs.pass_figures import PassFigures
from daemon.jobs.scheduler import Scheduler
from daemon.jobs.table import jobs
from daemon.log import Log, watch_loop
from daemon.main.assembly import open_ports
from daemon.main.association import opened_association
from daemon.main.bot import Bot
from daemon.main.chat import opened_chat
from daemon.main.local_access import address_shown, local_token
from daemon.main.reloading import Reload
from daemon.main.stack_dump import dump
from daemon.metrics import Metrics
from daemon.ports import Ports
from daemon.products.remedies import RemedyMode
from daemon.products.rulebook import Rulebook
from daemon.services import audit_heads, notices, passes, remedies
from daemon.services.access import authenticate
from daemon.services.demonstration import Demonstration, demonstrated_case
from daemon.services.duty import Duty

log = structlog.get_logger()
#: Seconds after the grace within which everything has closed, or the process ends all the same.
_CLOSE_S: Final = 1.5


@dataclass(frozen=True, slots=True, kw_only=True)
class Surroundings:
    """What a process gives its daemon, and a test may leave out.

    state: the state directory. secrets: shared with the log, which hides what was found. log: the running log.
    signals: whether the signals of the process are for this daemon. greet: told the URL, a token and
    the id of a case to search in, or "", when ready.
    """

    environment: Mapping[str, str] = field(default_factory=dict)
    state: Path | None = None
    secrets: Secrets = field(default_factory=lambda: Secrets({}))
    log: Log | None = None
    signals: bool = False
    greet: Callable[[str, str, str], None] | None = None


async def main(
    config: Config,
    *,
    ports: Ports | None = None,
    stop: asyncio.Event | None = None,
    demo: bool = False,
    config_path: Path | None = None,
    around: Surroundings | None = None,
) -> None:
    """Be on duty until `stop` is set or a signal comes. Raises what kept the daemon from starting, or ended it.

    ports: opened by the caller; else what is configured is opened in the state directory, under its lock.
    """
    around = around or Surroundings()
    shop = _demonstration(config, around) if demo else None
    config = shop.configured(config) if shop else config
    life = Life(config, config_path, around, stop or asyncio.Event(), shop)
    async with AsyncExitStack() as stack:
        if life.around.signals:
            stack.enter_context(on_signals(life.signals()))
        if ports is None:
            ports = await stack.enter_async_context(_own_ports(config, life.around))
        rulebook = Rulebook.build(config.rules, RemedyMode(config.remedies.mode))
        await life.live(Duty(ports=ports, config=config, rulebook=rulebook, state=life.around.state))
    log.info("daemon.stopped")


def _demonstration(config: Config, around: Surroundings) -> Demonstration:
    if around.state is None or not config.http.port:
        raise ConfigError("the demonstration needs a state directory, and a port that is known beforehand")
    return Demonstration(around.state, f"{config.http.host}:{config.http.port}")


@asynccontextmanager
async def _own_ports(config: Config, around: Surroundings) -> AsyncIterator[Ports]:
    if around.state is None:
        raise ConfigError("a daemon that opens its own stores needs a state directory")
    with only_one(around.state):
        async with open_ports(config, around.state, around.secrets) as ports:
            yield ports


class Life:
    """One daemon from its start to its end."""

    def __init__(
        self,
        config: Config,
        config_path: Path | None,
        around: Surroundings,
        stop: asyncio.Event,
        shop: Demonstration | None = None,
    ) -> None:
        self._shop = shop
        self.around = around
        self.metrics = Metrics()
        self.ready = False
        self._began = time.monotonic()
        self._grace_s = config.shutdown.grace
        self._config_path = config_path
        self._stop = stop
        self._hurry = asyncio.Event()
        self._systemd = Systemd(around.environment, os.getpid())
        self._reload: Reload | None = None
        if (running := around.log) is not None:
            self.metrics.watch_log(lambda: running.writer.dropped)

    def signals(self) -> dict[signal.Signals, Callable[[], None]]:
        """Return what each signal does."""
        return {
            signal.SIGTERM: self._end,
            signal.SIGINT: self._end,
            signal.SIGHUP: self._read_again,
            signal.SIGUSR1: dump,
        }

    async def live(self, duty: Duty) -> None:
        """Serve until asked to stop."""
        watch_loop(asyncio.get_running_loop())
        bot = self._bot(duty)
        duty.chat = chat = opened_chat(duty, self.metrics)
        duty.association = association = opened_association(duty, self.metrics)
        await _recover(duty)
        await audit_heads.note_head(duty.ports.audit)
        if self._shop:
            await self._shop.open_shop(duty)
        if isinstance(pool := duty.ports.offload, ThreadOffload):
            self.metrics.offload.set_function(lambda: pool.held)
        figures = PassFigures(self.metrics)
        await figures.start(duty)
        scheduler = Scheduler(jobs(duty, figures), duty.ports.clock, observe=self.metrics.observe_job)
        self._reload = Reload(
            path=self._config_path, duty=duty, scheduler=scheduler, figures=figures, metrics=self.metrics,
            log=self.around.log, shape=self._shop.configured if self._shop else _as_it_is,
        )  # fmt: skip
        self._reload.note_success()
        pages = demo_shop.routes(Shop()) if self._shop else ()
        app = build_app(duty, ready=lambda: self.ready, metrics=self.metrics, extra_routes=pages)
        async with (
            serve(app, duty.config.http) as server,
            self._findable(duty, server.url),
            asyncio.TaskGroup() as group,
        ):
            running = group.create_task(scheduler.run(), name="scheduler")
            watch = group.create_task(self._loop_watch(duty, running).run(), name="loop watch")
            answering = group.create_task(bot.run(), name="bot") if bot else None
            following = self._follow(duty, group)
            self._announce(server.url)
            loading = [group.create_task(chat.run(), name="chat")] if chat else []
            if association:
                loading.append(group.create_task(association.run(), name="association"))
            duty.wake_checks.set()
            await self._stop.wait()
            await self._drain(scheduler, running, server.close, bot, answering)
            for task in (watch, *following, *loading):
                task.cancel()
        with suppress(ZhibanError):  # a store that is gone has told so already
            await audit_heads.note_head(duty.ports.audit)

    def _follow(self, duty: Duty, group: asyncio.TaskGroup) -> list[asyncio.Task[None]]:
        """Follow a catalogue that lies elsewhere to the end, so that the last remedies find it."""
        if duty.ports.followed is None:
            return []
        return [group.create_task(duty.ports.followed.follow(duty.wake_checks.set), name="catalogue")]

    def _bot(self, duty: Duty) -> Bot | None:
        if duty.ports.messenger is None or duty.ports.bot is None:
            return None
        return Bot(duty, duty.ports.messenger, duty.ports.bot, self.metrics)

    @asynccontextmanager
    async def _findable(self, duty: Duty, url: str) -> AsyncIterator[None]:
        """Let the command line find the daemon, where there is a state directory."""
        if self.around.state is None:
            yield
            return
        tried_out = self._shop is not None and duty.association is not None
        secret = await local_token(duty.ports, self.around.state, BY_NAME if tried_out else frozenset())
        if self.around.greet:
            case = await demonstrated_case(duty, await authenticate(duty.ports, secret)) if tried_out else ""
            self.around.greet(url, secret, case)
        with address_shown(self.around.state, url):
            yield

    def _loop_watch(self, duty: Duty, scheduler: asyncio.Task[None]) -> LoopWatch:
        return LoopWatch(
            duty.ports.clock,
            self.metrics,
            watchdog_s=self._systemd.watchdog_s,
            alive=self._systemd.alive,
            healthy=lambda: not scheduler.done(),
        )

    def _announce(self, url: str) -> None:
        self.ready = True
        self.metrics.ready.set(1)
        log.info("daemon.started", url=url, pid=os.getpid(), duration_s=round(time.monotonic() - self._began, 3))
        self._systemd.ready(f"on duty at {url}")

    async def _drain(
        self,
        scheduler: Scheduler,
        running: asyncio.Task[None],
        close: Callable[[], Awaitable[None]],
        bot: Bot | None,
        answering: asyncio.Task[None] | None,
    ) -> None:
        """Let current answers, runs and requests end within the grace, then cancel them."""
        self.ready = False
        self.metrics.ready.set(0)
        self._systemd.stopping()
        log.info("daemon.stopping", running=scheduler.running, grace_s=self._grace_s)
        if bot:
            bot.stop()
        scheduler.stop()
        tasks = [running] if answering is None else [running, answering]
        quiet = asyncio.ensure_future(_quiet(tasks, bot))
        closing = asyncio.ensure_future(close())
        hurry = asyncio.create_task(self._hurry.wait())
        ended = asyncio.gather(quiet, closing)
        either: set[asyncio.Future[Any]] = {ended, hurry}
        await asyncio.wait(either, timeout=self._grace_s, return_when=asyncio.FIRST_COMPLETED)
        hurry.cancel()
        if not ended.done():
            log.warning("daemon.hurried", running=scheduler.running, requests=not closing.done())
            closing.cancel()
            scheduler.abort()
            if answering:
                answering.cancel()
            await asyncio.gather(ended, return_exceptions=True)

    def _end(self) -> None:
        """Begin to stop; the second time, do not wait. The process ends in time, whatever holds it."""
        again = self._stop.is_set()
        (self._hurry if again else self._stop).set()
        end_within(_CLOSE_S + (0.0 if again else self._grace_s), self._last_words)

    def _last_words(self) -> None:
        log.error("daemon.killed", reason="something did not end in time")
        if self.around.log:
            self.around.log.close(0.2)

    def _read_again(self) -> None:
        if self._reload is None or self._stop.is_set():
            return
        self._systemd.reloading()
        took = self._reload.run()
        self._systemd.ready("on duty" if took else "on duty; the new configuration was rejected")


def _as_it_is(config: Config) -> Config:
    return config


async def _quiet(tasks: Sequence[asyncio.Task[None]], bot: Bot | None) -> None:
    """Wait for the last answer and the last notice; then nothing more is said, and who listens may go."""
    try:
        await asyncio.wait(tasks)
    finally:
        if bot:
            bot.close_rooms()


async def _recover(duty: Duty) -> None:
    """Settle what an earlier daemon left undone, before anything new happens."""
    interrupted = await passes.recover(duty)
    settled = await remedies.recover(duty)
    unknown = await notices.recover(duty)
    log.info("duty.recovered", passes=interrupted, remedies=settled, notices=unknown)
