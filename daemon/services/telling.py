"""Log lines of what happened to incidents and remedies: one a change, with who and what in fields."""

from __future__ import annotations

from collections.abc import Iterable

import structlog

from daemon.products.incidents import Change, Event, News, State
from daemon.products.remedies import Remedy, RemedyState

_log = structlog.get_logger()

_EVENT_BY_STATE = {
    State.OPEN: "incident.opened",
    State.ACKNOWLEDGED: "incident.acknowledged",
    State.SILENCED: "incident.silenced",
    State.ESCALATED: "incident.escalated",
    State.RECOVERED: "incident.recovered",
    State.CLOSED: "incident.closed",
    State.SUPERSEDED: "incident.superseded",
    State.SUSPECTED: "incident.suspected",
    State.DISMISSED: "incident.dismissed",
}

_EVENT_BY_REMEDY = {
    RemedyState.SHADOWED: "remedy.shadowed",
    RemedyState.FROZEN: "remedy.frozen",
    RemedyState.PLANNED: "remedy.planned",
    RemedyState.APPLIED: "remedy.applied",
    RemedyState.UNDONE: "remedy.undone",
    RemedyState.HANDED_OVER: "remedy.handed_over",
    RemedyState.OVERRIDDEN: "remedy.overridden",
    RemedyState.ABANDONED: "remedy.abandoned",
}


def tell(changes: Iterable[Change]) -> None:
    """Log changes of incidents; a mere refresh is no news and no line."""
    for change in changes:
        incident = change.incident
        if change.news is None and change.event in {Event.REFRESH, Event.IMPROVE}:
            continue
        level = _log.debug if incident.state in {State.SUSPECTED, State.DISMISSED} else _log.info
        level(
            "incident.reminded" if change.news is News.REMINDER else _EVENT_BY_STATE[incident.state],
            incident=incident.id,
            kind=incident.kind.value,
            rule=incident.rule,
            product=incident.product_id,
            severity=incident.severity.value,
            value=incident.value,
            inhibited_by=incident.inhibited_by,
        )


def tell_remedy(remedy: Remedy) -> None:
    """Log where a remedy now stands."""
    _log.info(
        _EVENT_BY_REMEDY[remedy.state],
        remedy=remedy.id,
        incident=remedy.incident_id,
        rule=remedy.rule,
        product=remedy.product_id,
        before=remedy.before.value,
        after=remedy.after.value,
        note=remedy.note,
    )
