"""What is asked of products: lists by filter, the change feed, keys, histories."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from functools import cache
from typing import Any, Final

from sqlalchemy import ColumnElement, Select, bindparam, func, select

from daemon.adapters.sql import schema
from daemon.adapters.sql.conditions import any_of, constant
from daemon.adapters.sql.statements import Statement, Walk
from daemon.products.imports import ProductFilter
from daemon.products.keys import gtin_key, sku_key

_p, _k, _r, _v = schema.products.c, schema.product_keys.c, schema.price_runs.c, schema.source_versions.c

GET: Final = Statement(select(_p.body).where(_p.id == bindparam("of_product")))
GET_MANY: Final = Statement(select(_p.id, _p.body).where(any_of(_p.id, "ids")))
STATUSES: Final = Statement(select(_p.id, _p.status).where(any_of(_p.id, "ids")))
CHANGED: Final = Statement(
    select(_p.change_seq, _p.body)
    .where(_p.change_seq > bindparam("after"))
    .order_by(_p.change_seq)
    .limit(bindparam("at_most"))
)
SCAN: Final = Walk(select(_p.id, _p.body), _p.id)
HOLDERS: Final = Statement(
    select(_k.key, _k.product_id, _k.item_group_id)
    .where(_k.kind == bindparam("of_kind"), any_of(_k.key, "keys"), _k.held == constant(1))
    .order_by(_k.key, _k.product_id)
)
RUNS: Final = Statement(
    select(_r.product_id, _r.first_day, _r.price, _r.currency)
    .where(any_of(_r.product_id, "ids"), _r.first_day < bindparam("day"))
    .order_by(_r.product_id, _r.first_day)
)
VERSIONS: Final = Statement(select(_v.product_id, _v.body).where(any_of(_v.product_id, "ids")))
DOCUMENT: Final = Statement(select(_v.document).where(_v.product_id == bindparam("of_product")))


@cache
def diverged(*, of_one_source: bool) -> Walk:
    """Return the query for products whose status differs from their source's own."""
    joined = schema.products.join(schema.source_versions, _v.product_id == _p.id)
    query = select(_p.id, _v.body, _p.body).select_from(joined).where(_p.status != _v.status)
    return Walk(query.where(_p.source == bindparam("of_source")) if of_one_source else query, _p.id)


def _holding(kind: str, name: str) -> ColumnElement[bool]:
    key = (_k.kind == constant(kind)) & (_k.key == bindparam(name))
    return _p.id.in_(select(_k.product_id).where(key))


_CONDITIONS: Final[dict[str, Callable[[], ColumnElement[bool]]]] = {
    "status": lambda: _p.status == bindparam("status"),
    "source": lambda: _p.source == bindparam("source"),
    "category": lambda: _p.category == bindparam("category"),
    "brand": lambda: _p.brand == bindparam("brand"),
    "sku": lambda: _holding("sku", "sku"),
    "gtin": lambda: _holding("gtin", "gtin"),
    "text": lambda: func.instr(_p.search, bindparam("text")) > 0,
    "missing": lambda: _p.missing == constant(1),
    "present": lambda: _p.missing == constant(0),
}


def asked(where: ProductFilter) -> dict[str, Any]:
    """Return what a filter binds, by the names of its conditions."""
    values = {name: value for name in where.__struct_fields__ if (value := getattr(where, name)) is not None}
    if "missing" in values and not values.pop("missing"):
        values["present"] = None
    elif where.missing:
        values["missing"] = None
    if where.sku is not None:
        values["sku"] = sku_key(where.sku) or ""
    if where.gtin is not None:
        values["gtin"] = gtin_key(where.gtin) or ""
    if where.text is not None:
        values["text"] = where.text.casefold()
    return values


def listing(names: Iterable[str]) -> Walk:
    """Return the query for products that fulfil the conditions named."""
    return _listing(tuple(sorted(names)))


def counting(names: Iterable[str]) -> Statement:
    """Return the query for how many products fulfil the conditions named."""
    return _counting(tuple(sorted(names)))


@cache
def _listing(names: Sequence[str]) -> Walk:
    return Walk(_fulfilling(select(_p.id, _p.body), names), _p.id)


@cache
def _counting(names: Sequence[str]) -> Statement:
    return Statement(_fulfilling(select(func.count()).select_from(schema.products), names))


def _fulfilling(query: Select[Any], names: Iterable[str]) -> Select[Any]:
    return query.where(*(_CONDITIONS[name]() for name in names))
