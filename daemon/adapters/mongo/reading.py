"""Reads the shop's collection from one end to the other, and finds out what is no longer there."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Final

import msgspec
import structlog

from daemon.adapters.mongo.collection import Collection
from daemon.adapters.mongo.documents import Document, Unnamed, id_of, product_id
from daemon.adapters.mongo.observing import Observer
from daemon.adapters.sql.catalogue import SqlCatalogue
from daemon.adapters.sql.mirror import SqlMirror
from daemon.config import MongodbSection
from daemon.errors import InvalidInput
from daemon.ports import Clock
from daemon.products.imports import SourceState

_log = structlog.get_logger()

#: How old an intent must be for a document without it to prove that it never came true.
DOUBTFUL_FOR: Final = timedelta(seconds=60)
#: Canonical fields that every document has, whatever its model.
ALWAYS: Final = frozenset({"id", "status", "created_at"})
#: Documents without an id that are told of one by one.
UNNAMED: Final = 1000


@dataclass(slots=True)
class Tally:
    """How far one reading of the collection has come. place: of its last document. shown: the first unnamed ones."""

    place: bytes | None = None
    documents: int = 0
    changed: int = 0
    unnamed: int = 0
    shown: list[str] = field(default_factory=list)
    rejected: int = 0
    duration_s: float = 0.0

    def add(self, documents: int, changed: int, upto: bytes | None) -> None:
        """Count a page and what it changed, which ends at a place."""
        self.documents += documents
        self.changed += changed
        self.place = upto


class Reader:
    """Compares the collection with the mirror of it, which it brings up to date."""

    def __init__(
        self,
        section: MongodbSection,
        collection: Collection,
        observer: Observer,
        mirror: SqlMirror,
        stored: SqlCatalogue,
        clock: Clock,
    ) -> None:
        self._section, self._collection, self._observer = section, collection, observer
        self._mirror, self._stored, self._clock = mirror, stored, clock
        self._noting = asyncio.Lock()
        observer.announce = self._announce
        self._unnamed = False  # whether the log has heard of unnamed documents

    async def read_all(self, told: Callable[[], None]) -> Tally:
        """Read the whole collection and take over what differs. told: called after each page of which something did.

        Raises Unavailable.
        """
        began, tally = self._clock.monotonic(), Tally()
        self._observer.begin_reading()
        async for page, upto in self._pages(tally):
            taken = self._observer.turns.taken()  # before the mirror is asked, as in `Observer.take`
            left = dict(await self._mirror.between(tally.place, upto, self._observer.shard_start))
            differing = [one for one in page if left.pop(one.id, None) != one.digest or one.id in taken]
            changes = [*(await self._observer.take_all(differing) if differing else ())]
            changes += await self._vanished(list(left)) if left else ()
            tally.add(len(page), len(changes), upto)
            if changes:
                told()
        self._observer.end_reading(tally.shown)
        tally.rejected = tally.unnamed + self._observer.rejected
        await self._note(tally)
        await self.settle_intents()
        tally.duration_s = round(self._clock.monotonic() - began, 3)
        _log.info("catalogue.read", source=self._section.name, documents=tally.documents, changed=tally.changed,
                  rejected=tally.rejected, duration_s=tally.duration_s)  # fmt: skip
        return tally

    async def part_with_imported(self) -> int:
        """Mark products as missing that were imported under the shop's name before it was followed; return how many."""
        parted = 0
        while ids := await self._mirror.unplaced(self._section.name, self._section.page_size):
            parted += len(await self._mirror.gone(self._section.name, ids, self._clock.now()))
        if parted:
            _log.warning("catalogue.imported_parted", source=self._section.name, products=parted)
        return parted

    async def _pages(self, tally: Tally) -> AsyncIterator[tuple[Sequence[Document], bytes | None]]:
        """Yield pages with the place up to which they tell all; the last one is empty and tells of everything."""
        while True:
            found = await self._collection.page(tally.place, self._section.page_size)
            page = [one for one in found if isinstance(one, Document)]
            self._tell_unnamed([one for one in found if isinstance(one, Unnamed)], tally)
            yield page, page[-1].place if page else None
            if not page:
                return

    def _tell_unnamed(self, found: Sequence[Unnamed], tally: Tally) -> None:
        """Say once how many documents have ids that no product can have."""
        tally.unnamed += len(found)
        tally.shown += [one.shown for one in found[: UNNAMED - len(tally.shown)]]
        if found and not self._unnamed:
            _log.warning("document.unnamed", source=self._section.name, documents=len(found), first=found[0].shown)
        self._unnamed = self._unnamed or bool(found)

    async def settle_intents(self) -> None:
        """Find out what became of changes of which no word came back; make those that were not. Raises Unavailable."""
        for changing in [intent.after.id for intent in await self._mirror.intents()]:
            async with self._observer.turns.of([changing]):
                await self._settle(changing)

    async def _settle(self, product_id: str) -> None:
        known = (await self._mirror.known([product_id])).get(product_id)
        if known is None or known.intent is None or known.place is None:
            return
        documents = await self._collection.get([known.place], {known.place: known.shard})
        await self._observer.take_in_turn(documents, {product_id: known})
        if self._clock.now() - known.intent.at >= DOUBTFUL_FOR or not documents:
            await self._mirror.withdraw(product_id)
        else:
            await self._make(documents[0])

    async def _make(self, document: Document) -> None:
        """Make a change that is still in doubt. It may be under way, but is the same however often it is made."""
        known = (await self._mirror.known([document.id])).get(document.id)
        if known is None or known.intent is None:
            return
        if known.product.revision != known.intent.after.revision:
            await self._mirror.withdraw(document.id)  # others have changed the product, so that it cannot come true
        elif known.digest == document.digest:
            try:
                write = self._observer.write(document, known, known.intent)
                made = await self._collection.update(write.where, write.change) if write.change else document
            except InvalidInput:
                await self._mirror.withdraw(document.id)  # a mapping that has no place for it any more
                return
            await self._observer.take_in_turn([made] if made else [], {document.id: known})

    async def _vanished(self, missed: Sequence[str]) -> Sequence[str]:
        """Take note of mirrored documents that a page of all there are does not name."""
        known = await self._mirror.known(missed)
        return await self.take_gone({one.place: one.shard for one in known.values() if one.place is not None})

    async def take_gone(self, places: Mapping[bytes, bytes | None]) -> Sequence[str]:
        """Mark products whose documents are gone; one that is there after all was written while others were read.

        places: with where a cluster kept each, as far as whoever missed them knows.
        """
        if not places:
            return ()
        names = {place: product_id(id_of(place)) for place in places}
        async with self._observer.turns.of(names.values()):
            known = await self._mirror.known(list(names.values()))
            held = {one.place: one.shard for one in known.values() if one.place is not None and one.digest is not None}
            missed = [place for place in places if place in held]  # of the others it is known already
            there = await self._collection.get(missed, held | {p: shard for p, shard in places.items() if shard})
            changed = list(await self._observer.take_in_turn(there, known))
            still = {document.place for document in there}
            gone = [names[place] for place in missed if place not in still]
            return changed + list(await self._mirror.gone(self._section.name, gone, self._clock.now()))

    async def _note(self, tally: Tally) -> None:
        """Remember what the collection can express at all, and when it was read."""
        now = self._clock.now()
        async with self._noting:
            state = msgspec.structs.replace(
                await self._state(), read_at=now, products=tally.documents, rejected=tally.rejected
            )
            await self._stored.save_source(state)

    async def _announce(self) -> None:
        """Remember what the documents met so far can express, where that was not known."""
        async with self._noting:
            before = (await self._stored.sources()).get(self._section.name)
            state = await self._state()
            if before is None or state.fields != before.fields:
                await self._stored.save_source(state)

    async def _state(self) -> SourceState:
        """Return what is remembered of the shop, with the fields that were met since."""
        name = self._section.name
        before = (await self._stored.sources()).get(name) or SourceState(name=name)
        return msgspec.structs.replace(before, fields=before.fields | self._observer.fields | ALWAYS)
