"""Twenty of the rules as pandera checks over a pandas frame, vectorised wherever pandas can."""

from __future__ import annotations

import re
from collections.abc import Sequence
from decimal import Decimal
from typing import Any

import pandas as pd
import pandera.pandas as pa
from pandera.errors import SchemaErrors

from daemon.products.product import Product
from tests.benchmarks.peers import plain_rules as plain

_DANGER = re.compile(
    r"<(?:script|iframe|object|embed|form|meta|base)\b|<[^>]*\son\w+\s*=|(?:javascript|data:text/html):", re.IGNORECASE
)


def frame(products: Sequence[Product]) -> pd.DataFrame:
    """Lay products without variants out as columns; amounts as floats, with the text of those that are none beside."""
    return pd.DataFrame(
        {
            "price": [_number(p.price) for p in products],
            "price_text": [getattr(p.price, "text", "") for p in products],
            "price_unclear": [bool(getattr(p.price, "ambiguous", False)) for p in products],
            "sale_price": [_number(p.sale_price) for p in products],
            "cost": [_number(p.cost) for p in products],
            "currency": [p.currency or "" for p in products],
            "stock": [_number(p.stock) for p in products],
            "availability": [str(p.availability or "") for p in products],
            "title": [p.title or "" for p in products],
            "description": [p.description or "" for p in products],
            "gtin": [p.gtin or "" for p in products],
            "image": [p.images[0] if p.images else "" for p in products],
            "sale_end": pd.to_datetime([p.sale_end for p in products], utc=True),
            "soldout_since": pd.to_datetime([p.soldout_since for p in products], utc=True),
            "archived_at": pd.to_datetime([p.archived_at for p in products], utc=True),
            "created_at": pd.to_datetime([p.created_at for p in products], utc=True),
            "updated_at": pd.to_datetime([p.updated_at for p in products], utc=True),
            "expires_at": pd.to_datetime([p.expires_at for p in products], utc=True),
        }
    )


def _number(value: object) -> float:
    return float(value) if isinstance(value, Decimal) else float("nan")


def schema(now: Any) -> pa.DataFrameSchema:
    """Return the checks; each is named after its rule."""
    moment = pd.Timestamp(now)

    def on(column: str, rule: str, good: Any) -> tuple[str, pa.Check]:
        return column, pa.Check(good, name=rule, ignore_na=False)

    def whole(rule: str, good: Any) -> pa.Check:
        return pa.Check(lambda df: pd.Series(good(df), index=df.index), name=rule, ignore_na=False)

    def gtin_good(gtins: Any) -> Any:
        return gtins.map(lambda gtin: not plain.gtin_bad(Product(id="", gtin=gtin), None))  # type: ignore[arg-type]

    def shouts(titles: Any) -> Any:
        capitals, small = titles.str.count("[A-Z]"), titles.str.count("[a-z]")
        return ~((capitals + small >= 12) & (capitals > 0.7 * (capitals + small)))

    by_column: dict[str, list[pa.Check]] = {}
    for column, check in (
        on("price", "price_nonpositive", lambda s: ~(s <= 0)),
        on("price", "price_precision", lambda s: s.isna() | ((s * 100).round(6) % 1 == 0)),
        on("price_text", "price_type", lambda s: s == ""),
        on("currency", "currency_bad", lambda s: s.isin(["EUR", "USD", "CNY", "JPY"])),
        on("stock", "stock_invalid", lambda s: s.isna() | ((s >= 0) & (s % 1 == 0))),
        on("archived_at", "listed_archived", lambda s: ~(s <= moment)),
        on("image", "image_missing", lambda s: (s != "") & ~s.str.contains(plain._NO_PICTURE)),
        on("title", "title_bad", lambda s: ~(s.str.fullmatch(plain._NOTHING) | (s.str.strip().str.len() > 70))),
        on("title", "title_shouting", shouts),
        on(
            "description",
            "text_encoding",
            lambda s: ~(s.str.contains(plain._CONTROL) | s.str.contains(plain._MOJIBAKE)),
        ),
        on("description", "html_danger", lambda s: ~s.str.contains(_DANGER)),
        on(
            "description", "banned_words", lambda s: ~s.str.normalize("NFKC").str.casefold().str.contains(plain._BANNED)
        ),
        on("gtin", "gtin_bad", gtin_good),
    ):
        by_column.setdefault(column, []).append(check)
    return pa.DataFrameSchema(
        {column: pa.Column(checks=checks, nullable=True) for column, checks in by_column.items()},
        checks=[
            whole("price_missing", lambda df: ~(df["price"].isna() & (df["price_text"] == ""))),
            whole("price_below_cost", lambda df: ~(df["price"] < df["cost"])),
            whole("sale_not_lower", lambda df: ~((df["price"] > 0) & (df["sale_price"] >= df["price"]))),
            whole("discount_absurd", lambda df: ~((df["price"] > 0) & (df["sale_price"] * 10 < df["price"]))),
            whole("sale_window_passed", lambda df: ~(
                df["sale_price"].notna() & (df["sale_end"] + pd.Timedelta(minutes=5) <= moment))),
            whole("soldout_listed", lambda df: ~(
                (df["stock"] == 0) & (df["soldout_since"] + pd.Timedelta(hours=1) <= moment))),
            whole("time_bad", lambda df: ~(
                (df["expires_at"] <= moment) | (df["updated_at"] < df["created_at"])
                | (df["updated_at"] + pd.Timedelta(days=180) <= moment))),
        ],
    )  # fmt: skip


def findings(checks: pa.DataFrameSchema, table: pd.DataFrame) -> set[tuple[int, str]]:
    """Return (row, rule) of everything that is certainly bad."""
    try:
        checks.validate(table, lazy=True)
    except SchemaErrors as errors:
        cases = errors.failure_cases
        unclear = set(table.index[table["price_unclear"]])
        pairs = set(zip(cases["index"], cases["check"], strict=True))
        return {(row, rule) for row, rule in pairs if not (rule == "price_type" and row in unclear)}
    return set()
