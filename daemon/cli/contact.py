"""`zhiban contact`: over HTTP while the daemon runs, else on its store, under its lock."""

from __future__ import annotations

from typing import Any

import click

from daemon.cli.offline import on_store, running
from daemon.forum.principals import Role
from daemon.ports import Actor
from daemon.services import contacts


@click.group()
def contact() -> None:
    """Say which contacts of the chat are whom."""


@contact.command()
@click.argument("name")
@click.option("--role", type=click.Choice([role.value for role in Role]), default="operator", show_default=True)
def code(name: str, role: str) -> None:
    """Make a code by which one contact becomes NAME, and print it; only a hash of it is kept.

    The person sends "bind CODE" to the bot, best in a private chat. It works once, within bot.code_lifetime.
    """
    if daemon := running():
        made = daemon.ask("POST", "/api/v1/contacts/codes", body={"name": name, "role": role})["code"]
    else:
        made = on_store(lambda duty: contacts.make_code(duty, Actor.daemon(), name, Role(role)))
    click.echo(made)


@contact.command("list")
def list_() -> None:
    """List bound contacts and whom they are bound to."""
    daemon = running()
    if daemon:
        rows: list[dict[str, Any]] = daemon.ask("GET", "/api/v1/contacts")["items"]
    else:
        rows = [
            {"id": bound.contact_id, "principal": owner.name, "role": owner.role, "disabled": bool(owner.disabled_at)}
            for bound, owner in on_store(contacts.list_contacts)
        ]
    for row in rows:
        click.echo(f"{row['id']}  {row['principal']}  {row['role']}{'  disabled' if row['disabled'] else ''}")


@contact.command()
@click.argument("contact_id")
def unbind(contact_id: str) -> None:
    """Make a contact a stranger at once."""
    if daemon := running():
        daemon.ask("POST", "/api/v1/contacts:unbind", body={"contact_id": contact_id})
    else:
        on_store(lambda duty: contacts.unbind(duty, Actor.daemon(), contact_id))
    click.echo(f"unbound {contact_id}")
