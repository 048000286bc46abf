"""`zhiban rules`."""

from __future__ import annotations

import json
from pathlib import Path

import click

from daemon.cli.run import config_file
from daemon.products.rulebook import ConfiguredRule

_STYLES = {"critical": "bold red", "major": "red", "minor": "yellow", "info": "cyan"}


@click.command()
@click.option("--config", "given", type=click.Path(path_type=Path), help="Default: the file that `run` would take.")
@click.option("--json", "as_json", is_flag=True, help="As a JSON list, with settings and references.")
def rules(given: Path | None, as_json: bool) -> None:
    """List the rules with their severity, remedy and settings, as a configuration has them."""
    from daemon.main.assembly import configure  # noqa: PLC0415 slow to import
    from daemon.products.rules import SPECS  # noqa: PLC0415

    config, rulebook = configure(config_file(given))
    on = {rule.spec.id: rule for rule in rulebook.rules}
    off = [spec.id for spec in SPECS if spec.id not in on]
    if as_json:
        click.echo(json.dumps([_told(rule) for rule in rulebook.rules], indent=2, ensure_ascii=False, default=str))
        return
    _show(rulebook.rules, off, config.remedies.mode)


def _told(rule: ConfiguredRule) -> dict[str, object]:
    spec = rule.spec
    return {
        "id": spec.id,
        "title": spec.title,
        "fields": list(spec.fields),
        "severity": rule.severity,
        "remedy": spec.remedy,
        "remedy_mode": rule.remedy_mode,
        "open_after": rule.open_after,
        "open_min_s": rule.open_min_s,
        "close_after": rule.close_after,
        "needs": spec.needs,
        "settings": dict(rule.settings),
        "reference": spec.reference,
    }


def _show(rules_on: tuple[ConfiguredRule, ...], off: list[str], mode: str) -> None:
    from rich.console import Console  # noqa: PLC0415 slow to import
    from rich.table import Table  # noqa: PLC0415

    table = Table(box=None, header_style="bold", pad_edge=False)
    for name in ("rule", "what it finds", "severity", "remedy", "fields", "settings"):
        table.add_column(name, overflow="fold", no_wrap=name in {"rule", "severity"})
    for rule in rules_on:
        remedy = f"{rule.spec.remedy} ({rule.remedy_mode})" if rule.spec.remedy else ""
        settings = ", ".join(f"{name}={_short(value)}" for name, value in rule.settings.items())
        severity = f"[{_STYLES[rule.severity]}]{rule.severity}[/]"
        table.add_row(rule.spec.id, rule.spec.title, severity, remedy, " ".join(rule.spec.fields), settings)
    console = Console()
    console.print(table)
    console.print(f"{len(rules_on)} rules on{f', off: {chr(44).join(off)}' if off else ''}; remedies are {mode}.")


def _short(value: object) -> str:
    text = json.dumps(value, ensure_ascii=False, default=str)
    return text if len(text) <= 40 else f"{text[:37]}..."
