"""Who a contact of the messenger is: bound to a principal by a one-time code, never by its name."""

from __future__ import annotations

import hashlib
import re
import secrets
import unicodedata
from collections.abc import Sequence
from datetime import timedelta
from typing import Final

from daemon.errors import Conflict, InvalidInput, NotFound, Unavailable
from daemon.forum.principals import Principal, Role
from daemon.forum.rooms import BindingCode, Contact
from daemon.ports import Actor, AuditEntry, BotStore
from daemon.products.ids import new_id
from daemon.services.access import named_principal
from daemon.services.duty import Duty

#: Small letters alone, so that a phone's keyboard stays as it is; without vowels, so that no word comes out, and
#: without l, which looks like 1 and I. Eight of them are 34 bits: what five tries in ten minutes never find.
ALPHABET: Final = "bcdfghjkmnpqrstvwxyz"
CODE_LENGTH: Final = 8
WRONG_TRIES: Final = 5
TRIES_WITHIN_S: Final = 600.0
_NO_NAME: Final = re.compile("[\x00-\x1f\x7f\ud800-\udfff]")
#: Name of the messenger that is a room inside the daemon.
LOCAL: Final = "local"


async def make_code(duty: Duty, actor: Actor, name: str, role: Role) -> str:
    """Return a new code by which one contact becomes a principal, who is added when unknown; it is shown only now.

    Good for bot.code_lifetime. Raises InvalidInput for a name that is none, Conflict when the principal has another
    role or is disabled.
    """
    store, now = _store(duty), duty.ports.clock.now()
    principal = await named_principal(duty.ports, actor, _checked(name), role, now)
    if principal.disabled_at is not None:
        raise Conflict(f"{principal.name} is disabled")
    code = "".join(secrets.choice(ALPHABET) for _ in range(CODE_LENGTH))
    expires_at = now + timedelta(seconds=duty.config.bot.code_lifetime)
    await store.add_code(BindingCode(code_sha256=_digest(code), principal_id=principal.id, expires_at=expires_at))
    detail = {"principal": principal.name, "role": principal.role.value}
    await _audit(duty, actor.id, "contact.code_created", f"principal:{principal.id}", detail)
    return code


async def bind(duty: Duty, code: str, contact_id: str) -> Principal:
    """Use a code up and return whom the contact is now, whoever it was before.

    Raises NotFound, in the same words for every code that is not good, and Conflict after too many of them.
    """
    store, at_s = _store(duty), duty.ports.clock.monotonic()
    tries = _recent_tries(duty, contact_id, at_s)
    if len(tries) >= WRONG_TRIES:
        raise Conflict("too many wrong codes; wait ten minutes")
    # Counted before it is known to be wrong: tries that run side by side are no more than others.
    tries.append(at_s)
    last = len(tries) == WRONG_TRIES
    wrong = False
    try:
        return await _bound(duty, store, _digest(_as_typed(code)), contact_id)
    except NotFound:
        wrong = True
    finally:
        if not wrong and at_s in tries:
            tries.remove(at_s)
    if last:
        await _audit(duty, Actor.daemon().id, "contact.refused", f"contact:{contact_id}", {})
    raise NotFound("this code is not good: unknown, used up or expired")


async def _bound(duty: Duty, store: BotStore, code_sha256: str, contact_id: str) -> Principal:
    before = await store.contact(contact_id)
    await store.bind(code_sha256, contact_id, duty.ports.clock.now())
    owner = await store.contact(contact_id)
    if owner is None:
        raise Conflict("this contact was unbound meanwhile")
    detail = {"principal": owner.name} | ({"before": before.name} if before else {})
    await _audit(duty, owner.id, "contact.bound", f"contact:{contact_id}", detail)
    return owner


async def contact_principal(duty: Duty, contact_id: str) -> Principal | None:
    """Return whom a contact is bound to, None for a stranger and for who is disabled.

    In a room inside the daemon a principal is its own contact, who need not be bound.
    """
    bound = await _store(duty).contact(contact_id)
    if bound is not None or duty.ports.messenger is None or duty.ports.messenger.name != LOCAL:
        return bound
    known = await duty.ports.principals.all()
    return next((one for one in known if one.id == contact_id and one.disabled_at is None), None)


async def list_contacts(duty: Duty) -> Sequence[tuple[Contact, Principal]]:
    """Return every bound contact with whom it is bound to, those of disabled principals included."""
    return await _store(duty).contacts()


async def unbind(duty: Duty, actor: Actor, contact_id: str) -> None:
    """Make a contact a stranger at once. Raises NotFound when it is one."""
    await _store(duty).unbind(contact_id)
    await _audit(duty, actor.id, "contact.unbound", f"contact:{contact_id}", {})


def _store(duty: Duty) -> BotStore:
    if duty.ports.bot is None:
        raise Unavailable("this daemon has no store for a bot")
    return duty.ports.bot


def _checked(name: str) -> str:
    stripped = name.strip()
    if not stripped or len(stripped) > 500 or _NO_NAME.search(stripped):
        raise InvalidInput("this cannot be a name", (("name", "expected one line of at most 500 characters"),))
    return stripped


def _recent_tries(duty: Duty, contact_id: str, at_s: float) -> list[float]:
    """Return the wrong tries of a contact that still count; those of all contacts that count no more are forgotten."""
    for known, times in list(duty.code_tries.items()):
        times[:] = [tried for tried in times if tried > at_s - TRIES_WITHIN_S]
        if not times:
            del duty.code_tries[known]
    return duty.code_tries.setdefault(contact_id, [])


def _as_typed(code: str) -> str:
    """Return a code as it was made, however a phone wrote it: capitals, full-width letters, groups."""
    folded = unicodedata.normalize("NFKC", code).casefold()
    return "".join(sign for sign in folded if not sign.isspace() and sign != "-")


def _digest(code: str) -> str:
    return hashlib.sha256(code.encode("utf-8", "surrogatepass")).hexdigest()


async def _audit(duty: Duty, actor_id: str, action: str, target: str, detail: dict[str, str]) -> None:
    now = duty.ports.clock.now()
    entry = AuditEntry(id=new_id(), at=now, actor=actor_id, action=action, target=target, detail=detail)
    await duty.ports.audit.append(entry)
