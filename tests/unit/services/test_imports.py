from __future__ import annotations

import asyncio
import dataclasses
import json
import os
import shutil
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from daemon.adapters.memory import MemoryCatalogue
from daemon.config import CatalogueSection, Config, SourceSection
from daemon.errors import Conflict, InvalidInput, Unavailable, UnreadableFile
from daemon.ports import Download, ImportedPage
from daemon.products.feeds import FeedOptions
from daemon.products.imports import EditRecord, ImportReport, Parsed, SourceState
from daemon.products.product import Status
from daemon.services.imports import import_file, import_rows, read_source
from tests.house import PERSON, House, house

CSV = "id,title,price,status\n1,Tea,5,active\n2,Coffee,6,active\n3,Cocoa,7,draft\n"


@pytest.fixture
def home(tmp_path: Path) -> House:
    made = house()
    made.duty.state = tmp_path / "state"
    made.duty.state.mkdir()
    return made


def written(folder: Path, text: str, name: str = "products.csv") -> Path:
    path = folder / name
    path.write_text(text)
    return path


def counts(report: ImportReport) -> tuple[int, int, int, int, int]:
    return report.read, report.created, report.updated, report.unchanged, report.rejected


def unhurried(home: House) -> None:
    """Let others run after every row."""
    home.duty.config = Config(checks=home.duty.config.checks.model_copy(update={"slice": 0.0}))


async def state_of(home: House, source: str = "shop") -> SourceState:
    return (await home.stores.catalogue.sources())[source]


async def test_a_file_is_imported_and_its_second_import_changes_nothing(home: House, tmp_path: Path) -> None:
    path = written(tmp_path, CSV)
    assert counts(await import_file(home.duty, path, source="shop", actor="mei")) == (3, 3, 0, 0, 0)
    before = [p async for page in home.stores.catalogue.scan(10) for p in page]
    mark = await home.stores.catalogue.mark()
    home.clock.advance(3600)
    assert counts(await import_file(home.duty, path, source="shop", actor="mei")) == (3, 0, 0, 3, 0)
    assert [p async for page in home.stores.catalogue.scan(10) for p in page] == before
    assert await home.stores.catalogue.mark() == mark
    assert [p.source for p in before] == ["shop"] * 3


async def test_rejected_rows_are_reported_and_kept_and_the_others_imported(home: House, tmp_path: Path) -> None:
    path = written(tmp_path, "id,title,price\n1,Tea,5\n2,Coffee\n1,Again,6\n")
    report = await import_file(home.duty, path, source="shop", label="upload.csv")
    assert counts(report) == (1, 1, 0, 0, 2)
    assert [(reject.file, reject.line) for reject in report.rejects] == [("upload.csv", 3), ("upload.csv", 4)]
    kept = [json.loads(line) for line in Path(report.rejects_file).read_text().splitlines()]
    assert [row["line"] for row in kept] == [3, 4]
    assert kept[0]["row"] == {"id": "2", "title": "Coffee"}
    assert kept[1]["field"] == "id"
    assert home.duty.state is not None
    assert Path(report.rejects_file).parent == home.duty.state / "rejects"


async def test_only_the_newest_rejects_files_of_a_source_are_kept(home: House, tmp_path: Path) -> None:
    path = written(tmp_path, "id,title\n1,Tea,5\n")
    files = [(await import_file(home.duty, path, source="shop")).rejects_file for _ in range(23)]
    other = (await import_file(home.duty, path, source="shop-2")).rejects_file
    assert home.duty.state is not None
    assert {str(found) for found in (home.duty.state / "rejects").iterdir()} == {*files[-20:], other}


async def test_an_import_without_rejects_leaves_no_file(home: House, tmp_path: Path) -> None:
    report = await import_file(home.duty, written(tmp_path, CSV), source="shop")
    assert report.rejects_file == ""
    assert home.duty.state is not None
    assert list(home.duty.state.iterdir()) == []


async def test_products_that_a_whole_file_no_longer_names_are_missing(home: House, tmp_path: Path) -> None:
    await import_file(home.duty, written(tmp_path, CSV), source="shop")
    report = await import_file(home.duty, written(tmp_path, "id,title,price,status\n1,Tea,5,active\n"), source="shop")
    assert report.missing == 2
    gone = await home.stores.catalogue.get("2")
    assert gone.missing_since == home.clock.now()
    assert gone.status == Status.LISTED  # unknown, neither recovered nor taken off
    again = await import_file(home.duty, written(tmp_path, CSV), source="shop")
    assert (again.missing, again.updated) == (0, 2)
    assert (await home.stores.catalogue.get("2")).missing_since is None


