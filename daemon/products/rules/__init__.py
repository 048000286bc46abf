"""The rules, in the order of their table. A new rule is one function in its theme's file and one row there."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from daemon.products.rules import (
    currency,
    gtin,
    identity,
    images,
    jump,
    markup,
    pages,
    prices,
    sales,
    status,
    stock,
    text,
    times,
)
from daemon.products.verdicts import RuleSpec

_THEMES: Final = (
    *prices.SPECS,
    *jump.SPECS,
    *sales.SPECS,
    *currency.SPECS,
    *stock.SPECS,
    *status.SPECS,
    *images.SPECS,
    *pages.SPECS,
    *text.SPECS,
    *markup.SPECS,
    *gtin.SPECS,
    *identity.SPECS,
    *times.SPECS,
)

#: The order in which people read them; a rule that is not here comes last.
_ORDER: Final = (
    "price_missing", "price_type", "price_nonpositive", "price_precision", "price_jump", "price_below_cost",
    "sale_not_lower", "discount_absurd", "sale_window_passed", "currency_bad", "stock_invalid", "soldout_listed",
    "listed_archived", "availability_date", "image_missing", "image_broken", "link_broken", "page_price_mismatch",
    "page_availability_mismatch", "title_bad", "title_shouting", "text_encoding", "html_danger", "banned_words",
    "gtin_bad", "duplicate_key", "reference_broken", "time_bad",
)  # fmt: skip


def _position(spec: RuleSpec) -> int:
    return _ORDER.index(spec.id) if spec.id in _ORDER else len(_ORDER)


SPECS: Final[tuple[RuleSpec, ...]] = tuple(sorted(_THEMES, key=_position))

BY_ID: Final[Mapping[str, RuleSpec]] = {spec.id: spec for spec in SPECS}
