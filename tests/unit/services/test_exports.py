from __future__ import annotations

import csv
import io
import json
from pathlib import Path

import msgspec
import pytest

from daemon.ports import Batch
from daemon.products.product import Status, Unparsed
from daemon.products.remedies import Remedy, RemedyState
from daemon.products.verdicts import RemedyKind
from daemon.services.exports import COLUMNS, confirm_remedies, csv_lines, export_changed, guarded, json_lines
from daemon.services.imports import import_file
from tests.house import House, house, product


@pytest.fixture
def home() -> House:
    return house()


async def remedied(home: House, product_id: str, source: str = "shop") -> Remedy:
    """Take a product off the shelf as a remedy does."""
    now = home.clock.now()
    remedy = Remedy(
        id=f"remedy-{product_id}", incident_id="i", product_id=product_id, rule="price_missing",
        kind=RemedyKind.OFF_SHELF, state=RemedyState.APPLIED, before=Status.LISTED, after=Status.UNLISTED,
        planned_at=now, applied_at=now, source=source,
    )  # fmt: skip
    await set_status(home, product_id, Status.UNLISTED, "remedy:price_missing")
    await home.stores.incidents.commit(Batch(remedies=(remedy,)))
    return await home.stores.incidents.remedy(remedy.id)


async def set_status(home: House, product_id: str, status: Status | Unparsed, actor: str) -> None:
    read = await home.stores.catalogue.get(product_id)
    new = msgspec.structs.replace(read, status=status)
    await home.stores.catalogue.replace(read, new, actor=actor, now=home.clock.now())


async def rows(home: House, source: str | None = None) -> list[dict[str, str]]:
    return [row async for row in export_changed(home.duty, source)]


async def test_what_the_shop_does_not_show_is_exported_with_its_reason(home: House) -> None:
    await home.shelve(product("1"), product("2"), product("3"))
    await remedied(home, "1")
    home.clock.advance(60)
    await set_status(home, "2", Status.REVIEW, "mei")
    assert await rows(home) == [
        {"id": "1", "source": "shop", "status": "unlisted", "source_status": "listed", "reason": "remedy:price_missing",
         "since": "2026-11-25T00:00:00Z"},
        {"id": "2", "source": "shop", "status": "review", "source_status": "listed", "reason": "mei",
         "since": "2026-11-25T00:01:00Z"},
    ]  # fmt: skip
    assert await rows(home, "elsewhere") == []


async def test_an_export_of_many_pages_is_whole(home: House) -> None:
    await home.shelve(*(product(f"{n:04}") for n in range(600)))
    for n in range(0, 600, 2):
        await set_status(home, f"{n:04}", Status.DRAFT, "mei")
    assert [row["id"] for row in await rows(home)] == [f"{n:04}" for n in range(0, 600, 2)]


async def test_words_that_are_no_status_are_exported_as_written(home: House) -> None:
    await home.shelve(product("1", status=Unparsed("wibble")))
    await set_status(home, "1", Status.LISTED, "mei")
    assert (await rows(home))[0]["source_status"] == "wibble"


async def test_nothing_is_exported_once_the_shop_shows_our_value(home: House, tmp_path: Path) -> None:
    path = tmp_path / "products.csv"
    path.write_text("id,title,price,status\n1,Tea,5,active\n")
    await import_file(home.duty, path, source="shop")
    remedy = await remedied(home, "1")
    await import_file(home.duty, path, source="shop")
    assert (await home.stores.incidents.remedy(remedy.id)).shop_confirmed_at is None
    assert await home.status("1") == "unlisted"  # an import never undoes a remedy
    home.clock.advance(3600)
    path.write_text("id,title,price,status\n1,Tea,5,hidden\n")
    await import_file(home.duty, path, source="shop")
    confirmed = await home.stores.incidents.remedy(remedy.id)
    assert confirmed.shop_confirmed_at == home.clock.now()
    assert confirmed.state is RemedyState.APPLIED
    assert await rows(home) == []


async def test_remedies_are_confirmed_once_and_by_their_own_source(home: House) -> None:
    await home.shelve(product("1"))
    await remedied(home, "1")
    await home.shelve(product("1", status=Status.UNLISTED), import_id="2")
    assert await confirm_remedies(home.duty, "elsewhere", home.clock.now()) == 0
    assert await confirm_remedies(home.duty, "shop", home.clock.now()) == 1
    assert await confirm_remedies(home.duty, "shop", home.clock.now()) == 0


@pytest.mark.parametrize("cell", ["=1+1", "+1", "-1", "@SUM(A1)", "\tx", "\rx", "＝1"])
def test_cells_that_spreadsheets_would_calculate_are_guarded(cell: str) -> None:
    assert guarded(cell) == "'" + cell


@pytest.mark.parametrize("cell", ["", "1", "a=1", "商品", "2026-11-25"])
def test_other_cells_are_as_they_are(cell: str) -> None:
    assert guarded(cell) == cell


def test_written_rows_come_back() -> None:
    row = dict.fromkeys(COLUMNS, 'a "quoted", cell\nof two lines')
    text = csv_lines([row, row])
    assert list(csv.DictReader(io.StringIO(text, newline=""))) == [row, row]
    assert csv_lines([row], header=False).count("source_status") == 0
    assert [json.loads(line) for line in json_lines([row, row]).splitlines()] == [row, row]
