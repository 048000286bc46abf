"""One pass over the stored catalogue without a daemon: reads stores, writes nothing."""

from __future__ import annotations

import dataclasses

from daemon.ports import Catalogue, EvidenceStore, IncidentStore
from daemon.products.findings import CheckReport, FileTally
from daemon.products.imports import FileWarning
from daemon.products.remedies import as_judged
from daemon.services.check_files import CheckPlan, Progress, judge
from daemon.services.pass_context import ContextMaker

_PAGE = 250


async def check_catalogue(
    catalogue: Catalogue, incidents: IncidentStore, evidence: EvidenceStore, plan: CheckPlan, progress: Progress
) -> CheckReport:
    """Judge every stored product as a pass of the daemon would, one under a remedy as it was before.

    Without a fetcher, network rules judge the evidence that the daemon brought.
    """
    maker = ContextMaker(plan.rulebook)
    report = CheckReport(rules=tuple(rule.spec.id for rule in plan.rulebook.rules))
    tally, total, missing = FileTally(file=""), await catalogue.count(), 0
    report.files.append(tally)
    async for page in catalogue.scan(_PAGE):
        held = await incidents.held([product.id for product in page])
        products = [as_judged(p, held.get(p.id)) for p in page if p.missing_since is None]
        missing += len(page) - len(products)
        context = await maker.make(products, catalogue, evidence, plan.now)
        if plan.fetcher is not None:
            found = await plan.fetcher.evidence(products, lambda: progress("fetching", "", 1, None))
            context = dataclasses.replace(context, evidence_by_url=found)
        for product in products:
            report.findings += judge(product, context, plan)
        tally.products += len(products)
        progress("checking", "", len(page), total)
    if missing:
        report.warnings.append(FileWarning(file="", field="", message=_not_named(missing)))
    return report


def _not_named(count: int) -> str:
    return f"{count} products that their source no longer names were not checked"
