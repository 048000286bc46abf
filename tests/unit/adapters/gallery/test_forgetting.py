"""What is forgotten is gone from every file, and stays so."""

from __future__ import annotations

import shutil
from datetime import timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from structlog.testing import capture_logs

from daemon.adapters.gallery import FileGallery, rewriting
from daemon.adapters.gallery.gallery import FileGallery as Opened
from daemon.errors import NotFound, StoreCorrupt, StoreFull, Unavailable
from daemon.ports.sightings import CarriedThing, Sighting
from tests.contract.sighted import DAWN, WIDTH, all_ids, cameras, files_of, ids, seen, unit, vector


def traces(folder: Path, gone: list[Sighting]) -> list[tuple[str, str]]:
    """Return in which files anything of some sightings is, as text, as fp16 or as fp32."""
    sought: dict[str, bytes] = {}
    for one in gone:
        sought[one.detection.id] = one.detection.id.encode()
        if one.detection.track:
            sought[f"track of {one.detection.id}"] = one.detection.track.encode()
        for kind, given in (("body", one.body), ("face", one.face)):
            if given is not None:
                kept = unit_of(given)
                sought[f"{kind} of {one.detection.id}"] = kept.tobytes()
                sought[f"{kind} of {one.detection.id} as kept in fp32"] = kept.astype(np.float32).tobytes()
                sought[f"{kind} of {one.detection.id} as given"] = given.tobytes()
    files = {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}
    return [(what, path.name) for path, held in files.items() for what, bytes_ in sought.items() if bytes_ in held]


def unit_of(given: Any) -> Any:
    exact = given.astype(np.float64)
    exact /= np.abs(exact).max()
    return (exact / np.linalg.norm(exact)).astype(np.float16)


def people(count: int) -> list[Sighting]:
    return [
        seen(f"person-{n:04}-detection", "abc"[n % 3], 600.0 * n, body=n, face=n if n % 2 else None,
             track=f"the-track-{n // 3:04}" if n % 5 else None)
        for n in range(count)
    ]  # fmt: skip


async def test_nothing_of_what_is_forgotten_is_in_any_file(tmp_path: Path) -> None:
    batch = people(400)
    async with files_of(tmp_path) as gallery:
        await gallery.put_network(cameras(), [])
        for start in range(0, 400, 40):
            await gallery.ingest(batch[start : start + 40])
        assert traces(tmp_path, batch[:1]), "a test that looks in the wrong place finds nothing"
        with await gallery.view("osnet", "dlib") as view:
            named = [one.detection.id for one in batch[300:400:7]]
            before = DAWN + timedelta(days=1)
            assert await gallery.forget(before, named) == 144 + len(named)
            gone = batch[:144] + batch[300:400:7]
            kept_tracks = {one.detection.track for one in batch[144:]} - {None}
            found = traces(tmp_path, gone)
            assert not [one for one in found if not one[0].startswith("track of")]
            assert (tmp_path / "association.sqlite3-wal").stat().st_size == 0
            assert not traces(tmp_path, [one for one in batch[:144] if one.detection.track not in kept_tracks])
            assert sorted(name for names in all_ids(view) for name in names) == [one.detection.id for one in batch]
        left = [one.detection.id for one in batch[144:] if one.detection.id not in named]
        assert sorted(name for names in await ids(gallery) for name in names) == left
    found = traces(tmp_path, gone)
    assert not [one for one in found if not one[0].startswith("track of")]


async def test_things_carried_are_gone_too(tmp_path: Path) -> None:
    async with files_of(tmp_path) as gallery:
        await gallery.ingest([seen("r1", carried=CarriedThing("plate", "ZH 987654")), seen("d")])
        await gallery.forget(detections=["r1"])
    assert not [path for path in tmp_path.rglob("*") if path.is_file() and b"ZH 987654" in path.read_bytes()]


async def test_a_backup_that_is_put_back_has_the_deletions_applied_again(tmp_path: Path) -> None:
    state, backup = tmp_path / "state", tmp_path / "backup"
    batch = people(60)
    async with files_of(state) as gallery:
        await gallery.put_network(cameras(), [])
        await gallery.ingest(batch)
        await gallery.forget(detections=[batch[50].detection.id])
    shutil.copytree(state, backup)
    async with files_of(state) as gallery:
        await gallery.forget(DAWN + timedelta(hours=2), [batch[40].detection.id])
        await gallery.forget(detections=[batch[41].detection.id, "nobody"])
        left = await ids(gallery)
    for name in ("association", "association.sqlite3"):  # the journal is not put back
        target = state / name
        shutil.rmtree(target) if target.is_dir() else target.unlink()
        shutil.copytree(backup / name, target) if (backup / name).is_dir() else shutil.copy(backup / name, target)
    assert traces(state, batch[40:42])
    with capture_logs() as logs:
        async with files_of(state) as gallery:
            assert await ids(gallery) == left
            assert await gallery.reapply_deletions() == 0
    assert [(one["event"], one["deletions"], one["detections"]) for one in logs] == [
        ("gallery.deletions_applied", 2, 14)
    ]
    assert not [one for one in traces(state, batch[40:42]) if not one[0].startswith("track")]
    with capture_logs() as logs:
        async with files_of(state) as gallery:
            assert (await gallery.ingest(batch[40:42])).stored == 2
    assert logs == []


