"""What a landing page says: its text as visitors see it, and the offers and names of its structured data."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from datetime import datetime
from decimal import Decimal
from typing import Any, Final
from urllib.parse import urljoin

import msgspec
from selectolax.lexbor import LexborHTMLParser
from w3lib.encoding import html_body_declared_encoding, html_to_unicode, http_content_type_encoding

from daemon.adapters.structured_data import first, things, types
from daemon.products.evidence import Offer, PageFacts
from daemon.products.html_depth import shallow
from daemon.products.money import price_from_json

#: Longest page text that is kept, in characters.
_LONGEST: Final = 20_000
_MANY: Final = 200  # offers and names that are kept of one page
_UNSEEN: Final = ["script", "style", "noscript", "template", "head", "svg"]
_PRODUCTS: Final = frozenset(
    {"Product", "ProductGroup", "ProductModel", "IndividualProduct", "SomeProducts", "Vehicle", "Book"}
)
_OFFERS: Final = frozenset({"Offer", "AggregateOffer", "OfferForPurchase"})
_GTINS: Final = ("gtin", "gtin13", "gtin14", "gtin12", "gtin8", "ean", "isbn")
_NUMBER: Final = re.compile(r"\d{1,15}(?:\.\d{1,6})?", re.ASCII)
#: ItemAvailability of schema.org and the words of feeds, in letters alone, to what it means for a buyer.
_AVAILABILITY: Final[Mapping[str, str]] = {
    **dict.fromkeys(("instock", "limitedavailability", "onlineonly", "instoreonly", "available"), "in_stock"),
    **dict.fromkeys(("outofstock", "soldout", "unavailable"), "out_of_stock"),
    **dict.fromkeys(("preorder", "presale"), "preorder"),
    "backorder": "backorder",
    "discontinued": "discontinued",
}


def page_facts(body: bytes, content_type: str | None, url: str) -> PageFacts:
    """Read a page. Takes milliseconds for each 100 kB; never raises for what the page is."""
    text = shallow(decoded_page(body, content_type))
    tree = LexborHTMLParser(text)
    offers: list[Offer] = []
    names: list[str] = []
    structured = False
    for node in things(tree, text, url):
        structured = True
        if types(node) & _PRODUCTS:
            names += [name for name in (_text(node.get("name")),) if name]
            offers += _offers(node, url)
    return PageFacts(
        text=visible_text(tree),
        offers=tuple(dict.fromkeys(offers))[:_MANY],
        product_names=tuple(dict.fromkeys(names))[:_MANY],
        has_structured_data=structured,
    )


def decoded_page(body: bytes, content_type: str | None) -> str:
    """Decode a page as browsers do: byte order mark, then the header, then <meta>, then what its bytes look like.

    A page that says in ASCII that it is UTF-16 is read as UTF-8 (HTML Standard, section 13.2.3.2, step 2.13).
    """
    declared = http_content_type_encoding(content_type)
    if declared is None and (html_body_declared_encoding(body) or "").startswith("utf-16"):
        content_type = "text/html; charset=utf-8"
    return html_to_unicode(content_type, body, default_encoding="cp1252", auto_detect_fun=_guess)[1]


def _guess(body: bytes) -> str | None:
    try:
        body.decode("utf-8")
    except UnicodeDecodeError as error:
        if error.start < len(body) - 4:  # else a character that the limit cut
            return _by_statistics(body)
    return "utf-8"


def _by_statistics(body: bytes) -> str | None:
    from charset_normalizer import from_bytes  # noqa: PLC0415 - for pages that nobody labelled

    best = from_bytes(body[:65_536], cp_isolation=["gb18030", "big5", "cp932", "cp949"]).best()
    return best.encoding if best else None


def visible_text(tree: LexborHTMLParser) -> str:
    """Return title, headings and body text of a page with white space folded; takes the rest out of the tree."""
    parts = [node.text(separator=" ") for node in tree.css("title, h1, h2")]
    tree.strip_tags(_UNSEEN, recursive=True)
    if tree.body is not None:
        parts.append(tree.body.text(separator=" "))
    return " ".join(" ".join(parts).split())[:_LONGEST]


def _offers(product: Mapping[str, Any], url: str) -> Iterator[Offer]:
    own_sku, own_gtin = _identifiers(product)
    found = product.get("offers")
    for node in found if isinstance(found, list) else [found]:
        if isinstance(node, dict) and (types(node) & _OFFERS or "price" in node or "lowPrice" in node):
            yield from _offer(node, own_sku, own_gtin, url)


def _offer(node: Mapping[str, Any], sku: str | None, gtin: str | None, url: str) -> Iterator[Offer]:
    item = first(node.get("itemOffered"))
    item_sku, item_gtin = _identifiers(item) if isinstance(item, dict) else (None, None)
    own_sku, own_gtin = _identifiers(node)
    inner = node.get("offers")
    for one in inner if isinstance(inner, list) else [inner]:
        if isinstance(one, dict):
            yield from _offer(one, None, None, url)
    price, currency = _price(node)
    link = first(node.get("url"))
    yield Offer(
        price=price,
        low=_amount(node.get("lowPrice"), currency),
        high=_amount(node.get("highPrice"), currency),
        currency=currency,
        availability=availability(first(node.get("availability"))),
        sku=own_sku or item_sku or sku,
        gtin=own_gtin or item_gtin or gtin,
        url=urljoin(url, link) if isinstance(link, str) else None,
        valid_until=_time(first(node.get("priceValidUntil"))),
    )


def _price(node: Mapping[str, Any]) -> tuple[Decimal | None, str | None]:
    """Return the price that buyers pay: the offer's own, else the one specification that is no list price."""
    currency = _text(node.get("priceCurrency"))
    if node.get("price") is not None:
        return _amount(node["price"], currency), currency
    specifications = node.get("priceSpecification")
    for one in specifications if isinstance(specifications, list) else [specifications]:
        if isinstance(one, dict) and one.get("price") is not None and "List" not in str(one.get("priceType")):
            currency = _text(one.get("priceCurrency")) or currency
            return _amount(one["price"], currency), currency
    return None, currency


def _amount(value: Any, currency: str | None) -> Decimal | None:
    value = first(value)
    if isinstance(value, str) and _NUMBER.fullmatch(stripped := value.strip()):
        return Decimal(stripped)  # schema.org: a dot is the decimal mark, and nothing groups digits
    amount, _ = price_from_json(value, currency)
    return amount if isinstance(amount, Decimal) and amount.is_finite() else None


def availability(value: Any) -> str | None:
    """Return what an availability means in any spelling: "https://schema.org/InStock", "in_stock", "in stock"."""
    if not isinstance(value, str):
        return None
    word = re.split(r"[/#]", value.strip().rstrip("/"))[-1]
    return _AVAILABILITY.get(re.sub(r"[\W_]", "", word).casefold())


def _identifiers(node: Mapping[str, Any]) -> tuple[str | None, str | None]:
    gtin = next((found for name in _GTINS if (found := _text(node.get(name)))), None)
    return _text(node.get("sku")), gtin


def _text(value: Any) -> str | None:
    value = first(value)
    if isinstance(value, int) and not isinstance(value, bool):
        value = str(value)
    return (value.strip()[:500] or None) if isinstance(value, str) else None


def _time(value: Any) -> datetime | None:
    try:
        time = msgspec.convert(value, datetime, strict=False) if isinstance(value, str) else None
    except msgspec.ValidationError:
        return None
    return time if time is not None and time.tzinfo is not None else None
