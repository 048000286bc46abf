"""Records to keep, with what a test does not care about filled in."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from daemon.forum.rooms import Handled, Handling
from daemon.ports import AuditEntry, Batch, Catalogue, Page
from daemon.products.evidence import Evidence, Reach
from daemon.products.ids import new_id
from daemon.products.imports import Parsed
from daemon.products.incidents import Incident, State
from daemon.products.notices import Entry
from daemon.products.product import Product, Status
from daemon.products.remedies import Remedy, RemedyState
from daemon.products.verdicts import RemedyKind, Severity
from tests.contract.shop import PlantedCatalogue

NOW = datetime(2026, 11, 25, 8, 30, 0, 123456, tzinfo=UTC)


def later(**parts: float) -> datetime:
    return NOW + timedelta(**parts)


def product(product_id: str, **fields: Any) -> Product:
    return Product(id=product_id, **fields)


async def store(
    catalogue: Catalogue, products: Iterable[Product], *, source: str = "shop", at: datetime = NOW, run: str = "run-1"
) -> None:
    """Bring products in: a page of an import, or for the shop of a back end, documents."""
    if source == "shop" and isinstance(catalogue, PlantedCatalogue):
        await catalogue.plant(list(products), at)
        return
    await catalogue.store_page(source, [Parsed(product=p) for p in products], run, at)


def incident(product_id: str = "p1", rule: str = "price_zero", state: State = State.OPEN, **fields: Any) -> Incident:
    given: dict[str, Any] = {"severity": Severity.MAJOR, "first_bad_at": NOW, "last_bad_at": NOW, "fingerprint": "f"}
    return Incident(id=new_id(), product_id=product_id, rule=rule, state=state, **(given | fields))


def remedy(owner: Incident, state: RemedyState = RemedyState.PLANNED, **fields: Any) -> Remedy:
    return Remedy(
        id=new_id(), incident_id=owner.id, product_id=owner.product_id, rule=owner.rule, kind=RemedyKind.OFF_SHELF,
        state=state, before=Status.LISTED, after=Status.UNLISTED, planned_at=NOW, **fields,
    )  # fmt: skip


def entry(channel: str = "ops", **fields: Any) -> Entry:
    return Entry(id=new_id(), channel=channel, news="opened", created_at=NOW, **fields)


def audit(target: str = "product:p1", **fields: Any) -> AuditEntry:
    given: dict[str, Any] = {"action": "incident.acknowledged", **fields}
    return AuditEntry(id=new_id(), at=NOW, actor="daemon", target=target, **given)


def evidence(url: str, **fields: Any) -> Evidence:
    return Evidence(url=url, fetched_at=fields.pop("fetched_at", NOW), reach=Reach.FETCHED, status=200, **fields)


def message(message_id: str = "m1", **fields: Any) -> Handled:
    given: dict[str, Any] = {
        "conversation_id": "r1@chatroom", "sender_id": "c1", "sender_name": "Ann", "state": Handling.BEGUN,
        "seen_at": NOW,
    }  # fmt: skip
    return Handled(id=message_id, **(given | fields))


def batch(**fields: Sequence[Any]) -> Batch:
    kept: dict[str, Any] = {name: tuple(value) for name, value in fields.items()}
    return Batch(**kept)


async def all_pages(ask: Any, *, most: int = 1000) -> list[Any]:
    """Follow cursors to the end. ask: takes a cursor and returns a Page."""
    items: list[Any] = []
    cursor = None
    for _ in range(most):
        page: Page = await ask(cursor)
        items.extend(page.items)
        if page.cursor is None:
            return items
        cursor = page.cursor
    raise AssertionError("the list has no end")
