"""Who may do what. One table of roles and scopes that every part extends. Pure."""

from __future__ import annotations

from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final

import msgspec

from daemon.errors import Unauthorized

#: A token's last use is written down again only after so long: a store is not written to at every request.
USE_NOTED_EVERY: Final = timedelta(minutes=1)


class Scope(StrEnum):
    """One thing that a principal may do."""

    READ = "read"
    PRODUCTS_WRITE = "products:write"  # edit products and their status, import
    INCIDENTS_WRITE = "incidents:write"  # acknowledge, silence, close, reopen, undo remedies
    PASSES_WRITE = "passes:write"  # start passes
    ADMIN = "admin"  # tokens, principals, reload
    ASSOCIATION_SEARCH = "association:search"  # search in cases of one's own, see and export what was found
    ASSOCIATION_APPROVE = "association:approve"  # be the second person who lets a case search by face
    ASSOCIATION_ADMIN = "association:admin"  # open and change cases; cameras, detections, models


#: Scopes that come with no role: a token has them when they were named as it was made.
BY_NAME: Final = frozenset({Scope.ASSOCIATION_SEARCH, Scope.ASSOCIATION_APPROVE, Scope.ASSOCIATION_ADMIN})


class Role(StrEnum):
    """What a person is trusted with."""

    VIEWER = "viewer"
    OPERATOR = "operator"
    ADMIN = "admin"


ROLE_SCOPES: Final[dict[Role, frozenset[Scope]]] = {
    Role.VIEWER: frozenset({Scope.READ}),
    Role.OPERATOR: frozenset({Scope.READ, Scope.PRODUCTS_WRITE, Scope.INCIDENTS_WRITE, Scope.PASSES_WRITE}),
    Role.ADMIN: frozenset(Scope) - BY_NAME,
}


def grantable(role: Role) -> frozenset[Scope]:
    """Return all that a token of somebody of a role can be given."""
    return ROLE_SCOPES[role] | BY_NAME


class Principal(msgspec.Struct, frozen=True, kw_only=True):
    """Someone or something that acts: a person, a bot contact, a program with a token, the daemon itself."""

    id: str  # UUIDv7, or "daemon"
    name: str
    role: Role
    created_at: datetime
    disabled_at: datetime | None = None

    @property
    def scopes(self) -> frozenset[Scope]:
        """All that the role allows."""
        return ROLE_SCOPES[self.role]


class Token(msgspec.Struct, frozen=True, kw_only=True):
    """An API token without its secret, of which only a hash is kept."""

    id: str  # UUIDv7
    principal_id: str
    label: str
    scopes: frozenset[Scope]  # never more than can be granted to the principal's role
    created_at: datetime
    expires_at: datetime | None = None
    revoked_at: datetime | None = None
    last_used_at: datetime | None = None


def usable(principal: Principal | None, token: Token | None, now: datetime) -> tuple[Principal, Token]:
    """Return a principal and its token if they are good at a time. Raises Unauthorized."""
    if principal is None or token is None:
        raise Unauthorized("unknown token")
    if token.revoked_at is not None:
        raise Unauthorized("this token was revoked")
    if token.expires_at is not None and token.expires_at <= now:
        raise Unauthorized("this token has expired")
    if principal.disabled_at is not None:
        raise Unauthorized(f"{principal.name} is disabled")
    return principal, token
