"""Reading the configuration again while the daemon runs: validated first, then swapped; a bad file changes nothing."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import structlog

from daemon.config import Config
from daemon.errors import ConfigError
from daemon.jobs.pass_figures import PassFigures
from daemon.jobs.scheduler import Scheduler
from daemon.jobs.table import jobs
from daemon.log import Log
from daemon.main.assembly import configure
from daemon.metrics import Metrics
from daemon.products.remedies import RemedyMode
from daemon.products.rulebook import Rulebook
from daemon.services.duty import Duty

log = structlog.get_logger()
#: What is open while the daemon runs and so changes at its next start only.
_AT_START: Final = ("http", "mongodb", "channels", "audit", "network", "executor")
_BOT_AT_START: Final = ("kind", "name", "rooms", "notice_rooms", "inbox", "endpoint", "secret")

_ASSOCIATION_AT_START: Final = ("kind", "embedder", "face", "concurrency", "queue")


@dataclass(frozen=True, slots=True, kw_only=True)
class Reload:
    """What a reload touches. shape: what a demonstration adds to every configuration."""

    path: Path | None
    duty: Duty
    scheduler: Scheduler
    figures: PassFigures
    metrics: Metrics
    shape: Callable[[Config], Config]
    log: Log | None = None

    def note_success(self) -> None:
        """Show that the configuration in force is the one that was last read."""
        self.metrics.reload_ok.set(1)
        self.metrics.reload_at.set(self.duty.ports.clock.now().timestamp())

    def run(self) -> bool:
        """Read the file and swap; tell whether it took hold."""
        try:
            config = self.shape(configure(self.path)[0])
        except ConfigError as exc:
            self.metrics.reload_ok.set(0)
            log.error("config.rejected", faults=str(exc).splitlines())  # noqa: TRY400 the faults say it all
            return False
        kept = kept_until_restart(self.duty.config, config)
        if kept:
            log.warning("config.restart_needed", sections=kept)
        old = self.duty.config
        bot = config.bot.model_copy(update={name: getattr(old.bot, name) for name in _BOT_AT_START})
        chat = config.chat.model_copy(update={"kind": old.chat.kind})
        fixed = {name: getattr(old.association, name) for name in _ASSOCIATION_AT_START}
        association = config.association.model_copy(update=fixed)
        kept_sections = {name: getattr(old, name) for name in _AT_START}
        self.duty.config = config.model_copy(
            update=kept_sections | {"bot": bot, "chat": chat, "association": association}
        )
        self.duty.rulebook = Rulebook.build(config.rules, RemedyMode(config.remedies.mode))
        self.scheduler.assign(jobs(self.duty, self.figures))
        self.duty.wake_checks.set()
        if self.duty.chat:
            self.duty.chat.reload()
        if self.log:
            self.log.set_level(config.log.level)
        self.note_success()
        log.info("config.reloaded", file=str(self.path))
        return True


def kept_until_restart(old: Config, new: Config) -> list[str]:
    """Return what differs but takes hold at the next start only."""
    kept = [name for name in _AT_START if getattr(old, name) != getattr(new, name)]
    kept += [f"bot.{name}" for name in _BOT_AT_START if getattr(old.bot, name) != getattr(new.bot, name)]
    kept += [
        f"association.{name}"
        for name in _ASSOCIATION_AT_START
        if getattr(old.association, name) != getattr(new.association, name)
    ]
    if old.chat.kind != new.chat.kind:
        kept.append("chat.kind")
    if old.catalogue.kind != new.catalogue.kind:
        kept.append("catalogue.kind")
    if (old.log.format, old.log.queue) != (new.log.format, new.log.queue):
        kept.append("log.format and log.queue")
    return kept
