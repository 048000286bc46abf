"""No query that runs often walks a whole table."""

from __future__ import annotations

import gc
from itertools import combinations
from typing import Any

import pytest
from sqlalchemy import Table
from sqlalchemy.sql import visitors

from daemon.adapters.sql import SqlStores, erasing, mirror, mirror_pages, schema
from daemon.adapters.sql import product_queries as queries
from daemon.adapters.sql.statements import Statement, Walk
from daemon.handlers.http.models import Paged
from daemon.handlers.http.products import ProductQuery
from daemon.products.imports import ProductFilter
from daemon.products.product import Status


async def plan(stores: SqlStores, statement: Statement, **values: Any) -> list[str]:
    def unit(connection: Any) -> list[str]:
        names = dict.fromkeys(statement._compiled.params) | statement.bound(values)
        return [row[3] for row in connection.execute(f"EXPLAIN QUERY PLAN {statement.sql}", names)]

    return await stores.catalogue._database._writer.run(unit)


def walks(steps: list[str]) -> list[str]:
    """Return steps that visit every row of a table; those over a list that was bound are meant to."""
    return [step for step in steps if step.startswith("SCAN") and "json_each" not in step and "VIRTUAL" not in step]


FILTERS: dict[str, Any] = {
    "status": Status.LISTED, "source": "s", "category": "c", "brand": "b", "sku": "s", "gtin": "4006381333931",
    "missing": True,
}  # fmt: skip


@pytest.mark.parametrize("names", [c for n in (1, 2, 3) for c in combinations(FILTERS, n)])
async def test_filters_are_looked_up_in_indexes(stores: SqlStores, names: tuple[str, ...]) -> None:
    values = queries.asked(ProductFilter(**{name: FILTERS[name] for name in names}))
    walk, count = queries.listing(values), queries.counting(values)
    for statement in (walk._first, walk._next, count):
        steps = await plan(stores, statement, last="a", at_most=10, **values)
        # The index of missing products holds nothing else: walking it is finding them.
        assert [s for s in walks(steps) if "products_missing" not in s] == [], steps


async def test_every_filter_that_the_api_offers_is_looked_up_in_indexes_beside_any_others(stores: SqlStores) -> None:
    """One that an index serves is enough: the others are looked for among what it finds."""
    served = {"status", "source", "category", "brand", "sku", "gtin", "missing"}
    offered = {**FILTERS, "text": "x", "present": None}
    assert offered.keys() == queries._CONDITIONS.keys()
    asked = ProductQuery.model_fields.keys() - Paged.model_fields.keys()
    assert {"text" if name == "q" else name for name in asked} == offered.keys() - {"present"}
    for names in (c for n in range(1, len(offered)) for c in combinations(offered, n) if served & set(c)):
        walk, count = queries.listing(names), queries.counting(names)
        for statement in (walk._first, walk._next, count):
            steps = await plan(stores, statement)
            assert [s for s in walks(steps) if "products_missing" not in s] == [], (names, steps)


async def test_listing_without_a_filter_walks_the_index_of_ids_from_the_cursor(stores: SqlStores) -> None:
    for where in (ProductFilter(), ProductFilter(text="x"), ProductFilter(missing=False)):
        walk = queries.listing(queries.asked(where))
        steps = await plan(stores, walk._next, last="a", at_most=10, text="x")
        assert walks(steps) == []
        assert not any("TEMP B-TREE" in step for step in steps)


def statements() -> list[Statement]:
    """Return every statement of the stores, those inside walks too."""
    # by type: isinstance would ask each object for its class, and torch has some that warn when they are asked
    found: list[Statement] = [thing for thing in gc.get_objects() if issubclass(type(thing), Statement)]
    return [s for s in found if "SELECT" in s.sql and not isinstance(s, Walk) and of_this_store(s)]


def of_this_store(statement: Statement) -> bool:
    """Tell whether a statement is about tables of the main store, and not of another database of ours."""
    parts = visitors.iterate(statement._compiled.statement)
    return all(part.metadata is schema.metadata for part in parts if isinstance(part, Table))


#: Queries that answer about a whole table, which is small or asked for seldom, or which read an index in its order.
WHOLE = (
    "count(*)", "FROM sources", "FROM principals", "FROM tokens", "ORDER BY contacts.", "ORDER BY intents.", "min(",
    "max(",
)  # fmt: skip

#: What is erased for good has its whole tables written anew; cases are few.
ERASING = {*erasing._READ.values(), *erasing._IDS, erasing._OVER}

#: Indexes that hold nothing but what is asked for: walking them is finding it.
FITTING = ("products_missing", "bot_messages_begun")


async def test_no_statement_walks_a_table_but_those_that_tell_of_it_all(stores: SqlStores) -> None:
    seen = 0
    for statement in statements():
        if any(word in statement.sql for word in WHOLE) or "EXPLAIN" in statement.sql or statement in ERASING:
            continue
        steps = await plan(stores, statement)
        seen += 1
        found = [s for s in walks(steps) if not s.endswith(FITTING) and "LIMIT" not in statement.sql]
        assert found == [], (statement.sql, steps)
    assert seen > 20


async def test_what_is_mirrored_is_looked_up_by_id_or_by_place(stores: SqlStores) -> None:
    for statement, index in (
        (mirror._DIGESTS, "USING PRIMARY KEY (product_id=?)"),
        *((mirror._BETWEEN[False, sharded], "(place>?)") for sharded in (False, True)),
        *((mirror._BETWEEN[True, sharded], "(place>? AND place<?)") for sharded in (False, True)),
        (mirror_pages._KNOWN, "USING PRIMARY KEY (product_id=?)"),
        (mirror_pages._KEEP_NO_DIGEST, "USING PRIMARY KEY (product_id=?)"),
    ):
        steps = await plan(stores, statement)
        assert walks(steps) == []
        assert any(index in step for step in steps), steps
        assert not any("TEMP B-TREE" in step for step in steps)
