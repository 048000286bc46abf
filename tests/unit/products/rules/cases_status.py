"""Cases of daemon/products/rules/status.py."""

from __future__ import annotations

from datetime import datetime

from daemon.products.product import Status, Unparsed
from tests.unit.products.rules.case import BAD, NOT_APPLICABLE, NOW, OK, UNKNOWN, Case, ago, ahead, listed

CASES = (
    Case("listed_archived", "never archived", listed(), OK),
    Case("listed_archived", "archived a day ago", listed(archived_at=ago(days=1)), BAD,
         says={"field": "archived_at", "message": "its status is listed"}),
    Case("listed_archived", "archived this moment", listed(archived_at=NOW), BAD),
    Case("listed_archived", "archived, out of stock", listed(
        archived_at=ago(days=1), status=Status.OUT_OF_STOCK), BAD),
    Case("listed_archived", "archived tomorrow", listed(archived_at=ahead(days=1)), OK,
         says={"recheck_at": ahead(days=1)}),
    Case("listed_archived", "archived as it should be", listed(
        archived_at=ago(days=1), status=Status.ARCHIVED), NOT_APPLICABLE),
    Case("listed_archived", "archived and off the shelf", listed(
        archived_at=ago(days=1), status=Status.UNLISTED), NOT_APPLICABLE),
    Case("listed_archived", "archived by a clock without zone", listed(
        archived_at=datetime(2026, 1, 1)), UNKNOWN),  # noqa: DTZ001 - as a file gives it
    Case("listed_archived", "archived by a word", listed(archived_at=Unparsed("yes")), UNKNOWN,
         says={"field": "archived_at", "value": "yes"}),
    Case("listed_archived", "a status that nobody knows", listed(status=Unparsed("in vitrine")), UNKNOWN,
         says={"field": "status", "value": "in vitrine"}),
)  # fmt: skip
