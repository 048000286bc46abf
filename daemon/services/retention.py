"""Forget what has ended long ago."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final

import structlog

from daemon.services.duty import Duty

_log = structlog.get_logger()
#: What was found at a URL is kept for at least so many times checks.network_interval: by then it was fetched again.
_ROUNDS: Final = 3


async def forget(duty: Duty) -> int:
    """Delete records that ended before their retention time; return how many."""
    ports, retention = duty.ports, duty.config.retention
    before = _before(duty, retention.ended)
    gone = await ports.incidents.forget(before, _before(duty, retention.passes))
    edits = await ports.catalogue.forget_edits(_before(duty, retention.edits))
    fetched = max(retention.evidence, _ROUNDS * duty.config.checks.network_interval)
    evidence = await ports.evidence.forget(_before(duty, fetched))
    # What is forgotten sooner could be answered, or told to a room, twice.
    known = max(retention.messages, duty.config.bot.max_age, duty.config.notices.age_limit)
    messages = await ports.bot.forget_messages(_before(duty, known)) if ports.bot else 0
    # Whether the association is on or not: what it once kept of people is not kept for longer.
    searches = await ports.cases.forget(_before(duty, retention.searches)) if ports.cases else 0
    sightings = await ports.gallery.forget(before=_before(duty, retention.sightings)) if ports.gallery else 0
    total = gone + edits + evidence + messages + searches + sightings
    if total:
        _log.info(
            "records.forgotten",
            count=gone,
            before=before.isoformat(),
            edits=edits,
            evidence=evidence,
            messages=messages,
            searches=searches,
            sightings=sightings,
        )
    return total


def _before(duty: Duty, kept_s: float) -> datetime:
    return duty.ports.clock.now() - timedelta(seconds=kept_s)
