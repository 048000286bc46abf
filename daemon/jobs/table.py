"""The list of jobs: what is done again and again, how often, and the most that a run may take.

Intervals are asked of the configuration in force at each run, so that a reload takes hold.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from functools import partial
from typing import Final

from daemon.config import SourceSection
from daemon.jobs.pass_figures import PassFigures
from daemon.jobs.scheduler import Job
from daemon.services import (
    association_upkeep,
    audit_heads,
    catalogue_health,
    delivery,
    digests,
    fetching,
    incidents,
    passes,
    retention,
    sources,
)
from daemon.services.duty import Duty

_CLOCKS_S: Final = 5.0
_CATALOGUE_S: Final = 5.0
_DIGEST_S: Final = 30.0
_FORGET_S: Final = 3_600.0
_HEAD_S: Final = 3_600.0
_COMPACT_S: Final = 60.0
_VERIFY_S: Final = 86_400.0
_SHORT_S: Final = 60.0  # deadline of what touches stores alone
_IMPORT_S: Final = 3_600.0
_LONG_S: Final = 3_600.0  # of what reads or writes files of any size
_EVIDENCE_S: Final = 5.0


def jobs(duty: Duty, figures: PassFigures) -> list[Job]:
    """Return every job of a daemon as configured now."""
    always = [
        Job(
            name="products.check",
            run=partial(figures.counted, duty, partial(passes.tick, duty)),
            every_s=lambda: duty.config.checks.interval,
            deadline_s=lambda: duty.config.checks.deadline,
            jitter=duty.config.checks.jitter,
            wake=duty.wake_checks,
        ),
        _every("notices.digest", _DIGEST_S, lambda: digests.digest(duty, duty.ports.clock.now())),
        _every("incidents.clocks", _CLOCKS_S, lambda: incidents.tick_clocks(duty)),
        _every("audit.note_head", _HEAD_S, lambda: audit_heads.note_head(duty.ports.audit)),
        _every("records.forget", _FORGET_S, lambda: retention.forget(duty)),
    ]
    if duty.ports.gallery:
        always += [
            _every("gallery.compact", _COMPACT_S, lambda: association_upkeep.compact(duty), _LONG_S),
            _every("gallery.verify", _VERIFY_S, lambda: association_upkeep.verify(duty), _LONG_S),
        ]
    if duty.ports.followed:
        always.append(_every("catalogue.watch", _CATALOGUE_S, lambda: catalogue_health.watch(duty)))
    if duty.config.checks.network:
        always.append(_evidence(duty, figures))
    return (
        always
        + [_channel(duty, name) for name in duty.ports.notifiers]
        + [_source(duty, section) for section in duty.config.sources]
    )


def _every(name: str, seconds: float, run: Callable[[], Awaitable[object]], most_s: float = _SHORT_S) -> Job:
    return Job(name=name, run=run, every_s=lambda: seconds, deadline_s=lambda: most_s, jitter=0.1)


def _evidence(duty: Duty, figures: PassFigures) -> Job:
    return Job(
        name="evidence.refresh",
        run=lambda: figures.fetched(fetching.refresh_evidence(duty, duty.ports.clock.now())),
        every_s=lambda: _EVIDENCE_S,
        deadline_s=lambda: duty.config.checks.deadline,
        jitter=0.1,
        resumed=True,
    )


def _channel(duty: Duty, name: str) -> Job:
    return Job(
        name=f"notices.{name}",
        run=partial(delivery.deliver_channel, duty, name),
        every_s=lambda: duty.config.notices.interval,
        deadline_s=lambda: _SHORT_S,
    )


def _source(duty: Duty, section: SourceSection) -> Job:
    return Job(
        name=f"source.{section.name}",
        run=partial(sources.poll, duty, section),
        every_s=lambda: section.interval,
        deadline_s=lambda: _IMPORT_S,
        jitter=0.05,
        first_s=0.0,
    )
