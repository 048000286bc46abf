"""What `zhiban mongo` does once it knows what to do: connect, read, judge."""

from __future__ import annotations

import os
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final, NamedTuple

import click

from daemon.config import Config
from daemon.config.credentials import Secrets
from daemon.errors import ConfigError
from daemon.main.assembly import configure
from daemon.products.keys import product_keys
from daemon.products.product import Product, Status
from daemon.products.remedies import RemedyMode, strongest
from daemon.products.rulebook import ConfiguredRule, Rulebook
from daemon.products.verdicts import KeyHolder, Needs, Outcome, RemedyKind, Severity, Verdict
from daemon.services.check_files import severity_of
from daemon.services.pass_context import BatchContext

try:
    from daemon.adapters.mongo.collection import Collection, open_collection
    from daemon.adapters.mongo.inspecting import Inspected, Trial, inspect, relatives
    from daemon.adapters.mongo.mapping import ShopMapping
    from daemon.adapters.mongo.overview import Overview, document_data, overview, overview_data, trial_data
    from daemon.adapters.mongo.proposing import propose
    from daemon.adapters.mongo.reading import ALWAYS
    from daemon.adapters.mongo.samples import Sample, named, sample_of
    from daemon.adapters.mongo.status_words import StatusWords
except ImportError as missing:
    raise ConfigError(f"`zhiban mongo` needs `pip install 'zhiban[mongo]'`: {missing}") from missing

#: Documents that are read beside those shown, to know what the shop's documents have at all.
_BACKGROUND: Final = 200


class Finding(NamedTuple):
    """What one rule says of one document. remedy: what would follow, None for nothing."""

    rule: ConfiguredRule
    severity: Severity
    verdict: Verdict
    remedy: RemedyKind | None


class Judged(NamedTuple):
    """One document, what the rules say, and the one remedy that would follow from it all, in its mode."""

    document: Inspected
    findings: Sequence[Finding]
    remedy: Trial | None
    mode: RemedyMode


class Inspection(NamedTuple):
    """What was found in a collection. left_out: rules that were not asked, with what they need."""

    name: str
    kind: str
    sample: Sample
    judged: Sequence[Judged]
    overview: Overview
    left_out: Mapping[str, Needs]
    mode: str


def configured(path: Path | None) -> tuple[Config, Rulebook]:
    """Read a configuration. Raises ConfigError."""
    config, rulebook = configure(path)
    if config.catalogue.kind != "mongodb":
        note = (
            f'zhiban mongo: note: [catalogue] kind is "{config.catalogue.kind}", so the daemon does not follow it yet'
        )
        click.echo(note, err=True)
    return config, rulebook


async def inspection(config: Config, rulebook: Rulebook, limit: int, ids: Sequence[str]) -> Inspection:
    """Read some documents and judge those that are to be shown. ids: of these; none: `limit` of those read.

    Raises ConfigError, Unavailable, Unauthorized, NotFound, and InvalidInput for an id that none has.
    """
    mapping, now = mapping_of(config), datetime.now(UTC)
    async with _shop(config) as collection:
        sample = await sample_of(collection, max(limit, _BACKGROUND))
        wanted = await named(collection, ids) if ids else _spread(sample.documents, limit)
        beside = {document.place: document for document in (*wanted, *sample.documents)}
        related = await relatives(collection, mapping, list(beside.values()))
        name = collection.full_name
    currency = config.catalogue.currency
    all_read = {place: inspect(mapping, one, related, now, currency) for place, one in beside.items()}
    found = overview(list(all_read.values()), StatusWords(config.mongodb.statuses))
    asked, left_out = _askable(rulebook, whole=not sample.chosen and sample.read >= sample.size)
    context = _context(config, asked, [one.product for one in all_read.values() if one.product], found, now)
    judged = [_judged(all_read[document.place], asked, context) for document in wanted]
    return Inspection(name, config.catalogue.kind, sample, judged, found, left_out, config.remedies.mode)


async def proposal(config: Config, limit: int) -> str:
    """Return a [mongodb] section for a collection as TOML. Raises as `inspection` does."""
    mapping_of(config)
    async with _shop(config) as collection:
        return await propose(collection, config.mongodb, config.catalogue, limit, datetime.now(UTC))


def mapping_of(config: Config) -> ShopMapping:
    """Return the mapping of a configuration. Raises ConfigError."""
    fill = config.catalogue
    return ShopMapping(config.mongodb, currency=fill.currency, timezone=fill.timezone, locale=fill.locale)