@pytest.mark.parametrize("tail", ["2,Coffee\n", '2,"Coffee\n', "2,Cof"])
async def test_absence_proves_nothing_where_rows_were_unreadable(home: House, tmp_path: Path, tail: str) -> None:
    await import_file(home.duty, written(tmp_path, CSV), source="shop")
    report = await import_file(
        home.duty, written(tmp_path, "id,title,price,status\n1,Tea,5,active\n" + tail), source="shop"
    )
    assert (report.missing, report.rejected) == (0, 1)


async def test_a_repeated_row_hides_no_absence(home: House, tmp_path: Path) -> None:
    await import_file(home.duty, written(tmp_path, CSV), source="shop")
    report = await import_file(home.duty, written(tmp_path, "id,title\n1,Tea\n1,Tea\n"), source="shop")
    assert (report.missing, report.rejected) == (2, 1)


async def test_a_partial_import_makes_nothing_missing(home: House, tmp_path: Path) -> None:
    await import_file(home.duty, written(tmp_path, CSV), source="shop")
    report = await import_file(home.duty, written(tmp_path, "id,title\n9,Mate\n"), source="shop", partial=True)
    assert (report.missing, report.created) == (0, 1)
    assert {"price", "status"} <= (await state_of(home)).fields  # what earlier files could say still holds


async def test_products_of_another_source_are_left_alone(home: House, tmp_path: Path) -> None:
    await import_file(home.duty, written(tmp_path, CSV), source="shop")
    report = await import_file(home.duty, written(tmp_path, "id,title\n1,Stolen\n8,Own\n"), source="other")
    assert counts(report) == (2, 1, 0, 0, 1)
    assert "belongs to another source" in report.rejects[0].reason
    assert (await home.stores.catalogue.get("1")).title == "Tea"


async def test_what_a_source_can_say_is_remembered_before_its_products_are_judged(home: House, tmp_path: Path) -> None:
    seen: list[frozenset[str]] = []

    class Watched(MemoryCatalogue):
        async def store_page(self, source: str, page: Sequence[Parsed], import_id: str, now: datetime) -> ImportedPage:
            seen.append((await self.sources())[source].fields)
            return await super().store_page(source, page, import_id, now)

    home.duty.ports = dataclasses.replace(home.duty.ports, catalogue=Watched())
    await import_file(home.duty, written(tmp_path, CSV), source="shop")
    assert seen == [frozenset({"id", "title", "price", "status"})]


async def test_two_imports_of_one_source_at_once_are_a_conflict(home: House, tmp_path: Path) -> None:
    path = written(tmp_path, CSV)
    unhurried(home)
    both = await asyncio.gather(
        import_file(home.duty, path, source="shop"), import_file(home.duty, path, source="shop"), return_exceptions=True
    )
    assert [type(outcome) for outcome in both] == [ImportReport, Conflict]
    assert counts(await import_file(home.duty, path, source="shop"))[3] == 3  # the source is free again


async def test_an_unreadable_file_changes_nothing_and_frees_the_source(home: House, tmp_path: Path) -> None:
    with pytest.raises(UnreadableFile):
        await import_file(home.duty, written(tmp_path, ""), source="shop")
    with pytest.raises(InvalidInput):
        await import_file(home.duty, written(tmp_path, CSV), source="shop", options=FeedOptions(map={"prize": "x"}))
    assert await home.stores.catalogue.count() == 0
    assert home.duty.importing == set()


async def test_an_import_wakes_the_checks_tells_its_progress_and_is_audited(home: House, tmp_path: Path) -> None:
    told: list[tuple[int, int]] = []
    path = written(tmp_path, "id,title\n" + "".join(f"{n},Tea {n}\n" for n in range(1200)))
    await import_file(home.duty, path, source="shop", actor=PERSON.id, progress=lambda *at: told.append(at))
    assert home.duty.wake_checks.is_set()
    assert [at for at, _ in told] == sorted(at for at, _ in told)
    assert told[-1] == (path.stat().st_size, path.stat().st_size)
    (entry,) = (await home.stores.audit.entries(10)).items
    assert (entry.actor, entry.action, entry.target) == ("mei", "products.imported", "source:shop")


