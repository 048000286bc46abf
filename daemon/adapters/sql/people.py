"""Principals, their tokens, and what they did, in SQLite."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Final

import msgspec
from sqlalchemy import bindparam, select

from daemon.adapters.sql import schema
from daemon.adapters.sql.conditions import any_of
from daemon.adapters.sql.database import Database
from daemon.adapters.sql.lists import Listed
from daemon.adapters.sql.statements import Session, Statement
from daemon.adapters.sql.values import text_list
from daemon.adapters.together import Together
from daemon.errors import Conflict, NotFound, Unavailable
from daemon.forum.audit_chain import Head
from daemon.forum.principals import USE_NOTED_EVERY, Principal, Token, usable
from daemon.ports import AuditEntry, Page
from daemon.products.documents import to_json

_PRINCIPALS: Final = Listed(schema.principals, Principal, "principal")
_TOKENS: Final = Listed(schema.tokens, Token, "token")
_AUDITS: Final = Listed(schema.audit, AuditEntry, "audit entry")

_p, _t = schema.principals.c, schema.tokens.c
_BY_NAME: Final = Statement(select(_p.body).where(_p.name == bindparam("of_name")))
_ALL: Final = Statement(select(_p.body).order_by(_p.seq))
_owned = schema.tokens.join(schema.principals, _p.id == _t.principal_id)
_BY_SECRET: Final = Statement(
    select(_t.secret_sha256, _p.body, _t.body).select_from(_owned).where(any_of(_t.secret_sha256, "secrets"))
)
_TOKENS_OF_ALL: Final = Statement(select(_t.body, _p.body).select_from(_owned).order_by(_t.seq))
_SECRET: Final = Statement(select(_t.secret_sha256).where(_t.id == bindparam("of_token")))


class SqlPrincipals:
    """A ports.Principals."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._each_secret = Together(self._by_secrets)
        self._remembered: dict[str, tuple[bytes, bytes]] = {}
        self._remembered_in: int | None = None

    async def create(self, principal: Principal) -> None:
        """Add a principal. Raises Conflict when the name or the id is taken."""
        row = {"id": principal.id, "name": principal.name, "body": to_json(principal)}

        def unit(session: Session) -> None:
            if _PRINCIPALS.read(session, _BY_NAME, of_name=principal.name):
                raise Conflict(f"there is a principal named {principal.name!r} already")
            _PRINCIPALS.add(session, [row])

        await self._database.write(unit, durable=True)

    async def by_name(self, name: str) -> Principal:
        """Return a principal. Raises NotFound."""
        found = await self._database.read(lambda session: _PRINCIPALS.read(session, _BY_NAME, of_name=name))
        if not found:
            raise NotFound(f"there is no principal named {name!r}")
        return found[0]

    async def all(self) -> Sequence[Principal]:
        """Return every principal, oldest first."""
        return await self._database.read(lambda session: _PRINCIPALS.read(session, _ALL))

    async def add_token(self, token: Token, secret_sha256: str) -> None:
        """Keep a token by the hash of its secret. Raises NotFound for an unknown principal, Conflict for a known id."""

        def unit(session: Session) -> None:
            _PRINCIPALS.get(session, token.principal_id)
            _TOKENS.add(session, [_token_row(token, secret_sha256)])

        await self._database.write(unit, durable=True)

    async def by_token(self, secret_sha256: str, now: datetime) -> tuple[Principal, Token]:
        """Return whose token this is, and note its use. Raises Unauthorized."""
        row = await self._by_secret(secret_sha256)
        owner = None if row is None else _PRINCIPALS.records.read(row[0])
        principal, token = usable(owner, None if row is None else _TOKENS.records.read(row[1]), now)
        if token.last_used_at is not None and now - token.last_used_at < USE_NOTED_EVERY:
            return principal, token
        try:
            return principal, await self._change(token.id, durable=False, last_used_at=now)
        except Unavailable:  # a full disk keeps nobody from looking at what is there
            return principal, token

    async def tokens(self) -> Sequence[tuple[Token, Principal]]:
        """Return all tokens, oldest first."""
        rows = await self._database.read(lambda session: session.all(_TOKENS_OF_ALL))
        return [(_TOKENS.records.read(token), _PRINCIPALS.records.read(owner)) for token, owner in rows]

    async def revoke(self, token_id: str, now: datetime) -> None:
        """End a token; one that has ended stays as it is. Raises NotFound."""
        token = await self._database.read(lambda session: _TOKENS.get(session, token_id))
        if token.revoked_at is None:
            await self._change(token_id, durable=True, revoked_at=now)

    async def _by_secret(self, secret: str) -> tuple[bytes, bytes] | None:
        """Return owner and token as they are stored; what was read stands until anything at all is written."""
        state = self._database.state
        if state is None or state != self._remembered_in:
            self._remembered, self._remembered_in = {}, state
        elif (known := self._remembered.get(secret)) is not None:
            return known
        row = await self._each_secret.get(secret)
        if row is not None and state is not None and state == self._database.state == self._remembered_in:
            self._remembered[secret] = row
        return row

    async def _by_secrets(self, secrets: Sequence[str]) -> Mapping[str, tuple[bytes, bytes]]:
        """Return owner and token as they are stored, by the hash of the secret."""
        wanted = text_list(secrets)
        rows = await self._database.read(lambda session: session.all(_BY_SECRET, secrets=wanted))
        return {secret: (owner, token) for secret, owner, token in rows}

    async def _change(self, token_id: str, *, durable: bool, **fields: datetime) -> Token:
        def unit(session: Session) -> Token:
            token = msgspec.structs.replace(_TOKENS.get(session, token_id), **fields)
            secret = session.one(_SECRET, of_token=token_id)
            _TOKENS.change(session, [_token_row(token, secret[0] if secret else "")])
            return token

        return await self._database.write(unit, durable=durable)


class SqlAuditLog:
    """A ports.AuditLog."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def append(self, entry: AuditEntry) -> None:
        """Keep an entry. Raises Conflict when there is one of that id already."""
        await self._database.write(lambda session: self._database.chain.add(session, [entry]), durable=True)

    async def entries(self, limit: int, cursor: str | None = None, *, target: str | None = None) -> Page:
        """Return a page of entries, newest first."""
        conditions = [] if target is None else [("target", schema.audit.c.target == bindparam("of_target"))]
        return await _AUDITS.page(self._database, limit, cursor, conditions, of_target=target)

    async def head(self) -> Head:
        """Return the end of the chain."""
        return await self._database.read(self._database.chain.head)


def _token_row(token: Token, secret_sha256: str) -> dict[str, object]:
    return {
        "id": token.id,
        "principal_id": token.principal_id,
        "secret_sha256": secret_sha256,
        "body": to_json(token),
    }
