"""Composes the shipped files of the demonstration: `python -m daemon.demo.compose` writes them anew.

The same sources always give the same files; a test compares.
"""

from __future__ import annotations

import csv
import io
import json
import re
import sys
from collections.abc import Iterator, Mapping
from decimal import Decimal
from pathlib import Path
from typing import Any, Final

from daemon.demo.assortment import RANGES, Article, articles
from daemon.demo.cases import CASES, Case

FIELDS: Final = (
    "id", "sku", "gtin", "item_group_id", "slug", "title", "description", "category", "brand", "price", "sale_price",
    "sale_start", "sale_end", "cost", "is_free", "clearance", "currency", "stock", "track_inventory", "backorder",
    "availability", "availability_date", "status", "archived_at", "image", "link", "created_at", "updated_at",
    "expires_at",
)  # fmt: skip

_SHELVES: Final = {shelf.prefix: shelf for shelf in RANGES}
_PLAIN_PRICE: Final = re.compile(r"\d+(\.\d+)?")
_PAGELESS: Final = ("draft", "archived", "unlisted")
#: Rules after which the landing page states no offer, since nobody could say what it would be.
_PRICE_RULES: Final = ("price_missing", "price_type", "price_nonpositive", "price_precision", "currency_bad")
_COMPARED: Final = ("page_price_mismatch", "page_availability_mismatch")
_OFFERLESS: Final = ("plain", "gone", "home", "other", "loop", "soft_404", "busy")


def compose() -> dict[str, str]:
    """Return the text of every shipped file by its name."""
    rows: list[dict[str, str]] = []
    labels: dict[str, Any] = {"bad": {}, "unknown": {}, "near_misses": {}, "opens_after_s": {}}
    pages: dict[str, Mapping[str, Any]] = {}
    history: dict[str, Any] = {}
    for article, case in _plan():
        row = _row(len(rows) + 1, article, case)
        rows.append(row)
        page = _page(row, case)
        if page:
            pages[row["slug"]] = page
        _label_page(labels, row, page)
        if case:
            _label(labels, row["id"], case)
        if case and case.history:
            history[row["id"]] = {"currency": row["currency"], "points": dict(case.history)}
    return {
        "catalogue.csv": _csv(rows),
        "labels.json": _json(labels),
        "pages.json": _json(pages),
        "history.json": _json(history),
    }


def _plan() -> Iterator[tuple[Article, Case | None]]:
    """Yield the healthy products with the telling ones strewn among them."""
    cases = iter(CASES)
    for article in articles():
        yield article, None
        if case := next(cases, None):
            yield _article(case), case
    for case in cases:
        yield _article(case), case


def _article(case: Case) -> Article:
    shelf = _SHELVES[case.shelf]
    description = f"{case.title}。{shelf.closing}" if shelf.currency in {"CNY", "JPY"} else f"{shelf.closing}"
    return Article(shelf.prefix, shelf.category, shelf.brand, shelf.currency, case.title, case.price, description)


def _row(number: int, article: Article, case: Case | None) -> dict[str, str]:
    product_id = f"{article.prefix}-{number:03d}"
    food = article.prefix in {"foo", "tea"}
    row = dict.fromkeys(FIELDS, "") | {
        "id": product_id,
        "sku": f"ZB-{article.prefix.upper()}-{number:04d}",
        "gtin": _gtin(number),
        "title": article.title,
        "description": article.description,
        "category": article.category,
        "brand": article.brand,
        "price": article.price,
        "cost": _cost(article.price),
        "currency": article.currency,
        "stock": str(7 + number * 13 % 90),
        "track_inventory": "true",
        "availability": "in_stock",
        "status": "listed",
        "image": f"{{base}}/demo/images/{article.prefix}-{number % 4 + 1}.png",
        "created_at": f"{{now-{30 + number * 7 % 200}d}}",
        "updated_at": f"{{now-{1 + number * 5 % 28}d}}",
        "expires_at": f"{{now+{120 + number % 200}d}}" if food else "",
    }
    row |= case.fields if case else {}
    row["slug"] = row["id"]
    if row["status"] not in _PAGELESS:
        row["link"] = f"{{base}}/demo/products/{row['slug']}"
    return row


def _gtin(number: int) -> str:
    """Return an EAN-13 of the prefix that GS1 keeps for demonstrations (952)."""
    body = f"952{number:09d}"
    total = sum(int(digit) * (3 if place % 2 else 1) for place, digit in enumerate(body))
    return f"{body}{-total % 10}"


def _cost(price: str) -> str:
    if not _PLAIN_PRICE.fullmatch(price) or not Decimal(price):
        return ""
    return str((Decimal(price) * Decimal("0.55")).quantize(Decimal(1) if Decimal(price) > 250 else Decimal("0.01")))


def _page(row: Mapping[str, str], case: Case | None) -> Mapping[str, Any]:
    """Return how the landing page of a row differs from what the row says; empty when it does not."""
    if case and case.page:
        return case.page
    if case and any(case.says.get(rule) in {"bad", "unknown"} for rule in _PRICE_RULES):
        return {"kind": "plain"}
    if row["sale_price"]:
        return {"kind": "aggregate", "low": min(row["sale_price"], row["price"], key=Decimal),
                "high": max(row["sale_price"], row["price"], key=Decimal)}  # fmt: skip
    return {}


def _label(labels: dict[str, Any], product_id: str, case: Case) -> None:
    for rule, verdict in case.says.items():
        kind = "near_misses" if verdict == "near" else verdict
        labels[kind].setdefault(rule, []).append(product_id)
        if case.opens_after_s:
            labels["opens_after_s"].setdefault(rule, {})[product_id] = case.opens_after_s


def _label_page(labels: dict[str, Any], row: Mapping[str, str], page: Mapping[str, Any]) -> None:
    """Name the rules that cannot compare anything, since the page states no offer or the catalogue no price."""
    rules = _COMPARED if page.get("kind") in _OFFERLESS else _COMPARED[:1] if page and not row["price"].strip() else ()
    for rule in rules:
        labels["unknown"].setdefault(rule, []).append(row["id"])


def _csv(rows: list[dict[str, str]]) -> str:
    out = io.StringIO(newline="")
    writer = csv.DictWriter(out, FIELDS, lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return out.getvalue()


def _json(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, indent=1) + "\n"


def write(directory: Path) -> None:
    """Write the shipped files into a directory."""
    for name, text in compose().items():
        (directory / name).write_text(text, encoding="utf-8", newline="")


if __name__ == "__main__":
    write(Path(sys.argv[1]) if len(sys.argv) > 1 else Path(__file__).parent)
