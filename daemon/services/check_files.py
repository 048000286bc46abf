"""One pass over product files without a daemon: what is wrong in them, and nothing is kept.

A file is read twice: first for its keys, its columns and the rows that cannot be read, then for the rules. So no
more than keys and findings stay in memory, however large the file is. Each file is a catalogue of its own.
"""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from itertools import islice
from pathlib import Path
from typing import Final, NamedTuple, TypeAlias, TypeVar

import msgspec

from daemon.errors import UnreadableFile
from daemon.products.feeds.feed import Feed, open_feed
from daemon.products.feeds.options import FeedOptions
from daemon.products.findings import CheckReport, FileTally, Finding
from daemon.products.imports import FileWarning, Parsed, Reject
from daemon.products.keys import Key, product_keys
from daemon.products.product import Product, Status
from daemon.products.rulebook import ConfiguredRule, Rulebook
from daemon.products.verdicts import KeyHolder, Outcome, PassContext, Severity, Verdict
from daemon.services.check_evidence import CheckFetcher
from daemon.services.pass_context import BatchContext

T = TypeVar("T")

#: Told how far a check is: what is done, to which file, how much since last time (bytes read, products checked, URLs
#: fetched), and of how much, where that is known.
Progress: TypeAlias = Callable[[str, str, int, int | None], None]

_BATCH: Final = 250


class CheckFile(NamedTuple):
    """A regular file to check, and the name that people know it by."""

    path: Path
    label: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckPlan:
    """What to ask of products. floor: findings below it are left out. fetcher: None without a network."""

    rulebook: Rulebook
    floor: Severity
    now: datetime  # aware
    fetcher: CheckFetcher | None = None


async def check_files(
    files: Iterable[CheckFile], options: FeedOptions, plan: CheckPlan, progress: Progress
) -> tuple[CheckReport, list[UnreadableFile]]:
    """Check files one after the other; return the report, and what is wrong with files that cannot be read at all."""
    report = CheckReport(rules=tuple(rule.spec.id for rule in plan.rulebook.rules))
    unreadable = []
    for file in files:
        try:
            survey = await _survey(file, options, progress)
        except UnreadableFile as error:
            unreadable.append(error)
            continue
        survey.tell(report)
        await _judge_file(file, options, survey, plan, report, progress)
    return report, unreadable


@dataclass(slots=True)
class Survey:
    """What the first reading of a file leaves: all that rules may ask about rows other than their own."""

    label: str
    products: int = 0
    fields: frozenset[str] = frozenset()
    statuses: dict[str, str] = field(default_factory=dict)
    first: dict[Key, KeyHolder] = field(default_factory=dict)
    shared: dict[Key, list[KeyHolder]] = field(default_factory=dict)
    rejects: list[Reject] = field(default_factory=list)
    warnings: list[FileWarning] = field(default_factory=list)

    def add(self, row: Parsed | Reject) -> None:
        """Take note of one row."""
        if isinstance(row, Reject):
            self.rejects.append(msgspec.structs.replace(row, file=self.label, row={}))
            return
        self.products += 1
        product = row.product
        self.statuses[product.id] = sys.intern(str(getattr(product.status, "text", product.status)))
        if product.status != Status.ARCHIVED:
            self._index(product, KeyHolder(product.id, product.item_group_id))

    def _index(self, product: Product, holder: KeyHolder) -> None:
        for key in product_keys(product):
            before = self.first.setdefault(key, holder)
            if before is not holder:
                self.shared.setdefault(key, [before]).append(holder)

    def tell(self, report: CheckReport) -> None:
        """Add what was found about the file itself to a report."""
        report.files.append(FileTally(file=self.label, products=self.products, rejected=len(self.rejects)))
        report.rejects += self.rejects
        report.warnings += self.warnings

    def holders(self, key: Key) -> Sequence[KeyHolder]:
        """Return every holder of a key."""
        return self.shared.get(key) or ([self.first[key]] if key in self.first else [])


async def _survey(file: CheckFile, options: FeedOptions, progress: Progress) -> Survey:
    survey = Survey(file.label)
    with _opened(file, options) as feed:
        done = 0
        for batch in _batched(feed):
            for row in batch:
                survey.add(row)
            progress("reading", file.label, feed.progress - done, feed.size)
            done = feed.progress
            await asyncio.sleep(0)
        survey.fields = feed.fields
        survey.warnings = [msgspec.structs.replace(warning, file=file.label) for warning in feed.warnings]
    return survey


def _opened(file: CheckFile, options: FeedOptions) -> Feed:
    try:
        return open_feed(file.path, options)
    except UnreadableFile as error:
        # Standard input is read from a copy, whose name tells nobody anything.
        raise UnreadableFile(str(error).replace(str(file.path), file.label)) from error


async def _judge_file(
    file: CheckFile, options: FeedOptions, survey: Survey, plan: CheckPlan, report: CheckReport, progress: Progress
) -> None:
    with _opened(file, options) as feed:
        for batch in _batched(row for row in feed if isinstance(row, Parsed)):
            context = await _context([row.product for row in batch], survey, plan, progress)
            for row in batch:
                report.findings += judge(row.product, context, plan, file=file.label, line=row.line)
            progress("checking", file.label, len(batch), survey.products)
            await asyncio.sleep(0)


async def _context(products: Sequence[Product], survey: Survey, plan: CheckPlan, progress: Progress) -> BatchContext:
    keys = {key for product in products for key in product_keys(product)}
    evidence = {}
    if plan.fetcher is not None:
        evidence = await plan.fetcher.evidence(products, lambda: progress("fetching", survey.label, 1, None))
    return BatchContext(
        now=plan.now,
        settings_by_rule={rule.spec.id: rule.settings for rule in plan.rulebook.rules},
        fields_by_source={product.source: survey.fields for product in products},
        points={},
        holders_by_key={key: survey.holders(key) for key in keys},
        status_by_id=survey.statuses,
        evidence_by_url=evidence,
    )


def judge(
    product: Product, context: PassContext, plan: CheckPlan, *, file: str = "", line: int | None = None
) -> list[Finding]:
    """Return the findings of one product.

    A column that the whole file lacks is one warning about the file and no finding of each product.
    """
    findings = []
    for rule, verdict in plan.rulebook.evaluate(product, context):
        severity = severity_of(rule, verdict)
        if verdict.outcome not in {Outcome.BAD, Outcome.UNKNOWN} or severity.rank < plan.floor.rank:
            continue
        if verdict.absent:
            continue
        findings.append(Finding.of(product.id, rule.spec.id, severity, verdict, file, line))
    return findings


def severity_of(rule: ConfiguredRule, verdict: Verdict) -> Severity:
    """Return how much a verdict matters: the rule's own gradation, unless the operator set another severity."""
    return rule.severity if rule.severity != rule.spec.severity else verdict.severity or rule.severity


def _batched(rows: Iterable[T]) -> Iterator[list[T]]:
    rows = iter(rows)
    while batch := list(islice(rows, _BATCH)):
        yield batch