async def test_a_deletion_that_is_cut_short_is_finished_when_the_gallery_is_opened(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    batch = people(60)
    async with files_of(tmp_path) as gallery:
        await gallery.put_network(cameras(), [])
        await gallery.ingest(batch)

        async def broken(*_: object) -> int:
            raise Unavailable("the disk went away")

        monkeypatch.setattr(Opened, "_delete", broken)
        with pytest.raises(Unavailable):
            await gallery.forget(detections=[batch[3].detection.id])
        monkeypatch.undo()
        assert (await gallery.detection(batch[3].detection.id)).detection == batch[3].detection
    async with files_of(tmp_path) as gallery:
        with pytest.raises(NotFound):
            await gallery.detection(batch[3].detection.id)
        assert await gallery.models() == {("osnet", ""): 30, ("osnet", "dlib"): 29}
    assert not [one for one in traces(tmp_path, batch[3:4]) if not one[0].startswith("track")]


async def test_a_line_of_the_journal_that_death_cut_short_counts_for_nothing(tmp_path: Path) -> None:
    async with files_of(tmp_path) as gallery:
        await gallery.put_network(cameras(), [])
        await gallery.ingest(people(6))
        await gallery.forget(detections=[people(6)[0].detection.id])
    journal = tmp_path / "association.deletions"
    journal.write_bytes(journal.read_bytes() + b'{"before_s":99999')
    async with files_of(tmp_path) as gallery:
        assert await counted(gallery) == 5
        await gallery.forget(detections=[people(6)[1].detection.id])
    async with files_of(tmp_path) as gallery:
        assert await counted(gallery) == 4
    assert journal.read_bytes().count(b"\n") == 3


async def counted(gallery: FileGallery) -> int:
    return sum((await gallery.models()).values())


@pytest.mark.parametrize("content", [b"", b"\n", b"no journal\n", b'{"journal":"x","key":"00"}\n{"ids":7}\n'])
async def test_a_journal_that_cannot_be_read_is_told_and_nothing_is_lost(tmp_path: Path, content: bytes) -> None:
    async with files_of(tmp_path) as gallery:
        await gallery.ingest(people(3))
    journal = tmp_path / "association.deletions"
    kept = journal.read_bytes()
    journal.write_bytes(content)
    with pytest.raises(StoreCorrupt, match=r"association\.deletions"):
        async with files_of(tmp_path):
            pass
    journal.write_bytes(kept)
    async with files_of(tmp_path) as gallery:
        assert await counted(gallery) == 3


async def test_no_id_is_in_the_journal(tmp_path: Path) -> None:
    async with files_of(tmp_path) as gallery:
        await gallery.forget(detections=["somebody-at-the-door"])
    assert b"somebody" not in (tmp_path / "association.deletions").read_bytes()


async def test_a_block_that_nobody_can_read_goes_with_its_day(tmp_path: Path) -> None:
    async with files_of(tmp_path) as gallery:
        await gallery.ingest(people(10))
    path = next((tmp_path / "association").iterdir())
    path.write_bytes(path.read_bytes()[:-1])
    async with files_of(tmp_path) as gallery:
        await gallery.forget(DAWN + timedelta(hours=1))
        assert path.exists(), "of its day, some is to be kept"
        await gallery.forget(DAWN + timedelta(days=1))
        assert not path.exists()
        assert await gallery.verify() == []


def test_the_vectors_that_are_looked_for_are_those_that_are_kept() -> None:
    assert unit_of(vector(5)).tobytes() == unit(5).tobytes()
    assert len(unit(5)) == WIDTH


async def test_a_deletion_that_failed_is_done_before_the_next(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    batch = people(20)
    async with files_of(tmp_path) as gallery:
        await gallery.put_network(cameras(), [])
        await gallery.ingest(batch)
        with monkeypatch.context() as patched:
            patched.setattr(rewriting, "write_block", no_room)
            with pytest.raises(StoreFull):
                await gallery.forget(detections=[batch[3].detection.id])
        assert await counted(gallery) == 20
        assert await gallery.forget(detections=[batch[4].detection.id]) == 1
        assert await counted(gallery) == 18
    with capture_logs() as logs:
        async with files_of(tmp_path) as gallery:
            assert await counted(gallery) == 18
    assert logs == []


def no_room(*_: object, **__: object) -> str:
    raise StoreFull("no room")


async def test_what_was_forgotten_does_not_come_back_with_a_block_that_is_mended(tmp_path: Path) -> None:
    batch = people(20)
    async with files_of(tmp_path) as gallery:
        await gallery.put_network(cameras(), [])
        await gallery.ingest(batch[:10])
        await gallery.ingest(batch[10:])
        await gallery.forget(detections=[batch[0].detection.id])
        await gallery.ingest(batch[:1])
        while await gallery.compact():
            pass
    path = next((tmp_path / "association").iterdir())
    whole = path.read_bytes()
    path.write_bytes(whole[:-1])
    async with files_of(tmp_path) as gallery:
        assert await counted(gallery) == 0
        assert await gallery.forget(detections=[batch[12].detection.id]) == 0
        assert await gallery.forget(before=batch[2].detection.time) == 0
        path.write_bytes(whole)
        assert await gallery.verify() == []
        assert await counted(gallery) == 17
        assert not [one for one in traces(tmp_path, [*batch[:2], batch[12]]) if not one[0].startswith("track")]


async def test_a_mended_block_has_what_came_in_again_before_it_was_damaged(tmp_path: Path) -> None:
    batch = people(3)
    async with files_of(tmp_path) as gallery:
        await gallery.ingest(batch)
        await gallery.forget(detections=[one.detection.id for one in batch])
        await gallery.ingest(batch)
    path = next((tmp_path / "association").iterdir())
    whole = path.read_bytes()
    path.write_bytes(b"")
    async with files_of(tmp_path) as gallery:
        path.write_bytes(whole)
        assert await gallery.verify() == []
        assert await counted(gallery) == 3
