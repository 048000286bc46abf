"""Who someone is, and what they did."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Protocol

import msgspec

from daemon.forum.audit_chain import Head
from daemon.forum.principals import Principal, Scope, Token, grantable
from daemon.ports.basics import Page


class Principals(Protocol):
    """Who someone is."""

    async def create(self, principal: Principal) -> None:
        """Add a principal. Raises Conflict when the name is taken."""

    async def by_name(self, name: str) -> Principal:
        """Return a principal. Raises NotFound."""

    async def all(self) -> Sequence[Principal]:
        """Return every principal."""

    async def add_token(self, token: Token, secret_sha256: str) -> None:
        """Keep a token by the hash of its secret."""

    async def by_token(self, secret_sha256: str, now: datetime) -> tuple[Principal, Token]:
        """Return whose token this is. Raises Unauthorized when unknown, expired, revoked or of a disabled principal."""

    async def tokens(self) -> Sequence[tuple[Token, Principal]]:
        """Return all tokens."""

    async def revoke(self, token_id: str, now: datetime) -> None:
        """End a token. Raises NotFound."""


class AuditEntry(msgspec.Struct, frozen=True, kw_only=True):
    """Who did what to what. detail never holds secrets or chat text."""

    id: str  # UUIDv7
    at: datetime
    actor: str  # principal id or "daemon"
    action: str  # "incident.acknowledged", "product.edited", "token.created", ...
    target: str  # "incident:ID", "product:ID", ...
    detail: Mapping[str, str] = msgspec.field(default_factory=dict)


class AuditLog(Protocol):
    """What someone did; append-only, each entry bound to the one before it (forum/audit_chain.py)."""

    async def append(self, entry: AuditEntry) -> None:
        """Keep an entry."""

    async def entries(self, limit: int, cursor: str | None = None, *, target: str | None = None) -> Page:
        """Return a page of entries, newest first."""

    async def head(self) -> Head:
        """Return the end of the chain."""


class Actor(msgspec.Struct, frozen=True):
    """Who acts, as services are told: id for records, name for people, scopes for what is allowed."""

    id: str
    name: str
    scopes: frozenset[Scope] = frozenset()

    @classmethod
    def daemon(cls) -> Actor:
        """The daemon itself."""
        return cls("daemon", "daemon", frozenset(Scope))

    @classmethod
    def of(cls, principal: Principal, scopes: frozenset[Scope] | None = None) -> Actor:
        """A principal: with what the role allows, or with a token's scopes as far as the role can be granted them."""
        return cls(
            principal.id, principal.name, principal.scopes if scopes is None else grantable(principal.role) & scopes
        )
