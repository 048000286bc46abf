"""The offline rules as plain functions, each written straight from its sentence: what our findings must equal.

Nothing here asks a cheap question first, and nothing is shared with daemon/products/rules. A function returns whether
a product is certainly bad.
"""

from __future__ import annotations

import html.entities
import re
import statistics
import unicodedata
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from decimal import Decimal
from html.parser import HTMLParser
from typing import Any, Final

from daemon.products.product import PricePoint, Product, Unparsed, Variant

WORDS: Final = (
    "国家级", "世界级", "最高级", "最佳", "全网最低", "史上最低", "全网第一", "全国第一", "销量第一", "绝无仅有",
    "包治百病", "根治", "药到病除", "无效退款", "world's best", "best in the world", "lowest price guaranteed",
    "miracle cure", "cures cancer", "no side effects",
)  # fmt: skip
DECIMALS: Final = {"EUR": 2}
_BANNED: Final = re.compile("|".join(re.escape(w) if not w.isascii() else rf"\b{re.escape(w)}\b" for w in WORDS))
_MOJIBAKE: Final = re.compile("[\u00c2-\u00f4][\x80-\xbf]")
_CONTROL: Final = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ufffd\ud800-\udfff]")
_TWICE: Final = re.compile(r"&amp;(#\w+|\w+);")
_NO_PICTURE: Final = re.compile(r"/(?:placeholder|no[-_]?image|missing|default|blank)[^/]*$", re.IGNORECASE)
_NOTHING: Final = re.compile(r"[\s\u200b-\u200f\u2060\ufeff]*")


class Surroundings:
    """What plain functions may look at besides the product."""

    def __init__(self, products: Sequence[Product], now: datetime, history: Mapping[str, Sequence[PricePoint]]) -> None:
        self.now = now
        self.history = history
        self.keys: Counter[tuple[str, str]] = Counter()
        self.status = {product.id: product.status for product in products}
        for product in products:
            self.keys.update(set(keys(product)))


def holders(product: Product) -> list[Product | Variant]:
    """Return everything that has identifiers of its own."""
    return [product, *product.variants]


def keys(product: Product) -> Iterator[tuple[str, str]]:
    """Iterate over the identifiers of a product and its variants."""
    yield "slug", (product.slug or "").strip("/ ").casefold()
    for holder in holders(product):
        yield "sku", (holder.sku or "").strip().casefold()
        digits = re.sub(r"[\s-]", "", holder.gtin or "")
        yield "gtin", digits.zfill(14) if 8 <= len(digits) <= 14 else ""


def offers(product: Product) -> list[tuple[Any, Any, Any]]:
    """Return price, sale price and cost of everything for sale."""
    own = (product.price, product.sale_price, product.cost)
    if not product.variants:
        return [own]
    return [(v.price, v.sale_price, v.cost) if v.price is not None else own for v in product.variants]


def number(value: object) -> bool:
    """Tell whether a value is a finite decimal."""
    return isinstance(value, Decimal) and value.is_finite()


def public(product: Product) -> bool:
    """Tell whether buyers see a product."""
    return product.status in {"listed", "out_of_stock"}


def price_missing(p: Product, _c: Surroundings) -> bool:
    return public(p) and any(price is None for price, _, _ in offers(p))


def price_type(p: Product, _c: Surroundings) -> bool:
    amounts = [amount for price, sale, _ in offers(p) for amount in (price, sale)]
    return public(p) and any(
        not a.ambiguous if isinstance(a, Unparsed) else a is not None and not number(a) for a in amounts
    )


def price_nonpositive(p: Product, _c: Surroundings) -> bool:
    return public(p) and any(number(price) and price <= 0 and not p.is_free for price, _, _ in offers(p))


def price_precision(p: Product, _c: Surroundings) -> bool:
    if not public(p) or p.currency not in DECIMALS:
        return False
    amounts = [amount for price, sale, _ in offers(p) for amount in (price, sale)]
    return any(number(a) and -a.normalize().as_tuple().exponent > DECIMALS[p.currency] for a in amounts)


def price_jump(p: Product, c: Surroundings) -> bool:
    past = [point.price for point in c.history.get(p.id, ()) if point.currency == p.currency]
    if not public(p) or not past or not number(p.price):
        return False
    median = statistics.median(past)
    change = abs(p.price - median)  # type: ignore[operator]
    if median <= 0 or change < median * Decimal("0.3"):
        return False
    spread = max(statistics.median(abs(price - median) for price in past), median / 100, Decimal("0.01"))
    return len(past) < 8 or Decimal("0.6745") * change / spread > Decimal("3.5")


def price_below_cost(p: Product, _c: Surroundings) -> bool:
    free = p.clearance or p.is_free
    return public(p) and any(number(a) and number(cost) and a < cost and not free for a, _, cost in offers(p))


def sale_not_lower(p: Product, _c: Surroundings) -> bool:
    return public(p) and any(number(a) and number(sale) and a > 0 and sale >= a for a, sale, _ in offers(p))


def discount_absurd(p: Product, _c: Surroundings) -> bool:
    pairs = [(a, sale) for a, sale, _ in offers(p) if number(a) and number(sale) and a > 0]
    return public(p) and not p.is_free and any(sale * 100 < a * 10 for a, sale in pairs)


