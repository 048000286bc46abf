"""`zhiban association`: follow a target across cameras."""

from __future__ import annotations

from typing import Final

import click

from daemon.cli.subcommands import SubcommandGroup

#: By name: (module, what it does).
SUBCOMMANDS: Final = {
    "ingest": ("daemon.cli.association_ingest", "Hand cameras and detections to the running daemon."),
    "learn": ("daemon.cli.association_learn", "Have it learn transit times and thresholds from confirmed passages."),
    "case": ("daemon.cli.association_case", "Open, list, show and close cases, and approve of searches by face."),
    "search": ("daemon.cli.association_search", "Search for a target, and draw where it went."),
    "evaluate": ("daemon.cli.association_evaluate", "Measure searches on a folder of data, without a daemon."),
    "simulate": ("daemon.cli.association_simulate", "Write a folder of data of a simulated camera network."),
    "train": ("daemon.cli.association_train", "Train an embedder on labelled crops."),
}


@click.group(cls=SubcommandGroup, subcommands=SUBCOMMANDS)
def association() -> None:
    """Follow a target across cameras.

    `simulate`, `evaluate` and `train` need no daemon and no leave; the others speak with the running one, and need
    a token with the scope for what they do. A search is made within a case.
    """
