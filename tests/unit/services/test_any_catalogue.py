"""Whatever stands in the cells of a file: it is kept, judged, acted on, told and exported, and nothing crashes."""

from __future__ import annotations

import asyncio
import csv
import io
import tempfile
from pathlib import Path

import msgspec
import pytest
from hypothesis import given, note, settings
from hypothesis import strategies as st

from daemon.adapters.sql import open_stores
from daemon.config import ChannelSection, Config
from daemon.errors import UnreadableFile
from daemon.ports import IncidentFilter
from daemon.products.feeds.headers import CANONICAL
from daemon.products.passes import PassKind
from daemon.products.remedies import RemedyMode
from daemon.products.rulebook import Rulebook
from daemon.services import passes
from daemon.services.delivery import deliver
from daemon.services.exports import csv_lines, export_changed
from daemon.services.imports import import_file
from tests.house import House
from tests.last_word_kit import house_on

_COLUMNS = CANONICAL
_NASTY = (
    "", " ", "0", "-0", "-1", "1.234", "1,234", "1e999", "NaN", "Infinity", "9" * 400, "0." + "0" * 300 + "1", "true",
    "¥1", "null", "\u200b", "\ud7ff", "\u2764\ufe0f\u200d", "\u202eevil", "<script", "<a href=javascript:x>",
    "<svg onload=x", "&amp;lt;", "Ã©", "9999-12-31T23:59:59Z", "0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-14:00",
    "2026-02-30", "2026-11-25", "24:00", "listed", "已下架", "preorder", "in stock", "EUR", "XXX", "KWD", "JPY",
    "４００６３８", "'4006381333931", "0" * 14, "http://[::1", "http://a.example/%ff|x|", "https://xn--a.example/",
    "javascript:x", "//h", "=1+1", "a|b|" * 300,
)  # fmt: skip
_CELLS = st.sampled_from(_NASTY) | st.text(max_size=12)
_ROWS = st.lists(
    st.fixed_dictionaries({}, optional=dict.fromkeys(_COLUMNS, _CELLS)).filter(bool), min_size=1, max_size=6
)
_CONFIG = Config(channels=(ChannelSection(name="box", min_severity="info"),))


def as_csv(rows: list[dict[str, str]]) -> bytes:
    out = io.StringIO(newline="")
    writer = csv.DictWriter(out, _COLUMNS, restval="")
    writer.writeheader()
    writer.writerows(rows)
    return out.getvalue().encode("utf-8", "surrogatepass")


async def lived_through(home: House, path: Path) -> None:
    try:
        first = await import_file(home.duty, path, source="shop")
    except UnreadableFile:
        return
    for kind in (PassKind.FULL, PassKind.CHANGED, PassKind.FULL):
        record = await passes.run_pass(home.duty, kind)
        assert record.failed == 0
        assert record.canary_found
    again = await import_file(home.duty, path, source="shop")
    assert (again.created, again.updated, again.unchanged) == (0, 0, first.created)
    home.clock.advance(60)
    await deliver(home.duty)
    assert msgspec.json.encode((await home.duty.ports.incidents.find(IncidentFilter(), 500)).items)
    assert msgspec.json.encode((await home.duty.ports.outbox.find((), 500)).items)
    assert csv_lines([row async for row in export_changed(home.duty)])


async def kept_and_judged(content: bytes) -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "file.csv"
        path.write_bytes(content)
        async with open_stores(Path(folder) / "zhiban.db") as stores:
            await lived_through(house_on(stores, Rulebook.build({}, RemedyMode.ON), _CONFIG), path)


@settings(max_examples=25, deadline=None)
@given(rows=_ROWS)
def test_any_cells_are_kept_judged_and_told(rows: list[dict[str, str]]) -> None:
    note(repr(rows))
    asyncio.run(kept_and_judged(as_csv(rows)))


@pytest.mark.slow
@settings(max_examples=400, deadline=None)
@given(rows=_ROWS)
def test_very_many_cells_are_kept_judged_and_told(rows: list[dict[str, str]]) -> None:
    asyncio.run(kept_and_judged(as_csv(rows)))


@settings(max_examples=25, deadline=None)
@given(content=st.binary(max_size=300).map(lambda tail: b"id,title,price,status,description\n1," + tail))
def test_any_bytes_are_kept_judged_and_told(content: bytes) -> None:
    asyncio.run(kept_and_judged(content))
