"""Whether passes come to an end at all: one that hangs or fails time and again is an incident of the checks."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from daemon.products.passes import PassRecord, PassState
from daemon.products.verdicts import Severity
from daemon.services.checkers import report
from daemon.services.duty import Duty

RULE: Final = "checker.pass_failed"
#: Failures in a row that are an incident; one alone may be a passing trouble of the store.
FAILURES: Final = 3
_PAGE: Final = 20


async def report_failures(duty: Duty) -> None:
    """Open an incident when the last passes failed or ran into their deadline; a pass that finishes closes it."""
    page = await duty.ports.incidents.passes(_PAGE)
    failed = list(_failed_in_a_row(page.items, duty.config.checks.deadline))
    problem = ""
    if len(failed) >= FAILURES:
        why = failed[0].error or f"not done within {duty.config.checks.deadline:g} s"
        problem = f"the last {len(failed)} passes came to no end: {why}"
    await report(duty, RULE, problem, severity=Severity.CRITICAL, title="passes")


def _failed_in_a_row(newest_first: Iterable[PassRecord], deadline_s: float) -> Iterable[PassRecord]:
    for record in newest_first:
        if record.state is PassState.FINISHED:
            return
        # Cut short before its deadline, it was the daemon that stopped.
        overran = record.state is PassState.INTERRUPTED and record.duration_s >= deadline_s
        if record.state is PassState.FAILED or overran:
            yield record
