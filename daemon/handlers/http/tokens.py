"""/tokens and /me: who may use the API."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any

import msgspec
from pydantic import Field

from daemon.forum.principals import Principal, Role, Scope, Token
from daemon.handlers.http.answers import Listed
from daemon.handlers.http.models import Body, Line, NonBlankLine, Time
from daemon.handlers.http.routes import Call, Open, delete, get, post
from daemon.services import access


class NewToken(Body):
    """For whom, and what it may do; without scopes, all that the role allows."""

    name: NonBlankLine
    role: Role
    label: Line = ""
    scopes: Annotated[list[Scope], Field(min_length=1, max_length=50)] | None = None
    expires_at: Time | None = None


class ShownToken(msgspec.Struct, frozen=True, kw_only=True):
    """A token and whose it is, without its secret."""

    id: str
    principal: str
    role: Role
    label: str
    scopes: tuple[Scope, ...]
    created_at: datetime
    expires_at: datetime | None
    revoked_at: datetime | None
    last_used_at: datetime | None


class MadeToken(ShownToken, frozen=True, kw_only=True):
    """A new token with its secret, which is shown only this once."""

    token: str


class Me(msgspec.Struct, frozen=True, kw_only=True):
    """Who asks, and what this token may do."""

    id: str
    name: str
    scopes: tuple[Scope, ...]


async def get_me(call: Call) -> Me:
    """GET /me."""
    return Me(id=call.actor.id, name=call.actor.name, scopes=tuple(sorted(call.actor.scopes)))


async def list_tokens(call: Call) -> Listed[ShownToken]:
    """GET /tokens."""
    found = await access.list_tokens(call.duty.ports)
    return Listed(tuple(ShownToken(**_fields(*pair)) for pair in found), None)


async def create_token(call: Call) -> MadeToken:
    """POST /tokens."""
    sent, ports = call.sent(NewToken), call.duty.ports
    token, secret = await access.create_token(
        ports,
        call.actor,
        name=sent.name.strip(),
        role=sent.role,
        label=sent.label,
        scopes=None if sent.scopes is None else frozenset(sent.scopes),
        expires_at=sent.expires_at,
    )
    return MadeToken(**_fields(token, await ports.principals.by_name(sent.name.strip())), token=secret)


async def revoke_token(call: Call) -> None:
    """DELETE /tokens/{token_id}."""
    await access.revoke_token(call.duty.ports, call.actor, call.path["token_id"])


def _fields(token: Token, principal: Principal) -> dict[str, Any]:
    return {
        "id": token.id,
        "principal": principal.name,
        "role": principal.role,
        "label": token.label,
        "scopes": tuple(sorted(token.scopes)),
        "created_at": token.created_at,
        "expires_at": token.expires_at,
        "revoked_at": token.revoked_at,
        "last_used_at": token.last_used_at,
    }


ROUTES = (
    get("/me", get_me, Me, "Get who asks", access=Open.SIGNED_IN),
    get("/tokens", list_tokens, Listed[ShownToken], "List tokens", access=Scope.ADMIN),
    # Not repeatable: an answer that holds a secret is not kept.
    post("/tokens", create_token, MadeToken, "Make a token; its secret is shown only now", Scope.ADMIN, body=NewToken,
         status=201, repeatable=False),
    delete("/tokens/{token_id}", revoke_token, None, "End a token", Scope.ADMIN, status=204),
)  # fmt: skip
