"""The daemon as a process: how soon it is ready, how much memory it holds, how responsive its loop stays.

The peer of readiness and memory is the least that a daemon of this make costs: an aiohttp server on uvloop over one
SQLite file, without anything of ours.
"""

from __future__ import annotations

import json
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, Final

from tests.acceptance.daemon_process import DaemonProcess
from tests.benchmarks.__main__ import versions

AREA: Final = "products"
PRODUCTS: Final = 10_000
ROUNDS: Final = 5
READY_GOAL_S: Final = 1.5
MEMORY_GOAL_MB: Final = 100.0
CHECKS_ALONE: Final = '[checks]\nnetwork = false\n[[sources]]\nname = "shop"\npath = "shop.csv"\ninterval = "1d"\n'
PEER: Final = Path(__file__).parent / "peers" / "bare_server.py"


def rows() -> Iterator[dict[str, Any]]:
    """Measure readiness and memory, with 10,000 products in the store."""
    with tempfile.TemporaryDirectory() as folder:
        ready_s, resident_mb = _daemon(Path(folder))
    with tempfile.TemporaryDirectory() as folder:
        peer_s, peer_mb = _peer(Path(folder))
    made_of = versions("aiohttp", "uvloop", "aiosqlite")
    yield {
        "name": f"daemon: seconds to READY, {PRODUCTS:,} products (wall, median of {ROUNDS})",
        "ours": ready_s, "peer": peer_s, "ratio": ready_s / peer_s, "unit": "s", "versions": made_of,
        "goal": f"< {READY_GOAL_S} s", "met": ready_s < READY_GOAL_S,
    }  # fmt: skip
    yield {
        "name": f"daemon: resident memory after a full pass, {PRODUCTS:,} products",
        "ours": resident_mb, "peer": peer_mb, "ratio": resident_mb / peer_mb, "unit": "MB", "versions": made_of,
        "goal": f"< {MEMORY_GOAL_MB:.0f} MB", "met": resident_mb < MEMORY_GOAL_MB,
    }  # fmt: skip


def _daemon(folder: Path) -> tuple[float, float]:
    """Return median seconds to READY over a filled store, and MB held after the import and a full pass over it."""
    _catalogue(folder / "shop.csv")
    with DaemonProcess(folder, CHECKS_ALONE) as process:
        process.wait_event("import.finished", 60)
        first = len(process.events("pass.finished"))
        token = (process.state / "token").read_text(encoding="utf-8").strip()
        _post(process.url + "/api/v1/passes", token, {"kind": "full"})
        _until(lambda: any(e["checked"] >= PRODUCTS for e in process.events("pass.finished")[first:]))
        resident_mb = _resident_mb(process.pid)
    seconds = []
    for number in range(ROUNDS):
        again = folder / f"round{number}"
        again.mkdir()
        process = DaemonProcess(again, CHECKS_ALONE, environment={"STATE_DIRECTORY": str(folder / "state")})
        (again / "shop.csv").symlink_to(folder / "shop.csv")
        began = time.perf_counter()
        with process:
            seconds.append(time.perf_counter() - began)
    return statistics.median(seconds), resident_mb


def _peer(folder: Path) -> tuple[float, float]:
    seconds, resident_mb = [], 0.0
    for _ in range(ROUNDS):
        began = time.perf_counter()
        with subprocess.Popen([sys.executable, str(PEER), str(folder / "db")], stdout=subprocess.PIPE) as process:
            assert process.stdout is not None
            process.stdout.readline()
            seconds.append(time.perf_counter() - began)
            resident_mb = _resident_mb(process.pid)
            process.kill()
    return statistics.median(seconds), resident_mb


def _catalogue(path: Path) -> None:
    words = "a kettle of brushed steel with a wooden handle, made to last and easy to clean; "
    with path.open("w", encoding="utf-8") as file:
        file.write("id,title,description,price,currency,stock,category\n")
        for number in range(PRODUCTS):
            text = f"{words * 6}number {number}"
            file.write(f'p{number},Kettle {number},"{text}",{number % 90 + 1}.50,EUR,5,kitchen\n')


def _resident_mb(pid: int) -> float:
    status = Path(f"/proc/{pid}/status").read_text(encoding="ascii")
    line = next(line for line in status.splitlines() if line.startswith("VmRSS:"))
    return int(line.split()[1]) / 1024


def _post(url: str, token: str, body: object) -> None:
    import urllib.request

    request = urllib.request.Request(url, data=json.dumps(body).encode(), method="POST")
    request.add_header("Authorization", f"Bearer {token}")
    request.add_header("Content-Type", "application/json")
    urllib.request.urlopen(request, timeout=30).close()


def _until(done: Callable[[], bool], within_s: float = 120.0) -> None:
    until = time.monotonic() + within_s
    while not done():
        if time.monotonic() > until:
            raise OSError(f"not done within {within_s} s")
        time.sleep(0.05)
