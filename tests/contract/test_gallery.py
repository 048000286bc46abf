"""Cameras, ways, and what the cameras saw."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from msgspec.structs import replace

from daemon.adapters.memory.gallery import MemoryGallery
from daemon.errors import InvalidInput, NotFound
from daemon.ports.sightings import CarriedThing, Gallery, Ingested, Sighting, Way
from tests.contract.sighted import DAWN, DAWN_S, WIDTH, cameras, files_of, ids, seen, unit, vector


@pytest.fixture(params=["memory", "files"])
async def gallery(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Gallery]:
    if request.param == "memory":
        opened: Gallery = MemoryGallery()
        await opened.put_network(cameras(), [])
        yield opened
        return
    async with files_of(tmp_path) as opened:
        await opened.put_network(cameras(), [])
        yield opened


def way(origin: str, target: str, metres: float = 100) -> Way:
    return Way(origin=origin, target=target, metres=metres)


async def test_a_network_comes_back_by_id_and_takes_the_place_of_the_former(gallery: Gallery) -> None:
    await gallery.put_network(cameras("cab"), [way("c", "a"), way("a", "c", 5), way("a", "b")])
    assert await gallery.network() == (cameras("abc"), [way("a", "b"), way("a", "c", 5), way("c", "a")])
    await gallery.put_network(cameras("x"), [])
    assert await gallery.network() == (cameras("x"), [])


async def test_a_camera_is_added_moved_and_removed_with_its_ways(gallery: Gallery) -> None:
    await gallery.put_network(cameras("ab"), [way("a", "b"), way("b", "a")])
    moved = replace(cameras("c")[0], latitude=48.0, clock_since=DAWN)
    await gallery.put_camera(cameras("c")[0], [way("c", "a"), way("b", "c")])
    await gallery.put_camera(moved, [way("c", "b")])
    assert await gallery.network() == ([*cameras("ab"), moved], [way("a", "b"), way("b", "a"), way("c", "b")])
    await gallery.remove_camera("b")
    assert await gallery.network() == ([*cameras("a"), moved], [])
    with pytest.raises(NotFound, match="'b'"):
        await gallery.remove_camera("b")


@pytest.mark.parametrize(
    "ways", [[way("a", "x")], [way("x", "a")], [way("a", "b"), way("a", "b", 2)]], ids=["to none", "from none", "twice"]
)
async def test_ways_that_cannot_be_are_refused_and_the_network_stays(gallery: Gallery, ways: list[Way]) -> None:
    await gallery.put_network(cameras("ab"), [way("a", "b")])
    with pytest.raises(InvalidInput, match="network cannot be kept"):
        await gallery.put_network(cameras("ab"), ways)
    with pytest.raises(InvalidInput, match="network cannot be kept"):
        await gallery.put_camera(cameras("a")[0], ways)
    with pytest.raises(InvalidInput, match="network cannot be kept"):
        await gallery.put_network(cameras("aa"), [])
    with pytest.raises(InvalidInput, match="neither from nor to 'c'"):
        await gallery.put_camera(cameras("c")[0], [way("a", "b")])
    assert await gallery.network() == (cameras("ab"), [way("a", "b")])


async def test_detections_come_back_with_their_vectors_at_unit_length(gallery: Gallery) -> None:
    whole = seen(
        "d1", body=1, face=2, direction_deg=271.5, box=(-1.0, 2.0, 30.0, 60.5), track="7", quality=0.25
    )  # fmt: skip
    bare = seen("no vectors", carried=CarriedThing("plate", "ZH 1"))
    assert await gallery.ingest([whole, bare]) == Ingested(stored=2, known=0)
    kept = await gallery.detection("d1")
    assert kept.detection == whole.detection
    assert kept.body is not None
    assert kept.face is not None
    assert kept.body.dtype == kept.face.dtype == np.float32
    np.testing.assert_allclose(kept.body, unit(1), atol=1e-3)
    np.testing.assert_allclose(kept.face, unit(2, WIDTH // 2), atol=1e-3)
    assert await gallery.detection("no vectors") == Sighting(bare.detection, None, None)
    with pytest.raises(NotFound, match="'d2'"):
        await gallery.detection("d2")


async def test_the_same_again_is_known_and_other_content_is_refused(gallery: Gallery) -> None:
    first, second = seen("d1", body=1, face=3), seen("d2", "b", 5)
    assert await gallery.ingest([first, second, first]) == Ingested(stored=2, known=1)
    elsewhere = replace(first.detection, time=DAWN.astimezone(timezone(timedelta(hours=2))))
    longer = Sighting(elsewhere, vector(1) * 1000, vector(3, WIDTH // 2) * np.float32(0.1))
    kept = await gallery.detection("d2")
    others = [
        seen("d1", body=2, face=3), seen("d1", body=1), seen("d1", "b", body=1, face=3),
        seen("d1", seconds=1, body=1, face=3), seen("d1", body=1, face=3, track="x"),
    ]  # fmt: skip
    found = await gallery.ingest([longer, kept, *others, seen("d3")])
    assert (found.stored, found.known) == (1, 2)
    assert [index for index, _ in found.refused] == [2, 3, 4, 5, 6]
    assert {why for _, why in found.refused} == {"id 'd1' is there already with other content"}
    assert await gallery.models() == {("osnet", ""): 2, ("osnet", "dlib"): 1}


NAN = float("nan")
UNFIT: list[tuple[str, Any]] = [
    ("body", Sighting(seen("x").detection, np.zeros(WIDTH, np.float32))),
    ("body", Sighting(seen("x").detection, np.array([1, NAN], np.float32))),
    ("body", Sighting(seen("x").detection, np.array([1, np.inf], np.float32))),
    ("body", Sighting(seen("x").detection, np.ones((1, WIDTH), np.float32))),
    ("body", Sighting(seen("x").detection, np.empty(0, np.float32))),
    ("body", Sighting(seen("x").detection, np.array(["a"]))),
    ("body", Sighting(seen("x").detection, vector(1, WIDTH + 1))),
    ("face", Sighting(seen("x", face=1).detection, None, vector(1, WIDTH))),
    ("model", seen("x", body_model="")),
    ("model", seen("x", face=1, face_model="")),
    ("id", seen("")),
    ("camera", seen("x", "")),
    ("time", Sighting(replace(seen("x").detection, time=datetime(2026, 3, 1)), vector(1))),  # noqa: DTZ001 - the point
    ("quality", seen("x", quality=1.1)),
    ("quality", seen("x", quality=NAN)),
    ("direction", seen("x", direction_deg=NAN)),
    ("box", seen("x", box=(0.0, 0.0, 0.0, 5.0))),
    ("box", seen("x", box=(0.0, NAN, 1.0, 5.0))),
    ("box", seen("x", box=(0.0, 1.0, 1.0, -5.0))),
    ("carried", seen("x", carried=CarriedThing("wifi", ""))),
]


async def test_what_cannot_be_kept_is_refused_by_itself_with_the_reason(gallery: Gallery) -> None:
    await gallery.ingest([seen("d0", body=1, face=2)])
    batch = [seen("d1"), *(sighting for _, sighting in UNFIT), seen("d2")]
    found = await gallery.ingest(batch)
    assert (found.stored, found.known) == (2, 0)
    assert [index for index, _ in found.refused] == list(range(1, len(UNFIT) + 1))
    for (what, _), (_, why) in zip(UNFIT, found.refused, strict=True):
        assert what in why
    assert await ids(gallery) == [("d0",), ("d1",), ("d2",)]


async def test_vectors_of_any_size_are_taken(gallery: Gallery) -> None:
    names = {"huge": 1e38, "tiny": 1e-38, "one": 1.0}
    batch = [Sighting(seen(name).detection, vector(1) * np.float32(scale)) for name, scale in names.items()]
    half = Sighting(seen("half").detection, vector(1).astype(np.float16))
    assert (await gallery.ingest([*batch, half])).stored == 4
    for name in [*names, "half"]:
        kept = (await gallery.detection(name)).body
        assert kept is not None
        np.testing.assert_allclose(kept, unit(1), atol=2e-3)


async def test_a_window_is_what_one_camera_saw_in_a_span_oldest_first(gallery: Gallery) -> None:
    batch = [seen(f"d{n}", "ab"[n % 2], n, body=n, face=n if n % 3 == 0 else None, quality=n / 10) for n in range(10)]
    for one in [batch[7], batch[2], *batch[:2], *batch[3:7], *batch[8:]]:
        await gallery.ingest([one])
    with await gallery.view("osnet", "dlib") as view:
        assert list(view.cameras) == ["a", "b", "c"]
        assert view.size == 10
        window = view.window(1, DAWN_S + 1, DAWN_S + 9)
        assert [view.id_of(int(row)) for row in window.rows] == ["d1", "d3", "d5", "d7"]
        assert [(view.row_of(f"d{n}"), view.camera_of(view.row_of(f"d{n}"))) for n in (1, 3, 5, 7)] == [
            (row, 1) for row in window.rows
        ]
        np.testing.assert_array_equal(window.times, [DAWN_S + n for n in (1, 3, 5, 7)])
        np.testing.assert_allclose(window.body, [unit(n) for n in (1, 3, 5, 7)], atol=1e-3)
        assert [row >= 0 for row in window.face_rows] == [False, True, False, False]
        np.testing.assert_allclose(window.faces[window.face_rows[1]], unit(3, WIDTH // 2), atol=1e-3)
        np.testing.assert_allclose(window.quality, [0.1, 0.3, 0.5, 0.7], rtol=1e-6)
        assert np.isnan(window.direction_deg).all()
        dtypes = [np.int64, np.float64, np.float16, np.int32, np.float16, np.float32, np.float32]
        assert [column.dtype for column in window] == dtypes
        nothing = view.window(2, 0, 1e12)
        assert nothing.body.shape == (0, WIDTH)
        assert [column.dtype for column in nothing] == dtypes
        assert len(view.window(0, DAWN_S + 0.5, DAWN_S + 2).rows) == 0
        for wrong in ("d10", "d"):
            with pytest.raises(NotFound, match=wrong):
                view.row_of(wrong)
        for row in (-1, 10**6):
            with pytest.raises(NotFound):
                view.id_of(row)


async def test_rows_are_unique_in_a_view_and_name_each_detection(gallery: Gallery) -> None:
    for n in range(12):
        await gallery.ingest([seen(f"d{n}", "abc"[n % 3], 86_400.0 * (n % 5))])
    with await gallery.view("osnet") as view:
        rows = [int(row) for number in range(3) for row in view.window(number, 0, 1e12).rows]
        assert len(set(rows)) == 12 == view.size
        assert {view.id_of(row) for row in rows} == {f"d{n}" for n in range(12)}
        assert all(view.row_of(view.id_of(row)) == row for row in rows)


async def track(gallery: Gallery, one_by_one: bool) -> None:
    batch = [
        seen("t1", seconds=1, body=1, track="t", quality=0.2, direction_deg=10),
        seen("t2", seconds=2, body=2, track="t", quality=0.9, direction_deg=20, face=4),
        seen("t3", seconds=3, body=3, track="t", direction_deg=30),
        seen("t4", seconds=4, track="t", quality=0.95, face=5),
        seen("u", seconds=1.5, body=6, track="u"),
        seen("alone", seconds=2.7, body=7),
        seen("t elsewhere", "b", 2, body=8, track="t"),
        seen("t later", seconds=86_400, body=9, track="t"),
    ]
    for some in [[one] for one in reversed(batch)] if one_by_one else [batch]:
        assert (await gallery.ingest(some)).stored == len(some)


@pytest.mark.parametrize("one_by_one", [False, True])
async def test_the_sightings_of_a_track_are_one_row(gallery: Gallery, one_by_one: bool) -> None:
    await track(gallery, one_by_one)
    wanted = [("t1", "t2", "t3", "t4"), ("u",), ("alone",), ("t later",), ("t elsewhere",)]
    assert await ids(gallery) == wanted
    while await gallery.compact():
        pass
    assert await ids(gallery) == wanted
    with await gallery.view("osnet", "dlib") as view:
        assert view.size == 5
        window = view.window(0, DAWN_S, DAWN_S + 60)
        assert {view.row_of(f"t{n}") for n in (1, 2, 3, 4)} == {int(window.rows[0])}
        assert view.id_of(int(window.rows[0])) == "t1"
        assert view.camera_of(int(window.rows[0])) == 0
        np.testing.assert_array_equal(window.times, DAWN_S + np.array([1, 1.5, 2.7]))
        np.testing.assert_allclose(window.body, [unit(2), unit(6), unit(7)], atol=1e-3)
        np.testing.assert_allclose(window.faces[window.face_rows[0]], unit(5, WIDTH // 2), atol=1e-3)
        np.testing.assert_allclose(window.quality[0], 0.9)
        assert window.direction_deg[0] == 10
        assert len(view.window(0, DAWN_S + 2, DAWN_S + 2.4).rows) == 0, "a passage is where it began"
    with await gallery.view("osnet") as view:
        assert view.ids_of(view.row_of("t1")) == ("t1", "t2", "t3")
        with pytest.raises(NotFound):
            view.row_of("t4")
    assert (await gallery.models())["osnet", ""] == 6
    assert (await gallery.detection("t3")).detection.track == "t"


@pytest.mark.parametrize("one_by_one", [False, True])
async def test_what_is_left_of_a_track_stands_for_it(gallery: Gallery, one_by_one: bool) -> None:
    await track(gallery, one_by_one)
    assert await gallery.forget(detections=["t2", "t1", "t4"]) == 3
    with await gallery.view("osnet", "dlib") as view:
        window = view.window(0, DAWN_S, DAWN_S + 60)
        assert [view.ids_of(int(row)) for row in window.rows] == [("u",), ("alone",), ("t3",)]
        np.testing.assert_allclose(window.body[2], unit(3), atol=1e-3)
        assert window.times[2] == DAWN_S + 3
        assert window.face_rows[2] == -1
        assert window.direction_deg[2] == 30


async def test_vectors_of_different_models_are_in_one_view_never(gallery: Gallery) -> None:
    wide = Sighting(seen("wide", body_model="big").detection, vector(9, 32))
    await gallery.ingest([
        seen("old", body=1, face=2), wide, seen("other face", "b", body=3, face=4, face_model="arc"),
        seen("face alone", seconds=1, face=5), seen("face of big", seconds=2, body=6, face=7, body_model="large"),
    ])  # fmt: skip
    assert await gallery.models() == {
        ("", "dlib"): 1, ("big", ""): 1, ("large", "dlib"): 1, ("osnet", "arc"): 1, ("osnet", "dlib"): 1,
    }  # fmt: skip
    assert await ids(gallery, "osnet", "dlib") == [("old",), ("face alone",), ("face of big",), ("other face",)]
    assert await ids(gallery, "osnet", "") == [("old",), ("other face",)]
    assert await ids(gallery, "osnet", "arc") == [("old",), ("other face",)]
    assert await ids(gallery, "", "arc") == [("other face",)]
    assert await ids(gallery, "big", "new") == [("wide",)]
    with await gallery.view("osnet", "dlib") as view:
        window = view.window(0, 0, 1e12)
        assert window.body.any(axis=1).tolist() == [True, False, False]
        assert (window.face_rows >= 0).all()
        found = window.faces[window.face_rows]
        np.testing.assert_allclose(found, [unit(n, WIDTH // 2) for n in (2, 5, 7)], atol=1e-3)
        assert view.window(1, 0, 1e12).face_rows.tolist() == [-1]
    with await gallery.view("big") as view:
        assert view.window(0, 0, 1e12).body.shape == (1, 32)
    for body, face in (("nobody", ""), ("", ""), ("nobody", "nobody"), ("", "osnet")):
        with pytest.raises(NotFound):
            await gallery.view(body, face)


async def test_detections_of_a_camera_that_is_gone_are_in_no_view_until_it_comes_back(gallery: Gallery) -> None:
    badge = CarriedThing("badge", "7")
    await gallery.ingest([seen("d1", "a"), seen("d2", "b"), seen("d3", "x"), seen("r", "a", carried=badge)])
    assert await ids(gallery) == [("d1",), ("d2",)]
    with await gallery.view("osnet") as before:
        await gallery.remove_camera("a")
        with await gallery.view("osnet") as after:
            assert list(after.cameras) == ["b", "c"]
            assert after.size == 1
            assert after.carried(badge) == []
            assert after.camera_of(after.row_of("d2")) == 0
            with pytest.raises(NotFound):
                after.row_of("d1")
        assert before.size == 2
        assert before.id_of(before.row_of("d1")) == "d1"
    await gallery.put_network(cameras("abx"), [])
    assert await ids(gallery) == [("d1",), ("d2",), ("d3",)]
    assert (await gallery.detection("d3")).detection.camera == "x"


async def test_things_carried_are_found_where_they_were_read(gallery: Gallery) -> None:
    plate, badge = CarriedThing("plate", "ZH 1"), CarriedThing("badge", "ZH 1")
    await gallery.ingest([seen("d"), seen("r1", "b", 90_000, carried=plate), seen("r2", "a", 5, carried=plate)])
    await gallery.ingest([seen("r3", "c", 7, carried=badge), seen("r4", "c", 6, body=1, carried=plate)])
    with await gallery.view("osnet") as view:
        assert view.carried(plate) == [(0, DAWN_S + 5), (2, DAWN_S + 6), (1, DAWN_S + 90_000)]
        assert view.carried(badge) == [(2, DAWN_S + 7)]
        assert view.carried(CarriedThing("wifi", "ZH 1")) == []
        assert view.size == 2
        with pytest.raises(NotFound):
            view.row_of("r1")
    assert await gallery.forget(detections=["r2", "r3"]) == 2
    with await gallery.view("osnet") as view:
        assert view.carried(plate) == [(2, DAWN_S + 6), (1, DAWN_S + 90_000)]
        assert view.carried(badge) == []


async def test_what_is_older_or_named_is_forgotten_once_and_may_come_again(gallery: Gallery) -> None:
    batch = [seen(f"d{n:02}", "abc"[n % 3], 6 * 3600.0 * n, body=n, face=n) for n in range(20)]
    await gallery.ingest(batch)
    assert await gallery.forget() == 0
    assert await gallery.forget(before=DAWN) == 0
    assert await gallery.forget(detections=["nobody"]) == 0
    assert await gallery.forget(before=DAWN + timedelta(hours=30), detections=["d19", "d02", "d19", "nobody"]) == 6
    assert await gallery.forget(before=DAWN + timedelta(hours=30), detections=["d19"]) == 0
    left = {f"d{n:02}" for n in range(5, 19)}
    assert {name for names in await ids(gallery) for name in names} == left
    assert await gallery.models() == {("osnet", "dlib"): 14}
    with pytest.raises(NotFound):
        await gallery.detection("d19")
    assert await gallery.ingest([batch[19], batch[5]]) == Ingested(stored=1, known=1)
    assert await gallery.forget(before=datetime(2027, 1, 1, tzinfo=UTC)) == 15
    assert await gallery.models() == {}
    with pytest.raises(NotFound):
        await gallery.view("osnet")


async def test_a_view_stays_as_it_was_whatever_happens_meanwhile(gallery: Gallery) -> None:
    await gallery.ingest([seen(f"d{n}", "abc"[n % 3], n, body=n) for n in range(9)])
    with await gallery.view("osnet") as view:
        await gallery.ingest([seen("late", "a", 2.5, body=50)])
        await gallery.forget(before=DAWN + timedelta(seconds=4))
        await gallery.compact()
        await gallery.forget(detections=["d8"])
        await gallery.put_network(cameras("z"), [])
        assert view.size == 9
        for number in range(3):
            window = view.window(number, 0, 1e12)
            assert [view.id_of(int(row)) for row in window.rows] == [f"d{n}" for n in (number, number + 3, number + 6)]
            wanted = [unit(n) for n in (number, number + 3, number + 6)]
            np.testing.assert_allclose(window.body, wanted, atol=1e-3)
    await gallery.put_network(cameras(), [])
    assert await ids(gallery) == [("d6",), ("d4",), ("d7",), ("d5",)]


async def test_what_was_learnt_is_kept_under_its_name(gallery: Gallery) -> None:
    assert await gallery.kept_model("site") is None
    content = bytes(range(256)) * 5000
    await gallery.keep_model("site", content)
    await gallery.keep_model("other", b"")
    await gallery.keep_model("site", content + b"!")
    assert await gallery.kept_model("site") == content + b"!"
    assert await gallery.kept_model("other") == b""


async def test_many_at_once_lose_and_double_nothing(gallery: Gallery) -> None:
    async def ingest(n: int) -> Ingested:
        return await gallery.ingest([seen(f"d{m}", "abc"[m % 3], m, body=m) for m in range(n, n + 10)])

    found = await asyncio.gather(*(ingest(n) for n in range(0, 60, 5)), gallery.compact(), gallery.compact())
    outcomes = [one for one in found if isinstance(one, Ingested)]
    assert sum(one.stored for one in outcomes) == 65
    assert sum(one.known for one in outcomes) == 55
    assert sorted(name for names in await ids(gallery) for name in names) == sorted(f"d{n}" for n in range(65))
    assert not await gallery.verify()


async def test_a_sound_gallery_has_no_faults(gallery: Gallery) -> None:
    assert list(await gallery.verify()) == []
    await track(gallery, one_by_one=True)
    assert list(await gallery.verify()) == []
    assert await gallery.reapply_deletions() == 0
