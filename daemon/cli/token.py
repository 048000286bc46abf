"""`zhiban token`: over HTTP while the daemon runs, else on its store, under its lock."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Awaitable, Callable, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, TypeVar

import click
import msgspec

from daemon.cli.reach import Daemon, part, state_of
from daemon.config import parse_duration
from daemon.errors import InvalidInput
from daemon.forum.principals import Principal, Role, Scope, Token
from daemon.ports import Actor, Ports
from daemon.services import access

T = TypeVar("T")


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
    if daemon := _running():
        body = {"name": name, "role": role, "label": label}
        more = {"scopes": list(scopes) or None, "expires_at": expires_at.isoformat() if expires_at else None}
        made = daemon.ask("POST", "/api/v1/tokens", body=body | {key: value for key, value in more.items() if value})
        click.echo(made["token"])
        return
    granted = frozenset(Scope(scope) for scope in scopes) if scopes else None
    _, secret = _on_store(
        lambda ports: access.create_token(
            ports, Actor.daemon(), name=name, role=Role(role), label=label, scopes=granted, expires_at=expires_at
        )
    )
    click.echo(secret)


@token.command("list")
def list_() -> None:
    """List tokens, ended ones included, without their secrets."""
    daemon = _running()
    if daemon:
        rows: list[dict[str, Any]] = daemon.ask("GET", "/api/v1/tokens")["items"]
    else:
        rows = [_row(found, principal) for found, principal in _on_store(_all)]
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
    if daemon := _running():
        daemon.ask("DELETE", f"/api/v1/tokens/{part(token_id)}")
    else:
        _on_store(lambda ports: access.revoke_token(ports, Actor.daemon(), token_id))
    click.echo(f"revoked {token_id}")


def _running() -> Daemon | None:
    """Return the daemon when one runs: the lock says so, or the environment names one."""
    from daemon.adapters.lock import holder  # noqa: PLC0415 as below

    if "ZHIBAN_URL" in os.environ or holder(state_of(os.environ)) is not None:
        return Daemon.found()
    return None


def _on_store(act: Callable[[Ports], Awaitable[T]]) -> T:
    """Do something on the store itself. Raises AlreadyRunning when a daemon began meanwhile."""
    from daemon.adapters.lock import only_one  # noqa: PLC0415 slow to import
    from daemon.config import ChannelSection, Config  # noqa: PLC0415
    from daemon.config.credentials import Secrets  # noqa: PLC0415
    from daemon.main.assembly import open_ports, state_directory  # noqa: PLC0415

    state = state_directory(os.environ)
    config = Config(channels=(ChannelSection(name="log"),))

    async def acting() -> T:
        async with open_ports(config, state, Secrets({})) as ports:
            return await act(ports)

    with only_one(state):
        return asyncio.run(acting())


async def _all(ports: Ports) -> Sequence[tuple[Token, Principal]]:
    return await access.list_tokens(ports)


def _row(found: Token, principal: Principal) -> dict[str, Any]:
    return {**msgspec.to_builtins(found), "principal": principal.name}


def _expiry(text: str | None) -> datetime | None:
    if text is None:
        return None
    try:
        return datetime.now(UTC) + timedelta(seconds=parse_duration(text))
    except ValueError as exc:
        raise InvalidInput(f"--expires-in {text}: {exc}") from exc
