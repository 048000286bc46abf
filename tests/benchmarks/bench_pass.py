"""A pass of the daemon over 100,000 products that nobody touched, against one that judges them all again.

Everything is real: the SQLite store on disk, all rules, due checks, settling of remedies, the ledger. CPU seconds of
the whole process, the threads of the store included.
"""

from __future__ import annotations

import gc
import statistics
import tempfile
import time
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any, Final

import structlog

from daemon.adapters.clock import SystemClock
from daemon.adapters.sql import SqlStores, open_stores
from daemon.config import Config
from daemon.ports import Ports
from daemon.products.imports import Parsed
from daemon.products.passes import PassKind
from daemon.products.remedies import RemedyMode
from daemon.products.rulebook import Rulebook
from daemon.services import passes
from daemon.services.duty import Duty
from tests.benchmarks.__main__ import versions
from tests.benchmarks.corpus import NOW, SEED, SOURCE, products
from tests.house import Inline, Mailbox, Unreachable

AREA: Final = "products"
PRODUCTS: Final = 100_000
ROUNDS: Final = 5
GOAL_S: Final = 0.3
_PAGE: Final = 1_000


async def rows() -> AsyncIterator[dict[str, Any]]:
    """Fill a store, take a full pass, then passes over what nobody touched."""
    structlog.configure(processors=[_silent])
    with tempfile.TemporaryDirectory() as folder:
        async with open_stores(Path(folder) / "bench.sqlite3") as stores:
            duty = _duty(stores)
            await _fill(stores)
            full_s = await _cpu(duty, PassKind.FULL)
            await _cpu(duty, PassKind.CHANGED)
            again_s = await _cpu(duty, PassKind.FULL)
            unchanged_s = statistics.median([await _cpu(duty, PassKind.CHANGED) for _ in range(ROUNDS)])
    structlog.reset_defaults()
    common = {"seed": SEED, "versions": versions("aiosqlite", "sqlalchemy", "msgspec")}
    yield {
        "name": f"pass over {PRODUCTS:,} unchanged products, against judging them all again (median of {ROUNDS})",
        "ours": unchanged_s, "peer": again_s, "ratio": unchanged_s / again_s, "goal": f"<= {GOAL_S} CPU-s",
        "met": unchanged_s <= GOAL_S, "unit": "CPU seconds", **common,
    }  # fmt: skip
    yield {
        "name": f"first full pass over {PRODUCTS:,} products, incidents opened",
        "ours": PRODUCTS / full_s, "peer": None, "ratio": None, "goal": "reported", "met": None,
        "unit": "products per CPU second", **common,
    }  # fmt: skip


def _silent(_logger: object, _method: str, _event: structlog.typing.EventDict) -> structlog.typing.EventDict:
    raise structlog.DropEvent


def _duty(stores: SqlStores) -> Duty:
    clock = SystemClock()
    network = Unreachable(clock)
    ports = Ports(
        catalogue=stores.catalogue, incidents=stores.incidents, outbox=stores.outbox, evidence=stores.evidence,
        fetcher=network, reader=network, principals=stores.principals, audit=stores.audit, clock=clock,
        offload=Inline(), notifiers={"log": Mailbox()},
    )  # fmt: skip
    return Duty(ports, Config(), Rulebook.build({}, RemedyMode.SHADOW))


async def _fill(stores: SqlStores) -> None:
    whole = [Parsed(product=product) for product in products(PRODUCTS)]
    for start in range(0, len(whole), _PAGE):
        await stores.catalogue.store_page(SOURCE, whole[start : start + _PAGE], "bench", NOW)


async def _cpu(duty: Duty, kind: PassKind) -> float:
    gc.collect()
    begun = time.process_time()
    await passes.run_pass(duty, kind)
    return time.process_time() - begun
