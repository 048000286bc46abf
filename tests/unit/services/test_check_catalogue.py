from __future__ import annotations

import asyncio
import json
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import msgspec
import pytest
from click.testing import CliRunner

from daemon.adapters.memory import MemoryStores
from daemon.adapters.sql import open_stores
from daemon.adapters.sql.reading import read_stores
from daemon.cli.check import check
from daemon.errors import StoreCorrupt, Unavailable
from daemon.main.assembly import DATABASE
from daemon.ports import Batch, Catalogue, IncidentStore
from daemon.products.findings import CheckReport
from daemon.products.ids import new_id
from daemon.products.imports import Parsed
from daemon.products.product import Product, Status
from daemon.products.remedies import Remedy, RemedyMode, RemedyState
from daemon.products.rulebook import Rulebook
from daemon.products.verdicts import Needs, RemedyKind, Severity
from daemon.services.check_catalogue import check_catalogue
from daemon.services.check_files import CheckPlan

NOW = datetime(2026, 11, 25, 8, 30, tzinfo=UTC)
OFFLINE = Rulebook(tuple(r for r in Rulebook.build({}, RemedyMode.SHADOW).rules if r.spec.needs is not Needs.EVIDENCE))
RIGHT = Product(
    id="right",
    title="Green Tea",
    price=Decimal("9.50"),
    currency="EUR",
    category="Tea",
    images=("https://x.example/a.jpg",),
)
PRICELESS = msgspec.structs.replace(RIGHT, id="priceless", title="Black Tea", price=None)


async def stocked(catalogue: Catalogue, *products: Product, import_id: str = "1") -> None:
    fields = [Parsed(product=msgspec.structs.replace(product, source="shop")) for product in products]
    await catalogue.store_page("shop", fields, import_id, NOW)
    await catalogue.finish_import("shop", import_id, NOW)


async def checked(stores: MemoryStores) -> CheckReport:
    plan = CheckPlan(rulebook=OFFLINE, floor=Severity.INFO, now=NOW)
    return await check_catalogue(stores.catalogue, stores.incidents, stores.evidence, plan, lambda *_: None)


async def test_every_stored_product_is_judged_and_its_findings_have_no_file() -> None:
    stores = MemoryStores()
    await stocked(stores.catalogue, RIGHT, PRICELESS)
    report = await checked(stores)
    assert report.products == 2
    assert [(f.product, f.rule, f.file, f.line) for f in report.findings] == [("priceless", "price_missing", "", None)]


async def test_a_product_that_its_source_no_longer_names_is_not_judged_and_that_is_said() -> None:
    stores = MemoryStores()
    await stocked(stores.catalogue, RIGHT, PRICELESS)
    await stocked(stores.catalogue, RIGHT, import_id="2")
    report = await checked(stores)
    assert report.findings == []
    assert report.products == 1
    assert "1 products" in report.warnings[0].message


async def apply_remedy(catalogue: Catalogue, incidents: IncidentStore, product_id: str) -> None:
    read = await catalogue.get(product_id)
    await catalogue.replace(read, msgspec.structs.replace(read, status=Status.UNLISTED), actor="remedy:x", now=NOW)
    remedy = Remedy(
        id=new_id(), incident_id=new_id(), product_id=product_id, rule="price_missing", kind=RemedyKind.OFF_SHELF,
        state=RemedyState.APPLIED, before=Status.LISTED, after=Status.UNLISTED, planned_at=NOW, source="shop",
    )  # fmt: skip
    await incidents.commit(Batch(remedies=(remedy,)))


async def test_a_product_that_a_remedy_took_off_the_shelf_is_judged_as_it_was_before() -> None:
    stores = MemoryStores()
    await stocked(stores.catalogue, PRICELESS)
    await apply_remedy(stores.catalogue, stores.incidents, "priceless")
    assert [f.rule for f in (await checked(stores)).findings] == ["price_missing"]


async def test_earlier_prices_count() -> None:
    stores = MemoryStores()
    for days in range(3, 0, -1):
        page = [Parsed(product=msgspec.structs.replace(RIGHT, price=Decimal(100 + days), source="shop"))]
        await stores.catalogue.store_page("shop", page, str(days), NOW - timedelta(days=days))
    await stocked(stores.catalogue, msgspec.structs.replace(RIGHT, price=Decimal("10.20")), import_id="now")
    assert [f.rule for f in (await checked(stores)).findings] == ["price_jump"]


async def test_a_store_can_be_read_while_its_daemon_writes_and_cannot_be_written(tmp_path: Path) -> None:
    async with open_stores(tmp_path / DATABASE) as stores:
        await stocked(stores.catalogue, PRICELESS)
        async with read_stores(tmp_path / DATABASE) as reading:
            assert await reading.catalogue.count() == 1
            await stocked(stores.catalogue, PRICELESS, RIGHT, import_id="2")
            assert await reading.catalogue.count() == 2
            with pytest.raises((Unavailable, StoreCorrupt)):
                await reading.catalogue.store_page("shop", [Parsed(product=RIGHT)], "3", NOW)


async def test_a_store_that_is_not_there_or_not_ours_cannot_be_read(tmp_path: Path) -> None:
    with pytest.raises(Unavailable, match="no catalogue yet"):
        async with read_stores(tmp_path / "none.sqlite3"):
            pass
    (tmp_path / "empty.sqlite3").touch()
    with pytest.raises(StoreCorrupt, match="schema"):
        async with read_stores(tmp_path / "empty.sqlite3"):
            pass


async def _make(path: Path) -> None:
    async with open_stores(path) as stores:
        await stocked(stores.catalogue, RIGHT, PRICELESS)


def test_the_command_without_a_file_checks_the_stored_catalogue(tmp_path: Path) -> None:
    asyncio.run(_make(tmp_path / DATABASE))
    runner, env = CliRunner(), {"STATE_DIRECTORY": str(tmp_path)}
    told = runner.invoke(check, ["--offline", "--json"], env=env)
    assert told.exit_code == 1
    assert [f["product"] for f in json.loads(told.stdout)["findings"]] == ["priceless"]
    log = runner.invoke(check, ["--offline", "--format", "sarif"], env=env)
    assert json.loads(log.stdout)["runs"][0]["results"][0]["properties"]["product"] == "priceless"
    assert "priceless price: no price" in runner.invoke(check, ["--offline"], env=env).stdout
