"""What is remembered of a catalogue that lies elsewhere: its products as last read, and what was about to be changed.

The products themselves are those of the store, with their keys, prices, edits and place in the change feed. Beside
them stand where each lies and the digest of what was read there. What is read goes to disk like an import, without
waiting; an intent, and what becomes of it, is there when the method returns.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Final

from sqlalchemy import bindparam, select
from sqlalchemy.dialects.sqlite import insert

from daemon.adapters.sql import mirror_pages, schema
from daemon.adapters.sql.conditions import any_of, constant
from daemon.adapters.sql.database import Database
from daemon.adapters.sql.mirror_pages import INTENTS, known_products
from daemon.adapters.sql.mirror_records import Intent, Known, Observed, Seen
from daemon.adapters.sql.statements import Session, Statement
from daemon.adapters.sql.values import Records, text_list
from daemon.adapters.together import Together
from daemon.errors import Conflict, NotFound
from daemon.products.documents import to_json
from daemon.products.imports import EditRecord
from daemon.products.product import Product

__all__ = ["Intent", "Known", "Observed", "Seen", "SqlMirror"]

_EDITS: Final[Records[EditRecord]] = Records(EditRecord)
#: Edits looked through for one that was made a moment ago.
_LATEST: Final = 20

_p, _m, _i, _e = schema.products.c, schema.mirrored.c, schema.intents.c, schema.edits.c

_there = select(_m.product_id, _m.digest).where(_m.digest.is_not(None))
_DIGESTS: Final = Statement(_there.where(any_of(_m.product_id, "ids")))
_SHARDED_DIGESTS: Final = Statement(_there.add_columns(_m.shard).where(any_of(_m.product_id, "ids")))
_rest = _there.where(_m.place > bindparam("after")).order_by(_m.place)
#: By whether there is an end to it, and whether where a cluster has each document is wanted.
_BETWEEN: Final = {
    (bounded, sharded): Statement(rows.add_columns(_m.shard) if sharded else rows)
    for bounded, rows in ((False, _rest), (True, _rest.where(_m.place <= bindparam("upto"))))
    for sharded in (False, True)
}
_UNPLACED: Final = Statement(
    select(_p.id)
    .where(
        _p.source == bindparam("of_source"),
        _p.missing == constant(0),
        ~select(_m.product_id).where(_m.product_id == _p.id).exists(),
    )
    .limit(bindparam("at_most"))
)
_INTENTS: Final = Statement(select(_i.body).order_by(_i.product_id))
_ADD_INTENT: Final = Statement(insert(schema.intents))
_LATEST_EDITS: Final = Statement(
    select(_e.body).where(_e.product_id == bindparam("of_product")).order_by(_e.revision.desc()).limit(_LATEST)
)


class SqlMirror:
    """Durable memory of a catalogue elsewhere, beside the products of the same store."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._each = Together(self.known)

    async def one(self, product_id: str) -> Known | None:
        """Return what is held of one product, None for nothing; several are read together when the store is busy."""
        return await self._each.get(product_id)

    async def known(self, ids: Sequence[str]) -> Mapping[str, Known]:
        """Return what is held of products, by id."""
        return await self._database.read(lambda session: known_products(session, ids))

    async def digests(self, ids: Sequence[str], shard_start: bytes = b"") -> Mapping[str, bytes]:
        """Return the digests of mirrored products that are not missing, by id.

        shard_start: leaves out those of which it was not kept where a cluster has them, in a form that begins so.
        """
        wanted = text_list(ids)
        if not shard_start:
            return await self._database.read(lambda session: dict(session.all(_DIGESTS, ids=wanted)))
        rows = await self._database.read(lambda session: session.all(_SHARDED_DIGESTS, ids=wanted))
        return {name: digest for name, digest, shard in rows if shard is not None and shard.startswith(shard_start)}

    async def between(self, after: bytes | None, upto: bytes | None, shard_start: bytes = b"") -> Mapping[str, bytes]:
        """Return id and digest of mirrored products, missing ones left out, with after < place <= upto.

        None is before the first place, or after the last. In the order of places, none of which is empty.
        shard_start: the digest is empty of those that `digests` would leave out.
        """
        bounds = {"after": after or b""} | ({} if upto is None else {"upto": upto})
        statement = _BETWEEN[upto is not None, bool(shard_start)]
        rows = await self._database.read(lambda session: session.all(statement, **bounds))
        if not shard_start:
            return dict(rows)
        return {name: digest if (shard or b"").startswith(shard_start) else b"" for name, digest, shard in rows}

    async def observe(self, source: str, page: Sequence[Seen], now: datetime) -> Observed:
        """Take over what was read, in one transaction, each id at most once in a page.

        On disk when this returns if an intent has come true, otherwise soon.
        """
        # Whether a transaction waits for the disk is settled before it begins.
        try:
            return await self._observe(source, page, now, durable=False)
        except mirror_pages.Completing:
            return await self._observe(source, page, now, durable=True)

    async def gone(self, source: str, ids: Sequence[str], now: datetime) -> Sequence[str]:
        """Mark products of a source as missing; return the ids of those that newly are.

        Their place is still known, their digest no longer, so that a document that is back is observed again.
        """
        return await self._database.write(
            lambda session: mirror_pages.mark_gone(session, source, ids, now), durable=False
        )

    async def unplaced(self, source: str, limit: int) -> Sequence[str]:
        """Return products of a source that were never found in it, missing ones left out: imported under its name."""
        rows = await self._database.read(lambda session: session.all(_UNPLACED, of_source=source, at_most=limit))
        return [product_id for (product_id,) in rows]

    async def intend(self, read: Product, intent: Intent) -> None:
        """Keep an intent, durably.

        Raises Conflict when the stored product is not as read, or another is open, and NotFound when there is no
        such product, or none that a document stands for.
        """
        body = to_json(intent)

        def unit(session: Session) -> None:
            known = _get(session, read.id)
            if known.digest is None:
                raise NotFound(f"product {read.id!r} has no document")
            if intent.after.id != read.id or known.product.revision != read.revision:
                raise Conflict(f"product {read.id!r} was changed meanwhile: revision {known.product.revision}")
            if known.intent is not None:
                raise Conflict(f"product {read.id!r} is just being changed by {known.intent.actor!r}")
            session.run(_ADD_INTENT, product_id=read.id, body=body)

        await self._database.write(unit, durable=True)

    async def intents(self) -> Sequence[Intent]:
        """Return every open intent, in the order of product ids."""
        rows = await self._database.read(lambda session: session.all(_INTENTS))
        return [INTENTS.read(body) for (body,) in rows]

    async def withdraw(self, product_id: str) -> None:
        """Forget an intent that did not come true, durably; nothing happens where none is open."""
        await self._database.write(lambda session: mirror_pages.drop_intent(session, product_id), durable=True)

    async def complete(self, intent: Intent, seen: Seen) -> Product:
        """Store what an intent has brought about, as its actor's edit at its time, durably; return it.

        An intent that an observation has completed meanwhile is left so, and the stored product returned as it is.
        Raises Conflict when the intent is not open and was never completed, NotFound when there is no such product.
        """

        def unit(session: Session) -> Product:
            known = _get(session, intent.after.id)
            if known.intent is not None and to_json(known.intent) == to_json(intent):
                return mirror_pages.complete(session, known, known.intent, seen)
            if _is_done(session, intent):
                return known.product
            raise Conflict(f"the change of product {intent.after.id!r} by {intent.actor!r} was withdrawn")

        return await self._database.write(unit, durable=True)

    async def _observe(self, source: str, page: Sequence[Seen], now: datetime, *, durable: bool) -> Observed:
        return await self._database.write(
            lambda session: mirror_pages.observe(session, source, page, now, durable=durable), durable=durable
        )


def _get(session: Session, product_id: str) -> Known:
    known = known_products(session, [product_id]).get(product_id)
    if known is None:
        raise NotFound(f"there is no product {product_id!r}")
    return known


def _is_done(session: Session, intent: Intent) -> bool:
    rows = session.all(_LATEST_EDITS, of_product=intent.after.id)
    edits = (_EDITS.read(body) for (body,) in rows)
    return any(edit.actor == intent.actor and edit.at == intent.at for edit in edits)
