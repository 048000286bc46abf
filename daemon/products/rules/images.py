"""image_missing, image_broken: what buyers would see of a product."""

from __future__ import annotations

import hashlib
import re
from functools import lru_cache
from typing import Any, Final
from urllib.parse import unquote, urlsplit

from daemon.products.evidence import Evidence, ImageFacts, Reach
from daemon.products.product import Product
from daemon.products.rules.offers import PUBLIC
from daemon.products.verdicts import (
    NOT_APPLICABLE,
    OK,
    Needs,
    PassContext,
    RuleSpec,
    Severity,
    Verdict,
    absent,
    bad,
    unknown,
)
from daemon.products.wanted import wanted_urls

#: File names, without their extension, of pictures that say that there is none.
_PLACEHOLDER_NAMES: Final = re.compile(
    r"(?:(?:no|missing|default|blank|empty|dummy)[-_ ]?(?:image|img|photo|picture|pic|product|thumb(?:nail)?)s?"
    r"|(?:product[-_ ]?|image[-_ ]?|img[-_ ]?)?placeholder(?:[-_ ]?(?:image|img|product))?"
    r"|(?:image|photo|picture)[-_ ]?(?:not[-_ ]?(?:available|found)|coming[-_ ]?soon|unavailable|missing)"
    r"|not?[-_ ]?(?:available|found)|coming[-_ ]?soon|blank|spacer|pixel|暂无图片|无图|默认图片)"
    r"(?:[-_ ]?\d{1,4}(?:x\d{1,4})?)?",
    re.IGNORECASE,
)
#: A name that no placeholder has, for it begins otherwise, and that its address does not spell in another way. A
#: query or fragment may follow.
_NAME: Final = re.compile(
    r"(?!no|missing|default|blank|empty|dummy|product|image|img|placeholder|photo|picture|coming|spacer|pixel|暂|无|默)"
    r"[^%?#\s]+(?:[?#]\S*)?",
    re.IGNORECASE,
)
#: An address with these has its host and its name elsewhere than where one looks first.
_UNUSUAL: Final = re.compile(r"[%?#\s]")
_GONE: Final = frozenset({404, 410})


def image_missing(product: Product, context: PassContext) -> Verdict:
    """Bad for a public product without any image, or with placeholders alone. Reference: Merchant `image_link`."""
    if product.status not in PUBLIC:
        return NOT_APPLICABLE
    hosts: Any = context.settings("image_missing")["placeholder_hosts"]
    first = None
    for url in product.images:
        if url and not url.isspace():
            if not _is_placeholder(url, hosts):
                return OK
            first = first or url
    if first:
        return bad("images", first, "nothing but placeholders")
    if not (context.provides(product.source, "images") or context.provides(product.source, "image")):
        return absent("images")
    return bad("images", None, "no image", fingerprint="no image")


def _is_placeholder(url: str, hosts: tuple[str, ...]) -> bool:
    folder, _, name = url.rpartition("/")
    if _NAME.fullmatch(name) and _is_plain(folder, hosts):
        return False
    try:
        parts = urlsplit(url.strip())
    except ValueError:  # an address that is none is for image_broken to judge
        return False
    stem = unquote(parts.path).rpartition("/")[2].rpartition(".")
    return parts.hostname in hosts or bool(_PLACEHOLDER_NAMES.fullmatch(stem[0] or stem[2]))


@lru_cache(maxsize=1024)
def _is_plain(folder: str, hosts: tuple[str, ...]) -> bool:
    """Tell whether an address up to its last slash is whole and certainly on none of the hosts; many images share it.

    Without a path, what follows the last slash is the host.
    """
    return not (folder.endswith("/") or _UNUSUAL.search(folder) or any(map(folder.lower().__contains__, hosts)))


def image_broken(product: Product, context: PassContext) -> Verdict:
    """Bad when an image of a public product is gone, is no image, or is too small; names every such address.

    Reference: Merchant `image_link` (100 x 100 pixels at least, 250 x 250 for apparel).
    """
    images, _ = wanted_urls(product)
    if product.status not in PUBLIC or not images:
        return NOT_APPLICABLE
    settings: Any = context.settings("image_broken")
    least = settings["min_px_apparel"] if _is_apparel(product, settings["apparel"]) else settings["min_px"]
    faults, doubts = {}, {}
    for url in images:
        evidence = context.evidence(url)
        if fault := _fault(evidence, least, settings["placeholder_sha256"]):
            faults[url] = fault
        elif doubt := _doubt(evidence):
            doubts[url] = doubt
    if faults:
        of = f"{len(faults)} of {len(images)} images: " if len(images) > 1 else ""
        together = hashlib.sha256("\n".join(sorted(faults)).encode("utf-8", "surrogatepass")).hexdigest()
        return bad("images", " ".join(faults), of + "; ".join(dict.fromkeys(faults.values())), fingerprint=together)
    if doubts:
        url, doubt = next(iter(doubts.items()))
        return unknown("images", url, doubt)
    return OK


def _is_apparel(product: Product, words: tuple[str, ...]) -> bool:
    category = (product.category or "").casefold()
    return any(word in category for word in words)


def _fault(evidence: Evidence | None, least: int, placeholders: tuple[str, ...]) -> str:
    if evidence is None:
        return ""
    if evidence.reach is Reach.INVALID_URL:
        return "no address of the web"
    if evidence.reach is not Reach.FETCHED or evidence.status is None:
        return ""
    if evidence.status in _GONE:
        return f"answered with status {evidence.status}"
    if not 200 <= evidence.status < 300:
        return ""
    if not evidence.length:
        return "is empty"
    return _picture_fault(evidence.image, least, placeholders)


def _picture_fault(image: ImageFacts | None, least: int, placeholders: tuple[str, ...]) -> str:
    if image is None:
        return ""
    if image.format is None:
        return "is no image"
    if image.sha256 in placeholders:
        return "is a known placeholder"
    if image.width is not None and image.height is not None and min(image.width, image.height) < least:
        return f"has {image.width} x {image.height} pixels; {least} x {least} is the least"
    return ""


def _doubt(evidence: Evidence | None) -> str:
    if evidence is None:
        return "not fetched yet"
    if evidence.reach is not Reach.FETCHED:
        return evidence.problem or evidence.reach.value
    if evidence.status is None or not 200 <= evidence.status < 300:
        return f"answered with status {evidence.status}"
    return "" if evidence.image else evidence.problem or "was not looked at"


SPECS: Final[tuple[RuleSpec, ...]] = (
    RuleSpec(
        id="image_missing",
        title="Product has no image",
        title_zh="商品没有图片",
        fields=("images",),
        severity=Severity.MAJOR,
        check=image_missing,
        reference="Merchant image_link",
        settings={
            "placeholder_hosts": (
                "via.placeholder.com", "placehold.co", "placehold.it", "dummyimage.com", "picsum.photos", "fakeimg.pl",
            )
        },
    ),
    RuleSpec(
        id="image_broken",
        title="Image cannot be shown",
        title_zh="商品图片无法显示",
        fields=("images",),
        severity=Severity.MAJOR,
        check=image_broken,
        reference="Merchant image_link",
        needs=Needs.EVIDENCE,
        open_after=3,
        open_min_s=600.0,
        close_after=2,
        settings={
            "min_px": 100,
            "min_px_apparel": 250,
            "apparel": ("apparel", "clothing", "fashion", "shirt", "dress", "服装", "服饰", "女装", "男装", "童装"),
            "placeholder_sha256": (),
        },
    ),
)  # fmt: skip
