"""`zhiban association ingest`, `learn` and `search` as processes of their own, against a real server."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import NamedTuple

import pytest

from daemon.config import RetentionSection
from daemon.inference.association.folders.simulating import simulate
from daemon.inference.association.folders.streets import StreetSettings
from daemon.inference.association.folders.world import WorldSettings
from daemon.inference.association.folders.writing import claim, write_world
from tests.association_kit import PURPOSE, Site, first_target, world
from tests.unit.handlers.http.api import Api, api
from tests.unit.handlers.http.site_api import picture, served

ROOT = Path(__file__).parents[2]


class Done(NamedTuple):
    status: int
    out: str
    errors: str


async def started(service: Api, *arguments: str, who: str, group: str = "association") -> asyncio.subprocess.Process:
    return await asyncio.create_subprocess_exec(
        sys.executable, "-m", "daemon", group, *arguments,
        stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE, cwd=ROOT,
        env={"PATH": os.environ["PATH"], "ZHIBAN_URL": service.serving.url, "ZHIBAN_TOKEN": service.tokens[who],
             "PYTHONUTF8": "1"},
    )  # fmt: skip


async def zhiban(service: Api, *arguments: str, who: str = "keeper", group: str = "association") -> Done:
    process = await started(service, *arguments, who=who, group=group)
    out, errors = await process.communicate()
    return Done(process.returncode or 0, out.decode(), errors.decode())


async def search(service: Api, here: Site, *arguments: str) -> Done:
    return await zhiban(service, "search", "--case", here.case.id, "--purpose", PURPOSE, *arguments, who="mei")


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The small world as a folder."""
    made = tmp_path_factory.mktemp("worlds") / "world"
    claim(made)
    write_world(world(), made, lambda *_: None)
    return made


@asynccontextmanager
async def patient(*, running: bool = True, fill: bool = True) -> AsyncIterator[tuple[Api, Site]]:
    """A site that keeps what is long past, as the demonstration does."""
    async with served(running=running, fill=fill) as (service, here):
        kept = RetentionSection.model_validate({"sightings": "36500d"})
        here.home.duty.config = here.home.duty.config.model_copy(update={"retention": kept})
        yield service, here


async def test_a_folder_is_ingested_once_learnt_of_and_searched(folder: Path, tmp_path: Path) -> None:
    async with patient(fill=False) as (service, here):
        count = len(world().times)
        done = await zhiban(service, "ingest", str(folder))
        network = f"{folder}/cameras.geojson: 16 cameras, {len(world().ways)} ways"
        assert done == (0, f"{network}\n{count} stored, 0 known already, 0 refused\n", "")
        again = await zhiban(service, "ingest", str(folder))
        assert (again.status, again.out.splitlines()[-1]) == (0, f"0 stored, {count} known already, 0 refused")

        learnt = await zhiban(service, "learn", str(folder))
        assert learnt.status == 0, learnt.errors
        passages = len((folder / "passages.jsonl").read_text(encoding="utf-8").splitlines())
        assert f"unstated-64: {passages} of {passages} passages" in learnt.out
        assert "unstated-64 and unstated-32: " in learnt.out

        detection, drawing, way = first_target().detection, tmp_path / "way.svg", tmp_path / "way.geojson"
        found = await search(service, here, "--detection", detection, "--svg", str(drawing), "--geojson", str(way))
        assert (found.status, found.errors) == (0, "")
        lines = found.out.splitlines()
        assert " sightings at " in lines[0]
        assert any(line.startswith("  1. ") and line.endswith("%)") for line in lines)
        assert lines[-2:] == [f"written: {drawing}", f"written: {way}"]
        assert drawing.read_text(encoding="utf-8").startswith("<?xml")
        assert json.loads(way.read_text(encoding="utf-8"))["type"] == "FeatureCollection"

        chinese = await search(service, here, "--detection", detection, "--language", "zh", "--both")
        assert "次目击" in chinese.out
        told = json.loads((await search(service, here, "--detection", detection, "--json")).out)
        assert (told["state"], told["case"]) == ("done", here.case.id)


async def test_a_picture_is_searched_with_its_camera_and_time(tmp_path: Path) -> None:
    async with served(fill=False) as (service, here):
        (tmp_path / "p.png").write_bytes(picture())
        asked = ["--picture", str(tmp_path / "p.png"), "--camera", world().cameras[0].id]
        early = await search(service, here, *asked, "--time", "2026-11-25T00:00:00Z")
        assert (early.status, "ingest pictures first" in early.errors) == (2, True)
        kept = await service.post(
            "/association/pictures", who="keeper", data=picture(), headers={"Content-Type": "image/png"},
            params={"camera": world().cameras[0].id, "time": "2026-11-24T23:59:00Z"},
        )  # fmt: skip
        assert kept.status == 201
        found = await search(service, here, *asked, "--time", "2026-11-25T00:00:00Z")
        assert (found.status, "0. 00:00:00" in found.out) == (0, True), found.errors
        assert (await search(service, here, *asked)).status == 2, "no time"
        gone = await search(service, here, "--picture", str(tmp_path / "gone.png"))
        assert (gone.status, "cannot be read" in gone.errors) == (2, True)


