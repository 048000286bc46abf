from __future__ import annotations

import csv
import io
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import pytest

from daemon import demo
from daemon.demo.compose import FIELDS, compose

NOW = datetime(2026, 11, 25, 8, 30, tzinfo=UTC)


def rows() -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(demo.shipped("catalogue.csv"))))


def test_the_shipped_files_are_what_their_sources_compose() -> None:
    for name, text in compose().items():
        assert demo.shipped(name) == text, f"{name} is stale: run python -m daemon.demo.compose"


def test_there_are_about_300_products_with_ids_of_their_own() -> None:
    ids = [row["id"] for row in rows()]
    assert len(ids) == len(set(ids))
    assert 290 <= len(ids) <= 320
    assert tuple(rows()[0]) == FIELDS


def test_the_shop_speaks_chinese_and_english() -> None:
    titles = [row["title"] for row in rows()]
    assert sum(any("\u4e00" <= c <= "\u9fff" for c in title) for title in titles) > 80
    assert sum(title.isascii() for title in titles) > 80


def test_labels_name_products_that_exist_and_none_twice_for_one_rule() -> None:
    labels, ids = demo.labels(), {row["id"] for row in rows()}
    for rule in labels.bad.keys() | labels.unknown.keys() | labels.near_misses.keys():
        named = [*labels.bad.get(rule, ()), *labels.unknown.get(rule, ()), *labels.near_misses.get(rule, ())]
        assert len(named) == len(set(named)), rule
        assert set(named) <= ids, rule


def test_what_opens_by_time_alone_is_labelled_bad_and_one_sale_ends_within_a_minute() -> None:
    labels = demo.labels()
    for rule, seconds in labels.opens_after_s.items():
        assert seconds.keys() <= set(labels.bad[rule])
    assert any(30 <= s <= 60 for s in labels.opens_after_s["sale_window_passed"].values())


@pytest.mark.parametrize(
    ("written", "shown"),
    [
        ("{now+40s}", "2026-11-25T08:30:40Z"),
        ("{now-3d}", "2026-11-22T08:30:00Z"),
        ("{now+90m}", "2026-11-25T10:00:00Z"),
        ("{now+6h@-08:00}", "2026-11-25T06:30:00-08:00"),
        ("{now+1h@-03:30}", "2026-11-25T06:00:00-03:30"),
        ("{now+12d@+08:00}", "2026-12-07T16:30:00+08:00"),
        ("{now+5d!naive}", "2026-11-30T08:30:00"),
        ("{base}/demo/", "http://h:1/demo/"),
    ],
)
def test_placeholders_become_times_and_addresses(written: str, shown: str) -> None:
    assert demo.render(written, NOW, "http://h:1/") == shown


def test_a_start_in_another_zone_renders_the_same_moments() -> None:
    elsewhere = NOW.astimezone(datetime.strptime("+0800", "%z").tzinfo)
    assert demo.render("{now-3d} {now+1h@+08:00}", elsewhere, "") == demo.render("{now-3d} {now+1h@+08:00}", NOW, "")


def test_the_written_catalogue_has_no_placeholder_left_and_replaces_the_old_one(tmp_path: Path) -> None:
    path = demo.write_catalogue(tmp_path, NOW, "http://127.0.0.1:8080")
    first = path.read_text(encoding="utf-8")
    assert "{" not in first
    assert demo.write_catalogue(tmp_path, NOW + timedelta(hours=1), "http://127.0.0.1:8080") == path
    assert path.read_text(encoding="utf-8") != first
    assert [p.name for p in tmp_path.iterdir()] == [demo.FILE_NAME]


def test_history_is_of_distinct_earlier_days_oldest_first() -> None:
    told = demo.history(NOW)
    labels = demo.labels()
    assert told.keys() == {*labels.bad["price_jump"], *labels.near_misses["price_jump"]}
    for points in told.values():
        days = [point.day for point in points]
        assert days == sorted(set(days))
        assert days[-1] == "2026-11-24"
        assert all(isinstance(point.price, Decimal) and point.currency for point in points)
