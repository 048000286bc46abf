"""link_broken, page_price_mismatch, page_availability_mismatch: what buyers find behind a product's link."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from decimal import Decimal
from itertools import pairwise
from typing import Any, Final, NamedTuple

from daemon.products.evidence import Evidence, Offer, PageFacts, Reach
from daemon.products.landing import doubt, identifiers, is_about, leads_away
from daemon.products.money import is_currency, minor_units
from daemon.products.product import Amount, Availability, Product, Time, Variant
from daemon.products.rules.offers import PUBLIC, combined, is_exact
from daemon.products.verdicts import (
    NOT_APPLICABLE,
    OK,
    Needs,
    PassContext,
    RemedyKind,
    RuleSpec,
    Severity,
    Verdict,
    bad,
    unknown,
)
from daemon.products.wanted import wanted_urls

_GONE: Final = frozenset({404, 410})


class Sold(NamedTuple):
    """One thing that a product sells: itself, or one of its variants. prices: those it may have at the time."""

    keys: frozenset[tuple[str, str]]
    prices: tuple[Decimal, ...]
    stock: Amount


def link_broken(product: Product, context: PassContext) -> Verdict:
    """Bad when a public product's link leads to nothing, elsewhere, in a circle, or to an unprotected connection.

    A page that says neither the product's name nor an identifier of it is a "not found" that does not say so.
    Reference: Merchant `link`.
    """
    _, link = wanted_urls(product)
    if product.status not in PUBLIC or link is None:
        return NOT_APPLICABLE
    evidence = context.evidence(link)
    if evidence is not None and (fault := _way_fault(evidence)):
        return bad("link", link, fault, fingerprint=f"{link} {fault}")
    if evidence is None or evidence.page is None or doubt(evidence):
        return unknown("link", link, doubt(evidence))
    if where := leads_away(evidence, product, evidence.page):
        return bad("link", link, f"redirects to {where}: {evidence.hops[-1]}", fingerprint=f"{link} redirects")
    if not is_about(product, evidence.page):
        if not (product.title or "").strip():
            return unknown("link", link, "without a title its page cannot be told")
        return bad("link", link, "the page names neither the product nor its number", fingerprint=f"{link} soft 404")
    return OK


def _way_fault(evidence: Evidence) -> str:
    if evidence.reach is Reach.INVALID_URL:
        return "is no address of the web"
    if evidence.loop:
        return "redirects in a circle or too often"
    if evidence.reach is Reach.FETCHED and evidence.status in _GONE:
        return f"answered with status {evidence.status}"
    ways = pairwise((evidence.url, *evidence.hops))
    if any(before.startswith("https:") and after.startswith("http:") for before, after in ways):
        return "redirects from https to http"
    return ""


def page_price_mismatch(product: Product, context: PassContext) -> Verdict:
    """Bad when the landing page asks for another price, by more than one minor unit, or in another currency.

    Several offers are matched by sku or gtin; an AggregateOffer is right when our price lies inside it, and tells
    nothing otherwise. Reference: schema.org Product, Offer, AggregateOffer.
    """
    evidence, page, verdict = _landing(product, context)
    if verdict is not None:
        return verdict
    currency = (product.currency or "").strip().upper()
    if not is_currency(currency):
        return unknown("currency", product.currency, "without our currency prices cannot be compared")
    sold = _sold(product, evidence.fetched_at)
    if matched := [(one, offer) for one in sold for offer in page.offers if _same_thing(one, offer)]:
        return combined(_price_verdict(one.prices, offer, currency) for one, offer in matched)
    prices = tuple(dict.fromkeys(price for one in sold for price in one.prices))
    plain = {(offer.price, offer.currency): offer for offer in page.offers if offer.low is None and offer.high is None}
    ranges = [offer for offer in page.offers if offer.low is not None and offer.high is not None]
    if len(plain) == 1 and not ranges and len({one.prices for one in sold}) == 1:
        return _price_verdict(prices, next(iter(plain.values())), currency)
    if any(_inside(prices, offer, currency) for offer in ranges):
        return OK
    return unknown("price", None, "none of the page's offers is surely ours")


def _landing(product: Product, context: PassContext) -> tuple[Any, Any, Verdict | None]:
    """Return (evidence, page facts, None), or a verdict in the last place where there is no page to compare with."""
    _, link = wanted_urls(product)
    if product.status not in PUBLIC or link is None:
        return None, None, NOT_APPLICABLE
    evidence = context.evidence(link)
    if evidence is None or evidence.page is None or doubt(evidence):
        return None, None, unknown("link", link, doubt(evidence))
    if not evidence.page.offers:
        return None, None, unknown("link", link, "the page states no offer")
    if leads_away(evidence, product, evidence.page) or not is_about(product, evidence.page):
        return None, None, unknown("link", link, "the page is about something else")
    return evidence, evidence.page, None


def _sold(product: Product, at: datetime) -> list[Sold]:
    holders: Sequence[Product | Variant] = product.variants or (product,)
    found = []
    for holder in holders:
        price = product.price if holder.price is None else holder.price
        sale = product.sale_price if holder.sale_price is None else holder.sale_price
        keys = frozenset(identifiers(holder) if holder is not product else identifiers(product))
        found.append(Sold(keys, _asked(price, sale, product, at), holder.stock))
    return found


def _asked(price: Amount, sale: Amount, product: Product, at: datetime) -> tuple[Decimal, ...]:
    """Return the prices that a shop may ask for at a time: one, or both where the sale's window is not certain."""
    running = _running(product.sale_start, product.sale_end, at) if is_exact(sale) and sale > 0 else False
    asked = (sale,) if running else (price,) if running is False else (price, sale)
    return tuple(amount for amount in asked if is_exact(amount))


