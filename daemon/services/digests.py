"""Once a local day, a digest of what is wrong, to every channel that wants it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Final

import structlog

from daemon.config import NoticesSection
from daemon.ports import Batch, IncidentFilter
from daemon.products.ids import new_id
from daemon.products.incidents import ALIVE, Incident, State
from daemon.products.local_time import at, local_day
from daemon.products.notices import Entry
from daemon.products.verdicts import Severity
from daemon.services.duty import Duty
from daemon.services.news import hears

_log = structlog.get_logger()

#: Name of the small value that holds the local day of the last digest.
LAST_DAY: Final = "notices.digest_day"
#: How late a digest may come after a sleep; later than that, the next one is near enough.
_MAKE_UP: Final = timedelta(hours=12)
_PAGE: Final = 500
#: Rules and owners that a digest counts one by one, the most frequent first.
_NAMES: Final = 50


def next_digest(section: NoticesSection, last_day: str | None, now: datetime) -> datetime | None:
    """Return when the next digest is due, as aware UTC; it may have passed. None when none is configured.

    last_day: local day of the last one, None before the first. One that was slept through is made up for while it
    is less than twelve hours old.
    """
    if not section.digest_at:
        return None
    today = local_day(now, section.timezone)
    for day in (today - timedelta(days=1), today, today + timedelta(days=1)):
        due = at(day, section.digest_at, section.timezone)
        if last_day is None and due > now:
            return due
        if last_day is not None and day.isoformat() > last_day and now - due < _MAKE_UP:
            return due
    # The clock was set back, or had been wrong: the days that were told of are not told of again.
    after = date.fromisoformat(last_day or today.isoformat()) + timedelta(days=1)
    return at(after, section.digest_at, section.timezone)


async def digest(duty: Duty, now: datetime) -> bool:
    """Queue the digest if it is due, exactly once a local day; tell whether it was.

    The day is remembered in the commit that queues the entries. The very first run only notes where to begin.
    """
    section = duty.config.notices
    last_day = await duty.ports.incidents.progress(LAST_DAY)
    due = next_digest(section, last_day, now)
    if due is None:
        return False
    day = local_day(due, section.timezone)
    if last_day is None:
        await duty.ports.incidents.commit(Batch(progress={LAST_DAY: (day - timedelta(days=1)).isoformat()}))
        return False
    if now < due:
        return False
    entries = await _entries(duty, day.isoformat(), now)
    await duty.ports.incidents.commit(Batch(entries=entries, progress={LAST_DAY: day.isoformat()}))
    _log.info("digest.queued", day=day.isoformat(), entries=len(entries))
    return True


async def digest_now(duty: Duty, now: datetime) -> Entry:
    """Return the digest of this moment for whoever asks for it: counted, not queued."""
    day = local_day(now, duty.config.notices.timezone).isoformat()
    return _entry(duty, "", (await _counted(duty)).values(), day, now)


async def _entries(duty: Duty, day: str, now: datetime) -> tuple[Entry, ...]:
    counts = await _counted(duty)
    return tuple(
        _entry(duty, channel.name, [c for s, c in counts.items() if s.rank >= Severity(channel.min_severity).rank],
               day, now)
        for channel in duty.config.channels
        if hears(channel, "digest")
    )  # fmt: skip


async def _counted(duty: Duty) -> dict[Severity, _Counts]:
    counts = {severity: _Counts() for severity in Severity}
    cursor: str | None = None
    while True:
        where = IncidentFilter(states=tuple(ALIVE), inhibited=False)
        page = await duty.ports.incidents.find(where, _PAGE, cursor)
        for incident in page.items:
            counts[incident.severity].add(incident)
        cursor = page.cursor
        if cursor is None:
            return counts


@dataclass(slots=True)
class _Counts:
    severities: Counter[str] = field(default_factory=Counter)
    rules: Counter[str] = field(default_factory=Counter)
    owners: Counter[str] = field(default_factory=Counter)
    states: Counter[State] = field(default_factory=Counter)
    oldest_at: datetime | None = None

    def add(self, incident: Incident) -> None:
        self.severities[incident.severity.value] += 1
        self.rules[incident.rule] += 1
        self.owners[incident.owner or ""] += 1
        self.states[incident.state] += 1
        self.oldest_at = min(filter(None, (self.oldest_at, incident.opened_at)), default=None)

    def join(self, other: _Counts) -> None:
        self.severities += other.severities
        self.rules += other.rules
        self.owners += other.owners
        self.states += other.states
        self.oldest_at = min(filter(None, (self.oldest_at, other.oldest_at)), default=None)


def _entry(duty: Duty, channel: str, counts: Iterable[_Counts], day: str, now: datetime) -> Entry:
    heard = _Counts()
    for one in counts:
        heard.join(one)
    severity = max((Severity(name) for name in heard.severities), key=lambda s: s.rank, default=Severity.INFO)
    facts = {
        "day": day,
        "open": str(heard.severities.total()),
        "acknowledged": str(heard.states[State.ACKNOWLEDGED]),
        "silenced": str(heard.states[State.SILENCED]),
        "oldest_at": heard.oldest_at.isoformat() if heard.oldest_at else "",
        **{f"severity.{name}": str(count) for name, count in heard.severities.items()},
        **{f"owner.{name}": str(count) for name, count in heard.owners.most_common(_NAMES)},
    }
    titles = {rule.spec.id: rule.spec for rule in duty.rulebook.rules}
    for name, count in heard.rules.most_common(_NAMES):
        facts[f"rule.{name}"] = str(count)
        if spec := titles.get(name):
            facts[f"title.{name}"], facts[f"title_zh.{name}"] = spec.title, spec.title_zh
    return Entry(id=new_id(), channel=channel, news="digest", severity=severity, facts=facts, created_at=now)
