"""`zhiban token`: over HTTP while the daemon runs, else on its store, under its lock."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import click
import msgspec

from daemon.cli.offline import on_store, running
from daemon.cli.reach import part
from daemon.config import parse_duration
from daemon.errors import InvalidInput
from daemon.forum.principals import Principal, Role, Scope, Token
from daemon.ports import Actor
from daemon.services import access
from daemon.services.duty import Duty


@click.group()
def token() -> None:
    """Make, list and revoke API tokens."""


@token.command()
@click.argument("name")
@click.option("--role", type=click.Choice([role.value for role in Role]), default="operator", show_default=True)
@click.option("--scope", "scopes", multiple=True, type=click.Choice([scope.value for scope in Scope]),
              help="Repeatable. Default: all of the role.")  # fmt: skip
@click.option("--label", default="", help="What it is for.")
@click.option("--expires-in", metavar="DURATION", help='Such as "90d". Default: never.')
def create(name: str, role: str, scopes: tuple[str, ...], label: str, expires_in: str | None) -> None:
    """Make a token for NAME, a person or a program, and print it; only a hash of it is kept."""
    expires_at = _expiry(expires_in)
    if daemon := running():
        body = {"name": name, "role": role, "label": label}
        more = {"scopes": list(scopes) or None, "expires_at": expires_at.isoformat() if expires_at else None}
        made = daemon.ask("POST", "/api/v1/tokens", body=body | {key: value for key, value in more.items() if value})
        click.echo(made["token"])
        return
    granted = frozenset(Scope(scope) for scope in scopes) if scopes else None
    _, secret = on_store(
        lambda duty: access.create_token(
            duty.ports, Actor.daemon(), name=name, role=Role(role), label=label, scopes=granted, expires_at=expires_at
        )
    )
    click.echo(secret)


@token.command("list")
def list_() -> None:
    """List tokens, ended ones included, without their secrets."""
    daemon = running()
    if daemon:
        rows: list[dict[str, Any]] = daemon.ask("GET", "/api/v1/tokens")["items"]
    else:
        rows = [_row(found, principal) for found, principal in on_store(_all)]
    for row in rows:
        ended = (
            "revoked" if row.get("revoked_at") else f"until {row['expires_at']}" if row.get("expires_at") else "good"
        )
        name = row["principal"]
        click.echo(f"{row['id']}  {name}  {ended}  {' '.join(sorted(row['scopes']))}  {row.get('label', '')}".rstrip())


@token.command()
@click.argument("token_id")
def revoke(token_id: str) -> None:
    """End a token at once."""
    if daemon := running():
        daemon.ask("DELETE", f"/api/v1/tokens/{part(token_id)}")
    else:
        on_store(lambda duty: access.revoke_token(duty.ports, Actor.daemon(), token_id))
    click.echo(f"revoked {token_id}")


async def _all(duty: Duty) -> Sequence[tuple[Token, Principal]]:
    return await access.list_tokens(duty.ports)


def _row(found: Token, principal: Principal) -> dict[str, Any]:
    return {**msgspec.to_builtins(found), "principal": principal.name}


def _expiry(text: str | None) -> datetime | None:
    if text is None:
        return None
    try:
        return datetime.now(UTC) + timedelta(seconds=parse_duration(text))
    except ValueError as exc:
        raise InvalidInput(f"--expires-in {text}: {exc}") from exc
