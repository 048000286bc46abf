"""Screens: one cheap question in the place of several rules, for the product that nothing is wrong with.

Most products of a shop are on sale at a plain price, in stock, with texts that nobody need look at twice. A screen
that passes such a product promises that each of its rules would say OK or not applicable, now and until the product
changes, so that none of them is asked. One that does not pass says nothing: then its rules are asked, and what they
say is all that counts. Without screens, findings are the same and take twice as long.
"""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from typing import Any, Final, NamedTuple

from daemon.products.money import minor_units
from daemon.products.product import Amount, Availability, Product, Variant
from daemon.products.rules.markup import html_danger, may_be_dangerous
from daemon.products.rules.offers import PUBLIC
from daemon.products.rules.prices import (
    price_below_cost,
    price_missing,
    price_nonpositive,
    price_precision,
    price_type,
)
from daemon.products.rules.sales import discount_absurd, sale_not_lower, sale_window_passed
from daemon.products.rules.status import listed_archived
from daemon.products.rules.stock import soldout_listed, stock_invalid
from daemon.products.rules.text import C1_BYTES, CONTROLS, GBK_REPLACEMENT, PAIR_BYTES, banned_words, text_encoding
from daemon.products.rules.times import availability_date
from daemon.products.verdicts import PassContext, Rule
from daemon.products.word_list import finder, word_list

_ZERO: Final = Decimal(0)
_ONE: Final = Decimal(1)
#: Prices and stocks beyond are for their rules: a remainder may need more digits than a decimal context has.
_LARGEST: Final = Decimal(10) ** 15
_STEPS: Final = tuple(_ONE.scaleb(-units) for units in range(5))
#: Availabilities of which no rule here has anything to tell.
_SOLD_NOW: Final = (None, Availability.IN_STOCK, Availability.OUT_OF_STOCK, Availability.DISCONTINUED)
#: Letters of ASCII in lower case, and control characters as zeros. (To look for a byte by its number takes a tenth of
#: the time that it takes by a `bytes` of length 1.)
_LOWERED: Final = bytes(0 if code in CONTROLS else code for code in bytes(range(0x100)).lower())
_AMPERSAND: Final = ord("&")
#: Without these, and but for its control characters, a text in ASCII was decoded rightly.
_TRACES: Final = finder(trace.encode() for trace in ("&amp;", "\ufffd", GBK_REPLACEMENT))


class Screen(NamedTuple):
    """passes: tells that none of the rules has anything to tell. reads: rules whose settings it looks at."""

    passes: Callable[[Product, PassContext], bool]
    rules: tuple[Rule, ...]
    reads: tuple[Rule, ...] = ()


def priced_plainly(product: Product, _context: PassContext) -> bool:
    """Pass what buyers do not see, and what has positive prices in whole minor units, none below a known cost."""
    if product.status not in PUBLIC:
        return True
    units = minor_units(product.currency)
    if units is None or product.price is None:
        return False
    step = _STEPS[units]
    if not product.variants:
        return _is_price(product.price, step) and _is_kept(product, product.price, step)
    return all(
        _is_price(variant.price, step) and _is_kept(variant, variant.price, step) for variant in product.variants
    )


def _is_price(amount: Amount, step: Decimal) -> bool:
    return type(amount) is Decimal and amount.is_finite() and _ZERO < amount < _LARGEST and not amount % step


def _is_kept(holder: Product | Variant, price: Any, step: Decimal) -> bool:
    """Tell whether nothing is wrong with what else is said about a price."""
    if holder.sale_price is not None and not _is_price(holder.sale_price, step):
        return False
    cost = holder.cost
    return cost is None or (type(cost) is Decimal and cost.is_finite() and cost <= price)


def unreduced(product: Product, _context: PassContext) -> bool:
    """Pass what buyers do not see, and what has no sale price."""
    if product.status not in PUBLIC:
        return True
    return product.sale_price is None and all(variant.sale_price is None for variant in product.variants)


def stocked_plainly(product: Product, _context: PassContext) -> bool:
    """Pass what buyers do not see, and what is there in whole numbers above zero, or uncounted, and sold now."""
    if product.status not in PUBLIC:
        return True
    if product.archived_at is not None or product.availability not in _SOLD_NOW:
        return False
    if not product.variants:
        return _is_count(product.stock)
    return all(_is_count(variant.stock) for variant in product.variants)


def _is_count(stock: Amount) -> bool:
    if stock is None:
        return True
    return type(stock) is Decimal and stock.is_finite() and _ZERO < stock < _LARGEST and not stock % _ONE


def written_plainly(product: Product, context: PassContext) -> bool:
    """Pass texts in which no listed word can be, besides what `encoded_plainly` passes."""
    text = f"{product.title}\n{product.description}"
    data = _plain_bytes(text)
    if data is None:
        return False
    settings: Any = context.settings("banned_words")
    return not word_list(tuple(settings["words"]), tuple(settings["allow"])).may_be_in(text, data)


def encoded_plainly(product: Product, _context: PassContext) -> bool:
    """Pass texts without a trace of a wrong decoding and without markup that could be dangerous."""
    return _plain_bytes(f"{product.title}\n{product.description}") is not None


def _plain_bytes(text: str) -> bytes | None:
    """Return a text as `lowered` does, None for one that has to be looked at."""
    try:
        data = text.encode()
    except UnicodeEncodeError:
        return None
    plain = data.translate(_LOWERED)
    return None if 0 in plain or _may_be_misread(text, plain) or may_be_dangerous(plain) else plain


def _may_be_misread(text: str, data: bytes) -> bool:
    """Tell whether text_encoding can find anything besides control characters of ASCII. data: the text in UTF-8."""
    if len(data) == len(text):
        return _AMPERSAND in data and bool(_TRACES(data))
    if _TRACES(data):
        return True
    return bool((0xC2 in data and C1_BYTES.search(data)) or (0xC3 in data and PAIR_BYTES.search(data)))


_ENCODED: Final = (text_encoding, html_danger)

#: A rule belongs to the first of them that can be asked, if to any.
SCREENS: Final = (
    Screen(priced_plainly, (price_missing, price_type, price_nonpositive, price_precision, price_below_cost)),
    Screen(unreduced, (sale_not_lower, discount_absurd, sale_window_passed)),
    Screen(stocked_plainly, (stock_invalid, soldout_listed, listed_archived, availability_date)),
    Screen(written_plainly, (*_ENCODED, banned_words), reads=(banned_words,)),
    Screen(encoded_plainly, _ENCODED),
)
