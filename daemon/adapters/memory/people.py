"""Principals, their tokens, and what they did, in memory."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

import msgspec

from daemon.adapters.memory.state import MemoryState
from daemon.errors import Conflict, NotFound
from daemon.forum.audit_chain import Head
from daemon.forum.principals import USE_NOTED_EVERY, Principal, Token, usable
from daemon.ports import AuditEntry, Page


class MemoryPrincipals:
    """A ports.Principals that is gone with the process."""

    def __init__(self) -> None:
        self._principals: dict[str, Principal] = {}
        self._tokens: dict[str, Token] = {}
        self._by_secret: dict[str, str] = {}

    async def create(self, principal: Principal) -> None:
        """Add a principal. Raises Conflict when the name or the id is taken."""
        if principal.id in self._principals or any(p.name == principal.name for p in self._principals.values()):
            raise Conflict(f"there is a principal named {principal.name!r} already")
        self._principals[principal.id] = principal

    async def by_name(self, name: str) -> Principal:
        """Return a principal. Raises NotFound."""
        for principal in self._principals.values():
            if principal.name == name:
                return principal
        raise NotFound(f"there is no principal named {name!r}")

    def by_id(self, principal_id: str) -> Principal | None:
        """Return a principal, None when there is none of that id."""
        return self._principals.get(principal_id)

    async def all(self) -> Sequence[Principal]:
        """Return every principal, oldest first."""
        return list(self._principals.values())

    async def add_token(self, token: Token, secret_sha256: str) -> None:
        """Keep a token by the hash of its secret. Raises NotFound for an unknown principal, Conflict for a known id."""
        if token.principal_id not in self._principals:
            raise NotFound(f"there is no principal {token.principal_id!r}")
        if token.id in self._tokens or secret_sha256 in self._by_secret:
            raise Conflict("there is a token of that id or secret already")
        self._tokens[token.id] = token
        self._by_secret[secret_sha256] = token.id

    async def by_token(self, secret_sha256: str, now: datetime) -> tuple[Principal, Token]:
        """Return whose token this is, and note its use. Raises Unauthorized."""
        token = self._tokens.get(self._by_secret.get(secret_sha256, ""))
        principal = None if token is None else self._principals[token.principal_id]
        found = usable(principal, token, now)
        if found[1].last_used_at is None or now - found[1].last_used_at >= USE_NOTED_EVERY:
            self._tokens[found[1].id] = msgspec.structs.replace(found[1], last_used_at=now)
        return found[0], self._tokens[found[1].id]

    async def tokens(self) -> Sequence[tuple[Token, Principal]]:
        """Return all tokens, oldest first."""
        return [(token, self._principals[token.principal_id]) for token in self._tokens.values()]

    async def revoke(self, token_id: str, now: datetime) -> None:
        """End a token; one that has ended stays as it is. Raises NotFound."""
        if token_id not in self._tokens:
            raise NotFound(f"there is no token {token_id!r}")
        token = self._tokens[token_id]
        if token.revoked_at is None:
            self._tokens[token_id] = msgspec.structs.replace(token, revoked_at=now)


class MemoryAuditLog:
    """A ports.AuditLog that is gone with the process."""

    def __init__(self, state: MemoryState) -> None:
        self._state = state

    async def append(self, entry: AuditEntry) -> None:
        """Keep an entry. Raises Conflict when there is one of that id already."""
        self._state.check_new_audits([entry])
        self._state.note([entry])

    async def entries(self, limit: int, cursor: str | None = None, *, target: str | None = None) -> Page:
        """Return a page of entries, newest first."""
        return self._state.audits.page(limit, cursor, lambda entry: target in {None, entry.target})

    async def head(self) -> Head:
        """Return the end of the chain."""
        return self._state.head
