"""`python -m tests.benchmarks [--only AREA]`: run the benchmarks, write build/bench.json, print a table.

A file `bench_*.py` beside this one has `AREA`, a word for --only, and `rows()`, which yields (or, as an async
generator or coroutine, brings) dicts with the keys of FIELDS: `name`, `ours` and `peer` in `unit`, `ratio` of ours to
peer, `goal` in words, `met`, and optionally `seed` and `versions`. A row that could not be measured has
`skipped` with the reason instead. Machine and versions are filled in here. Figures are CPU time wherever the row
does not say otherwise: the clock on the wall tells what else the machine was doing.
"""

from __future__ import annotations

import argparse
import asyncio
import importlib
import inspect
import json
import os
import pkgutil
import platform
import sys
from collections.abc import Iterable, Sequence
from importlib import metadata
from pathlib import Path
from types import ModuleType
from typing import Any, TypeAlias, cast

from rich.console import Console
from rich.table import Table

Row: TypeAlias = dict[str, Any]

HERE = Path(__file__).parent
RESULTS = HERE.parent.parent / "build" / "bench.json"
FIELDS = ("name", "ours", "peer", "ratio", "goal", "met", "unit", "machine", "seed", "versions")


def machine() -> str:
    """Name processor, cores and system of this machine."""
    model = platform.processor() or platform.machine()
    cpuinfo = Path("/proc/cpuinfo")
    if cpuinfo.exists():
        names = [line.partition(":")[2].strip() for line in cpuinfo.read_text().splitlines() if "model name" in line]
        model = names[0] if names else model
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    return f"{model}, {cores} cores, {platform.system()} {platform.machine()}"


def versions(*packages: str) -> dict[str, str]:
    """Return the version of Python and of packages, by name."""
    return {"python": platform.python_version()} | {name: metadata.version(name) for name in packages}


def benches(only: str | None) -> list[ModuleType]:
    """Return the bench files of an area, or all."""
    names = sorted(m.name for m in pkgutil.iter_modules([str(HERE)]) if m.name.startswith("bench_"))
    modules = [importlib.import_module(f"tests.benchmarks.{name}") for name in names]
    return [module for module in modules if only in {None, module.AREA}]


async def _collected(rows: Any) -> list[Row]:
    if inspect.isasyncgen(rows):
        return [cast("Row", row) async for row in rows]
    brought: Iterable[Row] = await rows
    return list(brought)


def measure(module: ModuleType) -> list[Row]:
    """Return the finished rows of one bench file; one that cannot run here is a row that says why."""
    try:
        rows = module.rows()
        found = asyncio.run(_collected(rows)) if not isinstance(rows, Iterable) else list(rows)
    except (ImportError, OSError) as error:
        found = [{"name": f"{module.AREA}: {module.__name__.rpartition('.')[2]}", "skipped": str(error)}]
    return [finished(row, module.AREA) for row in found]


def finished(row: Row, area: str) -> Row:
    """Fill in what every row carries."""
    whole = dict.fromkeys(FIELDS) | {"machine": machine(), "versions": versions(), "area": area}
    return whole | row


def kept(path: Path, only: str | None) -> list[Row]:
    """Return the rows of an earlier run that this one does not replace."""
    if only is None or not path.exists():
        return []
    return [row for row in json.loads(path.read_text(encoding="utf-8")) if row.get("area") != only]


def shown(value: object) -> str:
    """Return a figure short enough to read."""
    if isinstance(value, float):
        return f"{value:,.0f}" if abs(value) >= 1000 else f"{value:,.3g}"
    return "" if value is None else str(value)


def table(rows: Sequence[Row]) -> Table:
    """Lay rows out for people."""
    sheet = Table(title="Benchmarks", caption=machine())
    for heading in ("name", "ours", "peer", "unit", "ratio", "goal", "met"):
        sheet.add_column(heading, justify="right" if heading in {"ours", "peer", "ratio"} else "left")
    for row in rows:
        if row.get("skipped"):
            sheet.add_row(row["name"], "", "", "", "", f"skipped: {row['skipped']}", "-", style="dim")
            continue
        met = "-" if row["met"] is None else "[green]yes" if row["met"] else "[red]no"
        sheet.add_row(*(shown(row[key]) for key in ("name", "ours", "peer", "unit", "ratio", "goal")), met)
    return sheet


def main(arguments: Sequence[str] | None = None) -> int:
    """Run; exit status 2 when there is no such area, 1 when a goal was missed."""
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks")
    parser.add_argument("--only", metavar="AREA", help="measure one area and keep the rows of the others")
    only = parser.parse_args(arguments).only or None
    modules = benches(only)
    console = Console()
    if not modules:
        console.print(f"no bench file has AREA = {only!r}; areas: {', '.join(sorted({m.AREA for m in benches(None)}))}")
        return 2
    rows = []
    for module in modules:
        console.print(f"measuring {module.__name__.rpartition('.')[2]} ...", style="dim")
        rows += measure(module)
    RESULTS.parent.mkdir(exist_ok=True)
    whole = kept(RESULTS, only) + rows
    RESULTS.write_text(json.dumps(whole, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    console.print(table(rows))
    return int(any(row["met"] is False for row in rows))


if __name__ == "__main__":
    sys.exit(main())
