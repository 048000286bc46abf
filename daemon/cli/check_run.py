"""What `zhiban check` does once it knows what to do: open, check, show how far it is, write."""

from __future__ import annotations

import asyncio
import csv
import io
import os
import shutil
import stat
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import AsyncExitStack, ExitStack, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import BinaryIO, Final
from urllib.parse import quote

import msgspec
from rich.console import Console
from rich.progress import BarColumn, SpinnerColumn, TaskProgressColumn, TextColumn
from rich.progress import Progress as Bars

from daemon.adapters.clock import SystemClock
from daemon.adapters.pages import HttpPageFetcher
from daemon.adapters.sql.reading import read_stores
from daemon.cli.check_table import show
from daemon.cli.language import language_of
from daemon.config import CatalogueSection, Config
from daemon.errors import Unavailable, UnreadableFile
from daemon.inference.executor import ThreadOffload
from daemon.main.assembly import DATABASE
from daemon.products import sarif
from daemon.products.feeds.options import FeedOptions
from daemon.products.findings import CheckReport, csv_rows, json_chunks
from daemon.products.rulebook import Rulebook
from daemon.products.verdicts import Needs, Severity
from daemon.services.check_catalogue import check_catalogue
from daemon.services.check_evidence import CheckFetcher
from daemon.services.check_files import CheckFile, CheckPlan, Progress, check_files

_CLOSE_THREADS_S: Final = 0.5


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckOrder:
    """What was asked for on the command line. offline: fetch nothing. time_limit_s: for all that is fetched."""

    files: tuple[str, ...]  # none: the stored catalogue
    config: Config
    rulebook: Rulebook
    floor: Severity
    offline: bool
    form: str
    map: Mapping[str, str]
    catalogue: CatalogueSection
    time_limit_s: float
    examples: int


def run(order: CheckOrder) -> tuple[CheckReport, list[UnreadableFile]]:
    """Check; return the report, and what is wrong with files that cannot be read at all."""
    with ExitStack() as stack:
        # Before the loop runs: reading what somebody types is interrupted at once only out here.
        files, missing = _opened(order.files, stack)
        progress = stack.enter_context(_progress())
        report, unreadable = asyncio.run(_run(order, files, progress))
    return report, missing + unreadable


async def _run(
    order: CheckOrder, files: Sequence[CheckFile], progress: Progress
) -> tuple[CheckReport, list[UnreadableFile]]:
    async with AsyncExitStack() as stack:
        fetcher = None if order.offline else await _fetcher(order, stack)
        plan = CheckPlan(rulebook=order.rulebook, floor=order.floor, now=datetime.now(UTC), fetcher=fetcher)
        if not order.files:
            return await _check_stored(plan, progress, stack), []
        fill = order.catalogue
        options = FeedOptions(
            map=order.map, currency=fill.currency, timezone=fill.timezone, locale=fill.locale, number_repeats=True
        )
        return await check_files(files, options, plan, progress)


async def _check_stored(plan: CheckPlan, progress: Progress, stack: AsyncExitStack) -> CheckReport:
    # Not assembly.state_directory: that makes one, and whoever only looks shall leave nothing behind.
    state = Path(os.environ.get("STATE_DIRECTORY", "").split(":")[0] or "var")
    stores = await stack.enter_async_context(read_stores(state / DATABASE))
    return await check_catalogue(stores.catalogue, stores.incidents, stores.evidence, plan, progress)


async def _fetcher(order: CheckOrder, stack: AsyncExitStack) -> CheckFetcher | None:
    """Return a fetcher under the address policy of the configuration; None where no rule asks for one."""
    if all(rule.spec.needs is not Needs.EVIDENCE for rule in order.rulebook.rules):
        return None
    network, executor, clock = order.config.network, order.config.executor, SystemClock()
    offload = ThreadOffload(executor.threads, max(executor.queue, network.concurrency))
    stack.push_async_callback(offload.close, _CLOSE_THREADS_S)
    pages = await stack.enter_async_context(HttpPageFetcher(network, clock, offload))
    return CheckFetcher(pages, clock, time_s=order.time_limit_s, at_once=network.concurrency)


def _opened(names: Sequence[str], stack: ExitStack) -> tuple[list[CheckFile], list[UnreadableFile]]:
    files, missing = [], []
    for name in names:
        try:
            files.append(stack.enter_context(_regular(name)))
        except OSError as error:
            missing.append(UnreadableFile(f"{name}: {error.strerror or error}"))
    return files, missing


@contextmanager
def _regular(name: str) -> Iterator[CheckFile]:
    """Give a file that can be read twice: standard input and pipes are copied to a temporary one."""
    if name != "-" and (path := Path(name)).exists() and stat.S_ISREG(path.stat().st_mode):
        yield CheckFile(path, name)
        return
    with tempfile.NamedTemporaryFile(prefix="zhiban-check-") as copy:
        if name == "-":
            shutil.copyfileobj(sys.stdin.buffer, copy)
        else:
            with Path(name).open("rb") as source:
                shutil.copyfileobj(source, copy)
        copy.flush()
        yield CheckFile(Path(copy.name), "standard input" if name == "-" else name)


@contextmanager
def _progress() -> Iterator[Progress]:
    """Give what shows progress on standard error while that is a terminal."""
    console = Console(stderr=True)
    columns = (
        SpinnerColumn(),
        TextColumn("{task.description}", markup=False),
        BarColumn(),
        TaskProgressColumn(show_speed=True),
    )
    with Bars(*columns, console=console, transient=True, disable=not console.is_terminal) as bars:
        tasks = {}

        def told(what: str, file: str, more: int, total: int | None) -> None:
            if (what, file) not in tasks:
                tasks[what, file] = bars.add_task(f"{what} {file}".rstrip(), total=total)
            bars.update(tasks[what, file], advance=more)

        yield told


def write(report: CheckReport, order: CheckOrder) -> None:
    """Write the report to standard output in the form that was asked for; a reader that went away is no error.

    Raises Unavailable when it cannot be written.
    """
    out = sys.stdout.buffer
    try:
        _write(report, order, out)
        out.flush()
    except OSError as error:
        # The interpreter flushes once more at its end, and would complain.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        if not isinstance(error, BrokenPipeError):
            raise Unavailable(f"standard output: {error.strerror}") from error


def _write(report: CheckReport, order: CheckOrder, out: BinaryIO) -> None:
    specs = [rule.spec for rule in order.rulebook.rules]
    match order.form:
        case "json":
            out.writelines(json_chunks(report))
        case "sarif":
            uris = {tally.file: _uri(tally.file) for tally in report.files if tally.file}
            out.write(msgspec.json.encode(sarif.log(report, specs, version("zhiban"), uris)) + b"\n")
        case "csv":
            text = io.TextIOWrapper(out, encoding="utf-8", newline="", write_through=True)
            csv.writer(text).writerows(csv_rows(report))
            text.detach()
        case _:
            text = io.TextIOWrapper(out, encoding=sys.stdout.encoding or "utf-8", errors="backslashreplace", newline="")
            language = language_of(order.config, os.environ)
            show(report, {spec.id: spec for spec in specs}, text, language=language, examples=order.examples)
            text.flush()
            text.detach()


def _uri(file: str) -> str:
    """Return a relative reference for a relative path, as SARIF readers resolve it, else a file URI."""
    path = Path(file)
    return path.as_uri() if path.is_absolute() else quote(path.as_posix())
