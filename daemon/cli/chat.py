"""`zhiban chat`: talk with the chat system, and what else is done with it."""

from __future__ import annotations

import importlib
import importlib.util
from typing import Final

import click

#: Each subcommand is a function of its own name in a module, imported only when it is called: (module, what it does).
SUBCOMMANDS: Final = {
    "intent": ("daemon.cli.chat_intent", "Tell of each line of standard input whether it wishes for a film."),
    "train": ("daemon.cli.chat_train", "Train a model."),
    "evaluate": ("daemon.cli.chat_evaluate", "Measure a model on held-out dialogues."),
}


class ChatGroup(click.Group):
    """A group whose help needs no subcommand's module."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Return the names in the order of the table."""
        return [*(name for name, (module, _) in SUBCOMMANDS.items() if _is_there(module)), *super().list_commands(ctx)]

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Import a subcommand."""
        module, _ = SUBCOMMANDS.get(cmd_name, ("", ""))
        if not module or not _is_there(module):
            return super().get_command(ctx, cmd_name)
        command: click.Command = getattr(importlib.import_module(module), cmd_name)
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the list of subcommands from the table alone."""
        if rows := [(name, SUBCOMMANDS[name][1]) for name in self.list_commands(ctx)]:
            with formatter.section("Commands"):
                formatter.write_dl(rows)


@click.group(cls=ChatGroup)
def chat() -> None:
    """Talk with the chat system."""


def _is_there(module: str) -> bool:
    return importlib.util.find_spec(module) is not None
