"""What an incident is: its states, what leads from one to another, and all that is remembered of it.

`TRANSITIONS` is the whole machine; `incident_life` is what moves it.
"""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Final

import msgspec

from daemon.products.verdicts import RemedyKind, Severity


class State(StrEnum):
    """Where an incident stands."""

    SUSPECTED = "suspected"  # bad, but not yet often or long enough; nobody is told
    OPEN = "open"
    ACKNOWLEDGED = "acknowledged"  # a person said: I am on it
    SILENCED = "silenced"  # a person said: not until then
    ESCALATED = "escalated"  # nobody said anything for too long
    RECOVERED = "recovered"
    CLOSED = "closed"  # by a person with a reason; stays so while the same fault goes on
    SUPERSEDED = "superseded"  # the same rule found something new on the same product
    DISMISSED = "dismissed"  # suspected, and good before it opened


class Event(StrEnum):
    """What can happen to an incident."""

    REFRESH = "refresh"  # bad again, the same fault, no threshold crossed
    CONFIRM = "confirm"  # bad often and long enough
    IMPROVE = "improve"  # good, but not often enough yet
    RECOVER = "recover"  # good often enough
    CHANGE = "change"  # bad with a new fingerprint
    RELAPSE = "relapse"  # bad again after recovery, the same fault
    ACKNOWLEDGE = "acknowledge"
    SILENCE = "silence"
    END_SILENCE = "end_silence"
    ESCALATE = "escalate"
    CLOSE = "close"
    REOPEN = "reopen"


_ALIVE: Final = (State.OPEN, State.ACKNOWLEDGED, State.SILENCED, State.ESCALATED)

#: (state, event) -> state. A pair that is not here cannot happen.
TRANSITIONS: Final[dict[tuple[State, Event], State]] = {
    (State.SUSPECTED, Event.REFRESH): State.SUSPECTED,
    (State.SUSPECTED, Event.CONFIRM): State.OPEN,
    (State.SUSPECTED, Event.IMPROVE): State.SUSPECTED,
    (State.SUSPECTED, Event.RECOVER): State.DISMISSED,
    (State.SUSPECTED, Event.CHANGE): State.SUPERSEDED,
    **{(state, Event.REFRESH): state for state in _ALIVE},
    **{(state, Event.IMPROVE): state for state in _ALIVE},
    **{(state, Event.RECOVER): State.RECOVERED for state in _ALIVE},
    **{(state, Event.CHANGE): State.SUPERSEDED for state in _ALIVE},
    **{(state, Event.CLOSE): State.CLOSED for state in _ALIVE},
    **{(state, Event.SILENCE): State.SILENCED for state in _ALIVE},
    (State.OPEN, Event.ACKNOWLEDGE): State.ACKNOWLEDGED,
    (State.SILENCED, Event.ACKNOWLEDGE): State.ACKNOWLEDGED,
    (State.ESCALATED, Event.ACKNOWLEDGE): State.ACKNOWLEDGED,
    (State.OPEN, Event.ESCALATE): State.ESCALATED,
    (State.SILENCED, Event.END_SILENCE): State.OPEN,
    (State.RECOVERED, Event.RELAPSE): State.OPEN,
    (State.RECOVERED, Event.REOPEN): State.OPEN,
    (State.CLOSED, Event.REFRESH): State.CLOSED,
    (State.CLOSED, Event.IMPROVE): State.CLOSED,
    (State.CLOSED, Event.RECOVER): State.RECOVERED,
    (State.CLOSED, Event.CHANGE): State.SUPERSEDED,
    (State.CLOSED, Event.REOPEN): State.OPEN,
}

#: Of these, at most one exists for a product and a rule at any time.
CURRENT: Final = frozenset({State.SUSPECTED, *_ALIVE, State.CLOSED})
#: People are told of these, and remedies answer them.
ALIVE: Final = frozenset(_ALIVE)


class Kind(StrEnum):
    """What an incident is about."""

    PRODUCT = "product"
    MASS = "mass"  # one rule failed on too many products at once: remedies are frozen, a person is asked
    CHECKER = "checker"  # the checks themselves: canary not found, a short pass, a source that cannot be read


class Decision(StrEnum):
    """What a person answers to a mass incident."""

    APPLY = "apply"  # apply the frozen remedies
    DROP = "drop"  # leave the products alone


