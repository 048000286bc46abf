"""Tokens: made, shown once, recognised, ended. Of a secret only its SHA-256 is kept."""

from __future__ import annotations

import hashlib
import re
import secrets
from collections.abc import Sequence
from datetime import datetime
from typing import Final

from daemon.errors import Conflict, InvalidInput, NotFound, Unauthorized
from daemon.forum.principals import BY_NAME, ROLE_SCOPES, Principal, Role, Scope, Token, grantable, usable
from daemon.ports import Actor, AuditEntry, Ports
from daemon.products.ids import new_id

#: Marks our secrets, so that they are found when they turn up where they should not.
PREFIX: Final = "zhb_"
#: Random bytes of a secret: 256 bits, beyond guessing, so that a plain hash is enough to keep it by.
_RANDOM_BYTES: Final = 32
_SECRET: Final = re.compile(rf"{PREFIX}[A-Za-z0-9_-]{{22,128}}")


async def create_token(
    ports: Ports,
    actor: Actor,
    *,
    name: str,
    role: Role,
    label: str = "",
    scopes: frozenset[Scope] | None = None,
    expires_at: datetime | None = None,
) -> tuple[Token, str]:
    """Make a token for a principal, who is added when unknown; return it with its secret, which is shown only now.

    scopes: None for all that the role allows; those of BY_NAME are only ever granted by name. expires_at: aware, None
    for never. Raises InvalidInput for scopes beyond the role and for an end that has passed, Conflict when the
    principal has another role.
    """
    now = ports.clock.now()
    granted = ROLE_SCOPES[role] if scopes is None else scopes
    _check_grant(role, granted, expires_at, now)
    principal = await named_principal(ports, actor, name, role, now)
    secret = PREFIX + secrets.token_urlsafe(_RANDOM_BYTES)
    token = Token(
        id=new_id(), principal_id=principal.id, label=label, scopes=granted, created_at=now, expires_at=expires_at
    )
    await ports.principals.add_token(token, _digest(secret))
    detail = {"principal": principal.name, "scopes": " ".join(sorted(granted))}
    await _audit(ports, actor, "token.created", f"token:{token.id}", detail, now)
    return token, secret


async def authenticate(ports: Ports, secret: str) -> Actor:
    """Return who holds a secret, with the scopes of the token that it belongs to. Raises Unauthorized."""
    if not _SECRET.fullmatch(secret):
        raise Unauthorized("this is no token of ours")
    principal, token = await ports.principals.by_token(_digest(secret), ports.clock.now())
    return Actor.of(principal, token.scopes)


async def named_scopes(ports: Ports, principal: Principal) -> frozenset[Scope]:
    """Return the scopes of BY_NAME that a principal's good tokens name: its role brings none of them."""
    now = ports.clock.now()
    found: set[Scope] = set()
    for token, owner in await ports.principals.tokens():
        if owner.id == principal.id and _is_good(owner, token, now):
            found |= token.scopes & BY_NAME
    return frozenset(found)


def _is_good(owner: Principal, token: Token, now: datetime) -> bool:
    try:
        usable(owner, token, now)
    except Unauthorized:
        return False
    return True


async def list_tokens(ports: Ports) -> Sequence[tuple[Token, Principal]]:
    """Return all tokens with whose they are, ended ones included."""
    return await ports.principals.tokens()


async def revoke_token(ports: Ports, actor: Actor, token_id: str) -> None:
    """End a token at once. Raises NotFound."""
    now = ports.clock.now()
    await ports.principals.revoke(token_id, now)
    await _audit(ports, actor, "token.revoked", f"token:{token_id}", {}, now)


def _check_grant(role: Role, scopes: frozenset[Scope], expires_at: datetime | None, now: datetime) -> None:
    beyond = sorted(scopes - grantable(role))
    if beyond or not scopes:
        allowed = ", ".join(sorted(grantable(role)))
        raise InvalidInput(f"a token of role {role} cannot have these scopes", (("scopes", f"expected of {allowed}"),))
    if expires_at is not None and expires_at <= now:
        raise InvalidInput("the token would have expired already", (("expires_at", "expected a time in the future"),))


async def named_principal(ports: Ports, actor: Actor, name: str, role: Role, now: datetime) -> Principal:
    """Return the principal of a name, who is added when unknown. Raises Conflict when the role is another."""
    try:
        return _of_role(await ports.principals.by_name(name), role)
    except NotFound:
        made = Principal(id=new_id(), name=name, role=role, created_at=now)
    try:
        await ports.principals.create(made)
    except Conflict:  # somebody added the name since we looked
        return _of_role(await ports.principals.by_name(name), role)
    await _audit(ports, actor, "principal.created", f"principal:{made.id}", {"name": name, "role": role.value}, now)
    return made


def _of_role(principal: Principal, role: Role) -> Principal:
    if principal.role is not role:
        raise Conflict(f"{principal.name} is {principal.role}, not {role}")
    return principal


def _digest(secret: str) -> str:
    return hashlib.sha256(secret.encode()).hexdigest()


async def _audit(
    ports: Ports, actor: Actor, action: str, target: str, detail: dict[str, str], now: datetime
) -> None:  # fmt: skip
    await ports.audit.append(
        AuditEntry(id=new_id(), at=now, actor=actor.id, action=action, target=target, detail=detail)
    )
