"""price_jump: a price far from what the product has cost on earlier days."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any, Final

from daemon.products.money import minor_units
from daemon.products.product import Product
from daemon.products.rules.offers import PUBLIC, is_exact
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

#: Makes the median absolute deviation comparable to a standard deviation of normal data.
_NORMAL: Final = Decimal("0.6745")
_HUNDRED: Final = Decimal(100)


def price_jump(product: Product, context: PassContext) -> Verdict:
    """Bad when a price is far from the median of its history, by percent and by the robust z-score.

    With fewer days than `min_days` the percentage alone decides. Points in another currency do not count. A price
    of half the median or less, or one that looks like a shifted decimal mark, is critical and comes off the shelf.
    Reference: Iglewicz and Hoaglin, How to Detect and Handle Outliers (1993): modified z-score, cut-off 3.5. The
    deviation is floored, since it is 0 exactly where it matters: after a price that never changed.
    """
    if product.status not in PUBLIC or product.price is None:
        return NOT_APPLICABLE
    history = context.history(product.id)
    if not history:
        return NOT_APPLICABLE
    price, currency = product.price, product.currency
    known = [point.price for point in history if point.currency == currency]
    if known.count(price) * 2 > len(known):  # type: ignore[arg-type]
        return OK
    past = sorted(filter(Decimal.is_finite, known))
    median = _median(past) if past else None
    if not median or median < 0:
        return NOT_APPLICABLE
    if not is_exact(price):
        return unknown("price", price, "no number that could be compared with earlier prices")
    settings: Any = context.settings("price_jump")
    change = abs(price - median)
    if change * _HUNDRED < median * Decimal(settings["change_percent"]):
        return OK
    if len(past) >= settings["min_days"] and not _outlying(past, median, change, product, settings["z"]):
        return OK
    return _jumped(price, median, len(past), settings, context.now)


def _median(ordered: Sequence[Decimal]) -> Decimal:
    middle = len(ordered) // 2
    if len(ordered) % 2:
        return ordered[middle]
    return (ordered[middle - 1] + ordered[middle]) / 2


def _outlying(past: Sequence[Decimal], median: Decimal, change: Decimal, product: Product, cut_off: float) -> bool:
    units = minor_units(product.currency)
    floor = max(median / _HUNDRED, Decimal(1).scaleb(-2 if units is None else -units))
    deviation = max(_median(sorted(abs(price - median) for price in past)), floor)
    return _NORMAL * change / deviation > Decimal(cut_off)


def _jumped(price: Decimal, median: Decimal, days: int, settings: Any, now: datetime) -> Verdict:
    ratio = price / median
    tolerance = Decimal(settings["slip_percent"]) / _HUNDRED
    slipped = any(abs(ratio * shift - 1) <= tolerance for shift in (10, 100))
    halved = ratio <= Decimal(1) - Decimal(settings["off_shelf_percent"]) / _HUNDRED
    message = f"{'up' if ratio > 1 else 'down'} {abs(ratio - 1):.0%} from {median:f}, the median of {days} days"
    return bad(
        "price",
        price,
        message + ("; looks like a shifted decimal mark" if slipped else ""),
        severity=Severity.CRITICAL if halved or slipped else Severity.MAJOR,
        remedy=RemedyKind.OFF_SHELF if halved else RemedyKind.REVIEW,
        # Tomorrow's history holds today, and so moves the median.
        recheck_at=now.replace(hour=0, minute=0, second=0, microsecond=0) + timedelta(days=1),
    )


SPECS: Final[tuple[RuleSpec, ...]] = (
    RuleSpec(
        id="price_jump",
        title="Price far from its history",
        title_zh="价格异常波动",
        fields=("price",),
        severity=Severity.MAJOR,
        check=price_jump,
        remedy=RemedyKind.REVIEW,
        needs=Needs.HISTORY,
        reference="Iglewicz and Hoaglin 1993, modified z-score",
        settings={"change_percent": 30.0, "z": 3.5, "min_days": 8, "slip_percent": 5.0, "off_shelf_percent": 50.0},
    ),
)
