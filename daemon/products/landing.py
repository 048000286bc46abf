"""What a landing page has to do with a product: whether it can be judged, whether it is about the product at all."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from typing import Final
from urllib.parse import urlsplit

from daemon.products.evidence import Evidence, PageFacts, Reach
from daemon.products.keys import gtin_key, sku_key
from daemon.products.product import Product, Variant

#: Pages that stand between a visitor and what was asked for say such things; what is behind them is not known.
_BARRIER: Final = re.compile(
    "captcha|are you (?:a )?(?:human|robot)|not a robot|checking your browser|access denied|unusual traffic"
    "|(?:enable|activate|requires?) javascript|安全验证|访问验证|滑动验证|请完成验证|人机验证"
)
#: Barriers are short; a shop's page that mentions one of these words somewhere is not.
_BARRIER_LENGTH: Final = 2_000
_NOT_FOUND: Final = re.compile(
    "404|not found|no longer|does(?:n't| not) exist|找不到|不存在|已下架|无法找到|見つかりません|nicht gefunden"
)
#: With less text than this, a page is drawn by scripts, which nobody ran.
_LEAST_TEXT: Final = 40
#: Share of a title's words that a page must hold to be about the product: pages shorten and rearrange titles.
_SHARE: Final = 0.6
#: Identifiers shorter than this stand on any page by chance.
_LEAST_ID: Final = 4
_WORD: Final = re.compile(r"\w+")
_HAN: Final = re.compile("[\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af]")
_ROOTS: Final = re.compile(r"/?(?:[a-z]{2}(?:[-_][a-z]{2})?/?)?(?:index\.\w+|home/?|default\.aspx)?", re.IGNORECASE)
_INDEX: Final = re.compile(r"/index\.\w+$", re.IGNORECASE)


def doubt(evidence: Evidence | None) -> str:
    """Return why what stands at a page's address cannot be told; "" when the page can be judged."""
    if evidence is None:
        return "not fetched yet"
    if evidence.reach is not Reach.FETCHED:
        return evidence.problem or evidence.reach.value
    if evidence.status is None or not 200 <= evidence.status < 300:
        return f"answered with status {evidence.status}"
    if evidence.page is None:
        return evidence.problem or "is no web page"
    if not evidence.page.has_structured_data and (why := _veiled(evidence.page.text)):
        return why
    return ""


def _veiled(text: str) -> str:
    if len(text) < _BARRIER_LENGTH and _BARRIER.search(text.casefold()):
        return "the page asks visitors to prove something first"
    if len(text) < _LEAST_TEXT and not _NOT_FOUND.search(text.casefold()):
        return "the page shows hardly any text without scripts"
    return ""


def is_about(product: Product, page: PageFacts, *, stated: bool = False) -> bool:
    """Tell whether a page names the product or one of its identifiers.

    stated: only what structured data states counts; page text names other products too.
    """
    keys = set(identifiers(product))
    if any(keys & set(identifiers(offer)) for offer in page.offers):
        return True
    title = _folded(product.title or "")
    if any(_alike(title, _folded(name)) for name in page.product_names):
        return True
    if stated:
        return False
    if product.title and title and product.title in page.text:
        return True
    text = _folded(page.text)
    return _shares(title, text) or _holds_id(product, text)


def identifiers(holder: object) -> Iterator[tuple[str, str]]:
    """Iterate over what a product with its variants, or an offer, is identified by, as comparable keys."""
    for part in (holder, *getattr(holder, "variants", ())):
        if sku := sku_key(getattr(part, "sku", None)):
            yield "sku", sku
        if gtin := gtin_key(getattr(part, "gtin", None)):
            yield "gtin", gtin


def leads_away(evidence: Evidence, product: Product, page: PageFacts) -> str:
    """Return where else redirects led than to the product, "" when they led to it or there were none."""
    if not evidence.hops:
        return ""
    asked, final = urlsplit(evidence.url).path, urlsplit(evidence.hops[-1]).path
    if _same_path(asked, final):
        return ""
    if _ROOTS.fullmatch(final):
        return "" if _ROOTS.fullmatch(asked) else "the home page"
    if asked.startswith(final.rstrip("/") + "/"):
        return "" if is_about(product, page, stated=True) else "a page above it"
    stated = bool(page.product_names)
    return "" if is_about(product, page, stated=stated) else "another page"


def _same_path(one: str, other: str) -> bool:
    bare = [_INDEX.sub("", path).rstrip("/").casefold() for path in (one, other)]
    return bare[0] == bare[1]


def _folded(text: str) -> str:
    return " ".join(unicodedata.normalize("NFKC", text).casefold().split())


def _alike(title: str, name: str) -> bool:
    return bool(name) and (_shares(title, name) or _shares(name, title))


def _shares(title: str, text: str) -> bool:
    words = list(_words(title))
    return bool(words) and sum(word in text for word in words) >= _SHARE * len(words)


def _words(title: str) -> Iterator[str]:
    """Iterate over the words of a title; of scripts without spaces, over each two neighbouring characters."""
    for word in _WORD.findall(title):
        if _HAN.search(word) and len(word) > 2:
            yield from (word[n : n + 2] for n in range(len(word) - 1))
        elif len(word) > 1:
            yield word


def _holds_id(product: Product, text: str) -> bool:
    holders: tuple[Product | Variant, ...] = (product, *product.variants)
    known = {product.id} | {value for holder in holders for value in (holder.sku, holder.gtin) if value}
    return any(
        re.search(rf"(?<!\w){re.escape(_folded(value))}(?!\w)", text) for value in known if len(value) >= _LEAST_ID
    )
