"""What stores work out from what they keep, the same in each of them. Pure.

Beside a product: who changed what, prices by day, the keys it holds, what lists search in. Of incidents and
remedies: when one must be looked at again, and which must not be forgotten.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Final

import msgspec

from daemon.products.documents import json_text
from daemon.products.evidence import Evidence
from daemon.products.imports import MERGED_FIELDS, EditRecord, ProductFilter
from daemon.products.incidents import ALIVE, CURRENT, Incident, State
from daemon.products.keys import Key, gtin_key, product_keys, sku_key
from daemon.products.notices import EntryState
from daemon.products.product import PricePoint, Product, Status
from daemon.products.remedies import RemedyState

#: Points that a history answers with.
HISTORY_POINTS: Final = 60
#: Incidents in these states may be forgotten. A closed one keeps its fault from opening a new one.
FORGETTABLE: Final = tuple(state for state in State if state not in CURRENT)
#: A remedy in one of these keeps its incident from being forgotten: the product still holds our value, or may.
IN_PLACE: Final = (RemedyState.PLANNED, RemedyState.APPLIED)
#: Entries in these states are still on their way.
UNSENT: Final = (EntryState.QUEUED, EntryState.SENDING)
_RECORDED: Final = (*MERGED_FIELDS, "missing_since")
_SEPARATOR: Final = "\x1f"


class PriceRun(msgspec.Struct, frozen=True):
    """A price from a UTC day on, until the next run begins; price None from when on there was none to compare."""

    first_day: str  # "2026-11-25"
    price: Decimal | None = None
    currency: str | None = None


def price_run(product: Product, now: datetime) -> PriceRun:
    """Return the run that a product's price begins today, unless it goes on with the one before."""
    price = product.price
    usable = isinstance(price, Decimal) and price.is_finite()
    day = now.date().isoformat()
    return PriceRun(day, price, product.currency) if usable and isinstance(price, Decimal) else PriceRun(day)


def continues(last: PriceRun | None, run: PriceRun) -> bool:
    """Tell whether a run says nothing that the last one did not say."""
    before = (None, None) if last is None else (last.price, last.currency)
    return before == (run.price, run.currency)


def price_points(runs: Sequence[PriceRun], before_day: str) -> list[PricePoint]:
    """Return the last points, one a UTC day, of runs in the order of their days; the last point is the day before."""
    points: list[PricePoint] = []
    end = date.fromisoformat(before_day)
    for run in reversed(runs):
        begin = date.fromisoformat(run.first_day)
        if begin >= end:
            continue
        wanted = min((end - begin).days, HISTORY_POINTS - len(points)) if run.price is not None else 0
        if run.price is not None:
            days = ((end - timedelta(days=back)).isoformat() for back in range(1, wanted + 1))
            points.extend(PricePoint(day, run.price, run.currency) for day in days)
        end = begin
        if len(points) >= HISTORY_POINTS:
            break
    return points[::-1]


def edit_record(before: Product, after: Product, actor: str, now: datetime) -> EditRecord:
    """Return what changed between two versions of one product, each value as JSON text."""
    pairs = ((name, json_text(getattr(before, name)), json_text(getattr(after, name))) for name in _RECORDED)
    changes = {name: (old, new) for name, old, new in pairs if old != new}
    return EditRecord(product_id=after.id, revision=after.revision, at=now, actor=actor, changes=changes)


def moves_status(record: EditRecord) -> bool:
    """Tell whether an edit changed the status: whose word that was counts for as long as it stands."""
    return "status" in record.changes


def status_text(product: Product) -> str:
    """Return the status as text: one of Status, or what its source wrote."""
    return str(getattr(product.status, "text", product.status))


def held_keys(product: Product | None) -> list[Key]:
    """Return the keys that a product takes away from others: none when it is archived."""
    return [] if product is None or product.status == Status.ARCHIVED else product_keys(product)


def search_text(product: Product) -> str:
    """Return what the text filter looks into."""
    return _SEPARATOR.join((product.id, product.title or "", product.sku or "")).casefold()


def filter_key(where: ProductFilter) -> tuple[Key, ...]:
    """Return the normalised keys that a filter asks for; a key of "" is held by nobody."""
    sku = () if where.sku is None else (("sku", sku_key(where.sku) or ""),)
    gtin = () if where.gtin is None else (("gtin", gtin_key(where.gtin) or ""),)
    return sku + gtin


def matches(product: Product, where: ProductFilter) -> bool:
    """Tell whether a product is one that a filter shows. sku and gtin count on variants too."""
    return (
        (where.status is None or status_text(product) == where.status)
        and (where.source is None or product.source == where.source)
        and (where.category is None or product.category == where.category)
        and (where.brand is None or product.brand == where.brand)
        and (where.missing is None or (product.missing_since is not None) == where.missing)
        and (where.text is None or where.text.casefold() in search_text(product))
        and set(filter_key(where)) <= set(product_keys(product))
    )


def next_clock(incident: Incident) -> datetime | None:
    """Return when time alone calls for a look at an incident: to escalate, to remind, to end its silence."""
    if incident.state not in ALIVE:
        return None
    times = (incident.escalate_at, incident.remind_at, incident.silenced_until)
    return min((at for at in times if at is not None), default=None)


def succeed(last: Evidence | None, found: Evidence) -> Evidence:
    """Return new evidence with the one before it, which itself has none before it."""
    previous = None if last is None else msgspec.structs.replace(last, previous=None)
    return msgspec.structs.replace(found, previous=previous)
