"""What the shop does not show yet: our changes of status, for it to take over, and their confirmation by an import."""

from __future__ import annotations

import csv
import io
from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from datetime import datetime
from typing import Final

import msgspec

from daemon.errors import Conflict
from daemon.ports import Batch
from daemon.products.documents import to_json
from daemon.products.imports import EditRecord
from daemon.products.product import Product, Status, Unparsed
from daemon.products.remedies import Remedy, RemedyState
from daemon.services.duty import Duty

#: Columns of the export, in their order.
COLUMNS: Final = ("id", "source", "status", "source_status", "reason", "since")
#: A spreadsheet takes a cell that begins so for a formula (OWASP, CSV injection).
_FORMULA_STARTS: Final = ("=", "+", "-", "@", "\t", "\r", "＝", "＋", "－", "＠")
_PAGE: Final = 250


async def export_changed(duty: Duty, source: str | None = None) -> AsyncIterator[dict[str, str]]:
    """Iterate over products whose status differs from that in their source, by COLUMNS.

    status: ours, to be taken over. reason: "remedy:RULE", or who changed it. since: RFC 3339, "" if unknown.
    """
    batch: list[tuple[Product, Product]] = []
    async for pair in duty.ports.catalogue.diverged(source):
        batch.append(pair)
        if len(batch) >= _PAGE:
            for row in await _rows(duty, batch):
                yield row
            batch = []
    for row in await _rows(duty, batch):
        yield row


async def changed_page(
    duty: Duty, source: str | None, limit: int, cursor: str | None
) -> tuple[list[dict[str, str]], str | None]:
    """Return a page of those rows, by id, and the cursor of the next one: the id that this one ends with."""
    pairs: list[tuple[Product, Product]] = []
    async for pair in duty.ports.catalogue.diverged(source):
        if cursor is None or pair[1].id > cursor:
            pairs.append(pair)
        if len(pairs) > limit:
            break
    rows = await _rows(duty, pairs[:limit])
    return rows, rows[-1]["id"] if len(pairs) > limit else None


async def _rows(duty: Duty, pairs: Sequence[tuple[Product, Product]]) -> list[dict[str, str]]:
    held = await duty.ports.incidents.held([stored.id for _, stored in pairs]) if pairs else {}
    rows = []
    for base, stored in pairs:
        remedy = held.get(stored.id)
        ours = remedy is not None and stored.status == remedy.after
        reason, since = _of_remedy(remedy) if remedy and ours else await _of_edit(duty, stored.id)
        shown = (stored.id, stored.source, _word(stored.status), _word(base.status), reason, since)
        rows.append(dict(zip(COLUMNS, shown, strict=True)))
    return rows


def _of_remedy(remedy: Remedy) -> tuple[str, str]:
    return f"remedy:{remedy.rule}", _moment(remedy.applied_at or remedy.planned_at)


async def _of_edit(duty: Duty, product_id: str) -> tuple[str, str]:
    """Return who last changed the status, and when."""
    cursor: str | None = None
    while True:
        page = await duty.ports.catalogue.edits(product_id, _PAGE, cursor)
        for record in page.items:
            if isinstance(record, EditRecord) and "status" in record.changes:
                return record.actor, _moment(record.at)
        if (cursor := page.cursor) is None:
            return "", ""


def _word(status: Status | Unparsed) -> str:
    return status.text if isinstance(status, Unparsed) else status.value


def _moment(at: datetime) -> str:
    return at.isoformat(timespec="seconds").replace("+00:00", "Z")


def guarded(cell: str) -> str:
    """Return a cell that no spreadsheet takes for a formula."""
    return f"'{cell}" if cell.startswith(_FORMULA_STARTS) else cell


def csv_lines(rows: Iterable[Mapping[str, str]], *, header: bool = True) -> str:
    """Return rows as CSV (RFC 4180) for people's spreadsheets."""
    out = io.StringIO(newline="")
    writer = csv.writer(out)
    if header:
        writer.writerow(COLUMNS)
    writer.writerows([guarded(row[column]) for column in COLUMNS] for row in rows)
    return out.getvalue()


def json_lines(rows: Iterable[Mapping[str, str]]) -> bytes:
    """Return rows as JSON Lines."""
    return b"".join(to_json(dict(row)) + b"\n" for row in rows)


async def confirm_remedies(duty: Duty, source: str, now: datetime) -> int:
    """Note on applied remedies that their source shows our value now; return on how many."""
    confirmed = 0
    cursor: str | None = None
    while True:
        page = await duty.ports.incidents.find_remedies((RemedyState.APPLIED,), _PAGE, cursor)
        waiting = [r for r in page.items if r.source == source and r.shop_confirmed_at is None]
        if waiting:
            confirmed += await _confirm(duty, waiting, now)
        if (cursor := page.cursor) is None:
            return confirmed


async def _confirm(duty: Duty, waiting: Sequence[Remedy], now: datetime) -> int:
    versions = await duty.ports.catalogue.source_versions([remedy.product_id for remedy in waiting])
    shown = [
        msgspec.structs.replace(remedy, shop_confirmed_at=now)
        for remedy in waiting
        if (version := versions.get(remedy.product_id)) is not None and version.status == remedy.after
    ]
    done = 0
    for remedy in shown:
        try:
            await duty.ports.incidents.commit(Batch(remedies=(remedy,)))
            done += 1
        except Conflict:
            continue  # it ended meanwhile: nothing is left to confirm
    return done
