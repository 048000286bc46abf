"""The shop's catalogue in MongoDB, beside what other sources bring.

One product is read fresh, many from the mirror, and a product is changed by compare-and-set on what was read. A change
is kept as an intent first. Whatever happens then, the next look at the document tells whether it came true, so that it
is neither lost nor made twice, and bears the name of whoever made it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime

import msgspec
import structlog

from daemon.adapters.mongo.beside import Beside
from daemon.adapters.mongo.collection import Collection
from daemon.adapters.mongo.decoding import decoded
from daemon.adapters.mongo.documents import Document, document_id_of, place_of
from daemon.adapters.mongo.elements import elements
from daemon.adapters.mongo.following import Follower
from daemon.adapters.mongo.kinds import in_json
from daemon.adapters.mongo.mapping import ShopMapping
from daemon.adapters.mongo.observing import Observer
from daemon.adapters.mongo.reading import Reader
from daemon.adapters.sql.catalogue import SqlCatalogue
from daemon.adapters.sql.mirror import Intent, Known, Seen, SqlMirror
from daemon.errors import Conflict, InvalidInput, NotFound, Unavailable
from daemon.ports import Page, Upstream
from daemon.products.imports import Reject, SourceState, says_the_same
from daemon.products.product import Product

_log = structlog.get_logger()


class MongoCatalogue(Beside):
    """Ports Catalogue and Followed over the shop's collection and the mirror of it in `stored`."""

    def __init__(
        self,
        stored: SqlCatalogue,
        mirror: SqlMirror,
        collection: Collection,
        mapping: ShopMapping,
        observer: Observer,
        follower: Follower,
        reader: Reader,
    ) -> None:
        super().__init__(stored)
        self._mirror, self._collection, self._mapping = mirror, collection, mapping
        self._observer, self._follower, self._reader = observer, follower, reader
        self._conflicts = 0

    @property
    def upstream(self) -> Upstream:
        """Return how the daemon stands to the collection."""
        return msgspec.structs.replace(self._follower.upstream, conflicts=self._conflicts)

    @property
    def rejects(self) -> Sequence[Reject]:
        """Return the documents that could not be read when they were last looked at, and why."""
        return self._observer.rejects

    async def unsettled(self) -> int:
        """Return of how many changes it is not known yet whether they were made; one under way is among them."""
        return len(await self._mirror.intents())

    async def follow(self, told: Callable[[], None]) -> None:
        """Take over what changes in the collection, until cancelled. told: called after each change."""
        await self._follower.follow(told)

    async def get(self, product_id: str) -> Product:
        """Return one product as its document is now, or as it was last read while MongoDB is away. Raises NotFound."""
        known = await self._known(product_id)
        if (known is not None and known.place is None) or not self._follower.upstream.connected:
            return await self._stored.get(product_id)
        try:
            _, known = await self._fresh(product_id, known)
        except Unavailable as exc:
            _log.info("document.unread", document=product_id, reason=str(exc))
        return known.product if known is not None else await self._stored.get(product_id)

    async def edits(self, product_id: str, limit: int, cursor: str | None = None) -> Page:
        """Return a page of EditRecord of one product, newest first. Raises Unavailable while one is in doubt."""
        known = await self._known(product_id)
        if known is not None and known.intent:
            _, known = await self._fresh(product_id, known)
            if known is not None and known.intent:
                raise Unavailable(f"it is not known yet whether product {product_id!r} was changed")
        return await self._stored.edits(product_id, limit, cursor)

    async def replace(self, read: Product, new: Product, *, actor: str, now: datetime) -> Product:
        """Make the document say `new` if it still says `read`; return the product with its new revision.

        Raises Conflict when somebody else was faster, NotFound when the document is gone, InvalidInput for a change
        that has no place in it, Unavailable when it cannot be told whether the change was made: the next look will.
        """
        known = await self._known(read.id)
        if known is None or known.place is None:
            return await self._stored.replace(read, new, actor=actor, now=now)
        try:
            return await self._replaced(known, read, new, actor, now)
        except Conflict:
            self._conflicts += 1
            raise

    async def document(self, product_id: str) -> Mapping[str, object] | None:
        """Return the document as it is now, in relaxed extended JSON. Raises Unavailable."""
        known = await self._known(product_id)
        if known is None or known.place is None:
            return await self._stored.document(product_id)
        document, _ = await self._fresh(product_id, known)
        if document is None:
            return None
        whole = decoded(document.raw, [part.name.decode(errors="replace") for part in elements(document.raw)])
        shown: dict[str, object] = in_json(whole)
        return shown

    async def source_versions(self, product_ids: Sequence[str]) -> dict[str, Product]:
        """Return the source's own last version of products, by id: of the shop's, what they are."""
        known = await self._mirror.known(product_ids)
        ours = [product_id for product_id in product_ids if product_id not in known or known[product_id].place is None]
        found = await self._stored.source_versions(ours)
        return found | {i: one.product for i, one in known.items() if one.place is not None}

    async def sources(self) -> dict[str, SourceState]:
        """Return what is remembered of every source, by name; of the shop, how it fares now."""
        states = await self._stored.sources()
        name = self._follower.upstream.name
        state = self._follower.state(states.get(name))
        return states if state is None else states | {name: state}

    async def _replaced(self, known: Known | None, read: Product, new: Product, actor: str, now: datetime) -> Product:
        document, known = await self._fresh(read.id, known)
        if document is None or known is None:
            raise NotFound(f"there is no product {read.id!r} any more")
        if known.product.revision != read.revision or new.id != read.id or known.digest != document.digest:
            raise Conflict(f"product {read.id!r} was changed meanwhile: revision {known.product.revision}")
        async with self._observer.turns.of([read.id]):
            changed = await self._change(document, known, self._dated(known.product, new, now), actor, now)
        if changed is not None:
            return changed
        document, _ = await self._fresh(read.id, await self._known(read.id))
        if document is None:
            raise NotFound(f"there is no product {read.id!r} any more")
        raise Conflict(f"product {read.id!r} was changed meanwhile")

    async def _change(
        self, document: Document, known: Known, new: Product, actor: str, now: datetime
    ) -> Product | None:
        """Change a document in its turn; None when it was not, since it no longer said what it had said."""
        write = self._mapping.write(document, known.product, new, now, known.words)
        if not write.change and not await self._stands(document, known):
            return None
        meant = msgspec.structs.replace(new, revision=known.product.revision)
        intent = Intent(after=meant, actor=actor, at=now, words=dict(write.words))
        await self._mirror.intend(known.product, intent)
        after: Document | None = document
        if write.change:
            try:
                after = await self._collection.update(write.where, write.change)
            except InvalidInput:
                await self._mirror.withdraw(new.id)
                raise
            except Unavailable:
                after = await self._looked_again(known, intent)
        if after is None:
            await self._mirror.withdraw(new.id)
            return None
        return await self._mirror.complete(intent, await self._seen(after, known, intent))

    async def _stands(self, document: Document, known: Known) -> bool:
        """Tell whether a document is still as it was read, for a change that writes nothing."""
        found = await self._collection.one(known.place, known.shard) if known.place else None
        return found is not None and found.digest == document.digest

    async def _looked_again(self, known: Known, intent: Intent) -> Document | None:
        """Return the document of a change of which no word came back, None if it was not made. Raises Unavailable.

        A change that is still under way is found by a later look, for which the intent stays.
        """
        found = await self._collection.get([known.place], {known.place: known.shard}) if known.place else ()
        if not found:
            return None
        seen = await self._seen(found[0], known, intent)
        if not says_the_same(seen.product, intent.after):
            raise Unavailable(f"it is not known whether product {intent.after.id!r} was changed")
        return found[0]

    async def _seen(self, document: Document, known: Known, intent: Intent) -> Seen:
        related = await self._observer.related(document)
        return self._observer.seen(document, msgspec.structs.replace(known, intent=intent), related)

    async def _fresh(self, product_id: str, known: Known | None) -> tuple[Document | None, Known | None]:
        """Read a document and take it over; return it, and what the mirror knows then. Raises Unavailable.

        known: what the mirror knew before. A document that is not there is taken over as gone.
        """
        place = known.place if known and known.place else _named_place(product_id)
        document = await self._collection.one(place, known.shard if known else None) if place else None
        if document is None:
            if known is not None and known.place is not None and known.digest is not None:
                await self._reader.take_gone({known.place: known.shard})
            return None, await self._known(product_id)
        if known is None or known.intent is not None or known.digest != document.digest:
            await self._observer.take_all([document])
            known = await self._known(product_id)
        return document, known

    async def _known(self, product_id: str) -> Known | None:
        return await self._mirror.one(product_id)

    @staticmethod
    def _dated(before: Product, new: Product, now: datetime) -> Product:
        """Return the product with the time of its change, where its documents bear one; MongoDB knows milliseconds."""
        if not isinstance(before.updated_at, datetime) or new.updated_at != before.updated_at:
            return new
        return msgspec.structs.replace(new, updated_at=now.replace(microsecond=now.microsecond // 1000 * 1000))


def _named_place(product_id: str) -> bytes | None:
    """Return the place of the document that a product id can be of."""
    document_id = document_id_of(product_id)
    return None if document_id is None else place_of(document_id)
