"""What an earlier daemon left in the outbox when it ended, settled before the first round."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from datetime import timedelta
from typing import Final

import structlog

from daemon.ports import Resumable
from daemon.products.gathering import MAYBE_TAKEN
from daemon.products.notices import Entry, EntryState
from daemon.services.delivery import READ_LIMIT
from daemon.services.duty import Duty

_log = structlog.get_logger()

_FAR: Final = timedelta(days=36_500)
_PAGE: Final = 500
_DIED: Final = "the daemon stopped while it was being sent"


async def recover(duty: Duty) -> int:
    """Settle what an earlier daemon left behind; return how many entries were being sent when it died.

    Those are unknown now. A channel that can tell repeats apart gets them again under their old message ids; one that
    knows whom it had not reached gets what these have missed; for every other they stay unknown. Entries of channels
    that are no longer configured are given up.
    """
    died = await duty.ports.outbox.recover()
    repeated = [entry async for entry in _repeatable(duty)]
    await _requeue(duty, repeated, f"{MAYBE_TAKEN}{_DIED}")
    unsent = await _unsent(duty, died)
    await _requeue(duty, unsent, _DIED)
    orphans = await _give_up_orphans(duty)
    if died or repeated or orphans:
        _log.warning(
            "notices.recovered",
            unknown=len(died),
            repeated=len(repeated) + len(unsent),
            orphans=orphans,
            channels=sorted({entry.channel for entry in died}),
        )
    return len(died)


async def _repeatable(duty: Duty) -> AsyncIterator[Entry]:
    """Iterate over unknown entries that may go out again without reaching anybody twice, newest first."""
    section, now = duty.config.notices, duty.ports.clock.now()
    oldest = now - timedelta(seconds=section.age_limit)
    cursor: str | None = None
    while True:
        page = await duty.ports.outbox.find((EntryState.UNKNOWN,), _PAGE, cursor)
        for entry in page.items:
            notifier = duty.ports.notifiers.get(entry.channel)
            young = entry.created_at >= oldest and entry.attempts < section.attempts
            if notifier is not None and notifier.idempotent and young:
                yield entry
        cursor = page.cursor
        if cursor is None or page.items[-1].created_at < oldest:
            return


async def _unsent(duty: Duty, died: Sequence[Entry]) -> list[Entry]:
    """Return what somebody has certainly not had, of channels that know."""
    found: list[Entry] = []
    for name, notifier in duty.ports.notifiers.items():
        if isinstance(notifier, Resumable):
            found += await notifier.unsent([entry for entry in died if entry.channel == name])
    return found


async def _requeue(duty: Duty, entries: Sequence[Entry], error: str) -> None:
    if entries:
        now = duty.ports.clock.now()
        await duty.ports.outbox.finish([entry.id for entry in entries], EntryState.QUEUED, now, error=error)


async def _give_up_orphans(duty: Duty) -> int:
    outbox, now, count = duty.ports.outbox, duty.ports.clock.now(), 0
    for channel, state in await outbox.depth():
        if state is EntryState.QUEUED and channel not in duty.ports.notifiers:
            while entries := await outbox.queued(channel, now + _FAR, READ_LIMIT):
                error = "no such channel is configured any more"
                await outbox.finish([entry.id for entry in entries], EntryState.FAILED, now, error=error)
                count += len(entries)
    return count