def inspection_data(found: Inspection) -> dict[str, Any]:
    """Return an inspection for programs."""
    return {
        "collection": found.name,
        "documents": found.sample.size,
        "read": found.overview.documents + len(found.sample.unnamed),
        "chosen": "by chance" if found.sample.chosen else "from the first",
        "products": [_judged_data(one) for one in found.judged],
        "unnamed": [one.shown for one in found.sample.unnamed],
        "overview": overview_data(found.overview),
        "rules_not_asked": dict(found.left_out),
    }


@asynccontextmanager
async def _shop(config: Config) -> AsyncIterator[Collection]:
    section = config.mongodb
    uri = Secrets(os.environ).find(section.secret) if section.secret else section.uri
    async with open_collection(section, uri) as collection:
        yield collection


def _spread(documents: Sequence[Any], limit: int) -> Sequence[Any]:
    """Return so many documents from all over those that were read."""
    if len(documents) <= limit:
        return documents
    return [documents[place * len(documents) // limit] for place in range(limit)]


def _askable(rulebook: Rulebook, *, whole: bool) -> tuple[Rulebook, Mapping[str, Needs]]:
    """Return the rules that can judge what was read, and the others with what they need."""
    lacking = {Needs.EVIDENCE, Needs.HISTORY} | (set() if whole else {Needs.CATALOGUE})
    left_out = {rule.spec.id: rule.spec.needs for rule in rulebook.rules if rule.spec.needs in lacking}
    return Rulebook(tuple(rule for rule in rulebook.rules if rule.spec.id not in left_out)), left_out


def _context(
    config: Config, rulebook: Rulebook, products: Sequence[Product], found: Overview, now: datetime
) -> BatchContext:
    holders: dict[tuple[str, str], list[KeyHolder]] = {}
    for product in products:
        for key in product_keys(product) if product.status != Status.ARCHIVED else ():
            holders.setdefault(key, []).append(KeyHolder(product.id, product.item_group_id))
    return BatchContext(
        now=now,
        settings_by_rule={rule.spec.id: rule.settings for rule in rulebook.rules},
        fields_by_source={config.mongodb.name: found.fields | ALWAYS},
        points={},
        holders_by_key=holders,
        status_by_id={product.id: str(getattr(product.status, "text", product.status)) for product in products},
        evidence_by_url={},
    )


def _judged(one: Inspected, rulebook: Rulebook, context: BatchContext) -> Judged:
    if one.product is None:
        return Judged(one, (), None, RemedyMode.OFF)
    findings = [
        Finding(rule, severity_of(rule, verdict), verdict, _remedy(rule, verdict, one.product))
        for rule, verdict in rulebook.evaluate(one.product, context)
        if verdict.outcome in {Outcome.BAD, Outcome.UNKNOWN} and not verdict.absent
    ]
    findings.sort(key=lambda finding: (finding.verdict.outcome is not Outcome.BAD, -finding.severity.rank))
    kind = strongest([finding.remedy for finding in findings if finding.remedy])
    modes = {finding.rule.remedy_mode for finding in findings if finding.remedy is kind}
    mode = next((mode for mode in (RemedyMode.ON, RemedyMode.SHADOW) if mode in modes), RemedyMode.OFF)
    return Judged(one, findings, next((trial for trial in one.trials if trial.kind is kind), None), mode)


def _remedy(rule: ConfiguredRule, verdict: Verdict, product: Product) -> RemedyKind | None:
    """Return what would follow from a verdict where remedies are on: only listed products are taken from buyers."""
    if verdict.outcome is not Outcome.BAD or verdict.no_remedy:
        return None
    return (verdict.remedy or rule.spec.remedy) if product.status is Status.LISTED else None


def _judged_data(one: Judged) -> dict[str, Any]:
    return document_data(one.document) | {
        "findings": [
            {"rule": finding.rule.spec.id, "severity": finding.severity, "verdict": finding.verdict.outcome,
             "field": finding.verdict.field, "value": finding.verdict.value, "message": finding.verdict.message,
             "remedy": finding.remedy, "remedy_mode": finding.rule.remedy_mode}
            for finding in one.findings
        ],
        "remedy": None if one.remedy is None else trial_data(one.remedy) | {"mode": one.mode},
    }  # fmt: skip
