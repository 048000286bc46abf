"""How a catalogue that lies elsewhere fares: incidents while it is away for long, or suddenly holds far fewer products.

A short outage is told by the log alone. What could not be read of it is kept where rejects of imports are.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from datetime import timedelta
from typing import Final

import structlog

from daemon.ports import Batch, Upstream
from daemon.products.documents import to_json
from daemon.products.ids import new_id
from daemon.products.imports import Reject
from daemon.products.incidents import State
from daemon.products.verdicts import Severity
from daemon.services.checkers import report
from daemon.services.duty import Duty
from daemon.services.rejects import RejectsFile

_log = structlog.get_logger()

#: Prefixes of the rules whose incidents these are; the name of the source follows.
AWAY, SHORT = "catalogue_away:", "catalogue_short:"
#: Prefixes of small values that are remembered: how many documents there should be, and what was last rejected.
_EXPECTED, _REJECTED = "catalogue.expected:", "catalogue.rejected:"
#: Seconds that it may be away at most before people are told; fewer where it is read as a whole more often.
AWAY_S: Final = 300.0


async def watch(duty: Duty) -> None:
    """Look at how it stands, and open or recover its incidents."""
    followed = duty.ports.followed
    if followed is None:
        return
    upstream = followed.upstream
    await _report_away(duty, upstream)
    if upstream.read_at is not None and upstream.troubled_since is None:
        await _report_short(duty, upstream)
        await _keep_rejects(duty, upstream.name, followed.rejects)


async def _report_away(duty: Duty, upstream: Upstream) -> None:
    """An outage ends with a whole reading; before the first one of a daemon nothing can be told."""
    began = upstream.troubled_since
    if began is None:
        if upstream.read_at is not None:
            await _report(duty, AWAY, upstream, "")
        return
    # A line that breaks again and again is reached in between, and is never read to its end.
    latest = upstream.since if upstream.connected else duty.ports.clock.now()
    if latest - began >= timedelta(seconds=min(AWAY_S, duty.config.mongodb.scan_interval)):
        problem = f"cannot be read: {upstream.trouble}; products are checked as they were last read"
        await _report(duty, AWAY, upstream, problem)


async def _report_short(duty: Duty, upstream: Upstream) -> None:
    """Far fewer documents than before are a mishap until a person closes the incident, or they are back."""
    name = _EXPECTED + upstream.name
    expected = int(await duty.ports.incidents.progress(name) or 0)
    problem = ""
    if upstream.documents * 100 < duty.config.checks.short_pass_percent * expected:
        problem = (
            f"holds {upstream.documents} documents, and held {expected}; products without one are missing. "
            "If that is right, close this"
        )
        known = await duty.ports.incidents.latest_of_rule(SHORT + upstream.name)
        if known is not None and known.state is State.CLOSED:
            problem = ""
    if not problem and upstream.documents != expected:
        await duty.ports.incidents.commit(Batch(progress={name: str(upstream.documents)}))
    await _report(duty, SHORT, upstream, problem)


async def _report(duty: Duty, prefix: str, upstream: Upstream, problem: str) -> None:
    await report(duty, prefix + upstream.name, problem, severity=Severity.CRITICAL, title=upstream.name)


async def _keep_rejects(duty: Duty, source: str, rejects: Sequence[Reject]) -> None:
    """Keep what could not be read in a file, anew whenever it is something else."""
    name = _REJECTED + source
    digest = hashlib.sha256(to_json(rejects)).hexdigest() if rejects else ""
    if digest == (await duty.ports.incidents.progress(name) or ""):
        return
    kept = RejectsFile(duty.state, source, new_id())
    try:
        kept.add(rejects)
    finally:
        kept.close()
    await duty.ports.incidents.commit(Batch(progress={name: digest}))
    _log.info("catalogue.rejects_kept", source=source, rejected=len(rejects), file=kept.name)
