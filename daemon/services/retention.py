"""Forget what has ended long ago."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final

import structlog
from msgspec.structs import replace

from daemon.ports import CaseStore, Gallery, SearchState
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
    searches = await _forget_searches(duty, ports.cases) if ports.cases else 0
    sightings = await _forget_sightings(duty, ports.gallery) if ports.gallery else 0
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


async def _forget_sightings(duty: Duty, gallery: Gallery) -> int:
    gone = await gallery.forget(before=_before(duty, duty.config.retention.sightings))
    if gone and duty.association:
        await duty.association.sites.forget_gone()  # their ids stand in what was confirmed of them, too
    return gone


async def _forget_searches(duty: Duty, cases: CaseStore) -> int:
    if duty.config.association.kind == "off":  # nobody goes on with what was left when it was switched off
        now = duty.ports.clock.now()
        for search in await cases.unended():
            await cases.change_search(replace(search, state=SearchState.INTERRUPTED, ended_at=now))
    return await cases.forget(_before(duty, duty.config.retention.searches))


def _before(duty: Duty, kept_s: float) -> datetime:
    return duty.ports.clock.now() - timedelta(seconds=kept_s)
