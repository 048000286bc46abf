"""Incidents about the checks themselves: a canary not found, a short pass, a source that cannot be read."""

from __future__ import annotations

from daemon.errors import Conflict
from daemon.ports import Batch
from daemon.products import incident_life as life
from daemon.products.ids import new_id
from daemon.products.incidents import Incident, Kind, Subject
from daemon.products.verdicts import OK, Severity, bad
from daemon.services.duty import Duty
from daemon.services.judging import policy_of
from daemon.services.notices import entries_for
from daemon.services.telling import tell

#: How often a change is tried again when somebody else changed the same incident meanwhile.
TRIES = 3


async def report(
    duty: Duty, rule: str, problem: str, *, severity: Severity = Severity.MAJOR, kind: Kind = Kind.CHECKER,
    fingerprint: str = "", title: str = "",
) -> Incident | None:  # fmt: skip
    """Say how a part of the checks fares; "" means well. Opens, refreshes or recovers its one incident.

    fingerprint: what makes it the same problem again; the rule alone unless given. Returns the incident, None
    while there never was a problem.
    """
    verdict = bad("", problem, problem, fingerprint=fingerprint or rule) if problem else OK
    subject = Subject(rule=rule, severity=severity, kind=kind, title=title)
    for attempt in range(TRIES):
        now = duty.ports.clock.now()
        current = await duty.ports.incidents.latest_of_rule(rule)
        changes = life.observe(current, verdict, subject, policy_of(None, duty.config.incidents), now, new_id())
        if not changes:
            return current
        try:
            await duty.ports.incidents.commit(
                Batch(
                    incidents=tuple(change.incident for change in changes),
                    entries=entries_for(duty, changes, now),
                )
            )
        except Conflict:
            if attempt == TRIES - 1:
                raise
            continue
        tell(changes)
        return changes[-1].incident
    return None
