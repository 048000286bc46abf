"""Documents that were read become products of the mirror; only those that are not as last time are looked into."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any, Final, NamedTuple

import structlog

from daemon.adapters.mongo.collection import Collection
from daemon.adapters.mongo.documents import Document, DocumentId
from daemon.adapters.mongo.mapping import ShopMapping, Write
from daemon.adapters.mongo.sharding import ShardKey
from daemon.adapters.mongo.turns import Turns
from daemon.adapters.sql.mirror import Intent, Known, Observed, Seen, SqlMirror
from daemon.config import MongodbSection
from daemon.errors import InvalidInput
from daemon.ports import Clock
from daemon.products.imports import Reject
from daemon.products.product import Product

_log = structlog.get_logger()

#: How often a page is mapped anew because products moved meanwhile.
_TRIES: Final = 5
#: Rejected documents of which it is remembered that the log has them.
_REMEMBERED: Final = 10_000


class _Rejected(NamedTuple):
    """A document that could not be read. reading: the number of the whole reading that last met it."""

    digest: bytes
    reading: int
    told: Reject


class Observer:
    """Takes documents over, as products of the source that the section names."""

    def __init__(
        self, section: MongodbSection, collection: Collection, mapping: ShopMapping, mirror: SqlMirror, clock: Clock
    ) -> None:
        self._source, self._collection, self._mapping = section.name, collection, mapping
        self._mirror, self._clock, self._shard_key = mirror, clock, ShardKey(section.shard_key)
        self._paths = mapping.relations
        self._rejected: dict[str, _Rejected] = {}
        self._unnamed: Sequence[Reject] = ()
        self._reading = 0
        #: Who may read and store which product; changes ask for them too.
        self.turns = Turns()
        #: Canonical fields that a document has had a value for.
        self.fields: set[str] = set()
        #: Awaited before documents are stored of which some have fields that none had before.
        self.announce: Callable[[], Awaitable[None]] | None = None
        self._announced = -1

    @property
    def shard_start(self) -> bytes:
        """Return how that begins which is kept of where a cluster has a document, empty where that is not needed."""
        return self._shard_key.start

    @property
    def rejected(self) -> int:
        """Return how many documents could not be read at all when they were last looked at."""
        return len(self._rejected)

    @property
    def rejects(self) -> Sequence[Reject]:
        """Return the documents that could not be read when they were last looked at, and why; the latest of many."""
        return [*self._unnamed, *(one.told for one in self._rejected.values())]

    def begin_reading(self) -> None:
        """Begin to look at every document there is."""
        self._reading += 1

    def end_reading(self, unnamed: Sequence[str] = ()) -> None:
        """Forget the rejected documents that were not met since the reading began: they are gone.

        unnamed: what stands in place of an id in those that no product can be made of.
        """
        reason = "no _id that a product can have"
        self._unnamed = [Reject(file=self._source, line=None, field="id", reason=reason, row={"_id": one})
                         for one in unnamed]  # fmt: skip
        self._rejected = {name: one for name, one in self._rejected.items() if one.reading == self._reading}

    async def take(self, documents: Sequence[Document]) -> Sequence[str]:
        """Take over the documents that differ from the mirror; return the ids of products that changed by it.

        Raises Unavailable.
        """
        latest = {document.id: document for document in documents}
        taken = self.turns.taken()  # before the mirror is asked: whoever has the turn may have read what was before
        digests = await self._mirror.digests(list(latest), self._shard_key.start)
        waiting = [one for one in latest.values() if one.id in taken or digests.get(one.id) != one.digest]
        return await self.take_all(waiting) if waiting else ()

    async def take_all(self, documents: Sequence[Document]) -> Sequence[str]:
        """Take over documents of different ids in their turn, whatever the mirror knows of them; see `take`."""
        async with self.turns.of(document.id for document in documents):
            return await self.take_in_turn(documents)

    async def take_in_turn(
        self, documents: Sequence[Document], known: Mapping[str, Known] | None = None
    ) -> Sequence[str]:
        """Take over documents of different ids, of which the caller has the turn; see `take`.

        known: what the mirror held of them before they were read, in this turn.
        """
        waiting, changed = list(documents), list[str]()
        for _ in range(_TRIES):
            if known is None:
                known = await self._mirror.known([document.id for document in waiting])
                waiting = await self._read_after(known, waiting)
            related = await self._related(waiting)
            page = [seen for document in waiting if (seen := self._seen(document, known.get(document.id), related))]
            if not page:
                break
            await self._announce_fields()
            observed = await self._mirror.observe(self._source, page, self._clock.now())
            changed += (*observed.created, *observed.updated, *observed.completed)
            self._tell_foreign(observed)
            stale = set(observed.stale)
            waiting, known = [document for document in waiting if document.id in stale], None
            if not waiting:
                break
        return changed

    def seen(self, document: Document, known: Known, related: Mapping[str, Mapping[DocumentId, Any]]) -> Seen:
        """Return what a document says beside what the mirror knows. Raises InvalidInput."""
        before = known.intent.after if known.intent else known.product
        product = self._mapping.product(document, before, related)
        if known.intent and product.status != before.status:  # it did not come true: a word means what it did
            product = self._mapping.product(document, known.product, related)
        return self._said(document, product, known.product.revision)

    def write(self, document: Document, known: Known, intent: Intent) -> Write:
        """Return how a document is made to say what is intended. Raises InvalidInput."""
        return self._mapping.write(document, known.product, intent.after, intent.at, known.words)

    async def related(self, document: Document) -> Mapping[str, Mapping[DocumentId, Any]]:
        """Return what a document refers to. Raises Unavailable."""
        return await self._related([document])

    async def _read_after(self, known: Mapping[str, Known], documents: Sequence[Document]) -> list[Document]:
        """Return documents as they are, after what the mirror knows of them.

        What was read before may be older than what the mirror has got by now, and would be taken for news.
        """
        new = [document for document in documents if document.id not in known]
        shards = {one.place: self._shard_key.of(one.raw) for one in documents if one.id in known}
        return [*new, *(await self._collection.get(list(shards), shards) if shards else ())]

    def _said(self, document: Document, product: Product, revision: int) -> Seen:
        shard = self._shard_key.of(document.raw)
        return Seen(product=product, place=document.place, digest=document.digest, revision=revision, shard=shard)

    def _seen(
        self, document: Document, known: Known | None, related: Mapping[str, Mapping[DocumentId, Any]]
    ) -> Seen | None:
        try:
            if known is not None:
                seen = self.seen(document, known, related)
            else:
                product = self._mapping.product(document, None, related)
                seen = self._said(document, product, 0)
        except InvalidInput as exc:
            self._reject(document, str(exc))
            return None
        self._rejected.pop(document.id, None)
        if cut := self._mapping.cut(document, seen.product):
            _log.warning("document.cut", source=self._source, document=document.id, bytes=len(document.raw),
                         fields=cut)  # fmt: skip
        if len(self.fields) < len(self._mapping.fields):
            self.fields.update(name for name in self._mapping.fields if getattr(seen.product, name) not in (None, ()))
        return seen

    async def _announce_fields(self) -> None:
        """Let what documents can express be known before one of them can be judged by it."""
        known = len(self.fields)
        if self.announce is not None and known > self._announced:
            await self.announce()
            self._announced = known

    async def _related(self, documents: Sequence[Document]) -> Mapping[str, Mapping[DocumentId, Any]]:
        wanted = self._mapping.wanted(documents)
        return {
            collection: await self._collection.related(collection, ids, self._paths[collection])
            for collection, ids in wanted.items()
        }

    def _reject(self, document: Document, reason: str) -> None:
        """Say once of each version of a document that it cannot be read."""
        before = self._rejected.pop(document.id, None)
        if before is None or before.digest != document.digest:
            _log.warning("document.rejected", source=self._source, document=document.id, bytes=len(document.raw),
                         reason=reason)  # fmt: skip
        told = Reject(file=self._source, line=None, field="", reason=reason, row={"_id": document.id})
        self._rejected[document.id] = _Rejected(document.digest, self._reading, told)
        while len(self._rejected) > _REMEMBERED:
            del self._rejected[next(iter(self._rejected))]

    def _tell_foreign(self, observed: Observed) -> None:
        if observed.foreign:
            _log.warning("document.foreign", source=self._source, documents=len(observed.foreign),
                         first=observed.foreign[0])  # fmt: skip
