"""`zhiban association`: follow a target across cameras."""

from __future__ import annotations

from typing import Final

import click

from daemon.cli.subcommands import SubcommandGroup

#: By name: (module, what it does).
SUBCOMMANDS: Final = {
    "ingest": ("daemon.cli.association_ingest", "Hand cameras and detections to the running daemon."),
    "learn": ("daemon.cli.association_learn", "Have it learn transit times and thresholds from confirmed passages."),
    "search": ("daemon.cli.association_search", "Search for a target, and draw where it went."),
    "evaluate": ("daemon.cli.association_evaluate", "Measure searches on a folder of data, without a daemon."),
    "simulate": ("daemon.cli.association_simulate", "Write a folder of data of a simulated camera network."),
    "train": ("daemon.cli.association_train", "Train an embedder on labelled crops."),
}


@click.group(cls=SubcommandGroup, subcommands=SUBCOMMANDS)
def association() -> None:
    """Follow a target across cameras.

    `simulate`, `evaluate` and `train` need no daemon and no leave; `ingest`, `learn` and `search` speak with the
    running one, which keeps to the case that they are made for.
    """