async def test_what_retention_would_forget_at_once_is_refused_and_shown(folder: Path) -> None:
    async with served(running=False, fill=False) as (service, _):
        done = await zhiban(service, "ingest", str(folder))
        assert (done.status, done.out.splitlines()[-1]) == (
            2, f"0 stored, 0 known already, {len(world().times)} refused",
        )  # fmt: skip
        assert "[retention] sightings says so" in done.errors
        assert len(done.errors.splitlines()) == 10, "not one line for each of thousands"


async def test_all_that_a_folder_can_tell_of_a_detection_is_kept_and_what_has_changed_is_refused_by_its_id(
    tmp_path: Path,
) -> None:
    columns = frozenset({"direction", "quality", "box", "track", "model"})
    few = WorldSettings(people=15, hours=1.0, seed=3, queries=2, streets=StreetSettings(cameras=9), columns=columns)
    claim(tmp_path / "few")
    write_world(simulate(few), tmp_path / "few", lambda *_: None)
    path = tmp_path / "few" / "detections.jsonl"
    first = json.loads(path.read_text(encoding="utf-8").splitlines()[0])
    async with patient(running=False, fill=False) as (service, here):
        assert (await zhiban(service, "ingest", str(tmp_path / "few"))).status == 0
        kept = (await here.gallery.detection(first["id"])).detection
        assert kept.box is not None
        assert [round(side, 3) for side in kept.box] == first["box"]
        assert (kept.track, kept.body_model) == (first["track"], "simulated-body")
        assert kept.quality == pytest.approx(first["quality"])
        changed = path.read_text(encoding="utf-8").replace(f'"quality": {first["quality"]}', '"quality": 0.01', 1)
        path.write_text(changed, encoding="utf-8")
        again = await zhiban(service, "ingest", str(tmp_path / "few"))
        assert (again.status, again.out.splitlines()[-1].split(", ")[2]) == (2, "1 refused")
        assert f"  refused: {first['id']}: " in again.errors


async def test_ctrl_c_cancels_the_search(folder: Path) -> None:
    async with patient(running=False) as (service, here):
        process = await started(service, "search", "--case", here.case.id, "--purpose", PURPOSE, "--detection",
                                first_target().detection, who="mei")  # fmt: skip
        while not here.system._followers:  # noqa: ASYNC110 a connection from another process
            await asyncio.sleep(0.01)
        process.send_signal(signal.SIGINT)
        _, errors = await process.communicate()
        assert (process.returncode, errors.decode()) == (1, "zhiban: the search is cancelled\n")
        (kept,) = (await here.home.stores.cases.searches(10, case_id=here.case.id)).items
        assert kept.state == "cancelled"


async def test_what_is_refused_and_what_is_wrong_is_said_in_a_line(folder: Path, tmp_path: Path) -> None:
    async with served(running=False) as (service, here):
        nothing = tmp_path / "nothing"
        nothing.write_text("{}\n", encoding="utf-8")
        short = tmp_path / "short.jsonl"
        short.write_text('\n{"detections": ["d1"]}\n', encoding="utf-8")
        for arguments, who, status, told in (
            (("ingest", str(folder)), "mei", 1, "association:admin"),
            (("ingest", str(tmp_path / "gone")), "keeper", 2, "gone"),
            (("learn", str(nothing)), "keeper", 2, "line 1"),
            (("learn", str(short)), "keeper", 2, "line 2: expected two"),
            (("learn", str(tmp_path / "gone")), "keeper", 2, "cannot be read"),
            (("search", "--case", "x", "--purpose", PURPOSE, "--detection", "d1"), "mei", 1, "live case"),
            (("search", "--case", here.case.id, "--purpose", "x", "--detection", "d1"), "mei", 1, "purpose"),
            (("search", "--case", here.case.id, "--purpose", PURPOSE), "mei", 2, "detection"),
        ):  # fmt: skip
            done = await zhiban(service, *arguments, who=who)
            assert (done.status, told in done.errors) == (status, True), (arguments, done)
            assert "Traceback" not in done.errors


async def test_a_daemon_without_association_says_so() -> None:
    async with api() as service:
        done = await zhiban(service, "search", "--case", "c", "--purpose", PURPOSE, "--detection", "d", who="admin")
        assert done.status == 1
        assert "Traceback" not in done.errors


async def test_the_status_of_the_daemon_tells_of_the_association() -> None:
    async with served(running=False) as (service, here):
        await here.begin()
        done = await zhiban(service, who="admin", group="status")
        assert "  association on: 0 searches run, 1 wait; stripe-histogram-for-trying-out-1\n" in done.out
