"""/incidents: abnormal products and what people do about them."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Annotated, Final, Self

import msgspec
from pydantic import ConfigDict, Field, JsonValue, model_validator

from daemon.config import parse_duration
from daemon.errors import InvalidInput
from daemon.forum.principals import Scope
from daemon.handlers.http.answers import Listed, page
from daemon.handlers.http.models import Body, Flag, NonBlankLine, Paged, Time, Word
from daemon.handlers.http.routes import Call, get, post
from daemon.ports import IncidentFilter
from daemon.products.incidents import Incident, Kind, State
from daemon.products.remedies import Remedy
from daemon.products.verdicts import Severity
from daemon.services import deciding, incidents

#: Longest time that something can be silenced for, so that nothing is silenced for good by a slip of the key.
_LONGEST: Final = timedelta(days=366)
_EITHER: Final[list[JsonValue]] = [
    {"required": [one], "properties": {one: {"type": "string"}, other: {"type": "null"}}}
    for one, other in (("until", "duration"), ("duration", "until"))
]


class IncidentQuery(Paged):
    """Which incidents. severity: this or a higher one."""

    state: tuple[State, ...] = ()
    product: Word | None = None
    rule: Word | None = None
    severity: Severity | None = None
    kind: Kind | None = None
    owner: Word | None = None
    inhibited: Flag | None = None


class Until(Body):
    """An end, either as a time or as a duration from now such as "4h"."""

    model_config = ConfigDict(json_schema_extra={"oneOf": _EITHER})

    until: Time | None = None
    duration: Annotated[str, Field(max_length=40, pattern=r"^([0-9]+(\.[0-9]+)?(ms|s|m|h|d))+$")] | None = None

    @model_validator(mode="after")
    def _one_of_both(self) -> Self:
        if (self.until is None) == (self.duration is None):
            raise ValueError("expected either until or duration")
        return self

    def end(self, now: datetime) -> datetime:
        """Return the end as a time. Raises InvalidInput when it has passed or is too far away."""
        try:
            end = self.until or now + timedelta(seconds=parse_duration(self.duration))
        except (ValueError, OverflowError):
            raise InvalidInput("the end cannot be used", (("duration", 'expected such as "4h"'),)) from None
        if not now < end <= now + _LONGEST:
            field = "until" if self.until else "duration"
            raise InvalidInput("the end cannot be used", ((field, "expected within the next 366 days"),))
        return end


class Reason(Body):
    """Why an incident is ended by hand."""

    reason: NonBlankLine


class Decide(Body):
    """The answer to a mass incident: apply its frozen remedies, or drop them."""

    apply: bool


class IncidentDetail(Incident, frozen=True, kw_only=True):
    """An incident with its remedies, newest first."""

    remedies: tuple[Remedy, ...]


async def list_incidents(call: Call) -> Listed[Incident]:
    """GET /incidents."""
    asked = call.asked(IncidentQuery)
    where = IncidentFilter(
        states=asked.state,
        product_id=asked.product,
        rule=asked.rule,
        min_severity=asked.severity,
        kind=asked.kind.value if asked.kind else None,
        owner=asked.owner,
        inhibited=asked.inhibited,
    )
    return page(await call.duty.ports.incidents.find(where, asked.limit, asked.cursor))


async def get_incident(call: Call) -> IncidentDetail:
    """GET /incidents/{incident_id}."""
    store = call.duty.ports.incidents
    incident = await store.incident(call.path["incident_id"])
    remedies = await store.remedies_of([incident.id])
    return IncidentDetail(**msgspec.structs.asdict(incident), remedies=tuple(remedies.get(incident.id, ())))


async def acknowledge_incident(call: Call) -> Incident:
    """POST /incidents/{incident_id}/acknowledge."""
    return await incidents.acknowledge(call.duty, call.actor, call.path["incident_id"])


async def silence_incident(call: Call) -> Incident:
    """POST /incidents/{incident_id}/silence."""
    until = call.sent(Until).end(call.duty.ports.clock.now())
    return await incidents.silence(call.duty, call.actor, call.path["incident_id"], until)


async def close_incident(call: Call) -> Incident:
    """POST /incidents/{incident_id}/close."""
    return await incidents.close(call.duty, call.actor, call.path["incident_id"], call.sent(Reason).reason)


async def reopen_incident(call: Call) -> Incident:
    """POST /incidents/{incident_id}/reopen."""
    return await incidents.reopen(call.duty, call.actor, call.path["incident_id"])


async def decide_incident(call: Call) -> Incident:
    """POST /incidents/{incident_id}/decide."""
    decided = await deciding.decide(call.duty, call.actor, call.path["incident_id"], call.sent(Decide).apply)
    return decided.incident


_ONE = "/incidents/{incident_id}"
_WRITE = Scope.INCIDENTS_WRITE
ROUTES = (
    get("/incidents", list_incidents, Listed[Incident], "List incidents, newest first", query=IncidentQuery),
    get(_ONE, get_incident, IncidentDetail, "Get an incident with its remedies"),
    post(f"{_ONE}/acknowledge", acknowledge_incident, Incident, "Take an incident on", _WRITE),
    post(f"{_ONE}/silence", silence_incident, Incident, "Hear nothing of it until a time", _WRITE, body=Until),
    post(f"{_ONE}/close", close_incident, Incident, "End an incident with a reason", _WRITE, body=Reason),
    post(f"{_ONE}/reopen", reopen_incident, Incident, "Take the end of an incident back", _WRITE),
    post(f"{_ONE}/decide", decide_incident, Incident, "Answer a mass incident", _WRITE, body=Decide),
)
