"""Cases as people keep them: opened, changed and closed by who administers them, and approvals of a second person."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime, timedelta
from typing import Any, Final

from msgspec.structs import replace

from daemon.errors import Conflict, InvalidInput, PreconditionFailed
from daemon.forum.principals import Scope
from daemon.ports import Actor, Approval, Case, Page, Ports
from daemon.products.ids import new_id
from daemon.services.cases import Gate, entry_of, is_stated, store_of

#: Longest time that a case is open for, and that an approval stands, unless it is given again.
LONGEST: Final = timedelta(days=366)
LONGEST_APPROVAL: Final = timedelta(days=7)
APPROVED_FOR: Final = timedelta(days=1)
_READERS: Final = (Scope.ASSOCIATION_SEARCH, Scope.ASSOCIATION_ADMIN, Scope.ASSOCIATION_APPROVE)
#: Scopes whose holders read every case, and not only their own.
_OVERSEERS: Final = frozenset({Scope.ASSOCIATION_ADMIN, Scope.ASSOCIATION_APPROVE})


async def open_case(ports: Ports, actor: Actor, **fields: Any) -> Case:
    """Open a case of title, purpose, owner, members, cameras, quota and expires_at; people by their names.

    Raises InvalidInput naming every wrong field, and Forbidden, which is audited, without association:admin.
    """
    await Gate(ports, actor, "open").require(Scope.ASSOCIATION_ADMIN)
    now = ports.clock.now()
    known = await _checked(ports, fields)
    case = Case(id=new_id(), created_at=now, **known)
    return await store_of(ports).add_case(case, entry_of(ports, actor, "case.opened", f"case:{case.id}", {}))


async def change(
    ports: Ports, actor: Actor, case_id: str, revisions: Collection[int] | None, *, close: bool = False, **fields: Any
) -> Case:
    """Change fields of a case as in `open_case`, as it was read at one of some revisions (None: any), or close it.

    Raises InvalidInput, PreconditionFailed, Conflict for one that is closed, and Forbidden, which is audited.
    """
    gate = Gate(ports, actor, "change")
    await gate.require(Scope.ASSOCIATION_ADMIN)
    case = await gate.known_case(case_id)
    _check_revision(case, revisions)
    if case.closed_at is not None:
        raise Conflict("the case is closed, and stays so")
    known = await _checked(ports, fields)
    changed = replace(case, **known, **({"closed_at": ports.clock.now()} if close else {}))
    names = sorted(name for name in changed.__struct_fields__ if getattr(changed, name) != getattr(case, name))
    if not names:
        return case
    done = entry_of(ports, actor, "case.closed" if close else "case.changed", f"case:{case.id}",
                    {"fields": " ".join(names)})  # fmt: skip
    try:
        return await store_of(ports).change_case(changed, done)
    except Conflict as exc:
        raise PreconditionFailed(str(exc)) from exc


async def list_cases(ports: Ports, actor: Actor, limit: int, cursor: str | None = None) -> Page:
    """Return a page of cases, newest first: one's own, or all to who oversees them. Raises Forbidden, audited."""
    await Gate(ports, actor, "list").require(*_READERS)
    whose = None if actor.scopes & _OVERSEERS else actor.id
    return await store_of(ports).cases(limit, cursor, whose=whose)


async def get_case(ports: Ports, actor: Actor, case_id: str) -> Case:
    """Return a case, one's own or any to who oversees them. Raises Forbidden, which is audited."""
    return await _readable(Gate(ports, actor, "list"), actor, case_id)


async def list_approvals(ports: Ports, actor: Actor, case_id: str) -> Sequence[Approval]:
    """Return the approvals of a case, oldest first, as `get_case`. Raises Forbidden, which is audited."""
    case = await _readable(Gate(ports, actor, "list"), actor, case_id)
    return await store_of(ports).approvals(case.id)


async def ask_approval(ports: Ports, actor: Actor, case_id: str, reason: str) -> Approval:
    """Ask that a case may be searched by face.

    Raises InvalidInput, Conflict while an earlier one waits, and Forbidden, which is audited.
    """
    gate = Gate(ports, actor, "approval")
    await gate.require(Scope.ASSOCIATION_SEARCH)
    case = await gate.case(case_id)
    if not is_stated(reason):
        raise InvalidInput("an approval is asked for with a reason", (("reason", "expected what it is needed for"),))
    waiting = await store_of(ports).approvals(case.id)
    if any(one.asked_by == actor.id and one.decided_at is None for one in waiting):
        raise Conflict("an approval that was asked for before has not been decided yet")
    asked = Approval(id=new_id(), case_id=case.id, asked_by=actor.id, asked_at=ports.clock.now(), reason=reason)
    done = entry_of(ports, actor, "approval.asked", f"case:{case.id}", {"approval": asked.id})
    await store_of(ports).ask_approval(asked, done)
    return asked


