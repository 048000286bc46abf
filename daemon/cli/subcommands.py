"""Groups of commands whose subcommands are imported only when they are called."""

from __future__ import annotations

import importlib
import importlib.util
from collections.abc import Mapping
from typing import Any

import click


class SubcommandGroup(click.Group):
    """A group whose help needs no subcommand's module.

    subcommands: each is a function of its own name in a module: (module, what it does in a line).
    """

    def __init__(self, *args: Any, subcommands: Mapping[str, tuple[str, str]], **more: Any) -> None:
        super().__init__(*args, **more)
        self._table = subcommands

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Return the names in the order of the table."""
        return [*(name for name, (module, _) in self._table.items() if _is_there(module)), *super().list_commands(ctx)]

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Import a subcommand."""
        module, _ = self._table.get(cmd_name, ("", ""))
        if not module or not _is_there(module):
            return super().get_command(ctx, cmd_name)
        command: click.Command = getattr(importlib.import_module(module), cmd_name)
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the list of subcommands from the table alone."""
        if rows := [(name, self._table[name][1]) for name in self.list_commands(ctx)]:
            with formatter.section("Commands"):
                formatter.write_dl(rows)


def _is_there(module: str) -> bool:
    return importlib.util.find_spec(module) is not None
