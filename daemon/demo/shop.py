"""What the demonstration shop answers: landing pages with schema.org JSON-LD, and images, some of them broken.

Pure content; the routes are in handlers/http/demo_shop.py.
"""

from __future__ import annotations

import csv
import html
import io
import json
import re
from collections.abc import Mapping
from decimal import Decimal
from functools import cached_property
from typing import Any, Final, NamedTuple

from daemon.demo import page_facts, shipped

PREFIX: Final = "/demo"
_TERMS: Final = "<p>Sent within two working days, returned within thirty. 两日内发货，三十日内可退。</p>"
_PLAIN_PRICE: Final = re.compile(r"\d+(\.\d+)?")
_AVAILABILITY: Final = {
    "in_stock": "https://schema.org/InStock",
    "out_of_stock": "https://schema.org/OutOfStock",
    "preorder": "https://schema.org/PreOrder",
    "backorder": "https://schema.org/BackOrder",
}


class Answer(NamedTuple):
    """One HTTP answer. location: of a redirect."""

    status: int
    content_type: str = "text/html; charset=utf-8"
    body: bytes = b""
    location: str = ""


def _html(title: str, body: str, *, status: int = 200, head: str = "") -> Answer:
    text = (
        f"<!doctype html>\n<html><head><meta charset=utf-8><title>{html.escape(title)}</title>{head}</head>"
        f"<body>{body}</body></html>\n"
    )
    return Answer(status, body=text.encode())


def _redirect(path: str) -> Answer:
    return Answer(302, location=PREFIX + path)


_GONE: Final = _html("Not found", "<h1>404</h1><p>There is nothing here.</p>", status=404)
_BUSY: Final = _html("Busy", "<h1>503</h1><p>Back in a moment.</p>", status=503)
_SORRY: Final = _html(
    "Our shop", "<h1>Sorry</h1><p>What you look for is no longer with us. 很抱歉，您访问的内容不存在。</p>"
)


class Shop:
    """The pages and images of the demonstration."""

    def __init__(self) -> None:
        self._rows = {row["slug"]: row for row in csv.DictReader(io.StringIO(shipped("catalogue.csv")))}
        self._facts = page_facts()
        self._drawn: dict[str, bytes] = {}

    def home(self) -> Answer:
        """Return the shop's front page."""
        shown = [row for row in self._rows.values() if row["link"]]
        items = "".join(
            f'<li><a href="{PREFIX}/products/{row["slug"]}">{html.escape(row["title"])}</a>' for row in shown
        )
        return _html("山岚与北岭 Demonstration shop", f"<h1>Demonstration shop</h1><ul>{items}</ul>")

    def product(self, slug: str, step: str = "") -> Answer:
        """Return a landing page. step: how often a visitor of an endless redirect was sent on."""
        row = self._rows.get(slug.rstrip("/"))
        if row is None or not row["link"]:
            return _GONE
        facts = self._facts.get(row["slug"], {})
        match facts.get("kind", "product"):
            case "gone":
                return _GONE
            case "busy":
                return _BUSY
            case "soft_404":
                return _SORRY
            case "home":
                return _redirect("/")
            case "other":
                return _redirect(f"/products/{next(iter(self._rows))}")
            case "loop":
                return _redirect(f"/products/{slug}?step={1 - int(step == '1')}")
            case "slash" if not slug.endswith("/"):
                return _redirect(f"/products/{slug}/")
        return self._landing(row, facts)

    def _landing(self, row: Mapping[str, str], facts: Mapping[str, Any]) -> Answer:
        name = row["title"].strip("\u200b\ufeff") or row["sku"]
        if facts.get("kind") == "respelled":
            name = name.replace(" ", "\u00a0")
        head = "" if facts.get("kind") == "plain" else _structured(row, facts, name)
        number = "" if facts.get("kind") == "respelled" else f"<p>No. {html.escape(row['sku'].strip())}</p>"
        picture = html.escape(row["image"].replace("{base}", ""))
        body = (
            f'<h1>{html.escape(name)}</h1>{number}{_asked(row, facts)}<img src="{picture}" width="240" alt="">{_TERMS}'
            f'<p><a href="{PREFIX}/">Home</a></p>'
        )
        return _html(name, body, head=head)

    def image(self, name: str, method: str = "GET") -> Answer:
        """Return an image, or what the broken ones of the demonstration answer instead."""
        match name:
            case "gone.jpg":
                return _GONE
            case "busy.png":
                return _BUSY
            case "page.jpg":
                return _SORRY._replace(content_type="image/jpeg")
            case "empty.png":
                return Answer(200, "image/png")
            case "no-head.png" if method == "HEAD":
                return Answer(405)
            case "moved.png":
                return _redirect("/images/toy-1.png")
            case "typeless":
                return Answer(200, "application/octet-stream", self._picture(name))
            case "png-called.jpg":
                return Answer(200, "image/jpeg", self._picture(name))
        if name not in self._names:
            return _GONE
        return Answer(200, "image/gif" if name.endswith(".gif") else "image/png", self._picture(name))

    @cached_property
    def _names(self) -> frozenset[str]:
        """The names that the catalogue uses; nobody can fill the memory with others."""
        return frozenset(row["image"].rpartition("/")[2] for row in self._rows.values()) | {"toy-1.png"}

    def _picture(self, name: str) -> bytes:
        if name not in self._drawn:
            self._drawn[name] = draw(name)
        return self._drawn[name]


