"""The table of commands, in the order of the help: a new one is one row here."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from types import MappingProxyType
from typing import Final

from daemon.handlers.bot.commands import (
    about,
    catalogue,
    decisions,
    incidents,
    lists,
    passes,
    people,
    searches,
    subscribing,
)
from daemon.handlers.bot.commands.command import Command

COMMANDS: Final = (
    passes.status,
    incidents.incidents,
    incidents.incident,
    incidents.ack,
    incidents.silence,
    incidents.close,
    incidents.undo,
    decisions.apply,
    decisions.drop,
    catalogue.products,
    catalogue.product,
    catalogue.recheck,
    catalogue.shelve,
    catalogue.relist,
    lists.more,
    passes.passes,
    passes.rules,
    passes.digest,
    searches.track,
    people.mute,
    people.unmute,
    subscribing.subscribe,
    subscribing.unsubscribe,
    people.on_call,
    people.bind,
    about.version,
    about.help_,
)


def by_name(commands: Iterable[Command]) -> Mapping[str, Command]:
    """Return commands by all their names. Raises ValueError for a name that two of them have."""
    names: dict[str, Command] = {}
    for one in commands:
        for name in (*one.names, *one.zh):
            if name in names:
                raise ValueError(f"two commands are named {name!r}")
            names[name] = one
    return MappingProxyType(names)


BY_NAME: Final = by_name(COMMANDS)
