"""Acceptance of searches across cameras, on the real daemon: from nothing to a drawing, and through kills and stops."""

from __future__ import annotations

import json
import random
import signal
import time
from collections.abc import Iterator
from contextlib import closing, suppress
from http.client import HTTPException
from pathlib import Path
from threading import Thread

import pytest

pytest.importorskip("numba", reason="needs the extra association")

from tests.acceptance.asking import until
from tests.acceptance.daemon_process import DaemonProcess
from tests.acceptance.site_house import (
    API,
    KEY,
    PURPOSE,
    SEARCHES,
    THOROUGH,
    Investigator,
    lines_of,
    searching,
    simulated,
    targets,
)
from tests.acceptance.test_chat_needs import without

SLACK_S = 2.0
#: Compiling the kernels for the first time takes a minute.
LOAD_S = 120.0
_ENDED = {"done", "interrupted", "cancelled"}
_ON, _SECRET = '[association]\nkind = "on"\n', '[audit]\nsecret = "audit"\n'
pytestmark = pytest.mark.timeout(400)


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A simulated world."""
    return simulated(tmp_path_factory.mktemp("worlds"))


@pytest.fixture(scope="module")
def learnt(world: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Investigator]:
    """Somebody at a daemon that has ingested the world and learnt of it by the commands."""
    with searching(tmp_path_factory.mktemp("daemon")) as daemon:
        daemon.wait_event("association.loaded", LOAD_S)
        mei = Investigator(daemon)
        ingested = mei.command("ingest", str(world))
        assert ingested.returncode == 0, ingested.stderr
        assert ingested.stdout.endswith(" stored, 0 known already, 0 refused\n")
        passages = mei.command("learn", str(world))
        assert passages.returncode == 0, passages.stderr
        yield mei


def test_from_a_clean_start_a_search_prints_a_way_and_writes_its_drawing(
    learnt: Investigator, world: Path, tmp_path: Path
) -> None:
    asked = ["search", "--case", learnt.case, "--purpose", PURPOSE, "--detection", targets(world)[0]]
    found = learnt.command(*asked, "--svg", str(tmp_path / "way.svg"), "--geojson", str(tmp_path / "way.geojson"))
    assert (found.returncode, found.stderr) == (0, "")
    assert "  0. " in found.stdout
    assert "  1. " in found.stdout
    assert "</svg>" in (tmp_path / "way.svg").read_text(encoding="utf-8")
    assert '"FeatureCollection"' in (tmp_path / "way.geojson").read_text(encoding="utf-8")


def test_the_same_over_http_with_progress(learnt: Investigator, world: Path) -> None:
    begun = learnt.search(targets(world)[0])
    assert begun.status == 202, begun
    states = list(learnt.events(begun.body["id"]))
    assert states[-1]["state"] == "done"
    assert states[-1]["progress"]["found"] > 0
    result = learnt.ask("GET", f"{SEARCHES}/{begun.body['id']}").body["result"]
    assert len(result["hops"]) == states[-1]["progress"]["found"]
    assert {hop["detection"] for hop in result["hops"]}.isdisjoint({targets(world)[0]})


def test_a_reload_keeps_it_searching(learnt: Investigator, world: Path) -> None:
    daemon = learnt.daemon
    text = daemon.config.read_text(encoding="utf-8")
    daemon.config.write_text(text.replace("[association]\n", '[association]\nhorizon = "30m"\n'), encoding="utf-8")
    daemon.signal(signal.SIGHUP)
    daemon.wait_told("RELOADING", 20)
    daemon.wait_told("READY", 20)
    begun = learnt.search(targets(world)[1])
    assert begun.body["asked"]["horizon_s"] == 1_800.0, "what was reloaded is in force"
    assert list(learnt.events(begun.body["id"]))[-1]["state"] == "done"


def test_it_ends_in_time_and_with_0_while_it_learns(learnt: Investigator, world: Path) -> None:
    daemon = learnt.daemon
    work = Thread(target=learnt.command, args=("learn", str(world)), daemon=True)
    work.start()
    time.sleep(1.0)
    daemon.signal(signal.SIGTERM)
    assert daemon.wait_end(daemon.grace + SLACK_S)[0] == 0
    assert not daemon.events("daemon.killed")
    work.join(60)
    assert not work.is_alive()


def test_a_search_is_cancelled_and_one_that_the_end_of_the_daemon_interrupts_is_begun_again(
    world: Path, tmp_path: Path
) -> None:
    lines, (first, second, third, *_) = lines_of(world), targets(world)
    with searching(tmp_path, THOROUGH) as daemon:
        daemon.wait_event("association.loaded", LOAD_S)
        mei = Investigator(daemon)
        assert mei.command("ingest", str(world)).returncode == 0
        cancelled = mei.search(first, backwards=True, horizon_s=18_000).body["id"]
        until(lambda: mei.searches()[cancelled]["state"] == "running", 60, "it runs")
        ended = mei.ask("POST", f"{SEARCHES}/{cancelled}/cancel")
        assert (ended.status, ended.body["state"]) == (200, "cancelled")
        assert ended.body["result"] is not None

        running = mei.search(second, backwards=True, horizon_s=18_000).body["id"]
        waiting = mei.search(third).body["id"]
        until(lambda: mei.searches()[running]["state"] == "running", 60, "it runs")
        work = Ingesting(mei, lines, 20)
        daemon.signal(signal.SIGTERM)
        assert daemon.wait_end(daemon.grace + SLACK_S)[0] == 0, "a search and an ingest do not hold it up"
        work.join(30)

        start_again(daemon, 2)
        assert mei.searches()[running]["state"] == "interrupted"
        until(lambda: mei.searches()[waiting]["state"] == "done", 60, "what waited is searched")
        again = mei.ask("POST", f"{SEARCHES}/{running}/again")
        assert (again.status, again.body["state"]) == (202, "queued")
        assert mei.ask("POST", f"{SEARCHES}/{again.body['id']}/cancel").status == 200


def kill(daemon: DaemonProcess) -> None:
    assert daemon.process is not None
    daemon.process.kill()
    daemon.process.wait()


def start_again(daemon: DaemonProcess, count: int) -> None:
    """Start it, for the time of that count."""
    daemon.start()
    daemon.wait_told("READY", 60)
    daemon.wait_event("association.loaded", LOAD_S, count)


class Ingesting(Thread):
    """Sends detections in batches until the daemon is gone. acknowledged: how many it said it has."""

    def __init__(self, mei: Investigator, lines: list[bytes], size: int, acknowledged: int = 0) -> None:
        super().__init__(daemon=True)
        self.acknowledged, self.refused = acknowledged, list[object]()
        self._mei, self._lines, self._size = mei, lines, size
        self.start()

    def run(self) -> None:
        with suppress(OSError, HTTPException):
            while self.acknowledged < len(self._lines):
                told = self._mei.send(self._lines[self.acknowledged : self.acknowledged + self._size])
                self.refused += told["refused"]
                self.acknowledged += told["stored"] + told["known"]


def killed(folder: Path, world: Path, rounds: int, seed: int) -> None:
    """Kill it again and again while it ingests and searches, and look each time whether all is there."""
    rng, wanted = random.Random(seed), targets(world)
    of_targets, others = _parted(lines_of(world), set(wanted))
    with searching(folder, THOROUGH) as daemon:
        daemon.wait_event("association.loaded", LOAD_S)
        mei = Investigator(daemon)
        assert mei.send(of_targets)["stored"] == len(of_targets)
        with (world / "cameras.geojson").open("rb") as cameras:
            mei.put_network(cameras.read())
        acknowledged, begun = 0, list[str]()
        for number in range(rounds):
            work = Ingesting(mei, others, rng.choice([1, 7, 40, 150]), acknowledged)
            asked = [mei.search(target) for target in rng.sample(wanted, 2)]
            begun += [str(one.body["id"]) for one in asked if one.status == 202]
            time.sleep(rng.uniform(0.02, 1.0))
            kill(daemon)
            work.join(30)
            assert work.refused == []
            acknowledged = work.acknowledged
            start_again(daemon, number + 2)
            assert mei.kept() >= acknowledged + len(of_targets), "what was acknowledged is there"
            assert set(begun) <= set(mei.searches()), "a search that was begun is gone"
        check_detections(mei, others, acknowledged, len(of_targets))
        check_searches(mei, begun)


def check_detections(mei: Investigator, lines: list[bytes], acknowledged: int, more: int) -> None:
    """Ingest all of them again: those that were acknowledged are known, and none is there twice."""
    for place in range(0, len(lines), 500):
        told = mei.send(lines[place : place + 500])
        assert told["refused"] == []
        assert told["known"] >= min(500, max(acknowledged - place, 0)), "nothing was lost"
    assert mei.kept() == len(lines) + more, "nothing is there twice"


def check_searches(mei: Investigator, begun: list[str]) -> None:
    """Wait until all have ended: each is done, or says that it was interrupted."""
    until(lambda: all(one["state"] in _ENDED for one in mei.searches().values()), 120, "all have ended")
    ended = mei.searches()
    assert sorted(ended) == sorted(begun), "a search was doubled"
    assert mei.ask("GET", f"{API}/cases/{mei.case}").body["searches"] == len(begun)
    for search_id, one in ended.items():
        kept = mei.ask("GET", f"{SEARCHES}/{search_id}").body
        assert kept["result"] is not None if one["state"] == "done" else "again" in kept["problem"]


def _parted(lines: list[bytes], wanted: set[str]) -> tuple[list[bytes], list[bytes]]:
    is_wanted = [json.loads(line)["id"] in wanted for line in lines]
    return (
        [line for line, chosen in zip(lines, is_wanted, strict=True) if chosen],
        [line for line, chosen in zip(lines, is_wanted, strict=True) if not chosen],
    )


def test_three_kills_lose_no_detection_and_leave_no_search_hanging(world: Path, tmp_path: Path) -> None:
    killed(tmp_path, world, rounds=3, seed=1)


@pytest.mark.slow
@pytest.mark.timeout(900)
@pytest.mark.parametrize("seed", [2, 3])
def test_twenty_kills_lose_no_detection_and_leave_no_search_hanging(world: Path, tmp_path: Path, seed: int) -> None:
    killed(tmp_path, world, rounds=20, seed=seed)


def refused_to_start(folder: Path, config: str, environment: dict[str, str]) -> str:
    """Start a daemon that cannot; return what it wrote."""
    process = DaemonProcess(folder, config, environment=environment).start()
    with closing(process.manager):
        assert process.wait_end(60)[0] == 78
    assert "Traceback" not in process.log_text()
    return process.log_text()


@pytest.mark.parametrize(
    ("config", "absent", "told"),
    [
        (_ON + _SECRET, "numba", "`pip install 'zhiban[association]'`: no numba"),
        (_ON, "", "needs [audit] secret"),
        (_ON + _SECRET, "", "ZHIBAN_AUDIT"),
    ],
)  # fmt: skip
def test_without_its_packages_or_a_key_it_says_so_and_does_not_start(
    tmp_path: Path, config: str, absent: str, told: str
) -> None:
    environment = {**KEY, **without(tmp_path, absent)} if absent else {}
    assert told in refused_to_start(tmp_path, config, environment)