class News(StrEnum):
    """What people hear about an incident."""

    OPENED = "opened"
    CHANGED = "changed"
    REOPENED = "reopened"
    RECOVERED = "recovered"
    ESCALATED = "escalated"
    REMINDER = "reminder"
    CLOSED = "closed"
    FLAPPING = "flapping"
    REMEDY_APPLIED = "remedy_applied"
    REMEDY_UNDONE = "remedy_undone"
    REMEDY_OVERRIDDEN = "remedy_overridden"


class Incident(msgspec.Struct, frozen=True, kw_only=True):
    """One fault of one product by one rule, from the first suspicion to its end. Times are aware UTC.

    bad_count, good_count: consecutive verdicts so far. flaps: times of recent recoveries and relapses.
    """

    id: str  # UUIDv7
    kind: Kind = Kind.PRODUCT
    product_id: str = ""  # "" for mass and checker incidents
    rule: str
    fingerprint: str
    state: State
    severity: Severity
    field: str = ""
    value: str = ""
    message: str = ""
    title: str = ""  # of the product, for people
    category: str | None = None
    owner: str | None = None
    remedy: RemedyKind | None = None  # that the verdict asks for
    first_bad_at: datetime
    last_bad_at: datetime
    bad_count: int = 1
    good_count: int = 0
    opened_at: datetime | None = None
    acknowledged_at: datetime | None = None
    acknowledged_by: str = ""
    silenced_until: datetime | None = None
    silenced_by: str = ""
    escalate_at: datetime | None = None  # when it escalates unless somebody acknowledges
    escalated_at: datetime | None = None
    remind_at: datetime | None = None  # when people hear of it again
    ended_at: datetime | None = None
    closed_by: str = ""
    reason: str = ""
    decision: Decision | None = None  # of a mass incident; it stays closed until that is carried out
    superseded_by: str = ""
    inhibited_by: str = ""  # id of the incident that is the cause of this one: no notice and no remedy of its own
    told: bool = False  # people heard that it opened
    remedy_pending: bool = False  # its remedy is allowed and not yet applied, refused or handed on
    evidence_at: datetime | None = None  # of the evidence last counted, so that none counts twice
    flapping: bool = False
    flaps: tuple[datetime, ...] = ()
    revision: int = 0  # of the stored incident, raised by each commit; what a commit compares


class Silence(msgspec.Struct, frozen=True, kw_only=True):
    """Nobody wants to hear of incidents that match, until a time; empty fields match any, not all may be empty."""

    id: str  # UUIDv7
    rule: str = ""
    product_id: str = ""
    category: str = ""
    owner: str = ""
    until: datetime
    created_at: datetime
    created_by: str
    reason: str = ""
    ended_at: datetime | None = None  # ended early by a person

    def matches(self, incident: Incident, now: datetime) -> bool:
        """Tell whether the incident is silenced by this at a time."""
        return (
            now < self.until
            and self.ended_at is None
            and self.rule in {"", incident.rule}
            and self.product_id in {"", incident.product_id}
            and self.category in {"", incident.category}
            and self.owner in {"", incident.owner}
        )


class LifePolicy(msgspec.Struct, frozen=True, kw_only=True):
    """Thresholds of the life cycle for one rule. Times in seconds."""

    open_after: int = 1
    open_min_s: float = 0.0
    close_after: int = 1
    escalate_after_s: float = 1800.0  # 0: never
    escalate_from: Severity = Severity.MAJOR
    repeat_s: float = 86400.0  # 0: never
    reopen_within_s: float = 86400.0
    flap_count: int = 4  # recoveries and relapses within flap_window_s that make it flap
    flap_window_s: float = 3600.0
    flap_hold_s: float = 1800.0  # a flapping incident recovers only after being good for so long


class Change(msgspec.Struct, frozen=True):
    """One incident after one event. `news` is None where nobody needs to hear."""

    incident: Incident
    event: Event | None  # None for a newly made incident
    news: News | None = None


class Subject(msgspec.Struct, frozen=True, kw_only=True):
    """Whom an incident is about."""

    product_id: str = ""
    rule: str
    severity: Severity
    title: str = ""
    category: str | None = None
    owner: str | None = None
    kind: Kind = Kind.PRODUCT
