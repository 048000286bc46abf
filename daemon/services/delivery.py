"""Rounds that bring queued entries to people, each channel by itself.

An entry is marked as being sent before its channel is called and marked again afterwards, so whatever happens in
between leaves it either queued or unknown: never lost, never sent twice without anybody knowing.
"""

from __future__ import annotations

import asyncio
import random
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from typing import Final

import msgspec
import structlog

from daemon.config import ChannelSection, Config, NoticesSection
from daemon.errors import Conflict, DeliveryFailed, DeliveryUnknown, ZhibanError
from daemon.ports import Notifier, Resumable
from daemon.products.gathering import (
    MAYBE_TAKEN,
    Bundle,
    Form,
    GatherPolicy,
    gather,
    may_have_been_taken,
    within,
)
from daemon.products.ids import new_id
from daemon.products.local_time import QuietHours
from daemon.products.notices import STATUS_CHANGED, Entry, EntryState, Message
from daemon.products.verdicts import Severity
from daemon.products.wording import Wording
from daemon.services.delivery_report import DeliveryReport
from daemon.services.duty import ChannelHold, Duty
from daemon.services.news import hears

_log = structlog.get_logger()

#: Entries of one channel that a round looks at; the rest is for the next round. Gathering holds the loop for two
#: microseconds an entry.
READ_LIMIT: Final = 5_000
#: Entries in one webhook message, whose body lists them all; other channels only count what they do not list.
WEBHOOK_ENTRIES: Final = 500
#: Messages of one round into a room, where people talk; the last one sums up what is over.
ROOM_MESSAGES: Final = 5
#: How much longer than a channel's own time-out a send may take before it is given up, as a factor.
PATIENCE: Final = 1.5
#: Backing off, a wait is at most this much shorter or longer than it would be, as a share of it.
JITTER: Final = 0.2
_CHANCE: Final = random.SystemRandom()


async def deliver(duty: Duty) -> DeliveryReport:
    """Take one round on every channel at once. A channel that fails or is slow takes no other with it."""
    total = DeliveryReport()
    rounds = [deliver_channel(duty, name) for name in duty.ports.notifiers]
    for outcome in await asyncio.gather(*rounds, return_exceptions=True):
        if isinstance(outcome, BaseException):
            raise outcome
        total.add(outcome)
    return total


async def deliver_channel(duty: Duty, name: str) -> DeliveryReport:
    """Take one round on one channel, at most two and a half of its time-outs long.

    Never raises for what a store or the channel does. Timers of their own for each channel keep a slow one from
    delaying the next round of the others.
    """
    courier = _Courier(duty, duty.ports.notifiers[name])
    try:
        await courier.round()
    except ZhibanError as exc:
        _log.error("notices.round_failed", channel=name, code=exc.code, reason=str(exc))
        courier.report.errors.append(f"{name}: {exc}")
    return courier.report


def wording_for(config: Config, kind: str) -> Wording:
    """Return how channels of a kind are spoken to: a room in the language of its bot."""
    section, chat = config.notices, kind == "room"
    language = config.bot.language if chat else section.language
    return Wording(language=language, zone=section.timezone, lines=section.lines_per_message, chat=chat)