async def test_an_import_is_no_persons_edit(home: House, tmp_path: Path) -> None:
    await import_file(home.duty, written(tmp_path, CSV), source="shop", actor=PERSON.id)
    await import_file(home.duty, written(tmp_path, CSV.replace("1,Tea,5", "1,Tea,9")), source="shop", actor=PERSON.id)
    records = [r for r in (await home.stores.catalogue.edits("1", 10)).items if isinstance(r, EditRecord)]
    assert {record.actor for record in records} == {"source:shop"}
    assert set(records[0].changes) == {"price"}


async def test_the_loop_lives_while_a_large_file_is_read(home: House, tmp_path: Path) -> None:
    path = written(tmp_path, "id,title\n" + "".join(f"{n},{'Tea ' * 50}\n" for n in range(3000)))
    unhurried(home)
    turns = 0

    async def other() -> None:
        nonlocal turns
        while True:
            turns += 1
            await asyncio.sleep(0)

    task = asyncio.create_task(other())
    await import_file(home.duty, path, source="shop")
    task.cancel()
    assert turns > 1000


async def test_rows_in_memory_are_imported_as_a_part(home: House) -> None:
    report = await import_rows(home.duty, [{"id": 1, "title": "Tea"}, {"id": 2, "title": ["x", "y"]}], actor=PERSON.id)
    assert counts(report) == (1, 1, 0, 0, 1)
    assert report.source == "import"
    assert report.rejects[0].line == 2
    assert (await import_rows(home.duty, [], actor=PERSON.id)).missing == 0


async def test_the_catalogues_defaults_fill_a_one_off_import(home: House, tmp_path: Path) -> None:
    home.duty.config = Config(catalogue=CatalogueSection(currency="EUR", locale="de_DE"))
    await import_file(home.duty, written(tmp_path, 'id,price\n1,"1.234,50"\n'))
    product = await home.stores.catalogue.get("1")
    assert (str(product.price), product.currency, product.source) == ("1234.50", "EUR", "import")


def section(path: Path, **more: Any) -> SourceSection:
    return SourceSection(name="shop", path=str(path), owner="mei", **more)


async def test_an_unchanged_path_is_not_read_again(home: House, tmp_path: Path) -> None:
    path = written(tmp_path, CSV)
    first = await read_source(home.duty, section(path))
    assert counts(first) == (3, 3, 0, 0, 0)
    assert (await home.stores.catalogue.get("1")).owner == "mei"
    home.clock.advance(60)
    assert (await read_source(home.duty, section(path))).not_modified
    assert (await state_of(home)).read_at == home.clock.now()
    assert not (await read_source(home.duty, section(path), force=True)).not_modified


async def test_a_path_that_was_only_touched_is_known_by_its_digest(home: House, tmp_path: Path) -> None:
    path = written(tmp_path, CSV)
    await read_source(home.duty, section(path))
    os.utime(path, (1, 1))
    assert (await read_source(home.duty, section(path))).not_modified


async def test_a_changed_path_and_a_changed_way_to_read_it_are_read_again(home: House, tmp_path: Path) -> None:
    path = written(tmp_path, CSV)
    await read_source(home.duty, section(path))
    written(tmp_path, CSV.replace("1,Tea,5", "1,Tea,8"))
    assert (await read_source(home.duty, section(path))).updated == 1
    renamed = await read_source(home.duty, section(path, map={"title": "status"}))
    assert (renamed.not_modified, renamed.updated) == (False, 3)
    home.duty.config = Config(catalogue=CatalogueSection(currency="EUR"))
    assert (await read_source(home.duty, section(path, map={"title": "status"}))).updated == 3


@pytest.mark.parametrize("content", [None, "", "nothing,known\n1,2\n"])
async def test_a_source_that_cannot_be_read_is_unavailable_and_remembered(
    home: House, tmp_path: Path, content: str | None
) -> None:
    path = written(tmp_path, CSV)
    await read_source(home.duty, section(path))
    good = await state_of(home)
    if content is None:
        path.unlink()
    else:
        path.write_text(content)
    home.clock.advance(60)
    with pytest.raises(Unavailable, match="source shop"):
        await read_source(home.duty, section(path))
    failed = await state_of(home)
    assert (failed.failed_at, failed.read_at, failed.products) == (home.clock.now(), good.read_at, 3)
    assert "products.csv" in failed.error
    assert await home.stores.catalogue.count() == 3
    written(tmp_path, CSV)
    await read_source(home.duty, section(path))
    assert ((await state_of(home)).failed_at, (await state_of(home)).error) == (None, "")


