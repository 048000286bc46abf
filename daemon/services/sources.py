"""Reading sources at their intervals, and an incident where one cannot be read."""

from __future__ import annotations

from daemon.config import SourceSection
from daemon.errors import Conflict, ZhibanError
from daemon.products.imports import ImportReport
from daemon.products.verdicts import Severity
from daemon.services.checkers import report
from daemon.services.duty import Duty
from daemon.services.imports import read_source


async def poll(duty: Duty, section: SourceSection, *, force: bool = False) -> ImportReport:
    """Read a source if it changed; its incident opens when it cannot be read to its end and recovers when it can.

    force: read it though it says that it has not changed. Raises what reading raised, for the job's own log line
    and metric.
    """
    rule = f"source:{section.name}"
    try:
        done = await read_source(duty, section, force=force)
    except Conflict:  # somebody imports it just now: that says nothing about the source
        raise
    except ZhibanError as exc:
        await report(duty, rule, str(exc), severity=Severity.MAJOR, title=section.name)
        raise
    await report(duty, rule, done.broken, severity=Severity.MAJOR, title=section.name)
    return done
