"""One import from its first row to its report.

Parsing runs on the loop in short slices: it holds the interpreter's lock whatever thread it is in, and slices of
2 ms delay others less than a busy thread does.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final, TypeAlias

import msgspec
import structlog

from daemon.errors import Conflict, InvalidInput
from daemon.ports import AuditEntry, ImportedPage
from daemon.products.feeds.feed import Feed, Step
from daemon.products.feeds.rows_feed import RowsFeed
from daemon.products.ids import new_id
from daemon.products.imports import ImportReport, Parsed, Reject, SourceState
from daemon.services.duty import Duty, lies_in_shop
from daemon.services.exports import confirm_remedies
from daemon.services.rejects import RejectsFile

log = structlog.get_logger()

#: Told how far an import is: bytes (or rows) consumed, and of how many.
Progress: TypeAlias = Callable[[int, int], None]

_PAGE: Final = 500
_SHOWN_REJECTS: Final = 100
_COUNTS: Final = ("read", "created", "updated", "unchanged", "rejected", "missing")


@contextmanager
def alone(duty: Duty, source: str) -> Iterator[None]:
    """Hold a source for one import. Raises Conflict while another one has it, InvalidInput for the shop's own name."""
    if lies_in_shop(duty, source):
        raise InvalidInput(f'"{source}" is the shop itself, whose products are not imported; name another source')
    if source in duty.importing:
        raise Conflict(f'source "{source}" is being imported just now; try again when that has ended')
    duty.importing.add(source)
    try:
        yield
    finally:
        duty.importing.discard(source)


@dataclass(slots=True)
class _Tally:
    """What an import came to so far, in the words of ImportReport."""

    read: int = 0
    created: int = 0
    updated: int = 0
    unchanged: int = 0
    rejected: int = 0
    missing: int = 0
    rejects: list[Reject] = field(default_factory=list)


class Import:
    """One import from its first row to its report."""

    def __init__(
        self,
        duty: Duty,
        feed: Feed | RowsFeed,
        source: str,
        actor: str,
        *,
        partial: bool,
        progress: Progress | None,
    ) -> None:
        self._duty = duty
        self._feed = feed
        self._source = source
        self._actor = actor
        self._partial = partial
        self._progress = progress
        self._id = new_id()
        self._now: datetime = duty.ports.clock.now()
        self._tally = _Tally()
        self._kept = RejectsFile(duty.state, source, self._id)
        self._state = SourceState(name=source)
        self._stored = False

    async def run(self) -> ImportReport:
        """Take in every row; return the report."""
        began = self._duty.ports.clock.monotonic()
        states = await self._duty.ports.catalogue.sources()
        self._state = states.get(self._source) or self._state
        try:
            await self._take_all()
        finally:
            self._kept.close()
        if not self._partial and self._feed.complete:
            self._tally.missing = await self._duty.ports.catalogue.finish_import(self._source, self._id, self._now)
        await self._remember()
        await confirm_remedies(self._duty, self._source, self._now)
        self._duty.wake_checks.set()
        report = self._report(self._duty.ports.clock.monotonic() - began)
        await self._tell(report)
        return report

    async def _take_all(self) -> None:
        page: list[Parsed] = []
        rejects: list[Reject] = []
        slice_s = self._duty.config.checks.slice
        slice_ends = time.thread_time() + slice_s
        for step in self._feed.steps():
            _sort_in(step, page, rejects)
            if len(page) + len(rejects) >= _PAGE:
                await self._store(page, rejects)
                page, rejects = [], []
            elif time.thread_time() >= slice_ends:
                await asyncio.sleep(0)
            else:
                continue
            slice_ends = time.thread_time() + slice_s
        await self._store(page, rejects)

    async def _store(self, page: list[Parsed], rejects: list[Reject]) -> None:
        """Store one page in one transaction, and keep its rejects."""
        if page:
            await self._announce_fields()
            done = await self._duty.ports.catalogue.store_page(self._source, page, self._id, self._now)
            self._count(done)
            rejects = rejects + list(self._foreign(page, done))
        self._tally.read += len(page)
        self._tally.rejected += len(rejects)
        self._tally.rejects += rejects[: _SHOWN_REJECTS - len(self._tally.rejects)]
        self._kept.add(rejects)
        if self._progress is not None:
            self._progress(self._feed.progress, self._feed.size)

    async def _announce_fields(self) -> None:
        """Before a first product is there to be judged, say what its source can express."""
        if self._stored:
            return
        self._stored = True
        fields = self._feed.fields | self._state.fields if self._partial else self._feed.fields
        if fields != self._state.fields:
            self._state = msgspec.structs.replace(self._state, fields=fields)
            await self._duty.ports.catalogue.save_source(self._state)

    def _count(self, done: ImportedPage) -> None:
        self._tally.created += len(done.created)
        self._tally.updated += len(done.updated)
        self._tally.unchanged += len(done.unchanged)

    def _foreign(self, page: Iterable[Parsed], done: ImportedPage) -> Iterator[Reject]:
        foreign = set(done.foreign)
        for parsed in page:
            if parsed.product.id in foreign:
                reason = f'product "{parsed.product.id}" belongs to another source; give this one an id_prefix'
                yield Reject(file=self._feed.name, line=parsed.line, field="id", reason=reason)

    async def _remember(self) -> None:
        fields = self._feed.fields | self._state.fields if self._partial else self._feed.fields
        broken = self._broken()
        state = msgspec.structs.replace(
            self._state,
            fields=fields,
            read_at=self._now,
            failed_at=self._now if broken else None,
            error=broken,
            products=self._tally.read,
            rejected=self._tally.rejected,
        )
        await self._duty.ports.catalogue.save_source(state)

    def _broken(self) -> str:
        found = self._feed.broken
        if found is None:
            return ""
        return found.reason if found.line is None else f"line {found.line}: {found.reason}"

    def _report(self, duration_s: float) -> ImportReport:
        tally = self._tally
        return ImportReport(
            source=self._source,
            read=tally.read,
            created=tally.created,
            updated=tally.updated,
            unchanged=tally.unchanged,
            rejected=tally.rejected,
            missing=tally.missing,
            broken=self._broken(),
            rejects=tuple(tally.rejects),
            rejects_file=self._kept.name,
            warnings=tuple(self._feed.warnings),
            duration_s=round(duration_s, 4),
        )

    async def _tell(self, report: ImportReport) -> None:
        log.info(
            "import.finished", source=self._source, actor=self._actor, read=report.read, created=report.created,
            updated=report.updated, unchanged=report.unchanged, rejected=report.rejected, missing=report.missing,
            broken=report.broken, duration_s=report.duration_s,
        )  # fmt: skip
        strange = [warning.message for warning in report.warnings if warning.field == "status"]
        if strange:
            log.info("import.warned", source=self._source, warnings=strange)
        if self._actor == "daemon":
            return
        detail = {name: str(getattr(report, name)) for name in _COUNTS}
        entry = AuditEntry(
            id=new_id(), at=self._now, actor=self._actor, action="products.imported",
            target=f"source:{self._source}", detail=detail,
        )  # fmt: skip
        await self._duty.ports.audit.append(entry)


def _sort_in(step: Step, page: list[Parsed], rejects: list[Reject]) -> None:
    if isinstance(step, Parsed):
        page.append(step)
    elif isinstance(step, Reject):
        rejects.append(step)
