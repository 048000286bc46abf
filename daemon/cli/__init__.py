"""The `zhiban` command: a table of commands, each imported only when it is called."""

from __future__ import annotations

import contextlib
import importlib
import os
import sys
from typing import Final, NamedTuple

import click

from daemon.errors import ZhibanError


class Entry(NamedTuple):
    """Where a command is, and what it does in a line."""

    module: str
    name: str
    told: str


COMMANDS: Final = {
    "run": Entry("daemon.cli.run", "run", "Be on duty: run the daemon."),
    "check": Entry("daemon.cli.check", "check", "Check a file or the catalogue once, without the daemon."),
    "products": Entry("daemon.cli.products", "products", "Import, export and look at products."),
    "rules": Entry("daemon.cli.rules", "rules", "List the rules as configured."),
    "status": Entry("daemon.cli.status", "status", "Tell how the running daemon is."),
    "mongo": Entry("daemon.cli.mongo", "mongo", "Look at a shop's MongoDB, and propose how to read it."),
    "incidents": Entry("daemon.cli.incidents", "incidents", "List incidents of the running daemon."),
    "room": Entry("daemon.cli.room", "room", "Talk with the bot in the room inside the daemon."),
    "chat": Entry("daemon.cli.chat", "chat", "Talk with the chat system, train and measure it."),
    "association": Entry(
        "daemon.cli.association", "association", "Follow a target across cameras: ingest, learn, search."
    ),
    "movies": Entry("daemon.cli.movies", "movies", "Import films that are recommended, list and forget them."),
    "logs": Entry("daemon.cli.logs", "logs", "Read the log in a form for people."),
    "token": Entry("daemon.cli.token", "token", "Make, list and revoke API tokens."),
    "audit": Entry("daemon.cli.audit", "audit", "Prove that the audit log is as it was written."),
    "contact": Entry("daemon.cli.contact", "contact", "Bind contacts of the chat by codes, list and unbind them."),
    "config": Entry("daemon.cli.config", "config", "Look at configuration files."),
    "backup": Entry("daemon.cli.backup", "backup", "Copy the store while the daemon runs."),
    "restore": Entry("daemon.cli.backup", "restore", "Put a backup in the place of the store."),
    "version": Entry("daemon.cli.version", "version", "Tell which version this is."),
}


class LazyGroup(click.Group):
    """A group whose help needs no command's module, so that it stays quick."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Return the names in the order of the table."""
        return [*COMMANDS, *super().list_commands(ctx)]

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Import a command."""
        entry = COMMANDS.get(cmd_name)
        if entry is None:
            return super().get_command(ctx, cmd_name)
        command: click.Command = getattr(importlib.import_module(entry.module), entry.name)
        return command

    def format_commands(self, _ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the list of commands from the table alone."""
        with formatter.section("Commands"):
            formatter.write_dl([(name, entry.told) for name, entry in COMMANDS.items()])

    def invoke(self, ctx: click.Context) -> object:
        """Call a command; an error of ours becomes a line and its exit status."""
        try:
            return super().invoke(ctx)
        except ZhibanError as exc:
            click.echo(f"zhiban: {exc}", err=True)
            ctx.exit(exc.exit_status)
        except BrokenPipeError:
            # the reader of our output has gone, as with `| head`: what is still to be written goes nowhere, or else the
            # interpreter tries once more when it ends, and exits with a status of its own
            with contextlib.suppress(OSError, ValueError):
                os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
            sys.stderr.close()
            ctx.exit(141)
        except OSError as exc:
            click.echo(f"zhiban: {exc.filename or 'input or output'}: {exc.strerror or exc}", err=True)
            ctx.exit(1)


@click.group(cls=LazyGroup, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="zhiban", prog_name="zhiban")
def main() -> None:
    """Watch a catalogue, handle abnormal products, tell the team."""
