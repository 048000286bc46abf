"""Writing products: the row itself and all that hangs on it, inside a transaction that is already open."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from operator import itemgetter
from typing import Any, Final, NamedTuple, TypeAlias

from sqlalchemy import bindparam, delete, func, select, update
from sqlalchemy.dialects.sqlite import insert

from daemon.adapters.sql import schema
from daemon.adapters.sql.conditions import any_of
from daemon.adapters.sql.statements import Session, Statement
from daemon.adapters.sql.values import micros, text_list
from daemon.products.documents import to_json
from daemon.products.imports import EditRecord
from daemon.products.keys import product_keys
from daemon.products.product import Product, Status
from daemon.products.records import PriceRun, edit_record, moves_status, price_run, search_text, status_text

#: Price runs kept for one product; HISTORY_POINTS days can be spread over twice as many, with gaps between.
_RUNS_KEPT: Final = 128

_p, _k, _r = schema.products.c, schema.product_keys.c, schema.price_runs.c

_HEAD: Final = Statement(select(func.coalesce(func.max(_p.change_seq), 0)))
_put = insert(schema.products)
_PUT: Final = Statement(
    _put.on_conflict_do_update(
        index_elements=[_p.id],
        set_={c.name: _put.excluded[c.name] for c in schema.products.columns if c.name != "id"},
    )
)
_MOVE: Final = Statement(
    update(schema.products).where(_p.id == bindparam("product_id")).values(change_seq=bindparam("place"))
)
_MEMBERS: Final = Statement(select(_p.id).where(any_of(_p.item_group_id, "ids")))
_SHARING: Final = Statement(
    select(_k.product_id).where(_k.kind == bindparam("of_kind"), any_of(_k.key, "keys"), _k.held == 1)
)
_DROP_KEY: Final = Statement(
    delete(schema.product_keys).where(
        _k.kind == bindparam("kind"), _k.key == bindparam("key"), _k.product_id == bindparam("product_id")
    )
)
_ADD_KEY: Final = Statement(insert(schema.product_keys))
_run = insert(schema.price_runs)
_PUT_RUN: Final = Statement(
    _run.on_conflict_do_update(
        index_elements=[_r.product_id, _r.first_day],
        set_={"price": _run.excluded.price, "currency": _run.excluded.currency},
    )
)
_ADD_EDIT: Final = Statement(insert(schema.edits))
_LAST_RUNS: Final = Statement(
    select(_r.first_day, _r.price, _r.currency)
    .where(_r.product_id == bindparam("of_product"), _r.first_day <= bindparam("day"))
    .order_by(_r.first_day.desc())
    .limit(2)
)
_DROP_RUN: Final = Statement(
    delete(schema.price_runs).where(_r.product_id == bindparam("of_product"), _r.first_day == bindparam("day"))
)
_older = schema.price_runs.alias("older")
_DROP_OLD_RUNS: Final = Statement(
    delete(schema.price_runs).where(
        _r.product_id == bindparam("of_product"),
        _r.first_day
        < select(_older.c.first_day)
        .where(_older.c.product_id == bindparam("of_product"))
        .order_by(_older.c.first_day.desc())
        .limit(1)
        .offset(_RUNS_KEPT)
        .scalar_subquery(),
    )
)


class Change(NamedTuple):
    """A product before and after a write; before None for a new one."""

    before: Product | None
    after: Product


#: A row of product_keys without its product: kind, key, item group, whether it takes the key from others.
KeyRow: TypeAlias = tuple[str, str, str | None, bool]
Keys: TypeAlias = Sequence[tuple[Change, set[KeyRow], set[KeyRow]]]


def write_products(session: Session, changes: Sequence[Change], actor: str, now: datetime) -> None:
    """Store products, each named once: keys, change feed, price history and edit records with them."""
    if not changes:
        return
    keys = [(change, _key_rows(change.before), _key_rows(change.after)) for change in changes]
    place = _move_dependents(session, changes, keys)
    session.run_many(_PUT, (_row(change.after, place + n) for n, change in enumerate(changes, start=1)))
    _write_keys(session, keys)
    _write_prices(session, changes, now)
    edits = [edit_record(before, after, actor, now) for before, after in changes if before is not None]
    session.run_many(_ADD_EDIT, map(_edit_row, edits))


def _edit_row(edit: EditRecord) -> dict[str, Any]:
    return {
        "product_id": edit.product_id,
        "revision": edit.revision,
        "body": to_json(edit),
        "edited_at": None if moves_status(edit) else micros(edit.at),
    }


def _row(product: Product, place: int) -> dict[str, Any]:
    return {
        "id": product.id,
        "source": product.source,
        "status": status_text(product),
        "category": product.category,
        "brand": product.brand,
        "item_group_id": product.item_group_id,
        "missing": product.missing_since is not None,
        "revision": product.revision,
        "change_seq": place,
        "search": search_text(product),
        "body": to_json(product),
    }


def _key_rows(product: Product | None) -> set[KeyRow]:
    if product is None:
        return set()
    held = product.status != Status.ARCHIVED
    return {(kind, key, product.item_group_id, held) for kind, key in product_keys(product)}


def _move_dependents(session: Session, changes: Sequence[Change], keys: Keys) -> int:
    """Move those that depend on the changed products to the head of the feed; return the place of the head."""
    wanted: dict[str, set[str]] = {}
    for _, before, after in keys:
        for kind, key, _, held in before | after:
            if held:
                wanted.setdefault(kind, set()).add(key)
    changed = {change.after.id for change in changes}
    found = {i for (i,) in session.all(_MEMBERS, ids=text_list(changed))}
    for kind, shared in wanted.items():
        found.update(i for (i,) in session.all(_SHARING, of_kind=kind, keys=text_list(shared)))
    place = head(session)
    moved = enumerate(sorted(found - changed), start=place + 1)
    return place + session.run_many(_MOVE, ({"product_id": i, "place": n} for n, i in moved))


def head(session: Session) -> int:
    """Return the place of the last change in the feed, 0 when there is none."""
    row = session.one(_HEAD)
    return int(row[0]) if row else 0


def _write_keys(session: Session, keys: Keys) -> None:
    gone = ((*row, change.after.id) for change, before, after in keys for row in before - after)
    session.run_many(_DROP_KEY, map(_key_columns, gone))
    # In the order of the index, which fills its pages one after the other.
    new = ((*row, change.after.id) for change, before, after in keys for row in after - before)
    session.run_many(_ADD_KEY, map(_key_columns, sorted(new, key=itemgetter(0, 1, 4))))


def _key_columns(row: tuple[str, str, str | None, bool, str]) -> dict[str, Any]:
    kind, key, item_group_id, held, product_id = row
    return {"kind": kind, "key": key, "product_id": product_id, "item_group_id": item_group_id, "held": held}


def _write_prices(session: Session, changes: Sequence[Change], now: datetime) -> None:
    runs = [(change, price_run(change.after, now)) for change in changes]
    new = [(change, run) for change, run in runs if run != _run_before(change, run, now)]
    session.run_many(_PUT_RUN, ({"product_id": change.after.id, **_run_columns(run)} for change, run in new))
    for change, run in new:
        if change.before is not None:
            _tidy_runs(session, change.after.id, run.first_day)


def _run_before(change: Change, run: PriceRun, now: datetime) -> PriceRun:
    return PriceRun(run.first_day) if change.before is None else price_run(change.before, now)


def _run_columns(run: PriceRun) -> dict[str, Any]:
    price = None if run.price is None else str(run.price)
    return {"first_day": run.first_day, "price": price, "currency": run.currency}


def _tidy_runs(session: Session, product_id: str, day: str) -> None:
    """Drop today's run where it goes on with the one before it, which it does when a price is back on the same day."""
    last = [tuple(rest) for _, *rest in session.all(_LAST_RUNS, of_product=product_id, day=day)]
    if last[0] == (last[1] if len(last) > 1 else (None, None)):
        session.run(_DROP_RUN, of_product=product_id, day=day)
    session.run(_DROP_OLD_RUNS, of_product=product_id)
