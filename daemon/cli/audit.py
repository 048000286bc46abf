"""`zhiban audit`: whether the audit log is what was written, told from its chain and from heads in the journal."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO, Final

import click

from daemon.cli.logs import parsed
from daemon.cli.reach import state_of
from daemon.cli.run import config_file
from daemon.errors import ConfigError, InvalidInput
from daemon.forum.audit_chain import AuditKey, AuditKeys, Findings, NotedHead, Verifier
from daemon.log import printable

if TYPE_CHECKING:
    from daemon.config import Config

_SHOWN: Final = 10
_COLOUR: Final = re.compile(rb"\x1b\[[0-9;]*m")
#: A line for people: of the daemon on a terminal, or of `zhiban logs`.
_FOR_PEOPLE: Final = re.compile(
    rb"(?P<at>\d{4}-\d\d-\d\d[T ][\d:.]+Z?) +\[?\w+ *\]? +audit\.head_noted\b(?P<fields>.*)"
)
_SEQ: Final = re.compile(rb"\bseq=(\d{1,18})\b")
_MAC: Final = re.compile(rb"\bmac=([0-9a-f]{64})\b")


@click.group()
def audit() -> None:
    """Look after the audit log."""


@audit.command()
@click.option(
    "--journal", type=click.File("rb"), help='Lines of the log, "-" for standard input: its heads are compared.'
)
@click.option("--state", type=click.Path(path_type=Path), help="Default: the state directory.")
@click.option("--config", "given", type=click.Path(path_type=Path), help="Names the key's secret. Default: as `run`.")
@click.option("--key-file", type=click.Path(path_type=Path), help="Holds the key, instead of the configured secret.")
@click.pass_context
def verify(
    context: click.Context, journal: BinaryIO | None, state: Path | None, given: Path | None, key_file: Path | None
) -> None:
    """Prove the audit log, whether the daemon runs or not: no entry changed, none missing, all of our key.

    That its end was cut off shows only beside the heads that the daemon notes in its log every hour:

        journalctl -u zhiban -o cat | zhiban audit verify --journal -

    Exit status: 0 it holds, 1 it does not, 78 the key is not at hand.
    """
    from daemon.adapters.sql.audit_reading import verified  # noqa: PLC0415 slow to import
    from daemon.main.assembly import DATABASE, configure  # noqa: PLC0415

    folder = state or state_of(os.environ)
    heads = list(noted_heads(journal)) if journal else []
    if journal and not heads:
        raise InvalidInput("--journal: no head of the audit log is noted there; expected lines of audit.head_noted")
    keys = _keys(configure(config_file(given))[0], folder, key_file)
    found = verified(folder / DATABASE, Verifier(keys, heads))
    _tell(found, compared=journal is not None)
    context.exit(1 if found.faults else 0)


def noted_heads(lines: Iterable[bytes]) -> Iterator[NotedHead]:
    """Iterate over the heads that lines of the log note, as JSON or in a form for people; all else is passed over."""
    for line in lines:
        if b"audit.head_noted" not in line:
            continue
        if head := _of_json(line) or _of_text(line):
            yield head


def _of_json(line: bytes) -> NotedHead | None:
    event = parsed(line[max(line.find(b"{"), 0) :])
    if event is None or event["event"] != "audit.head_noted":
        return None
    seq, mac = event.get("seq"), str(event.get("mac"))
    if not isinstance(seq, int) or seq < 0 or not re.fullmatch(r"[0-9a-f]{64}", mac):
        return None
    return NotedHead(seq, bytes.fromhex(mac), f", as noted {printable(str(event.get('timestamp', '')))[:40]}")


def _of_text(line: bytes) -> NotedHead | None:
    found = _FOR_PEOPLE.search(_COLOUR.sub(b"", line))
    seq, mac = (_SEQ.search(found["fields"]), _MAC.search(found["fields"])) if found else (None, None)
    if not (found and seq and mac):
        return None
    return NotedHead(int(seq[1]), bytes.fromhex(mac[1].decode()), f", as noted {found['at'].decode()}")


def _keys(config: Config, state: Path, key_file: Path | None) -> AuditKeys:
    from daemon.config.credentials import Secrets  # noqa: PLC0415 slow to import
    from daemon.main.audit_keys import audit_keys  # noqa: PLC0415

    if key_file is None:
        return audit_keys(config.audit, Secrets(os.environ), state, make=False)
    try:
        secret = key_file.read_bytes().rstrip(b"\r\n")
    except OSError as exc:
        raise ConfigError(f"--key-file {key_file}: {exc.strerror}") from exc
    section = config.audit.model_copy(update={"secret": ""})
    others = audit_keys(section, Secrets(os.environ), state, make=False)
    return AuditKeys(AuditKey.of(secret), (*others.former, others.current), others.lost, strict=True)


def _tell(found: Findings, *, compared: bool) -> None:
    for fault in found.faults[:_SHOWN]:
        click.echo(f"entry {fault.seq}: {printable(fault.what)}")
    if len(found.faults) > _SHOWN:
        click.echo(f"and {len(found.faults) - _SHOWN} more")
    keys = ", ".join(f"{count} of the key {key_id}" for key_id, count in found.keys.items())
    click.echo(f"{found.entries} entries in the chain{f': {keys}' if keys else ''}")
    if found.earlier:
        click.echo(f"{found.earlier} entries from before it, which its first entry vouches for")
    if found.unproven:
        click.echo(f"{found.unproven} entries of keys that are lost cannot be proven")
    if compared:
        click.echo(f"{found.heads} heads of the journal compared")
    else:
        click.echo("no heads compared, so that a cut end would not show: give --journal")
    if found.faults:
        click.echo(f"the audit log does not hold: the first bad entry is {found.faults[0].seq}")
    else:
        click.echo("the audit log holds")
