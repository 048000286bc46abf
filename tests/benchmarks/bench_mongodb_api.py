"""GET /api/v1/products/{id} of the daemon, against the same route in Flask with PyMongo under gunicorn.

Both read the document afresh for every answer, check a token, give an entity tag and tell the same fields, which is
checked before anything is measured. One load generator asks all of them in turns, over connections that it would keep;
gunicorn's sync workers close theirs, its threads keep them. CPU time of the server's processes, from the kernel; that
of MongoDB is counted nowhere.
"""

from __future__ import annotations

import asyncio
import hashlib
import os
import random
import statistics
import subprocess
import sys
import tempfile
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from itertools import product
from pathlib import Path
from typing import Any, Final

import aiohttp

from tests.acceptance.asking import free_port
from tests.acceptance.daemon_process import DaemonProcess
from tests.benchmarks.__main__ import versions
from tests.benchmarks.corpus import SEED
from tests.benchmarks.shop_documents import configuration, object_id, planted, wait_until_judged
from tests.interop.mongo_shop import DRIVERS
from tests.mongo_server import Shop

AREA: Final = "mongodb"
DOCUMENTS: Final = 2_000
REQUESTS: Final = 1_500
#: Callers at the same time: as many as make the daemon ask MongoDB about several products at once, and one alone.
BUSY: Final = 32
ALONE: Final = 1
ROUNDS: Final = 3
GOAL: Final = 0.5
_TICK_S: Final = 1 / os.sysconf("SC_CLK_TCK")
_TOKEN: Final = "shop-benchmark-token"
_SYNC: Final = ("--workers", "2")
_THREADS: Final = ("--workers", "1", "--worker-class", "gthread", "--threads", "8")


@dataclass(slots=True)
class Side:
    """A server, and what its answers have cost. pid: of the process whose children count as well."""

    name: str
    url: str
    token: str
    pid: int
    micros: dict[int, list[float]] = field(default_factory=lambda: {BUSY: [], ALONE: []})

    def median(self, callers: int) -> float:
        """Return CPU microseconds for an answer while so many ask."""
        return statistics.median(self.micros[callers])


async def rows() -> AsyncIterator[dict[str, Any]]:
    """Measure the daemon with both drivers, and gunicorn with both kinds of workers, in turns."""
    with tempfile.TemporaryDirectory() as folder, planted(Path(folder), DOCUMENTS) as shop, ExitStack() as stack:
        ours = [stack.enter_context(_daemon(Path(folder) / driver, shop, driver)) for driver in DRIVERS]
        sync = stack.enter_context(_gunicorn(shop, "sync workers", _SYNC))
        threads = stack.enter_context(_gunicorn(shop, "threads", _THREADS))
        await _compare(ours[0], sync)
        for _ in range(ROUNDS):
            for side, callers in product((*ours, sync, threads), (BUSY, ALONE)):
                side.micros[callers].append(await _cost(side, callers))
    for side, peer, callers in product(ours, (sync, threads), (BUSY, ALONE)):
        yield _row(side, peer, callers, GOAL if peer is sync and callers == BUSY else None)


def _row(side: Side, peer: Side, callers: int, goal: float | None) -> dict[str, Any]:
    ours, theirs = side.median(callers), peer.median(callers)
    asked = "one alone" if callers == ALONE else f"{callers} at once"
    return {
        "name": f"GET /api/v1/products/{{id}} by {side.name}, {asked}, "
        f"against Flask and PyMongo under gunicorn, {peer.name}",
        "ours": ours, "peer": theirs, "ratio": ours / theirs, "unit": "CPU us a request",
        "goal": "reported" if goal is None else f"at most {goal} x the CPU time",
        "met": None if goal is None else ours <= goal * theirs, "seed": SEED,
        "versions": versions("aiohttp", "uvloop", "motor", "pymongo", "flask", "gunicorn"),
    }  # fmt: skip


