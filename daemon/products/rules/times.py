"""availability_date, time_bad: dates that are missing, impossible or over."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from functools import lru_cache
from typing import Any, Final

from daemon.products.product import Availability, Product, Time, Unparsed
from daemon.products.rules.moments import after
from daemon.products.rules.offers import PUBLIC, combined
from daemon.products.verdicts import (
    NOT_APPLICABLE,
    OK,
    Outcome,
    PassContext,
    RemedyKind,
    RuleSpec,
    Severity,
    Verdict,
    absent,
    bad,
    unknown,
)

_SOLD_AHEAD: Final = (Availability.BACKORDER, Availability.PREORDER)


def availability_date(product: Product, context: PassContext) -> Verdict:
    """Bad when goods that are sold ahead have no date on which they come, or one that is over.

    Reference: Merchant `availability_date`.
    """
    if product.status not in PUBLIC or product.availability is None:
        return NOT_APPLICABLE
    if isinstance(product.availability, Unparsed):
        return unknown("availability", product.availability, "is no availability that is known")
    if product.availability not in _SOLD_AHEAD:
        return NOT_APPLICABLE
    date = product.availability_date
    if date is None:
        if not context.provides(product.source, "availability_date"):
            return absent("availability_date")
        return bad("availability_date", None, f"{product.availability} without a date", fingerprint="date missing")
    if not isinstance(date, datetime) or date.tzinfo is None:
        return _unreadable("availability_date", date)
    settings: Any = context.settings("availability_date")
    over_at = after(date, timedelta(seconds=settings["grace_s"]))
    if context.now < over_at:
        return Verdict(Outcome.OK, recheck_at=over_at)
    return bad("availability_date", date.isoformat(), f"{product.availability}, and the date is over")


def _unreadable(field: str, time: Time) -> Verdict:
    """Judge a time that cannot be compared with now; its severity is that of a small fault."""
    if isinstance(time, datetime):
        return unknown(field, time.isoformat(), "has no time zone, and the catalogue has none either")
    if isinstance(time, Unparsed) and time.ambiguous:
        return unknown(field, time, "could be read in more than one way")
    return bad(field, time, "is no date or time", severity=Severity.MINOR)


def time_bad(product: Product, context: PassContext) -> Verdict:
    """Bad for goods past their expiry, for times that cannot be, and for a product that nobody touched for long.

    Expired goods are critical and come off the shelf, a time in the future or an update before the creation is
    minor, staleness is information. Reference: schema.org `dateModified`, `expires`.
    """
    if product.status not in PUBLIC:
        return NOT_APPLICABLE
    if product.created_at is None and product.updated_at is None and product.expires_at is None:
        return NOT_APPLICABLE
    settings: Any = context.settings("time_bad")
    if product.expires_at is None and _in_order(product.created_at, product.updated_at, context.now):
        return _freshness(product, product.updated_at, context.now, settings)  # type: ignore[arg-type]
    return combined(_aspects(product, context, settings))


def _in_order(created: Time, updated: Time, now: datetime) -> bool:
    """Tell whether both times are known and nothing about them can be wrong: what most products are like."""
    if not isinstance(created, datetime) or not isinstance(updated, datetime):
        return False
    return bool(created.tzinfo and updated.tzinfo) and created <= updated <= now


def _aspects(product: Product, context: PassContext, settings: Any) -> Iterator[Verdict]:
    latest = context.now + timedelta(seconds=settings["skew_s"])
    for field, time in (("created_at", product.created_at), ("updated_at", product.updated_at)):
        if time is not None:
            yield _past(field, time, latest, settings["skew_s"])
    if product.expires_at is not None:
        yield _expiry(product.expires_at, context.now)
    updated = product.updated_at
    if isinstance(updated, datetime) and updated.tzinfo:
        yield _order(product.created_at, updated)
        yield _freshness(product, updated, context.now, settings)


def _past(field: str, time: Time, latest: datetime, skew_s: float) -> Verdict:
    if not isinstance(time, datetime) or time.tzinfo is None:
        return _unreadable(field, time)
    if time <= latest:
        return OK
    right_at = time - timedelta(seconds=skew_s)
    return bad(field, time.isoformat(), "is in the future", severity=Severity.MINOR, recheck_at=right_at)


def _order(created: Time, updated: datetime) -> Verdict:
    if not isinstance(created, datetime) or created.tzinfo is None or updated >= created:
        return OK
    message = f"is before the creation, {created.isoformat()}"
    return bad("updated_at", updated.isoformat(), message, severity=Severity.MINOR)


def _expiry(expires: Time, now: datetime) -> Verdict:
    if not isinstance(expires, datetime) or expires.tzinfo is None:
        return _unreadable("expires_at", expires)
    if now < expires:
        return Verdict(Outcome.OK, recheck_at=expires)
    return bad("expires_at", expires.isoformat(), "expired", severity=Severity.CRITICAL, remedy=RemedyKind.OFF_SHELF)


@lru_cache(maxsize=64)
def _days(days: float) -> timedelta:
    return timedelta(days=days)


def _freshness(product: Product, updated: datetime, now: datetime, settings: Any) -> Verdict:
    days = settings["stale_days_by_category"].get(product.category, settings["stale_days"])
    if not days:
        return NOT_APPLICABLE
    stale_at = after(updated, _days(days))
    if now < stale_at:
        return Verdict(Outcome.OK, recheck_at=stale_at)
    return bad("updated_at", updated.isoformat(), f"not touched for more than {days:g} days", severity=Severity.INFO)


SPECS: Final[tuple[RuleSpec, ...]] = (
    RuleSpec(
        id="time_bad",
        title="Expired, stale or impossible times",
        title_zh="时间异常或已过期",
        fields=("created_at", "updated_at", "expires_at"),
        severity=Severity.MINOR,
        check=time_bad,
        reference="schema.org dateModified, expires",
        settings={"skew_s": 300.0, "stale_days": 180.0, "stale_days_by_category": {}},
    ),
    RuleSpec(
        id="availability_date",
        title="Sold ahead without a date that holds",
        title_zh="预售或缺货预订缺少有效到货日期",
        fields=("availability", "availability_date"),
        severity=Severity.MINOR,
        check=availability_date,
        reference="Merchant availability_date",
        settings={"grace_s": 86400.0},
    ),
)
