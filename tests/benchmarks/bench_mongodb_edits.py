"""From an edit in the shop's collection to the verdict of the daemon that follows it, by its stream and by polling.

An edit takes a price below zero, as the back end would write it, and is timed from before it is sent to when the
incident is logged, both by the clock of this machine. Clock on the wall, since people wait on it.
"""

from __future__ import annotations

import random
import tempfile
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

from tests.acceptance.daemon_process import DaemonProcess
from tests.benchmarks.__main__ import versions
from tests.benchmarks.corpus import SEED
from tests.benchmarks.shop_documents import configuration, object_id, planted, wait_until_judged
from tests.mongo_server import Shop

AREA: Final = "mongodb"
DOCUMENTS: Final = 2_000
EDITS: Final = 100
GOAL_MS: Final = 2_000.0
_PATIENCE_S: Final = 60.0
_RULE: Final = "price_nonpositive"


def rows() -> Iterator[dict[str, Any]]:
    """Measure both ways of following, each with a shop and a daemon of its own."""
    for stream in (True, False):
        with tempfile.TemporaryDirectory() as folder, planted(Path(folder), DOCUMENTS) as shop:
            times_ms = sorted(_measured(Path(folder), shop, stream=stream))
        way = "the change stream" if stream else "polling by updatedAt each second"
        for share in (0.5, 0.99):
            ours = times_ms[int(len(times_ms) * share)]
            yield {
                "name": f"edit to verdict by {way}: p{share * 100:.0f} of {EDITS} (wall)", "ours": ours,
                "unit": "ms", "goal": f"< {GOAL_MS:.0f} ms", "met": ours < GOAL_MS, "seed": SEED,
                "versions": versions("motor", "pymongo"),
            }  # fmt: skip


def _measured(folder: Path, shop: Shop, *, stream: bool) -> list[float]:
    """Return ms from each edit to its verdict."""
    home, chance = folder / "daemon", random.Random(SEED)
    home.mkdir()
    with DaemonProcess(home, configuration(shop.uri, "motor", stream=stream)) as process:
        wait_until_judged(process, DOCUMENTS)
        wrong = {one["product"] for one in process.events("incident.opened") if one.get("rule") == _RULE}
        tracked = [number for number in range(0, DOCUMENTS, 4) if str(object_id(number)) not in wrong]
        begun = {}
        for number in chance.sample(tracked, EDITS):
            time.sleep(chance.uniform(0.05, 0.15))
            begun[str(object_id(number))] = time.time()
            change = {"price": -5, "updatedAt": datetime.now(UTC)}
            shop.products.update_one({"_id": object_id(number)}, {"$set": change, "$inc": {"__v": 1}})
        judged = _judged(process, set(begun))
    return [(judged[product] - at) * 1000 for product, at in begun.items()]


def _judged(process: DaemonProcess, products: set[str]) -> dict[str, float]:
    """Wait for the verdicts; return when each was logged, in seconds of the clock."""
    until = time.monotonic() + _PATIENCE_S
    while time.monotonic() < until:
        opened = [one for one in process.events("incident.opened") if one.get("rule") == _RULE]
        found = {one["product"]: datetime.fromisoformat(one["timestamp"]).timestamp() for one in opened}
        if products <= found.keys():
            return found
        time.sleep(0.2)
    raise OSError(f"{len(products - found.keys())} edits were not judged within {_PATIENCE_S} s")
