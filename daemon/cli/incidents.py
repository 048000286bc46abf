"""`zhiban incidents`."""

from __future__ import annotations

import json
from typing import Any, Final

import click

from daemon.cli.reach import Daemon
from daemon.cli.status import LIVE
from daemon.log import printable
from daemon.products.incidents import State
from daemon.products.verdicts import Severity

_STYLES: Final = {"critical": "bold red", "major": "red", "minor": "yellow", "info": "cyan"}


@click.command()
@click.option("--state", "states", multiple=True, type=click.Choice([state.value for state in State]),
              help="Repeatable. Default: those that are not over.")  # fmt: skip
@click.option("--rule", help="Only of this rule.")
@click.option("--product", help="Only of this product.")
@click.option("--severity", type=click.Choice([severity.value for severity in Severity]), help="At or above.")
@click.option("--owner", help="Only of this owner's products.")
@click.option("--limit", type=click.IntRange(1), default=50, show_default=True)
@click.option("--json", "as_json", is_flag=True, help="As JSON lines.")
def incidents(states: tuple[str, ...], limit: int, as_json: bool, **where: str | None) -> None:
    """List incidents of the running daemon, newest first."""
    query = {
        "state": list(states or LIVE),
        "rule": where["rule"],
        "product": where["product"],
        "severity": where["severity"],
        "owner": where["owner"],
    }
    found = list(Daemon.found().pages("/api/v1/incidents", query, limit))
    if as_json:
        for incident in found:
            click.echo(json.dumps(incident, ensure_ascii=False))
    else:
        _show(found)


def _show(found: list[dict[str, Any]]) -> None:
    from rich.console import Console  # noqa: PLC0415 slow to import
    from rich.table import Table  # noqa: PLC0415
    from rich.text import Text  # noqa: PLC0415

    console = Console()
    if not console.is_terminal:
        for incident in found:
            click.echo("  ".join(_cells(incident)))
        return
    # Two lines an incident: the id must stay whole, since it is what one copies into the next command.
    table = Table(box=None, show_header=False, pad_edge=False, expand=True)
    for ratio in (None, None, None, 1):
        table.add_column(overflow="fold", no_wrap=ratio is None, ratio=ratio)
    for incident in found:
        opened, severity, state, rule, product, what, incident_id = _cells(incident)
        table.add_row(
            Text(severity, style=_STYLES.get(severity, "")) + Text(f"\n{opened[5:]}", style="dim"),
            Text(rule, style="bold") + Text(f"\n{incident_id}", style="dim"),
            Text(f"{product}\n") + Text(state, style="dim"),
            Text(what),
        )
    console.print(table)
    console.print(f"{len(found)} incidents")


def _cells(incident: dict[str, Any]) -> tuple[str, ...]:
    what = f"{incident.get('title') or ''}: {incident.get('message') or ''}".removeprefix(": ")
    value = str(incident.get("value") or "")
    return (
        str(incident.get("opened_at") or incident["first_bad_at"])[:16].replace("T", " "),
        str(incident["severity"]),
        str(incident["state"]),
        str(incident["rule"]),
        printable(str(incident.get("product_id") or "-")),
        printable(f"{what} [{value}]" if value else what),
        str(incident["id"]),
    )
