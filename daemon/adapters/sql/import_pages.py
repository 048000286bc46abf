"""Pages of an import: what is new is merged and written, what is as before only noted as seen."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from datetime import datetime
from typing import Any, Final

import msgspec
from sqlalchemy import bindparam, select
from sqlalchemy.dialects.sqlite import insert

from daemon.adapters.sql import schema
from daemon.adapters.sql.conditions import any_of, constant
from daemon.adapters.sql.product_writes import Change, write_products
from daemon.adapters.sql.statements import Row, Session, Statement, Walk
from daemon.adapters.sql.values import Records, text_list
from daemon.ports import ImportedPage
from daemon.products.documents import to_json
from daemon.products.importing import CREATED, FOREIGN, UNCHANGED, UPDATED, PagePlan, RowPlan
from daemon.products.imports import Parsed
from daemon.products.product import Product
from daemon.products.records import status_text

PRODUCTS: Final[Records[Product]] = Records(Product)
#: Products marked missing in one go.
_SLICE: Final = 500

_p, _v, _s = schema.products.c, schema.source_versions.c, schema.sightings.c

_KNOWN: Final = Statement(
    select(_p.id, _p.source, _p.missing, _v.body, _v.document)
    .select_from(schema.products.outerjoin(schema.source_versions, _v.product_id == _p.id))
    .where(any_of(_p.id, "ids"))
)
_BODIES: Final = Statement(select(_p.body).where(any_of(_p.id, "ids")))
_version = insert(schema.source_versions)
_KEEP_VERSION: Final = Statement(
    _version.on_conflict_do_update(
        index_elements=[_v.product_id],
        set_={name: _version.excluded[name] for name in ("status", "body", "document")},
    )
)
_sighting = insert(schema.sightings)
_SIGHT: Final = Statement(
    _sighting.on_conflict_do_update(index_elements=[_s.product_id], set_={"import_id": _sighting.excluded.import_id})
)
_UNSEEN: Final = Walk(
    select(_p.id, _p.body)
    .select_from(schema.products.outerjoin(schema.sightings, _s.product_id == _p.id))
    .where(
        _p.source == bindparam("of_source"),
        _p.missing == constant(0),
        _s.import_id.is_distinct_from(bindparam("import_id")),
    ),
    _p.id,
)


def store_page(source: str, page: Sequence[Parsed], import_id: str, now: datetime) -> Callable[[Session], ImportedPage]:
    """Return the unit that stores a page."""

    def unit(session: Session) -> ImportedPage:
        known = {row[0]: row for row in session.all(_KNOWN, ids=text_list(p.product.id for p in page))}
        same, different = _split(source, page, known)
        plan = _plan(session, source, different, known, now)
        write_products(session, _changes(plan.rows), f"source:{source}", now)
        kept = [row for row in plan.rows if row.outcome != FOREIGN]
        session.run_many(_KEEP_VERSION, map(_version_columns, kept))
        seen = (*same, *(row.after.id for row in kept))
        session.run_many(_SIGHT, ({"product_id": i, "import_id": import_id} for i in seen))
        return ImportedPage(plan.ids(CREATED), plan.ids(UPDATED), (*same, *plan.ids(UNCHANGED)), plan.ids(FOREIGN))

    return unit


def finish_import(source: str, import_id: str, now: datetime) -> Callable[[Session], int]:
    """Return the unit that marks what an import did not name."""

    def unit(session: Session) -> int:
        count, last = 0, None
        while rows := _UNSEEN.page(session, last, _SLICE, of_source=source, import_id=import_id):
            last = rows[-1][0]
            gone = [PRODUCTS.read(body) for _, body in rows]
            changes = [Change(p, msgspec.structs.replace(p, missing_since=now, revision=p.revision + 1)) for p in gone]
            write_products(session, changes, f"source:{source}", now)
            count += len(changes)
        return count

    return unit


def _split(source: str, page: Sequence[Parsed], known: dict[str, Row]) -> tuple[list[str], list[Parsed]]:
    """Part rows that say just what they said last time, byte for byte, from all others. No JSON is read for that."""
    times = Counter(parsed.product.id for parsed in page)
    same: list[str] = []
    different: list[Parsed] = []
    for parsed in page:
        product = parsed.product
        row = known.get(product.id)
        if row is None or times[product.id] > 1 or row[1:] != _as_stored(source, parsed):
            different.append(parsed)
        else:
            same.append(product.id)
    return same, different


def _as_stored(source: str, parsed: Parsed) -> tuple[str, int, bytes, bytes | None]:
    theirs = parsed.product
    if theirs.source != source:
        theirs = msgspec.structs.replace(theirs, source=source)
    return source, 0, to_json(theirs), _document(parsed.document)


def _document(document: Any) -> bytes | None:
    return None if document is None else to_json(document)


def _plan(session: Session, source: str, page: Sequence[Parsed], known: dict[str, Row], now: datetime) -> PagePlan:
    ids = [parsed.product.id for parsed in page if parsed.product.id in known]
    stored = [PRODUCTS.read(body) for (body,) in session.all(_BODIES, ids=text_list(ids))] if ids else []
    bases = {i: PRODUCTS.read(known[i][3]) for i in ids if known[i][3] is not None}
    plan = PagePlan(source, now, {p.id: p for p in stored}, bases)
    plan.take(page)
    return plan


def _changes(rows: Iterable[RowPlan]) -> list[Change]:
    """Return what to write, each product once: from before the first row that names it to after the last."""
    changes: dict[str, Change] = {}
    for row in rows:
        if row.outcome in {CREATED, UPDATED}:
            first = changes.get(row.after.id)
            changes[row.after.id] = Change(first.before if first else row.before, row.after)
    return list(changes.values())


def _version_columns(row: RowPlan) -> dict[str, Any]:
    return {
        "product_id": row.after.id,
        "status": status_text(row.theirs),
        "body": to_json(row.theirs),
        "document": _document(row.document),
    }
