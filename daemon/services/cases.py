"""Leave to search, to see and to take away: within a live case, for a stated purpose, and all of it in the audit log.

Whoever is refused learns nothing of what is there: that a case or a search does not exist is told as that it is not
theirs. The audit log has the reason, and nothing that was sent.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import structlog

from daemon.errors import Conflict, Forbidden, NotFound, Unavailable
from daemon.forum.principals import Scope
from daemon.ports import Actor, Approval, AuditEntry, Case, CaseStore, Ports, Search
from daemon.products.ids import new_id

_log = structlog.get_logger()
#: A purpose has so many letters, and so many different ones: "x", "test" and "aaaaaaaa" are none.
_LETTERS: Final = 6
_DIFFERENT: Final = 4
_NOT_YOURS: Final = "this needs a live case that you own or are a member of"
_OVER: Final = {"closed": "the case is closed", "expired": "the case has expired"}


@dataclass(frozen=True, slots=True)
class Leave:
    """What was allowed. cameras: that may be searched; empty: all. approval_id: "" where no face is searched by.

    search: the one that may be seen, None where none was named.
    """

    case: Case
    approval_id: str = ""
    cameras: tuple[str, ...] = ()
    search: Search | None = None


async def leave_to_search(
    ports: Ports, actor: Actor, *, case_id: str, purpose: str, by_face: bool, cameras: Collection[str] = ()
) -> Leave:
    """Return leave to begin a search. cameras: that the target was seen at. Raises Forbidden, which is audited."""
    gate = Gate(ports, actor, "search")
    await gate.require(Scope.ASSOCIATION_SEARCH)
    await gate.purpose(purpose)
    case = await gate.case(case_id)
    if case.searches >= case.quota:
        raise await gate.spent(case)
    await gate.cameras(case, cameras)
    approval = await gate.approval(case) if by_face else None
    return Leave(case, approval.id if approval else "", case.cameras)


async def leave_to_view(ports: Ports, actor: Actor, search: Search | str) -> Leave:
    """Return leave to see a search, or the one of an id, which is audited. Raises Forbidden, which is too."""
    return await _leave_of(Gate(ports, actor, "view"), search, "search.viewed", {})


async def leave_to_export(ports: Ports, actor: Actor, search: Search | str, form: str = "") -> Leave:
    """Return leave to take a search away in a form, which is audited. Raises Forbidden, which is too."""
    return await _leave_of(Gate(ports, actor, "export"), search, "search.exported", {"form": form})


async def leave_to_list(ports: Ports, actor: Actor, case_id: str) -> Leave:
    """Return leave to list the searches of a case, which is audited. Raises Forbidden, which is too."""
    gate = Gate(ports, actor, "list")
    await gate.require(Scope.ASSOCIATION_SEARCH)
    case = await gate.case(case_id)
    await note(ports, actor, "searches.listed", f"case:{case.id}")
    return Leave(case, cameras=case.cameras)


async def leave_to_look(ports: Ports, actor: Actor, *, case_id: str, purpose: str, what: str) -> Leave:
    """Return leave to look at a detection within a case, which is audited. Raises Forbidden, which is too."""
    gate = Gate(ports, actor, "look")
    await gate.require(Scope.ASSOCIATION_SEARCH)
    await gate.purpose(purpose)
    case = await gate.case(case_id)
    await note(ports, actor, "detection.viewed", f"detection:{what}", {"case": case.id})
    return Leave(case, cameras=case.cameras)


async def check_cameras(ports: Ports, actor: Actor, leave: Leave, cameras: Collection[str]) -> None:
    """Let pass what is within a leave, once it is known where it was seen. Raises Forbidden, which is audited."""
    gate = Gate(ports, actor, "search")
    gate.target = f"case:{leave.case.id}"
    await gate.cameras(leave.case, cameras)


async def keep_search(
    ports: Ports, actor: Actor, search: Search, entry: AuditEntry, vectors: Sequence[bytes] = ()
) -> Case:
    """Keep a search that there is leave for; return its case. Raises Forbidden, audited, if that ended meanwhile."""
    store = store_of(ports)
    try:
        return await store.begin_search(search, entry, vectors)
    except Conflict:
        gate = Gate(ports, actor, "search")
        case = await gate.case(search.case_id)
        raise await gate.spent(case) from None


async def note(
    ports: Ports, actor: Actor, action: str, target: str, detail: Mapping[str, str] | None = None
) -> None:  # fmt: skip
    """Write into the audit log what somebody does."""
    await ports.audit.append(entry_of(ports, actor, action, target, detail or {}))


def entry_of(ports: Ports, actor: Actor, action: str, target: str, detail: Mapping[str, str]) -> AuditEntry:
    """Return an audit entry of now."""
    now = ports.clock.now()
    return AuditEntry(id=new_id(), at=now, actor=actor.id, action=action, target=target, detail=dict(detail))


def store_of(ports: Ports) -> CaseStore:
    """Return where cases are kept. Raises Unavailable where there is no place."""
    if ports.cases is None:
        raise Unavailable("no cases are kept here")
    return ports.cases


def is_stated(purpose: str) -> bool:
    """Tell whether a purpose says something: enough letters, of any script, and not the same one again and again."""
    letters = [letter.casefold() for letter in purpose if letter.isalpha()]
    return len(letters) >= _LETTERS and len(set(letters)) >= _DIFFERENT


class Gate:
    """What stands before all that is shown of people. wanted: what somebody wants to do, a word for the audit log."""

    def __init__(self, ports: Ports, actor: Actor, wanted: str) -> None:
        self._ports, self._actor, self._wanted = ports, actor, wanted
        self.target = "association"

    async def require(self, *scopes: Scope) -> None:
        """Let pass who has one of some scopes."""
        if self._actor.scopes.isdisjoint(scopes):
            raise await self.refusal("scope", f"this needs a token with the scope {' or '.join(scopes)}")

    async def purpose(self, purpose: str) -> None:
        """Let pass what has a purpose."""
        if not is_stated(purpose):
            raise await self.refusal(
                "purpose", f"this needs a purpose that says what for, of at least {_LETTERS} letters"
            )

    async def case(self, case_id: str) -> Case:
        """Return a live case that somebody owns or is a member of."""
        case = await self.own_case(case_id)
        if over := case.over(self._ports.clock.now()):
            raise await self.refusal(over, _OVER[over])
        return case

    async def own_case(self, case_id: str) -> Case:
        """Return a case, live or not, that somebody owns or is a member of."""
        case = await self.known_case(case_id)
        if not case.is_of(self._actor.id):
            raise await self.refusal("member", _NOT_YOURS)
        return case

    async def known_case(self, case_id: str) -> Case:
        """Return a case, live or not, whoever's it is."""
        try:
            case = await store_of(self._ports).case(case_id)
        except NotFound:
            raise await self.refusal("case", _NOT_YOURS) from None
        self.target = f"case:{case.id}"
        return case

    async def search(self, search: Search | str) -> Search:
        """Return a search as it is, or the one of an id."""
        if isinstance(search, Search):
            return search
        try:
            return await store_of(self._ports).search(search)
        except NotFound:
            raise await self.refusal("search", _NOT_YOURS) from None

    async def spent(self, case: Case) -> Forbidden:
        """Refuse what is beyond the quota of a case."""
        return await self.refusal("quota", f"the quota of the case, {case.quota} searches, is used up")

    async def cameras(self, case: Case, cameras: Collection[str]) -> None:
        """Let pass what lies within the cameras of a case."""
        if case.cameras and not set(cameras) <= set(case.cameras):
            raise await self.refusal("camera", "the case does not cover the camera that the target was seen at")

    async def approval(self, case: Case) -> Approval:
        """Return what another person let a case search by face with."""
        now = self._ports.clock.now()
        for approval in reversed(await store_of(self._ports).approvals(case.id)):
            if approval.stands(now) and approval.decided_by != self._actor.id:
                return approval
        raise await self.refusal(
            "approval", "searching by face needs the approval of a second person, which stands for a time"
        )

    async def approved(self, search: Search) -> None:
        """Let pass a search that is not by face, or was allowed to be."""
        approvals = await store_of(self._ports).approvals(search.case_id) if search.by_face else ()
        if search.by_face and not any(one.id == search.approval_id and one.granted for one in approvals):
            raise await self.refusal("approval", "this search by face was not approved by a second person")

    async def pass_on(self, action: str, target: str, detail: Mapping[str, str]) -> None:
        """Write into the audit log what was let pass."""
        await note(self._ports, self._actor, action, target, detail)

    async def refusal(self, reason: str, told: str) -> Forbidden:
        """Write a refusal into the audit log; return what is to be raised then."""
        detail = {"wanted": self._wanted, "reason": reason}
        await note(self._ports, self._actor, "search.refused", self.target, detail)
        _log.warning("search.refused", wanted=self._wanted, reason=reason, target=self.target, actor=self._actor.id)
        return Forbidden(told)


async def _leave_of(gate: Gate, asked: Search | str, action: str, detail: Mapping[str, str]) -> Leave:
    await gate.require(Scope.ASSOCIATION_SEARCH)
    search = await gate.search(asked)
    case = await gate.case(search.case_id)
    await gate.approved(search)
    await gate.pass_on(action, f"search:{search.id}", {"case": case.id, **detail})
    return Leave(case, search.approval_id, case.cameras, search)