def _running(start: Time, end: Time, at: datetime) -> bool | None:
    for time in (start, end):
        if time is not None and (not isinstance(time, datetime) or time.tzinfo is None):
            return None
    begun = not isinstance(start, datetime) or start <= at
    return begun and (not isinstance(end, datetime) or at < end)


def _same_thing(sold: Sold, offer: Offer) -> bool:
    return not sold.keys.isdisjoint(identifiers(offer))


def _price_verdict(prices: Iterable[Decimal], offer: Offer, currency: str) -> Verdict:
    theirs = (offer.currency or "").strip().upper()
    price = offer.price if offer.price is not None or offer.low != offer.high else offer.low
    shown = f"{price} {theirs}".strip()
    ours = tuple(prices)
    if _inside(ours, offer, currency):
        return OK
    if price is None or not ours:
        return unknown("price", None, "one of the prices cannot be read")
    if theirs and theirs != currency:
        if not is_currency(theirs):
            return unknown("price", shown, "the page's currency is no ISO 4217 code")
        return bad("currency", shown, f"the page asks in {theirs}, we in {currency}")
    if any(abs(price - our) <= _minor_unit(currency) for our in ours):
        return OK
    if not theirs:
        return unknown("price", shown, "the page does not say in which currency")
    wanted = " or ".join(map(str, ours))
    return bad("price", shown, f"the page asks {shown}, we {wanted}", fingerprint=f"page={shown} ours={wanted}")


def _minor_unit(currency: str) -> Decimal:
    units = minor_units(currency)
    return Decimal(1).scaleb(-(2 if units is None else units))


def _inside(prices: Sequence[Decimal], offer: Offer, currency: str) -> bool:
    if offer.low is None or offer.high is None or (offer.currency or currency).strip().upper() != currency:
        return False
    return bool(prices) and all(offer.low <= price <= offer.high for price in prices)


def page_availability_mismatch(product: Product, context: PassContext) -> Verdict:
    """Bad when the landing page states another availability than we do, in two looks at it far enough apart.

    Ours is the stated one, else what stock and policy mean. Reference: schema.org ItemAvailability.
    """
    evidence, page, verdict = _landing(product, context)
    if verdict is not None:
        return verdict
    ours = _our_availability(product)
    if ours is None:
        return unknown("availability", None, "we do not say whether it is available")
    theirs = _stated(page, product)
    if theirs is None:
        return unknown("availability", None, "the page does not say whether it is available")
    if theirs == ours:
        return OK
    before: Evidence | None = evidence.previous
    seconds: Any = context.settings("page_availability_mismatch")["apart_s"]
    apart = timedelta(seconds=seconds)
    if (
        before is None
        or before.page is None
        or evidence.fetched_at - before.fetched_at < apart
        or _stated(before.page, product) in {None, ours}
    ):
        again_at = evidence.fetched_at + apart
        return unknown("availability", theirs, "differs at first sight; a second look will tell", recheck_at=again_at)
    return bad(
        "availability", theirs, f"the page says {theirs}, we say {ours}", fingerprint=f"page={theirs} ours={ours}"
    )


def _our_availability(product: Product) -> str | None:
    if isinstance(product.availability, Availability):
        return product.availability.value
    if product.availability is not None:
        return None
    states = {_stocked(product, holder) for holder in (product.variants or (product,))}
    if "in_stock" in states:
        return "in_stock"
    return states.pop() if len(states) == 1 else None


def _stocked(product: Product, holder: Product | Variant) -> str | None:
    tracked = product.track_inventory if holder.track_inventory is None else holder.track_inventory
    backorder = product.backorder if holder.backorder is None else holder.backorder
    if tracked is False and holder.stock is None:
        return "in_stock"
    if not is_exact(holder.stock):
        return None
    if holder.stock > 0:
        return "in_stock"
    return "out_of_stock" if not backorder else None


def _stated(page: PageFacts, product: Product) -> str | None:
    """Return what a page says of the product; of several offers one in stock is enough, else they must agree."""
    keys = set(identifiers(product))
    matched = [offer for offer in page.offers if keys & set(identifiers(offer))]
    states = {offer.availability for offer in matched or page.offers}
    if matched and "in_stock" in states:
        return "in_stock"
    return states.pop() if len(states) == 1 else None


def _spec(rule_id: str, title: str, title_zh: str, **fields: Any) -> RuleSpec:
    return RuleSpec(
        id=rule_id, title=title, title_zh=title_zh, needs=Needs.EVIDENCE, open_after=3, open_min_s=600.0, close_after=2,
        **fields,
    )  # fmt: skip


SPECS: Final[tuple[RuleSpec, ...]] = (
    _spec(
        "link_broken",
        "Link does not lead to the product",
        "商品链接失效",
        fields=("link",),
        severity=Severity.MAJOR,
        check=link_broken,
        reference="Merchant link",
    ),
    _spec(
        "page_price_mismatch",
        "Landing page asks another price",
        "落地页价格与目录不一致",
        fields=("price", "sale_price", "currency", "link"),
        severity=Severity.CRITICAL,
        check=page_price_mismatch,
        reference="schema.org Offer, AggregateOffer",
        remedy=RemedyKind.REVIEW,
    ),
    _spec(
        "page_availability_mismatch",
        "Landing page states another availability",
        "落地页库存状态与目录不一致",
        fields=("availability", "stock", "link"),
        severity=Severity.MAJOR,
        check=page_availability_mismatch,
        reference="schema.org ItemAvailability",
        settings={"apart_s": 600},
    ),
)
