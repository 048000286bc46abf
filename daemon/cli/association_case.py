"""`zhiban association case`: what searches are made for, and the second person's leave to search by face."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any, Final

import click

from daemon.cli.reach import Daemon, part
from daemon.config import parse_duration
from daemon.errors import InvalidInput
from daemon.log import printable

_PATH: Final = "/api/v1/association/cases"
_LISTED: Final = 6  # cameras that are named in a line


@click.group()
def case() -> None:
    """Open, change, list, show and close cases; ask for searches by face, and approve of them."""


@case.command("open")
@click.argument("title")
@click.option("--purpose", required=True, help="What is searched for, and why.")
@click.option("--quota", type=int, default=20, show_default=True, help="Searches in all.")
@click.option("--for", "lasting", default="30d", show_default=True, help="How long it is open.")
@click.option("--owner", help="Name of who searches. Default: whose token this is.")
@click.option("--member", "members", multiple=True, help="Name of somebody else who may search. Repeatable.")
@click.option("--camera", "cameras", multiple=True, help="That may be searched. Repeatable. Default: all.")
def open_(title: str, lasting: str, **given: Any) -> None:
    """Open a case and print its id. Needs the scope association:admin."""
    body = _given({**given, "title": title, "expires_at": _end(lasting)})
    click.echo(Daemon.found().ask("POST", _PATH, body=body)["id"])


@case.command()
@click.argument("case_id", metavar="CASE")
@click.option("--title")
@click.option("--purpose")
@click.option("--quota", type=int, help="Searches in all, those that were begun included.")
@click.option("--for", "lasting", help="How long it is open from now on.")
@click.option("--owner")
@click.option("--member", "members", multiple=True, help="In place of those it has. Repeatable.")
@click.option("--camera", "cameras", multiple=True, help="In place of those it has. Repeatable.")
def change(case_id: str, lasting: str | None, **given: Any) -> None:
    """Change or extend a case that is not closed. Needs the scope association:admin."""
    body = _given({**given, "expires_at": _end(lasting) if lasting else None})
    if not body:
        raise click.UsageError("nothing is to be changed: name an option")
    daemon, path = Daemon.found(), f"{_PATH}/{part(case_id)}"
    _show(daemon.ask("PATCH", path, body=body, etag="*"), ())


@case.command("list")
@click.option("--limit", type=click.IntRange(1), default=50, show_default=True)
@click.option("--json", "as_json", is_flag=True, help="As JSON lines.")
def list_(limit: int, as_json: bool) -> None:
    """List cases, newest first: one's own, or all to who oversees them."""
    for found in Daemon.found().pages(_PATH, {}, limit):
        click.echo(json.dumps(found, ensure_ascii=False) if as_json else _line(found))


@case.command()
@click.argument("case_id", metavar="CASE")
@click.option("--json", "as_json", is_flag=True, help="As JSON, with its approvals.")
def show(case_id: str, as_json: bool) -> None:
    """Show a case, and who asked and approved of searches by face in it."""
    daemon, path = Daemon.found(), f"{_PATH}/{part(case_id)}"
    found, approvals = daemon.ask("GET", path), daemon.ask("GET", f"{path}/approvals")["items"]
    if as_json:
        click.echo(json.dumps({**found, "approvals": approvals}, ensure_ascii=False, indent=2))
    else:
        _show(found, approvals)


@case.command()
@click.argument("case_id", metavar="CASE")
def close(case_id: str) -> None:
    """Close a case for good: nothing of it is shown any more. Needs the scope association:admin."""
    Daemon.found().ask("PATCH", f"{_PATH}/{part(case_id)}", body={"closed": True}, etag="*")
    click.echo(f"closed {case_id}")


@case.command()
@click.argument("case_id", metavar="CASE")
@click.option("--reason", required=True, help="Why it has to be by face.")
def ask(case_id: str, reason: str) -> None:
    """Ask that a case may be searched by face, and print the id of what was asked."""
    asked = Daemon.found().ask("POST", f"{_PATH}/{part(case_id)}/approvals", body={"reason": reason})
    click.echo(asked["id"])


@case.command()
@click.argument("case_id", metavar="CASE")
@click.option("--approval", default="", help="Id of what was asked. Default: the one that waits.")
@click.option("--for", "lasting", help="How long it stands, a week at most. Default: a day.")
@click.option("--deny", is_flag=True, help="Say no.")
def approve(case_id: str, approval: str, lasting: str | None, deny: bool) -> None:
    """Let a case be searched by face, as another person than who asked. Needs the scope association:approve."""
    daemon, path = Daemon.found(), f"{_PATH}/{part(case_id)}/approvals"
    chosen = approval or _waiting(daemon.ask("GET", path)["items"])
    body = _given({"grant": not deny, "expires_at": _end(lasting) if lasting else None})
    _show_approval(daemon.ask("POST", f"{path}/{part(chosen)}/decide", body=body))


def _waiting(approvals: list[dict[str, Any]]) -> str:
    waiting = [str(one["id"]) for one in approvals if one["granted"] is None]
    if len(waiting) != 1:
        told = f"{len(waiting)} wait: name one by --approval" if waiting else "nothing was asked for that waits"
        raise InvalidInput(f"no approval can be given: {told}")
    return waiting[0]


def _given(fields: Mapping[str, Any]) -> dict[str, Any]:
    return {name: list(value) if isinstance(value, tuple) else value
            for name, value in fields.items() if value not in (None, ())}  # fmt: skip


def _end(lasting: str) -> str:
    try:
        return (datetime.now(UTC) + timedelta(seconds=parse_duration(lasting))).isoformat()
    except ValueError as exc:
        raise click.BadParameter(str(exc), param_hint="--for") from None


def _line(found: Mapping[str, Any]) -> str:
    used = f"{found['searches']}/{found['quota']}"
    return (
        f"{found['id']}  {found['state']:7}  {used:>7}  until {_time(found['expires_at'])}  "
        f"{printable(found['owner'])}  {printable(found['title'])}"
    )


def _show(found: Mapping[str, Any], approvals: Iterable[Mapping[str, Any]]) -> None:
    cameras = found["cameras"]
    named = ", ".join(cameras[:_LISTED]) + (f" and {len(cameras) - _LISTED} more" if len(cameras) > _LISTED else "")
    for name, value in (
        ("case", found["id"]), ("title", found["title"]), ("purpose", found["purpose"]), ("state", found["state"]),
        ("owner", found["owner"]), ("members", ", ".join(found["members"])), ("cameras", named or "all"),
        ("searches", f"{found['searches']} of {found['quota']}"), ("until", _time(found["expires_at"])),
    ):  # fmt: skip
        if value:
            click.echo(f"{name:9}{printable(str(value))}")
    for one in approvals:
        _show_approval(one)


def _show_approval(one: Mapping[str, Any]) -> None:
    told = "waits" if one["granted"] is None else f"denied by {one['decided_by']}"
    if one["granted"]:
        told = f"granted by {one['decided_by']} until {_time(one['expires_at'])}"
    click.echo(printable(f"by face  {told}; asked by {one['asked_by']}: {one['reason']} ({one['id']})"))


def _time(text: str) -> str:
    return f"{text[:16].replace('T', ' ')} UTC"
