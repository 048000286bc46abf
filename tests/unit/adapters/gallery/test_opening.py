"""Galleries that are opened after something happened to their files."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from daemon.adapters.gallery import FileGallery, open_gallery
from daemon.adapters.gallery import block as block_module
from daemon.errors import AlreadyRunning, NotFound
from daemon.ports.sightings import Ingested
from tests.contract.sighted import AtOnce, all_ids, cameras, files_of, ids, seen

HOLD = (
    "import asyncio, sys\nfrom pathlib import Path\nfrom daemon.adapters.gallery import open_gallery\n"
    "from daemon.inference.executor import ThreadOffload\n"
    "async def main():\n    async with open_gallery(Path(sys.argv[1]), ThreadOffload(1, 4)):\n"
    "        print('held', flush=True)\n        sys.stdin.read()\nasyncio.run(main())\n"
)


async def filled(folder: Path) -> None:
    """Keep two days, a block each."""
    async with files_of(folder) as gallery:
        await gallery.put_network(cameras(), [])
        await gallery.ingest([seen(f"d{n}", "abc"[n % 3], n, body=n) for n in range(30)])
        await gallery.ingest([seen(f"e{n}", "abc"[n % 3], 86_400 + n, body=n) for n in range(30)])


def blocks(folder: Path) -> list[Path]:
    return sorted((folder / "association").glob("*.block"))


async def refused(folder: Path, path: Path) -> None:
    """The first day is named, and not served; the second is; what is refused comes in again."""
    with capture_logs() as logs:
        async with files_of(folder) as gallery:
            assert {one for names in await ids(gallery) for one in names} == {f"e{n}" for n in range(30)}
            faults = await gallery.verify()
            assert len(faults) == 1
            assert str(path) in faults[0]
            with pytest.raises(NotFound):
                await gallery.detection("d0")
    assert [entry["event"] for entry in logs] == ["gallery.block_refused"]
    async with files_of(folder) as gallery:
        assert len(await gallery.verify()) == 1
        assert await gallery.ingest([seen("d0", body=0)]) == Ingested(stored=1, known=0)
        assert (await gallery.detection("d0")).detection.id == "d0"


@pytest.mark.parametrize("left", [0.0, 0.3, 0.999])
async def test_a_block_cut_short_is_named_and_the_rest_serves(tmp_path: Path, left: float) -> None:
    await filled(tmp_path)
    path = blocks(tmp_path)[0]
    whole = path.read_bytes()
    path.write_bytes(whole[: int(left * len(whole))])
    await refused(tmp_path, path)


async def test_a_block_with_a_wrong_byte_is_named_and_the_rest_serves(tmp_path: Path) -> None:
    await filled(tmp_path)
    path = blocks(tmp_path)[0]
    whole = path.read_bytes()
    path.write_bytes(whole[:-20] + b"\x55" + whole[-19:])
    await refused(tmp_path, path)


async def test_a_block_that_is_gone_is_named_and_the_rest_serves(tmp_path: Path) -> None:
    await filled(tmp_path)
    path = blocks(tmp_path)[0]
    path.unlink()
    await refused(tmp_path, path)


async def test_damage_that_comes_later_is_found_by_verify_and_mended_by_the_file_put_back(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(block_module, "SMALL", 0)
    await filled(tmp_path)
    path = blocks(tmp_path)[0]
    whole = path.read_bytes()
    path.write_bytes(whole[:-20] + b"\x55" + whole[-19:])
    async with files_of(tmp_path) as gallery:
        assert len(await ids(gallery)) == 60, "a large block is not read whole when it is opened"
        with await gallery.view("osnet") as view:
            faults = await gallery.verify()
            assert len(faults) == 1
            assert "checksum" in faults[0]
            assert str(path) in faults[0]
            assert len(await ids(gallery)) == 30
            assert len(all_ids(view)) == 60
        path.write_bytes(whole)
        assert await gallery.verify() == []
        assert len(await ids(gallery)) == 60
    async with files_of(tmp_path) as gallery:
        assert len(await ids(gallery)) == 60


async def test_a_mended_block_whose_detections_came_in_again_stays_out(tmp_path: Path) -> None:
    await filled(tmp_path)
    path = blocks(tmp_path)[0]
    whole = path.read_bytes()
    path.write_bytes(whole[:-1])
    async with files_of(tmp_path) as gallery:
        await gallery.ingest([seen("d7", "b", 7, body=7)])
        path.write_bytes(whole)
        assert len(await gallery.verify()) == 1
        assert len(await ids(gallery)) == 31


async def test_what_is_damaged_is_not_merged_into_what_is_not(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(block_module, "SMALL", 0)
    async with files_of(tmp_path) as gallery:
        await gallery.put_network(cameras(), [])
        for n in range(4):
            await gallery.ingest([seen(f"d{n}", "a", n, body=n)])
    path = blocks(tmp_path)[2]
    path.write_bytes(path.read_bytes()[:-40] + bytes(40))
    async with files_of(tmp_path) as gallery:
        while await gallery.compact():
            pass
        assert await ids(gallery) == [("d0",), ("d1",), ("d3",)]
        assert [str(path) in fault for fault in await gallery.verify()] == [True]
        assert len(blocks(tmp_path)) == 2


async def test_files_that_do_not_count_are_deleted(tmp_path: Path) -> None:
    await filled(tmp_path)
    kept = blocks(tmp_path)
    (tmp_path / "association" / "0190.block").write_bytes(kept[0].read_bytes())
    (tmp_path / "association" / "0191.part").write_bytes(b"half")
    kept[0].with_suffix(".part").write_bytes(b"half")
    async with files_of(tmp_path) as gallery:
        assert len(await ids(gallery)) == 60
    assert sorted((tmp_path / "association").iterdir()) == kept


async def test_two_processes_at_once_are_refused(tmp_path: Path) -> None:
    with subprocess.Popen(
        [sys.executable, "-c", HOLD, str(tmp_path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as other:
        assert other.stdout is not None
        assert other.stdout.readline() == "held\n"
        with pytest.raises(AlreadyRunning, match=f"held by process {other.pid}"):
            async with files_of(tmp_path):
                pass
        other.kill()
        other.wait()
        async with files_of(tmp_path) as gallery:
            assert isinstance(gallery, FileGallery)


async def test_all_files_are_for_their_owner_alone(tmp_path: Path) -> None:
    before = os.umask(0)
    try:
        async with open_gallery(tmp_path / "state", AtOnce()) as gallery:
            await gallery.ingest([seen("d1")])
            await gallery.forget(detections=["d2"])
            found = [path for path in (tmp_path / "state").rglob("*") if path.stat().st_mode & 0o077]
    finally:
        os.umask(before)
    assert found == []
