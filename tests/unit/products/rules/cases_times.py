"""Cases of daemon/products/rules/times.py."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from daemon.products.product import Availability, Product, Status, Unparsed
from daemon.products.verdicts import RemedyKind, Severity
from tests.unit.products.rules.case import (
    BAD,
    NEVER,
    NOT_APPLICABLE,
    NOW,
    OK,
    UNKNOWN,
    Case,
    ago,
    ahead,
    context,
    listed,
    unclear,
)

NAIVE = datetime(2026, 11, 20, 12, 0)  # noqa: DTZ001 - as a file without a zone gives it
NO_DATES = context(fields={"feed": frozenset({"availability"})})
FRESH = context(settings={"time_bad": {"stale_days": 0.0, "stale_days_by_category": {"Milk": 7.0}}})


def ahead_of_stock(**fields: Any) -> Product:
    """Make a listed product on preorder."""
    return listed(**{"availability": Availability.PREORDER, **fields})


AVAILABILITY = (
    Case("availability_date", "no date", ahead_of_stock(), BAD, says={"field": "availability_date"}),
    Case("availability_date", "no date on backorder", listed(availability=Availability.BACKORDER), BAD),
    Case("availability_date", "never", ahead_of_stock(availability_date=NEVER), OK),
    Case("availability_date", "next month", ahead_of_stock(availability_date=ahead(days=30)), OK,
         says={"recheck_at": ahead(days=31)}),
    Case("availability_date", "last week", ahead_of_stock(availability_date=ago(days=7)), BAD,
         says={"message": "the date is over"}),
    Case("availability_date", "this morning is still today", ahead_of_stock(availability_date=ago(hours=12)), OK),
    Case("availability_date", "a day ago", ahead_of_stock(availability_date=ago(days=1)), BAD),
    Case("availability_date", "in stock needs none", listed(availability=Availability.IN_STOCK), NOT_APPLICABLE),
    Case("availability_date", "no word at all", listed(), NOT_APPLICABLE),
    Case("availability_date", "a word that nobody knows", listed(availability=Unparsed("perhaps")), UNKNOWN,
         says={"field": "availability"}),
    Case("availability_date", "no such column", ahead_of_stock(source="feed"), UNKNOWN, NO_DATES, {"absent": True}),
    Case("availability_date", "no zone", ahead_of_stock(availability_date=NAIVE), UNKNOWN),
    Case("availability_date", "two readings", ahead_of_stock(availability_date=unclear("03/04/2026")), UNKNOWN),
    Case("availability_date", "no date but a word", ahead_of_stock(availability_date=Unparsed("spring")), BAD,
         says={"value": "spring"}),
    Case("availability_date", "a draft", ahead_of_stock(status=Status.DRAFT), NOT_APPLICABLE),
)  # fmt: skip

TIMES = (
    Case("time_bad", "touched never", listed(updated_at=NEVER), BAD, says={"message": "in the future"}),
    Case("time_bad", "expires never", listed(expires_at=NEVER), OK),
    Case("time_bad", "no times", listed(), NOT_APPLICABLE),
    Case("time_bad", "made and touched", listed(created_at=ago(days=9), updated_at=ago(days=3)), OK,
         says={"recheck_at": ahead(days=177)}),
    Case("time_bad", "made only", listed(created_at=ago(days=900)), OK, says={"recheck_at": None}),
    Case("time_bad", "made tomorrow", listed(created_at=ahead(days=1)), BAD,
         says={"severity": Severity.MINOR, "recheck_at": ahead(hours=23, minutes=55), "field": "created_at"}),
    Case("time_bad", "touched tomorrow", listed(updated_at=ahead(days=1)), BAD, says={"field": "updated_at"}),
    Case("time_bad", "clocks differ by five minutes", listed(created_at=ahead(minutes=5)), OK),
    Case("time_bad", "clocks differ by more", listed(created_at=ahead(minutes=5, seconds=1)), BAD),
    Case("time_bad", "touched before it was made", listed(created_at=ago(days=1), updated_at=ago(days=2)), BAD,
         says={"severity": Severity.MINOR, "message": "before the creation"}),
    Case("time_bad", "touched as it was made", listed(created_at=ago(days=1), updated_at=ago(days=1)), OK),
    Case("time_bad", "touched before it was made by a clock without zone", listed(
        created_at=NAIVE, updated_at=ago(days=30)), UNKNOWN, says={"field": "created_at", "message": "time zone"}),
    Case("time_bad", "made by a clock with a zone, touched by one without", listed(
        created_at=ago(days=9), updated_at=NAIVE), UNKNOWN, says={"field": "updated_at"}),
    Case("time_bad", "touched by a clock without zone", listed(updated_at=NAIVE), UNKNOWN),
    Case("time_bad", "made on a day of two readings", listed(created_at=unclear("03/04/2026")), UNKNOWN),
    Case("time_bad", "made on no day", listed(created_at=Unparsed("long ago")), BAD,
         says={"severity": Severity.MINOR, "value": "long ago"}),
    Case("time_bad", "touched on no day", listed(updated_at=Unparsed("long ago")), BAD),
    Case("time_bad", "expires on no day", listed(expires_at=Unparsed("never")), BAD, says={"field": "expires_at"}),
    Case("time_bad", "expires on a day without zone", listed(expires_at=NAIVE), UNKNOWN),
    Case("time_bad", "expired", listed(expires_at=ago(days=1)), BAD,
         says={"severity": Severity.CRITICAL, "remedy": RemedyKind.OFF_SHELF, "field": "expires_at"}),
    Case("time_bad", "made, touched, and expired", listed(
        created_at=ago(days=9), updated_at=ago(days=3), expires_at=ago(days=1)), BAD, says={"field": "expires_at"}),
    Case("time_bad", "expires this moment", listed(expires_at=NOW), BAD),
    Case("time_bad", "expires tomorrow", listed(expires_at=ahead(days=1), updated_at=ago(days=1)), OK,
         says={"recheck_at": ahead(days=1)}),
    Case("time_bad", "untouched for half a year", listed(updated_at=ago(days=180)), BAD,
         says={"severity": Severity.INFO, "message": "more than 180 days", "remedy": None}),
    Case("time_bad", "untouched for a day less", listed(updated_at=ago(days=179)), OK,
         says={"recheck_at": ahead(days=1)}),
    Case("time_bad", "stale and expired", listed(updated_at=ago(days=200), expires_at=ago(days=1)), BAD,
         says={"severity": Severity.CRITICAL, "message": "expired (and 1 more)"}),
    Case("time_bad", "stale, and about to expire", listed(updated_at=ago(days=200), expires_at=ahead(days=1)), BAD,
         says={"severity": Severity.INFO, "recheck_at": ahead(days=1)}),
    Case("time_bad", "made at a time without zone, and about to expire", listed(
        created_at=NAIVE, expires_at=ahead(days=1)), UNKNOWN, says={"recheck_at": ahead(days=1)}),
    Case("time_bad", "a category that goes stale sooner", listed(updated_at=ago(days=8), category="Milk"), BAD, FRESH),
    Case("time_bad", "fresh in that category", listed(updated_at=ago(days=6), category="Milk"), OK, FRESH),
    Case("time_bad", "never stale", listed(updated_at=ago(days=999), category="Salt"), OK, FRESH),
    Case("time_bad", "expired and out of stock is still shown", listed(
        expires_at=ago(days=1), status=Status.OUT_OF_STOCK), BAD),
    Case("time_bad", "an expired draft", listed(expires_at=ago(days=1), status=Status.DRAFT), NOT_APPLICABLE),
)  # fmt: skip

CASES = (*AVAILABILITY, *TIMES)
