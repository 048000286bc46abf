"""`zhiban check`: one pass over files, or over the stored catalogue, without the daemon."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from difflib import get_close_matches
from pathlib import Path
from typing import Any, Final

import click

from daemon.cli.check_run import CheckOrder, run, write
from daemon.config import CatalogueSection, parse_duration
from daemon.errors import ConfigError, InvalidInput, ZhibanError
from daemon.main.assembly import configure
from daemon.products.feeds.columns import check_map
from daemon.products.rulebook import Rulebook
from daemon.products.rules import BY_ID
from daemon.products.verdicts import Needs, Severity

_USAGE: Final = 2
_INTERRUPTED: Final = 130


@click.command("check")
@click.argument("files", nargs=-1, metavar="[FILE]...")
@click.option("--rules", metavar="ID,ID", help="Ask these rules only; `zhiban rules` lists them.")
@click.option("--severity", type=click.Choice([s.value for s in Severity]), default="info", show_default=True,
              help="Leave out findings below this.")  # fmt: skip
@click.option("--offline", is_flag=True, help="Fetch nothing: leave out the rules about images and landing pages.")
@click.option("--json", "as_json", is_flag=True, help="The same as --format json.")
@click.option("--format", "form", type=click.Choice(["table", "json", "sarif", "csv"]), help="[default: table]")
@click.option("--map", "maps", multiple=True, metavar="FIELD=COLUMN", help="Which column holds a field; repeatable.")
@click.option("--currency", help="ISO 4217 code for files without a currency column.")
@click.option("--timezone", help="IANA name for times without a zone, such as Asia/Shanghai.")
@click.option("--locale", help="How the file writes numbers, such as de_DE.")
@click.option("--config", "config_path", type=click.Path(path_type=Path, exists=True, dir_okay=False),
              help="Take rules, thresholds and [catalogue] from a configuration.")  # fmt: skip
@click.option(
    "--time-limit", default="5m", show_default=True, metavar="DURATION", help="For everything that is fetched."
)
@click.option(
    "--examples", type=click.IntRange(0, 50), default=3, show_default=True, help="Examples of each rule in the table."
)
@click.pass_context
def check(context: click.Context, /, files: tuple[str, ...], **options: Any) -> None:
    """Say what is wrong in product FILEs, or in the stored catalogue when none is named ("-" is standard input).

    Exit status: 0 nothing bad at or above --severity, 1 something, 2 usage or a file that cannot be read at all.
    """
    order = _order(files, options)
    try:
        report, unreadable = run(order)
        for fault in unreadable:
            click.echo(f"zhiban check: {fault}", err=True)
        write(report, order)
    except KeyboardInterrupt:
        context.exit(_INTERRUPTED)
    except ZhibanError as error:
        click.echo(f"zhiban check: {error}", err=True)
        context.exit(_USAGE)
    context.exit(_USAGE if unreadable else int(report.has_bad))


def _order(files: tuple[str, ...], options: Mapping[str, Any]) -> CheckOrder:
    if options["as_json"] and options["form"] not in {None, "json"}:
        raise click.UsageError(f"--json and --format {options['form']} exclude each other")
    try:
        config, rulebook = configure(options["config_path"])
        time_limit_s = parse_duration(options["time_limit"])
    except ConfigError as error:
        raise click.UsageError(str(error)) from error
    except ValueError as error:
        raise click.BadParameter(str(error), param_hint="--time-limit") from error
    return CheckOrder(
        files=files,
        config=config,
        rulebook=_chosen(rulebook, options["rules"], offline=options["offline"]),
        floor=Severity(options["severity"]),
        offline=options["offline"],
        form="json" if options["as_json"] else options["form"] or "table",
        map=_columns(options["maps"]),
        catalogue=_filled(config.catalogue, options),
        time_limit_s=time_limit_s,
        examples=options["examples"],
    )


def _chosen(rulebook: Rulebook, wanted: str | None, *, offline: bool) -> Rulebook:
    names = None if wanted is None else [name.strip() for name in wanted.split(",") if name.strip()]
    for name in names or ():
        if name not in BY_ID:
            near = get_close_matches(name, BY_ID, 1)
            hint = f'; did you mean "{near[0]}"?' if near else ""
            raise click.BadParameter(f'there is no rule "{name}"{hint}', param_hint="--rules")
    if names == []:
        raise click.BadParameter("names no rule", param_hint="--rules")
    rules = [rule for rule in rulebook.rules if names is None or rule.spec.id in names]
    return Rulebook(tuple(rule for rule in rules if not (offline and rule.spec.needs is Needs.EVIDENCE)))


def _columns(maps: Sequence[str]) -> dict[str, str]:
    pairs = [given.partition("=") for given in maps]
    if wrong := [field for field, equals, column in pairs if not (field and equals and column)]:
        raise click.BadParameter(f'"{wrong[0]}" is not FIELD=COLUMN', param_hint="--map")
    columns = {field: column for field, _, column in pairs}
    try:
        check_map(columns)
    except InvalidInput as error:
        raise click.BadParameter(str(error), param_hint="--map") from error
    return columns


def _filled(section: CatalogueSection, options: Mapping[str, Any]) -> CatalogueSection:
    given = {name: options[name] for name in ("currency", "timezone", "locale") if options[name] is not None}
    try:
        return CatalogueSection.model_validate(section.model_dump() | given)
    except ValueError as error:
        raise click.UsageError(f"--currency, --timezone or --locale: {error}") from error
