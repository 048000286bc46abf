"""Which of the waiting entries become which messages. Pure: entries and the time in, bundles out.

An entry is in exactly one of: a bundle to be sent, what quiet hours hold back, or what simply waits. None is dropped.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final

import msgspec

from daemon.products.incidents import News
from daemon.products.local_time import QuietHours
from daemon.products.notices import STATUS_CHANGED, Entry
from daemon.products.verdicts import Severity

#: News that something is wrong, and news that it no longer is.
OPENING: Final = frozenset({News.OPENED.value, News.CHANGED.value, News.REOPENED.value, News.FLAPPING.value})
ENDING: Final = frozenset({News.RECOVERED.value, News.CLOSED.value})
REMEDY: Final = frozenset({News.REMEDY_APPLIED.value, News.REMEDY_UNDONE.value, News.REMEDY_OVERRIDDEN.value})

#: How the error of an entry begins that is queued again although its channel may have taken it. Such entries go
#: out again only as the very message that they were in, under its id, so that the channel can tell.
MAYBE_TAKEN: Final = "may have been taken: "


class Form(StrEnum):
    """What kind of message a bundle makes."""

    STORIES = "stories"  # one line for each product
    SUMMARY = "summary"  # one line for each group: what the hourly cap left over
    EXPIRED = "expired"  # one line saying how many were too old
    DIGEST = "digest"
    STATUS = "status"  # product.status_changed, for other systems
    TEST = "test"


class Bundle(msgspec.Struct, frozen=True, kw_only=True):
    """Entries that make one message. message_id: of an earlier try that this one repeats, else ""."""

    form: Form
    entries: tuple[Entry, ...]
    message_id: str = ""

    @property
    def severity(self) -> Severity:
        """The highest of its entries."""
        return max((entry.severity for entry in self.entries), key=lambda severity: severity.rank)

    @property
    def overtaken(self) -> frozenset[str]:
        """Ids of entries that the message tells only through a later one."""
        if self.form is Form.DIGEST:
            return frozenset(entry.id for entry in self.entries[:-1])
        if self.form not in {Form.STORIES, Form.SUMMARY}:
            return frozenset()
        told = {id_ for story in stories(self.entries) for id_ in story.told}
        return frozenset(entry.id for entry in self.entries) - told


class Story(msgspec.Struct, frozen=True):
    """All that is queued about one rule on one product, oldest first: one line.

    life: what happened to the incident. remedy: what was last done to the product.
    """

    entries: tuple[Entry, ...]
    life: tuple[Entry, ...]
    remedy: Entry | None = None

    @classmethod
    def of(cls, entries: Sequence[Entry]) -> Story:
        """Part the entries of one product and rule."""
        life = tuple(entry for entry in entries if entry.news not in REMEDY)
        remedy = next((entry for entry in reversed(entries) if entry.news in REMEDY), None)
        return cls(tuple(entries), life, remedy)

    @property
    def came_and_went(self) -> bool:
        """It opened and ended, and people heard of neither."""
        return self.ended and len(self.life) > 1 and self.life[0].news in OPENING

    @property
    def ended(self) -> bool:
        """Nothing is wrong any more, as far as this story goes."""
        return bool(self.life) and self.life[-1].news in ENDING

    @property
    def told(self) -> tuple[str, ...]:
        """Ids of the entries that the line is about; the others are overtaken."""
        return tuple(entry.id for entry in (*self.life[-1:], self.remedy) if entry is not None)


class GatherPolicy(msgspec.Struct, frozen=True, kw_only=True):
    """Thresholds of gathering. Times in seconds."""

    group_wait_s: float = 5.0
    age_limit_s: float = 86400.0
    quiet: QuietHours | None = None
    quiet_below: Severity = Severity.CRITICAL
    entries_per_message: int = 10_000


class Gathered(msgspec.Struct, frozen=True):
    """What one look at the queue came to. held: entries that wait for the end of quiet hours."""

    bundles: tuple[Bundle, ...]
    held: tuple[Entry, ...] = ()
    held_until: datetime | None = None


def may_have_been_taken(entry: Entry) -> bool:
    """Tell whether an entry was in a message of which nobody knows if it arrived."""
    return entry.error.startswith(MAYBE_TAKEN)


def stories(entries: Iterable[Entry]) -> tuple[Story, ...]:
    """Part entries by what they are about, keeping their order."""
    return tuple(Story.of(part) for part in _parted(entries, _subject_of).values())


def groups(entries: Iterable[Entry]) -> tuple[tuple[Entry, ...], ...]:
    """Part entries by rule, category and owner, keeping their order."""
    return tuple(tuple(part) for part in _parted(entries, _group_of).values())


def gather(entries: Sequence[Entry], policy: GatherPolicy, now: datetime) -> Gathered:
    """Make bundles of the queued entries of one channel, most severe first."""
    entries = sorted(entries, key=lambda entry: (entry.created_at, entry.id))
    repeats = _parted((e for e in entries if may_have_been_taken(e)), lambda entry: entry.message_id)
    bundles = [_repeat(part, policy, now) for part in repeats.values()]
    fresh = [entry for entry in entries if not may_have_been_taken(entry)]
    statuses = [entry for entry in fresh if entry.news == STATUS_CHANGED]
    bundles += [_bundle(part) for part in _chunks(statuses, policy.entries_per_message)]
    people = [entry for entry in fresh if entry.news != STATUS_CHANGED]
    quiet_until = policy.quiet.until(now) if policy.quiet else None
    held = [e for e in people if quiet_until and e.severity.rank < policy.quiet_below.rank]
    awake = [entry for entry in people if not quiet_until or entry.severity.rank >= policy.quiet_below.rank]
    bundles += _for_people(awake, policy, now)
    bundles.sort(key=lambda b: (b.form is not Form.STATUS, -b.severity.rank, b.entries[0].created_at))
    return Gathered(tuple(bundles), tuple(held), quiet_until)


def within(bundles: Sequence[Bundle], slots: int, spare: int, entries_per_message: int) -> list[Bundle]:
    """Choose what may go now when only so many messages are left of an hour; what is over goes into one summary.

    slots: messages left. spare: how many of them are kept for what is critical. What other systems follow a
    product by (STATUS) is not counted: it is no message to people. What is not chosen stays queued.
    """
    counted = [bundle for bundle in bundles if bundle.form is not Form.STATUS]
    critical = _squeezed([b for b in counted if b.severity is Severity.CRITICAL], slots, entries_per_message)
    others = [b for b in counted if b.severity is not Severity.CRITICAL]
    left = slots - max(spare, len(critical))
    status = [bundle for bundle in bundles if bundle.form is Form.STATUS]
    return [*status, *critical, *_squeezed(others, left, entries_per_message)]


def _for_people(entries: Sequence[Entry], policy: GatherPolicy, now: datetime) -> list[Bundle]:
    expired = [entry for entry in entries if _expired(entry, policy, now)]
    fresh = [entry for entry in entries if not _expired(entry, policy, now)]
    bundles = [Bundle(form=Form.EXPIRED, entries=tuple(expired))] if expired else []
    bundles += [
        Bundle(form=form, entries=special)
        for form in (Form.DIGEST, Form.TEST)
        if (special := tuple(entry for entry in fresh if entry.news == form.value))
    ]
    for group in groups(entry for entry in fresh if entry.news not in {"digest", "test"}):
        if now >= group[0].created_at + timedelta(seconds=policy.group_wait_s):
            bundles += [_bundle(part) for part in _chunks(group, policy.entries_per_message)]
    return bundles


def _expired(entry: Entry, policy: GatherPolicy, now: datetime) -> bool:
    # What quiet hours held back is as old as their end: it was not the channel that kept it.
    since = entry.not_before if entry.not_before and not entry.attempts else entry.created_at
    return (now - max(since, entry.created_at)).total_seconds() > policy.age_limit_s


def _squeezed(bundles: Sequence[Bundle], slots: int, entries_per_message: int) -> list[Bundle]:
    if len(bundles) <= slots:
        return list(bundles)
    if slots <= 0:
        return []
    whole, over = bundles[: slots - 1], bundles[slots - 1 :]
    mergeable = [b for b in over if b.form in {Form.STORIES, Form.SUMMARY} and not b.message_id]
    if len(mergeable) < 2:
        return list(bundles[:slots])
    taken = list(mergeable[0].entries)
    for bundle in mergeable[1:]:
        if len(taken) + len(bundle.entries) <= entries_per_message:
            taken += bundle.entries
    return [*whole, Bundle(form=Form.SUMMARY, entries=tuple(taken))]


def _bundle(entries: Sequence[Entry]) -> Bundle:
    """Make a bundle, under the id of an earlier try where all of it was in that one."""
    tried = {entry.message_id for entry in entries}
    message_id = tried.pop() if len(tried) == 1 else ""
    return Bundle(form=_form_of(entries), entries=tuple(entries), message_id=message_id)


def _repeat(entries: Sequence[Entry], policy: GatherPolicy, now: datetime) -> Bundle:
    """Make the bundle of a message that was perhaps taken: all of it, whatever has become of its age since."""
    bundle = _bundle(entries)
    if bundle.form is not Form.STATUS and all(_expired(entry, policy, now) for entry in entries):
        return msgspec.structs.replace(bundle, form=Form.EXPIRED)
    return bundle


def _form_of(entries: Sequence[Entry]) -> Form:
    news = {entry.news for entry in entries}
    for form, name in ((Form.STATUS, STATUS_CHANGED), (Form.DIGEST, "digest"), (Form.TEST, "test")):
        if news == {name}:
            return form
    return Form.STORIES if len(groups(entries)) == 1 else Form.SUMMARY


def _group_of(entry: Entry) -> tuple[str, str, str]:
    return entry.rule, entry.category or "", entry.owner or ""


def _subject_of(entry: Entry) -> tuple[str, str]:
    return entry.rule, entry.product_id or entry.incident_id or entry.id


def _parted(entries: Iterable[Entry], key: Callable[[Entry], object]) -> dict[object, list[Entry]]:
    parts: defaultdict[object, list[Entry]] = defaultdict(list)
    for entry in entries:
        parts[key(entry)].append(entry)
    return dict(parts)


def _chunks(entries: Sequence[Entry], size: int) -> Iterable[tuple[Entry, ...]]:
    return (tuple(entries[start : start + size]) for start in range(0, len(entries), size))