async def test_a_file_that_breaks_off_is_read_again_next_time(home: House, tmp_path: Path) -> None:
    path = written(tmp_path, '[{"id": 1, "title": "Tea"}, {"id": 2, "ti', "products.json")
    report = await read_source(home.duty, section(path))
    assert (report.rejected, report.broken) == (1, (await state_of(home)).error)
    assert "nothing after this was read" in (await state_of(home)).error
    assert not (await read_source(home.duty, section(path))).not_modified


async def test_a_file_over_the_limit_is_refused(home: House, tmp_path: Path) -> None:
    with pytest.raises(Unavailable, match="at most 10 are read"):
        await read_source(home.duty, section(written(tmp_path, CSV), max_bytes=10))


class Web:
    """A SourceReader over one file, with an entity tag that follows its content."""

    def __init__(self, folder: Path, text: str) -> None:
        self.folder, self.text, self.asked = folder, text, list[str | None]()

    async def download(self, url: str, etag: str | None, last_modified: str | None, max_bytes: int) -> Download:
        self.asked.append(etag)
        tag = f'"{hash(self.text)}"'
        if tag == etag:
            return Download(path=None, etag=etag)
        path = written(self.folder, self.text, "download")
        return Download(path=str(path), etag=tag, last_modified="Wed, 25 Nov 2026 00:00:00 GMT")


@pytest.fixture
def web(home: House, tmp_path: Path) -> Web:
    served = Web(tmp_path, CSV)
    home.duty.ports = dataclasses.replace(home.duty.ports, reader=served)
    return served


async def test_a_url_is_asked_conditionally_and_its_download_is_deleted(home: House, web: Web, tmp_path: Path) -> None:
    source = SourceSection(name="shop", url="https://shop.example/products.csv")
    assert (await read_source(home.duty, source)).created == 3
    assert (await read_source(home.duty, source)).not_modified
    web.text = CSV.replace("Tea", "Mate")
    assert (await read_source(home.duty, source)).updated == 1
    assert web.asked[0] is None
    assert web.asked[1] == web.asked[2]
    assert not (tmp_path / "download").exists()
    again = source.model_copy(update={"id_prefix": "x-"})
    assert (await read_source(home.duty, again)).created == 3
    assert web.asked[3] is None  # an answer of "not modified" would be of no use


async def test_what_a_url_delivers_is_named_by_the_url(home: House, web: Web) -> None:
    web.text = "id,title\n1,Tea,x\n2,Mate\n"
    report = await read_source(home.duty, SourceSection(name="shop", url="https://shop.example/products.csv"))
    assert report.rejects[0].file == "https://shop.example/products.csv"


async def test_an_unreachable_url_is_unavailable_and_remembered(home: House) -> None:
    with pytest.raises(Unavailable, match="no network"):
        await read_source(home.duty, SourceSection(name="shop", url="https://shop.example/products.csv"))
    assert (await state_of(home)).error == "no network"


async def test_a_cancelled_import_keeps_whole_pages_and_can_be_taken_up_again(home: House, tmp_path: Path) -> None:
    path = written(tmp_path, "id,title\n" + "".join(f"{n},Tea\n" for n in range(2000)))
    unhurried(home)
    reached = asyncio.Event()
    task = asyncio.create_task(
        import_file(home.duty, path, source="shop", progress=lambda done, size: reached.set() if done else None)
    )
    await reached.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    stored = await home.stores.catalogue.count()
    assert stored in {500, 1000, 1500}
    report = await import_file(home.duty, path, source="shop")
    assert (report.created, report.unchanged) == (2000 - stored, stored)


async def test_without_a_state_directory_rejects_are_in_the_report_alone(home: House, tmp_path: Path) -> None:
    assert home.duty.state is not None
    shutil.rmtree(home.duty.state)
    home.duty.state = None
    report = await import_file(home.duty, written(tmp_path, "id,title\n1,Tea,x\n"), source="shop")
    assert (report.rejected, report.rejects_file) == (1, "")