@contextmanager
def _daemon(folder: Path, shop: Shop, driver: str) -> Iterator[Side]:
    """Run a daemon until it has read the shop and judged all of it; it then follows the shop like any other."""
    folder.mkdir()
    with DaemonProcess(folder, configuration(shop.uri, driver)) as process:
        wait_until_judged(process, DOCUMENTS)
        token = (process.state / "token").read_text(encoding="utf-8").strip()
        yield Side(driver, process.url, token, process.pid)


@contextmanager
def _gunicorn(shop: Shop, name: str, options: Sequence[str]) -> Iterator[Side]:
    port = free_port()
    digest = hashlib.sha256(_TOKEN.encode()).hexdigest()
    with subprocess.Popen(
        [sys.executable, "-m", "gunicorn", "--bind", f"127.0.0.1:{port}", "--log-level", "error", *options,
         "tests.benchmarks.peers.flask_shop:app"],
        env={**os.environ, "SHOP_URI": shop.uri, "TOKEN_SHA256": digest}, cwd=Path(__file__).parents[2],
    ) as process:  # fmt: skip
        try:
            yield Side(name, f"http://127.0.0.1:{port}", _TOKEN, process.pid)
        finally:
            process.terminate()


async def _compare(ours: Side, peer: Side) -> None:
    """See that both say the same of every shape of document, the revision aside, which each counts in its way."""
    async with _session(ours) as our_session, _session(peer) as peer_session:
        for number in range(24):
            path = f"/api/v1/products/{object_id(number)}"
            mine, theirs = await _answer(our_session, ours.url + path), await _answer(peer_session, peer.url + path)
            differing = {n for n in mine.keys() | theirs.keys() if mine.get(n, "-") != theirs.get(n, "-")} - {
                "revision"
            }
            if differing:
                told = {name: (mine.get(name), theirs.get(name)) for name in differing}
                raise OSError(f"the answers for document {number} differ: {told}")


async def _answer(session: aiohttp.ClientSession, url: str) -> dict[str, Any]:
    """Return an answer; a server that still starts is asked again."""
    for _ in range(200):
        try:
            async with session.get(url) as answer:
                if answer.status != 200 or not answer.headers.get("ETag"):
                    raise OSError(f"{url}: {answer.status}, {await answer.text():.200}")
                found: dict[str, Any] = await answer.json()
                return found
        except aiohttp.ClientConnectionError:
            await asyncio.sleep(0.05)
    raise OSError(f"{url} does not answer")


async def _cost(side: Side, callers: int) -> float:
    """Return CPU microseconds for an answer, products asked for at random."""
    chance = random.Random(SEED)
    paths = iter([f"{side.url}/api/v1/products/{object_id(chance.randrange(DOCUMENTS))}" for _ in range(REQUESTS)])
    async with _session(side) as session:
        for number in range(4 * BUSY):
            await _answer(session, f"{side.url}/api/v1/products/{object_id(number)}")
        begun = _cpu_s(side.pid)

        async def ask() -> None:
            for path in paths:
                await _answer(session, path)

        await asyncio.gather(*(ask() for _ in range(callers)))
    return (_cpu_s(side.pid) - begun) / REQUESTS * 1e6


def _session(side: Side) -> aiohttp.ClientSession:
    connector = aiohttp.TCPConnector(limit=BUSY)
    return aiohttp.ClientSession(connector=connector, headers={"Authorization": f"Bearer {side.token}"})


def _cpu_s(pid: int) -> float:
    """Return the CPU seconds of a process and its children so far."""
    pids = [pid, *map(int, Path(f"/proc/{pid}/task/{pid}/children").read_text(encoding="ascii").split())]
    fields = [Path(f"/proc/{one}/stat").read_text(encoding="utf-8").rpartition(")")[2].split() for one in pids]
    return sum(int(one[11]) + int(one[12]) for one in fields) * _TICK_S
