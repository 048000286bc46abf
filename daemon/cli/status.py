"""`zhiban status`."""

from __future__ import annotations

import json
from typing import Any, Final

import click

from daemon.cli.reach import Daemon
from daemon.log import printable

_PARTS: Final = ("problems", "bot", "catalogue", "association")
_MANY: Final = 1000
LIVE: Final = ("open", "acknowledged", "silenced", "escalated")


@click.command()
@click.option("--json", "as_json", is_flag=True, help="As one JSON object.")
@click.pass_context
def status(context: click.Context, as_json: bool) -> None:
    """Tell how the running daemon is: ready or not, incidents, the last passes, sources, the association, the bot.

    Exit status: 0 ready, 1 not ready or not reached.
    """
    daemon = Daemon.found()
    code, readiness = daemon.raw("GET", "/readyz")
    about: dict[str, Any] = {"url": daemon.url, "ready": code == 200}
    if isinstance(readiness, dict):
        about |= {
            part: readiness[part] for part in ("problems", "bot", "catalogue", "association") if readiness.get(part)
        }
    if about["ready"]:
        about["incidents"] = _counts(daemon)
        about["passes"] = list(daemon.pages("/api/v1/passes", {}, 3))
        about["sources"] = daemon.ask("GET", "/api/v1/sources")["items"]
    if as_json:
        click.echo(json.dumps(about, indent=2, ensure_ascii=False))
    else:
        _tell(about)
    context.exit(0 if about["ready"] else 1)


def _counts(daemon: Daemon) -> dict[str, int]:
    counts = dict.fromkeys(LIVE, 0)
    for incident in daemon.pages("/api/v1/incidents", {"state": list(LIVE)}, _MANY):
        counts[incident["state"]] += 1
    return counts


def _tell(about: dict[str, Any]) -> None:
    click.echo(f"{about['url']}: {'ready' if about['ready'] else 'not ready'}")
    for part, problem in about.get("problems", {}).items():
        click.echo(f"  {part}: {printable(str(problem))}")
    for state, count in about.get("incidents", {}).items():
        click.echo(f"  {count:5}{'+' if count >= _MANY else ' '} incidents {state}")
    for record in about.get("passes", ()):
        figures = f"{record['checked']} checked, {record['abnormal']} abnormal, {record['duration_s']:.2f} s"
        click.echo(f"  {record['started_at'][:19]}  {record['kind']} pass {record['state']}: {figures}")
    for source in about.get("sources", ()):
        state = source.get("state") or {}
        told = state.get("error") or ("good" if state.get("read_at") else "not read yet")
        click.echo(f"  source {printable(str(source['name']))}: {printable(str(told))}")
    if catalogue := about.get("catalogue"):
        click.echo(f"  {_catalogue_told(catalogue)}")
    if association := about.get("association"):
        told = f"{association['running']} searches run, {association['waiting']} wait"
        models = " and ".join(filter(None, (association["body_model"], association["face_model"])))
        click.echo(f"  association {association['state']}: {told}{f'; {printable(models)}' if models else ''}")
        for name, problem in association["problems"].items():
            click.echo(f"  association without {name}: {printable(str(problem))}")
    if bot := about.get("bot"):
        told = f"{bot['connection']} since {str(bot['since'])[:19]}" + (f", {bot['problem']}" if bot["problem"] else "")
        click.echo(f"  bot {printable(str(bot['name']))} ({bot['messenger']}): {printable(told)}")
        if bot["scan_url"]:
            click.echo(f"  to log in, open and scan with the phone: {printable(str(bot['scan_url']))}")


def _catalogue_told(catalogue: dict[str, Any]) -> str:
    reached = "connected" if catalogue["connected"] else "away"
    told = f"{reached} since {str(catalogue['since'])[:19]}"
    if catalogue["problem"]:
        told += f", {catalogue['problem']}"
    if catalogue["connected"]:
        told += ", live" if catalogue["live"] else ", polled"
    if catalogue["read_at"]:
        told += f"; {catalogue['documents']} documents read {catalogue['read_at'][:19]}"
        told += f", {catalogue['rejected']} unreadable" if catalogue["rejected"] else ""
    return f"catalogue {printable(str(catalogue['name']))} ({catalogue['kind']}): {printable(told)}"