async def decide_approval(
    ports: Ports,
    actor: Actor,
    case_id: str,
    approval_id: str,
    *,
    grant: bool,
    expires_at: datetime | None = None,
) -> Approval:
    """Grant or deny what another asked for. expires_at: aware; None: in a day; never later than the case.

    Raises InvalidInput, Conflict when it was decided, and Forbidden, which is audited, to who asked.
    """
    gate = Gate(ports, actor, "decide")
    await gate.require(Scope.ASSOCIATION_APPROVE)
    case = await gate.known_case(case_id)
    asked = next((one for one in await store_of(ports).approvals(case.id) if one.id == approval_id), None)
    if asked is None:
        raise await gate.refusal("approval", "there is nothing to be approved under that id")
    if asked.asked_by == actor.id:
        raise await gate.refusal(
            "second_person", "who asked for an approval cannot give it: this needs a second person"
        )
    now = ports.clock.now()
    if over := case.over(now):
        raise await gate.refusal(over, "the case is over")
    until = _approved_until(case, now, expires_at) if grant else None
    decided = replace(asked, decided_by=actor.id, decided_at=now, granted=grant, expires_at=until)
    action = "approval.granted" if grant else "approval.denied"
    await store_of(ports).decide_approval(
        decided, entry_of(ports, actor, action, f"case:{case.id}", {"approval": asked.id})
    )
    return decided


async def names_of(ports: Ports) -> dict[str, str]:
    """Return everybody's name by id."""
    return {principal.id: principal.name for principal in await ports.principals.all()}


async def _readable(gate: Gate, actor: Actor, case_id: str) -> Case:
    await gate.require(*_READERS)
    if actor.scopes & _OVERSEERS:
        return await gate.known_case(case_id)
    return await gate.own_case(case_id)


def _approved_until(case: Case, now: datetime, wanted: datetime | None) -> datetime:
    until = now + APPROVED_FOR if wanted is None else wanted
    if not now < until <= now + LONGEST_APPROVAL:
        raise InvalidInput("the approval cannot stand so long", (("expires_at", "expected within the next 7 days"),))
    return min(until, case.expires_at)


def _check_revision(case: Case, revisions: Collection[int] | None) -> None:
    if revisions is not None and case.revision not in revisions:
        raise PreconditionFailed(f"case {case.id} is at revision {case.revision}: read it again")


async def _checked(ports: Ports, fields: dict[str, Any]) -> dict[str, Any]:
    """Return fields of a case as they are kept. Raises InvalidInput naming every wrong one."""
    faults: list[tuple[str, str]] = []
    known = dict(fields)
    ids = {name: principal_id for principal_id, name in (await names_of(ports)).items()}
    for name in ("owner", "members"):
        if name in fields:
            named = [fields[name]] if name == "owner" else list(dict.fromkeys(fields[name]))
            faults += [(name, f"there is nobody named {one!r}") for one in named if one not in ids]
            known[name] = ids.get(fields[name], "") if name == "owner" else tuple(ids.get(one, "") for one in named)
    if "purpose" in fields and not is_stated(fields["purpose"]):
        faults.append(("purpose", "expected what the case is for"))
    if "expires_at" in fields and not ports.clock.now() < fields["expires_at"] <= ports.clock.now() + LONGEST:
        faults.append(("expires_at", "expected within the next 366 days"))
    if "cameras" in fields:
        known["cameras"] = tuple(dict.fromkeys(fields["cameras"]))
        faults += [
            ("cameras", f"there is no camera {one!r}") for one in await _unknown_cameras(ports, known["cameras"])
        ]
    if faults:
        raise InvalidInput("the case cannot be kept so", tuple(faults))
    return known


async def _unknown_cameras(ports: Ports, cameras: Sequence[str]) -> list[str]:
    if ports.gallery is None or not cameras:
        return []
    known = {camera.id for camera in (await ports.gallery.network())[0]}
    return [camera for camera in cameras if camera not in known]