def _asked(row: Mapping[str, str], facts: Mapping[str, Any]) -> str:
    price, currency = facts.get("price", row["price"].strip()), facts.get("currency", row["currency"])
    return f"<p><b>{html.escape(price)} {html.escape(currency)}</b></p>" if _PLAIN_PRICE.fullmatch(price) else ""


def _structured(row: Mapping[str, str], facts: Mapping[str, Any], name: str) -> str:
    product: dict[str, Any] = {"@type": "Product", "name": name, "sku": row["sku"].strip()}
    offers = _offers(row, facts)
    if offers:
        product["offers"] = offers
    graph = facts.get("kind") == "graph"
    thing = {"@graph": [{"@type": "WebPage", "name": name}, product]} if graph else product
    # "</" would end the script element early, whatever JSON says of it.
    text = json.dumps({"@context": "https://schema.org", **thing}, ensure_ascii=False).replace("</", "<\\/")
    return f'<script type="application/ld+json">{text}</script>'


def _offers(row: Mapping[str, str], facts: Mapping[str, Any]) -> dict[str, Any] | list[dict[str, Any]]:
    price = facts.get("price", row["price"].strip())
    if not _PLAIN_PRICE.fullmatch(price):
        return {}
    offer = {"@type": "Offer", "price": str(Decimal(price)), "priceCurrency": facts.get("currency", row["currency"])}
    stated = row["availability"] or ("out_of_stock" if row["stock"] == "0" else "in_stock")
    offer["availability"] = facts.get("availability", _AVAILABILITY[stated])
    match facts.get("kind"):
        case "aggregate":
            del offer["price"]
            return offer | {
                "@type": "AggregateOffer",
                "lowPrice": facts["low"],
                "highPrice": facts["high"],
                "offerCount": 2,
            }
        case "several":
            return [offer | {"sku": "ZB-ELSEWHERE", "price": "1.00"}, offer | {"sku": row["sku"]}]
    return offer


def draw(name: str) -> bytes:
    """Draw a small picture whose colours come from its name: PNG of 480 x 480 pixels, less for the small ones."""
    from PIL import Image, ImageDraw  # noqa: PLC0415  (only a shop that is visited needs it)

    side = {"dot.gif": 1, "edge-100.png": 100}.get(name, 480)
    seed = sum(ord(character) * (place + 7) for place, character in enumerate(name))
    picture = Image.new("RGB", (side, side), (120 + seed % 120, 120 + seed // 3 % 120, 120 + seed // 7 % 120))
    ImageDraw.Draw(picture).ellipse((side // 5, side // 5, side * 4 // 5, side * 4 // 5), fill=(seed % 200, 80, 60))
    out = io.BytesIO()
    picture.quantize(16).save(out, "GIF" if name.endswith(".gif") else "PNG")
    return out.getvalue()