def sale_window_passed(p: Product, c: Surroundings) -> bool:
    if not public(p) or not isinstance(p.sale_end, datetime) or all(sale is None for _, sale, _ in offers(p)):
        return False
    return c.now >= p.sale_end + timedelta(minutes=5)


def currency_bad(p: Product, _c: Surroundings) -> bool:
    return public(p) and p.currency not in {"EUR", "USD", "CNY", "JPY"}


def stocks(p: Product) -> list[Any]:
    """Return the stock of everything that is counted by itself."""
    return [variant.stock for variant in p.variants] or [p.stock]


def stock_invalid(p: Product, _c: Surroundings) -> bool:
    return public(p) and any(
        s is not None and (not number(s) or s != int(s) or (s < 0 and not p.backorder)) for s in stocks(p)
    )


def soldout_listed(p: Product, c: Surroundings) -> bool:
    if p.status != "listed" or p.backorder or not all(s == 0 for s in stocks(p)) or p.availability == "preorder":
        return False
    return p.soldout_since is not None and c.now >= p.soldout_since + timedelta(hours=1)


def listed_archived(p: Product, c: Surroundings) -> bool:
    return public(p) and isinstance(p.archived_at, datetime) and p.archived_at <= c.now


def availability_date(p: Product, c: Surroundings) -> bool:
    date = p.availability_date
    if not public(p) or p.availability not in {"preorder", "backorder"}:
        return False
    return date is None or (isinstance(date, datetime) and date + timedelta(days=1) <= c.now)


def image_missing(p: Product, _c: Surroundings) -> bool:
    return public(p) and all(not image.strip() or _NO_PICTURE.search(image) for image in p.images)


def title_bad(p: Product, _c: Surroundings) -> bool:
    title = p.title or ""
    return bool(_NOTHING.fullmatch(title)) or len(title.strip()) > 70 or title.lower() in {"test", "title", "product"}


def title_shouting(p: Product, _c: Surroundings) -> bool:
    kinds = Counter(unicodedata.category(letter) for letter in p.title or "")
    cased = kinds["Lu"] + kinds["Ll"]
    return cased >= 12 and kinds["Lu"] > 0.7 * cased


def text_encoding(p: Product, _c: Surroundings) -> bool:
    for text in (p.title or "", p.description or ""):
        if _CONTROL.search(text) or _MOJIBAKE.search(text):
            return True
        if any(name.startswith("#") or f"{name};" in html.entities.html5 for name in _TWICE.findall(text)):
            return True
    return False


class _Danger(HTMLParser):
    found = False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Note an element, an event attribute or an address that runs code."""
        names = {"script", "iframe", "object", "embed", "form", "meta", "base"}
        scripted = any(
            name.startswith("on") or (value or "").strip().lower().startswith(("javascript:", "data:text/html"))
            for name, value in attrs
        )
        self.found |= tag in names or scripted


def html_danger(p: Product, _c: Surroundings) -> bool:
    parser = _Danger()
    parser.feed(p.description or "")
    parser.close()
    return parser.found


def banned_words(p: Product, _c: Surroundings) -> bool:
    text = unicodedata.normalize("NFKC", f"{p.title}\n{p.description}").casefold()
    return bool(_BANNED.search(text))


def gtin_bad(p: Product, _c: Surroundings) -> bool:
    for gtin in [holder.gtin for holder in holders(p) if holder.gtin]:
        digits = re.sub(r"[\s-]", "", gtin)
        if not re.fullmatch(r"\d{8}|\d{12,14}", digits, re.ASCII) or not digits.strip("0"):
            return True
        weighted = sum(int(digit) * (3 if n % 2 else 1) for n, digit in enumerate(reversed(digits)))
        if weighted % 10 or re.match("0[245]|2|98|99", digits.zfill(13)[-13:]):
            return True
    return False


def duplicate_key(p: Product, c: Surroundings) -> bool:
    own = Counter(kind_key for kind_key in keys(p) if kind_key[1])
    skus = Counter((variant.sku or "").casefold() for variant in p.variants)
    return any(c.keys[key] > 1 for key in own) or any(count > 1 for sku, count in skus.items() if sku)


def reference_broken(p: Product, c: Surroundings) -> bool:
    return public(p) and (not (p.category or "").strip() or c.status.get(p.item_group_id or "") == "archived")


def time_bad(p: Product, c: Surroundings) -> bool:
    if not public(p):
        return False
    latest = c.now + timedelta(minutes=5)
    made, touched, expires = p.created_at, p.updated_at, p.expires_at
    if any(isinstance(time, datetime) and time > latest for time in (made, touched)):
        return True
    if isinstance(expires, datetime) and expires <= c.now:
        return True
    if isinstance(touched, datetime) and touched + timedelta(days=180) <= c.now:
        return True
    return isinstance(made, datetime) and isinstance(touched, datetime) and touched < made


RULES: Final[Mapping[str, Callable[[Product, Surroundings], bool]]] = {
    rule.__name__: rule
    for rule in (
        price_missing, price_type, price_nonpositive, price_precision, price_jump, price_below_cost, sale_not_lower,
        discount_absurd, sale_window_passed, currency_bad, stock_invalid, soldout_listed, listed_archived,
        availability_date, image_missing, title_bad, title_shouting, text_encoding, html_danger, banned_words, gtin_bad,
        duplicate_key, reference_broken, time_bad,
    )
}  # fmt: skip