class _Courier:
    """One round on one channel."""

    def __init__(self, duty: Duty, notifier: Notifier) -> None:
        self._duty = duty
        self._notifier = notifier
        self._section: NoticesSection = duty.config.notices
        self._channel = next(
            (c for c in duty.config.channels if c.name == notifier.name), ChannelSection(name=notifier.name)
        )
        self.report = DeliveryReport()

    async def round(self) -> None:
        """Send what is due, until the channel asks to wait or the round has lasted as long as one send may."""
        ports = self._duty.ports
        ends = ports.clock.monotonic() + self._channel.timeout
        hold = self._duty.channel_holds.get(self._notifier.name)
        if hold is not None and ports.clock.monotonic() < hold.until_s:
            return
        now, cap = ports.clock.now(), self._section.messages_per_hour
        left = cap - await ports.outbox.sent_since(self._notifier.name, now - timedelta(hours=1))
        if left <= 0 and not hears(self._channel, STATUS_CHANGED):
            return
        entries = await ports.outbox.queued(self._notifier.name, now, READ_LIMIT)
        policy = self._policy()
        gathered = gather(entries, policy, now)
        await self._hold_back(gathered.held, gathered.held_until)
        spare = cap // 10
        if self._channel.kind == "room":
            left, spare = min(left, ROOM_MESSAGES), 1
        for bundle in within(gathered.bundles, left, spare, policy.entries_per_message):
            if ports.clock.monotonic() >= ends or not await self._send(bundle):
                return

    def _policy(self) -> GatherPolicy:
        section = self._section
        quiet = None
        if section.quiet_from and section.quiet_to:
            quiet = QuietHours(zone=section.timezone, start=section.quiet_from, end=section.quiet_to)
        return GatherPolicy(
            group_wait_s=section.group_wait,
            age_limit_s=section.age_limit,
            quiet=quiet,
            quiet_below=Severity(section.quiet_below),
            entries_per_message=WEBHOOK_ENTRIES if self._channel.kind == "webhook" else READ_LIMIT,
        )

    async def _hold_back(self, held: Sequence[Entry], until: datetime | None) -> None:
        if held and until is not None:
            await self._finish(_ids(held), EntryState.QUEUED, not_before=until)
            self.report.held += len(held)

    async def _send(self, bundle: Bundle) -> bool:
        """Send one message and settle its entries; tell whether the channel may be given another."""
        message = self._message(bundle)
        try:
            now = self._duty.ports.clock.now()
            await self._duty.ports.outbox.begin(_ids(bundle.entries), message.id, now)
        except Conflict:
            return True  # one of them is under way already: the next round looks again
        except asyncio.CancelledError:
            await self._take_back(message)
            raise
        try:
            problem = await self._hand_over(message)
        except asyncio.CancelledError:
            await self._broken_off(bundle, "the daemon gave up waiting")
            raise
        if problem is None:
            await self._sent(bundle, message)
            return True
        if isinstance(problem, DeliveryUnknown):
            await self._unsure(bundle, problem)
            return False
        return await self._refused(bundle, problem)

    async def _take_back(self, message: Message) -> None:
        """Queue again what may have been marked when the round was cancelled: certainly nothing of it was sent."""
        page = await self._duty.ports.outbox.find((EntryState.SENDING,), READ_LIMIT)
        marked = [entry for entry in page.items if entry.message_id == message.id]
        if marked:
            await self._finish(_ids(marked), EntryState.QUEUED, marked[0].error)

    def _message(self, bundle: Bundle) -> Message:
        wording = wording_for(self._duty.config, self._channel.kind)
        subject, text = wording.render(bundle, self._notifier.name)
        return Message(
            id=bundle.message_id or new_id(),
            channel=self._notifier.name,
            subject=subject,
            text=text,
            severity=bundle.severity,
            entries=bundle.entries,
            form=bundle.form.value,
        )

    async def _hand_over(self, message: Message) -> DeliveryFailed | DeliveryUnknown | None:
        patience_s = self._channel.timeout * PATIENCE
        try:
            async with asyncio.timeout(patience_s):
                await self._notifier.send(message)
        except (DeliveryFailed, DeliveryUnknown) as exc:
            return exc
        except TimeoutError:
            return DeliveryUnknown(f"no answer within {patience_s:g} s")
        except Exception as exc:  # noqa: BLE001  (an adapter's fault must not take the notices with it; it is logged)
            _log.exception("notice.broke_off", channel=message.channel, message=message.id)
            return DeliveryUnknown(f"the channel broke off: {type(exc).__name__}")
        return None

    async def _sent(self, bundle: Bundle, message: Message) -> None:
        self._duty.channel_holds.pop(self._notifier.name, None)
        overtaken = bundle.overtaken
        told = [id_ for id_ in _ids(bundle.entries) if id_ not in overtaken]
        await self._finish(told, EntryState.EXPIRED if bundle.form is Form.EXPIRED else EntryState.SENT)
        await self._finish(sorted(overtaken), EntryState.COLLAPSED)
        self.report.messages += 1
        # The log channel has written its own line.
        level = _log.debug if self._channel.kind == "log" else _log.info
        level("notice.delivered", channel=message.channel, message=message.id, form=bundle.form.value,
              severity=message.severity.value, entries=len(told), collapsed=len(overtaken))  # fmt: skip

    async def _refused(self, bundle: Bundle, problem: DeliveryFailed) -> bool:
        # An earlier try of the same message may have arrived all the same.
        doubt = MAYBE_TAKEN if may_have_been_taken(bundle.entries[0]) else ""
        given_up = EntryState.UNKNOWN if doubt else EntryState.FAILED
        if problem.permanent:
            await self._finish(_ids(bundle.entries), _last_state(bundle, given_up), f"{doubt}{problem}")
            _log.warning("notice.failed", channel=self._notifier.name, entries=len(bundle.entries), reason=str(problem),
                         wait_s=self._wait_s())  # fmt: skip
            return True
        await self._again(bundle, f"{doubt}{problem}", given_up, problem.retry_after_s)
        _log.warning("notice.refused", channel=self._notifier.name, entries=len(bundle.entries), reason=str(problem),
                     wait_s=self._wait_s())  # fmt: skip
        return False

    async def _unsure(self, bundle: Bundle, problem: DeliveryUnknown) -> None:
        if self._notifier.idempotent:
            await self._again(bundle, f"{MAYBE_TAKEN}{problem}", EntryState.UNKNOWN, None)
        else:
            self._hold(bundle, None)
            await self._finish(_ids(bundle.entries), EntryState.UNKNOWN, str(problem))
        _log.warning("notice.unsure", channel=self._notifier.name, entries=len(bundle.entries), reason=str(problem),
                     wait_s=self._wait_s())  # fmt: skip

    async def _broken_off(self, bundle: Bundle, reason: str) -> None:
        """Settle a message that was cut off: what had certainly not reached somebody yet is queued again."""
        unsent: Sequence[Entry] = ()
        if isinstance(self._notifier, Resumable):
            unsent = await self._notifier.unsent(bundle.entries)
            await self._finish(_ids(unsent), EntryState.QUEUED, reason)
        again = set(_ids(unsent))
        rest = [entry for entry in bundle.entries if entry.id not in again]
        if rest:
            await self._unsure(msgspec.structs.replace(bundle, entries=tuple(rest)), DeliveryUnknown(reason))

    async def _again(self, bundle: Bundle, error: str, given_up: EntryState, retry_after_s: float | None) -> None:
        """Queue again what has tries left, not before the channel may be called again; give up the rest."""
        wait_s = self._hold(bundle, retry_after_s)
        not_before = self._duty.ports.clock.now() + timedelta(seconds=wait_s)
        spent = [entry for entry in bundle.entries if entry.attempts + 1 >= self._section.attempts]
        again = [entry for entry in bundle.entries if entry.attempts + 1 < self._section.attempts]
        await self._finish(_ids(again), EntryState.QUEUED, error, not_before=not_before)
        await self._finish(_ids(spent), _last_state(bundle, given_up), error)

    def _hold(self, bundle: Bundle, retry_after_s: float | None) -> float:
        """Leave the channel alone for a time, longer with every failure in a row; return the time in seconds."""
        section, name = self._section, self._notifier.name
        before = self._duty.channel_holds.get(name)
        # A restart forgets the row, the entries do not.
        failures = max(1 + (before.failures if before else 0), 1 + max(e.attempts for e in bundle.entries))
        wait_s: float = min(section.backoff * 2 ** min(failures - 1, 30), section.backoff_max)
        wait_s *= _CHANCE.uniform(1 - JITTER, 1 + JITTER)
        wait_s = max(wait_s, min(retry_after_s or 0.0, section.age_limit))
        until_s = self._duty.ports.clock.monotonic() + wait_s
        self._duty.channel_holds[name] = ChannelHold(until_s=until_s, failures=failures)
        return wait_s

    async def _finish(
        self, ids: Sequence[str], state: EntryState, error: str = "", *, not_before: datetime | None = None
    ) -> None:
        if ids:
            now = self._duty.ports.clock.now()
            await self._duty.ports.outbox.finish(ids, state, now, error=error, not_before=not_before)
            self.report.entries[state] += len(ids)

    def _wait_s(self) -> float:
        """Return for how long the channel is left alone now, in seconds."""
        hold = self._duty.channel_holds.get(self._notifier.name)
        return round(max(0.0, hold.until_s - self._duty.ports.clock.monotonic()), 1) if hold else 0.0


def _ids(entries: Iterable[Entry]) -> list[str]:
    return [entry.id for entry in entries]


def _last_state(bundle: Bundle, given_up: EntryState) -> EntryState:
    """Entries that were too old anyway are expired, however the line about them fared."""
    return EntryState.EXPIRED if bundle.form is Form.EXPIRED else given_up
