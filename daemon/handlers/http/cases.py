"""/association/cases: what searches are made for, and the second person's leave to search by face."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Final, Literal

import msgspec
from pydantic import Field

from daemon.errors import NotFound
from daemon.forum.principals import Scope
from daemon.handlers.http.answers import Listed, page
from daemon.handlers.http.models import Body, NonBlankLine, Paged, Time
from daemon.handlers.http.routes import Call, get, patch, post
from daemon.ports import Approval, Case, Ports
from daemon.services import case_keeping

Names = Annotated[list[NonBlankLine], Field(max_length=200)]
Cameras = Annotated[list[NonBlankLine], Field(max_length=20_000)]
Quota = Annotated[int, Field(ge=1, le=1_000_000)]


class NewCase(Body):
    """A case. owner, members: names of principals, the owner is who opens it if left out; cameras: none for all."""

    title: NonBlankLine
    purpose: NonBlankLine
    expires_at: Time
    quota: Quota
    owner: NonBlankLine | None = None
    members: Names = []  # noqa: RUF012 pydantic copies it for each
    cameras: Cameras = []  # noqa: RUF012 as above


class CaseChange(Body):
    """What shall be otherwise; closed cannot be taken back."""

    title: NonBlankLine | None = None
    purpose: NonBlankLine | None = None
    expires_at: Time | None = None
    quota: Quota | None = None
    owner: NonBlankLine | None = None
    members: Names | None = None
    cameras: Cameras | None = None
    closed: Literal[True] | None = None


class NewApproval(Body):
    """Why it has to be by face."""

    reason: NonBlankLine


class Decision(Body):
    """Whether a case may be searched by face. expires_at: a day if left out, a week at most, never past the case."""

    grant: bool
    expires_at: Time | None = None


class ShownCase(msgspec.Struct, frozen=True, kw_only=True):
    """A case; people by name. state: "live", "closed" or "expired". searches: that were begun."""

    id: str
    title: str
    purpose: str
    owner: str
    members: tuple[str, ...]
    cameras: tuple[str, ...]
    quota: int
    searches: int
    state: str
    created_at: datetime
    expires_at: datetime
    closed_at: datetime | None
    revision: int


class ShownApproval(msgspec.Struct, frozen=True, kw_only=True):
    """An approval; people by name. granted: null until it is decided."""

    id: str
    asked_by: str
    asked_at: datetime
    reason: str
    decided_by: str
    decided_at: datetime | None
    granted: bool | None
    expires_at: datetime | None


async def list_cases(call: Call) -> Listed[ShownCase]:
    """GET /association/cases."""
    asked, ports = call.asked(Paged), _ports(call)
    found = await case_keeping.list_cases(ports, call.actor, asked.limit, asked.cursor)
    names = await case_keeping.names_of(ports)
    return page(found, [_shown(call, case, names) for case in found.items])


async def open_case(call: Call) -> ShownCase:
    """POST /association/cases."""
    sent, ports = call.sent(NewCase), _ports(call)
    given = {name: getattr(sent, name) for name in NewCase.model_fields}
    case = await case_keeping.open_case(ports, call.actor, **{**given, "owner": sent.owner or call.actor.name})
    return _shown(call, case, await case_keeping.names_of(ports))


async def get_case(call: Call) -> ShownCase:
    """GET /association/cases/{case_id}."""
    ports = _ports(call)
    case = await case_keeping.get_case(ports, call.actor, call.path["case_id"])
    return _shown(call, case, await case_keeping.names_of(ports))


async def change_case(call: Call) -> ShownCase:
    """PATCH /association/cases/{case_id}."""
    sent, ports = call.sent(CaseChange), _ports(call)
    given = {name: value for name in CaseChange.model_fields if (value := getattr(sent, name)) is not None}
    close = bool(given.pop("closed", False))
    case = await case_keeping.change(ports, call.actor, call.path["case_id"], call.revisions, close=close, **given)
    return _shown(call, case, await case_keeping.names_of(ports))


async def list_approvals(call: Call) -> Listed[ShownApproval]:
    """GET /association/cases/{case_id}/approvals."""
    ports = _ports(call)
    found = await case_keeping.list_approvals(ports, call.actor, call.path["case_id"])
    names = await case_keeping.names_of(ports)
    return Listed(tuple(_shown_approval(one, names) for one in found), None)


async def ask_approval(call: Call) -> ShownApproval:
    """POST /association/cases/{case_id}/approvals."""
    ports = _ports(call)
    asked = await case_keeping.ask_approval(ports, call.actor, call.path["case_id"], call.sent(NewApproval).reason)
    return _shown_approval(asked, await case_keeping.names_of(ports))


async def decide_approval(call: Call) -> ShownApproval:
    """POST /association/cases/{case_id}/approvals/{approval_id}/decide."""
    sent, ports, path = call.sent(Decision), _ports(call), call.path
    decided = await case_keeping.decide_approval(
        ports, call.actor, path["case_id"], path["approval_id"], grant=sent.grant, expires_at=sent.expires_at
    )
    return _shown_approval(decided, await case_keeping.names_of(ports))


def _ports(call: Call) -> Ports:
    if call.duty.config.association.kind == "off":
        raise NotFound('there is no association in this daemon: [association] kind is not "on"')
    return call.duty.ports


def _shown(call: Call, case: Case, names: dict[str, str]) -> ShownCase:
    given: dict[str, Any] = {name: getattr(case, name) for name in ShownCase.__struct_fields__ if name != "state"}
    given["owner"] = names.get(case.owner, case.owner)
    given["members"] = tuple(names.get(member, member) for member in case.members)
    return ShownCase(**given, state=case.over(call.duty.ports.clock.now()) or "live")


def _shown_approval(approval: Approval, names: dict[str, str]) -> ShownApproval:
    return ShownApproval(
        id=approval.id,
        asked_by=names.get(approval.asked_by, approval.asked_by),
        asked_at=approval.asked_at,
        reason=approval.reason,
        decided_by=names.get(approval.decided_by, approval.decided_by),
        decided_at=approval.decided_at,
        granted=approval.granted if approval.decided_at else None,
        expires_at=approval.expires_at,
    )


_READERS: Final = (Scope.ASSOCIATION_SEARCH, Scope.ASSOCIATION_APPROVE, Scope.ASSOCIATION_ADMIN)
_CASES: Final = "/association/cases"
_ONE: Final = f"{_CASES}/{{case_id}}"
_APPROVALS: Final = f"{_ONE}/approvals"
ROUTES = (
    get(_CASES, list_cases, Listed[ShownCase], "List cases, newest first", query=Paged, access=_READERS,
        refusals=(404,)),
    post(_CASES, open_case, ShownCase, "Open a case", Scope.ASSOCIATION_ADMIN, body=NewCase, status=201,
         revision="sent"),
    get(_ONE, get_case, ShownCase, "Get a case", access=_READERS, revision="sent"),
    patch(_ONE, change_case, ShownCase, "Change, extend or close a case", Scope.ASSOCIATION_ADMIN, body=CaseChange),
    get(_APPROVALS, list_approvals, Listed[ShownApproval], "List the approvals of a case, oldest first",
        access=_READERS),
    post(_APPROVALS, ask_approval, ShownApproval, "Ask that a case may be searched by face", Scope.ASSOCIATION_SEARCH,
         body=NewApproval, status=201),
    post(f"{_APPROVALS}/{{approval_id}}/decide", decide_approval, ShownApproval, "Grant or deny an approval",
         Scope.ASSOCIATION_APPROVE, body=Decision),
)  # fmt: skip
