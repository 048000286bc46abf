"""`zhiban audit verify`, and the keys that the daemon keeps the audit log with."""

from __future__ import annotations

import asyncio
import json
import sqlite3
import stat
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from daemon import log as logs
from daemon.adapters.sql import open_stores
from daemon.cli import main
from daemon.cli.audit import noted_heads
from daemon.cli.logs import parsed, told
from daemon.config import AuditSection, Config, LogSection
from daemon.config.credentials import Secrets
from daemon.errors import ConfigError, StoreCorrupt
from daemon.forum.audit_chain import UNKEYED, AuditKeys
from daemon.main.assembly import DATABASE, configure
from daemon.main.audit_keys import KEY_FILE, audit_keys
from daemon.services.audit_heads import note_head
from tests.contract.makers import audit

SECRET = "a" * 40
ENVIRONMENT = {"ZHIBAN_AUDIT": SECRET}


def run(*arguments: str, stdin: str | None = None, **environment: str) -> tuple[int, str]:
    done = CliRunner().invoke(main, arguments, input=stdin, env=environment)
    return done.exit_code, done.stdout + done.stderr


@pytest.fixture
def state(tmp_path: Path) -> Path:
    (tmp_path / "state").mkdir(mode=0o700)
    return tmp_path / "state"


@pytest.fixture
def config(tmp_path: Path) -> str:
    path = tmp_path / "config.toml"
    path.write_text('[audit]\nsecret = "audit"\n', encoding="utf-8")
    return str(path)


def keyed(state: Path, **section: Any) -> AuditKeys:
    given = AuditSection.model_validate({"secret": "audit", **section})
    return audit_keys(given, Secrets(ENVIRONMENT), state, make=True)


def written(state: Path, keys: AuditKeys, count: int = 5) -> str:
    """Write entries; return the head as the daemon notes it in its log, as JSON lines."""
    lines: list[bytes] = []

    async def writing() -> None:
        async with open_stores(state / DATABASE, keys) as stores:
            for _ in range(count):
                await stores.audit.append(audit())
                await note_head(stores.audit)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(logs, "LineWriter", lambda *_: _Lines(lines))
        logs.start(LogSection(format="json"))
        asyncio.run(writing())
    return b"".join(lines).decode()


class _Lines:
    def __init__(self, lines: list[bytes]) -> None:
        self.put = lines.append


@pytest.fixture(autouse=True)
def _log_as_before() -> Iterator[None]:
    import structlog

    configured = structlog.get_config()
    yield
    structlog.configure(**configured)


def tampered(state: Path, statement: str) -> None:
    with closing(sqlite3.connect(state / DATABASE)) as connection, connection:
        connection.execute(statement)


def test_a_log_that_holds_ends_with_0_and_is_counted(state: Path, config: str) -> None:
    journal = written(state, keyed(state))
    code, out = run("audit", "verify", "--state", str(state), "--config", config, **ENVIRONMENT)
    assert (code, "the audit log holds" in out, "5 entries" in out, "no heads compared" in out) == (0, True, True, True)
    verify = ("audit", "verify", "--state", str(state), "--config", config, "--journal", "-")
    code, out = run(*verify, stdin=journal, **ENVIRONMENT)
    assert (code, "5 heads of the journal compared" in out) == (0, True)


@pytest.mark.parametrize(
    ("statement", "first"),
    [
        ("UPDATE audit SET body = replace(CAST(body AS TEXT), 'daemon', 'nobody') WHERE seq = 2", 2),
        ("DELETE FROM audit WHERE seq = 3", 3),
        ("DELETE FROM audit WHERE seq > 3", 4),
        ("DELETE FROM audit", 1),
    ],
)
def test_a_log_that_does_not_hold_ends_with_1_and_the_first_bad_entry(
    state: Path, config: str, statement: str, first: int
) -> None:
    journal = written(state, keyed(state))
    tampered(state, statement)
    verify = ("audit", "verify", "--state", str(state), "--config", config, "--journal", "-")
    code, out = run(*verify, stdin=journal, **ENVIRONMENT)
    assert (code, out.splitlines()[-1]) == (1, f"the audit log does not hold: the first bad entry is {first}")


def test_the_key_may_be_in_a_file_and_a_wrong_one_proves_nothing(state: Path, config: str, tmp_path: Path) -> None:
    written(state, keyed(state))
    (tmp_path / "key").write_text(SECRET + "\n")
    verify = ("audit", "verify", "--state", str(state), "--key-file")
    assert run(*verify, str(tmp_path / "key"))[0] == 0
    (tmp_path / "key").write_text("b" * 40)
    code, out = run(*verify, str(tmp_path / "key"))
    assert (code, "not at hand" in out) == (1, True)
    assert run(*verify, str(tmp_path / "none"))[0] == 78
    assert run("audit", "verify", "--state", str(state), "--config", config)[0] == 78
    assert SECRET not in out


def test_a_journal_without_heads_and_a_folder_without_a_store_are_told(state: Path, tmp_path: Path) -> None:
    code, out = run("audit", "verify", "--state", str(state), "--journal", "-", stdin='{"event": "daemon.started"}\n')
    assert (code, "audit.head_noted" in out) == (2, True)
    code, out = run("audit", "verify", "--state", str(tmp_path / "nothing"))
    assert (code, "no store there" in out) == (1, True)


def test_without_a_secret_the_key_stands_beside_the_store_for_its_owner_alone(state: Path, tmp_path: Path) -> None:
    keys = audit_keys(AuditSection(), Secrets({}), state, make=True)
    assert stat.S_IMODE((state / KEY_FILE).stat().st_mode) == 0o600
    assert audit_keys(AuditSection(), Secrets({}), state, make=True) == keys
    assert (keys.strict, keys.current is UNKEYED) == (False, False)
    written(state, keys)
    (tmp_path / "empty.toml").touch()
    verify = ("audit", "verify", "--state", str(state), "--config", str(tmp_path / "empty.toml"))
    assert run(*verify)[0] == 0
    (state / KEY_FILE).unlink()
    assert run(*verify)[0] == 1
    assert not (state / KEY_FILE).exists()


def test_a_secret_takes_over_from_the_key_beside_the_store(state: Path, config: str) -> None:
    written(state, audit_keys(AuditSection(), Secrets({}), state, make=True))
    written(state, keyed(state))
    code, out = run("audit", "verify", "--state", str(state), "--config", config, **ENVIRONMENT)
    assert (code, "11 entries" in out) == (0, True)


def test_keys_that_cannot_be_used_are_told(state: Path) -> None:
    with pytest.raises(ConfigError, match="'audit' not found"):
        audit_keys(AuditSection(secret="audit"), Secrets({}), state, make=True)
    with pytest.raises(ConfigError, match="at least 32"):
        audit_keys(AuditSection(secret="audit"), Secrets({"ZHIBAN_AUDIT": "short"}), state, make=True)
    with pytest.raises(ConfigError, match="'older' not found"):
        keyed(state, old_secrets=("older",))
    (state / KEY_FILE).write_text("no key")
    with pytest.raises(StoreCorrupt, match="hexadecimal"):
        keyed(state)


def test_the_association_needs_the_key_of_the_audit_log_to_be_a_secret(tmp_path: Path) -> None:
    path = tmp_path / "config.toml"
    path.write_text('[association]\nkind = "on"\n', encoding="utf-8")
    with pytest.raises(ConfigError, match=r"\[audit\] secret"):
        configure(path)
    path.write_text('[association]\nkind = "on"\n[audit]\nsecret = "audit"\n', encoding="utf-8")
    assert configure(path)[0].audit == AuditSection(secret="audit")
    assert Config().audit.secret == ""


def test_the_head_of_an_empty_log_is_a_head_that_fits_whatever_comes_after(state: Path, config: str) -> None:
    written(state, keyed(state))
    journal = json.dumps({"event": "audit.head_noted", "seq": 0, "mac": "00" * 32, "key_id": ""})
    verify = ("audit", "verify", "--state", str(state), "--config", config, "--journal", "-")
    assert run(*verify, stdin=journal, **ENVIRONMENT)[0] == 0


def test_heads_are_read_in_every_form_of_the_log() -> None:
    mac = "ab" * 32
    event = {"timestamp": "2026-11-25T08:30:00.123Z", "level": "info", "event": "audit.head_noted", "seq": 7,
             "mac": mac, "key_id": "0123456789abcdef"}  # fmt: skip
    as_json = json.dumps(event).encode()
    console = logs._to_console(colors=True)(None, "info", dict(event))
    forms = [
        as_json,
        b"<6>" + as_json,
        json.dumps({"MESSAGE": as_json.decode(), "_PID": "1"}).encode(),
        b"Nov 25 08:30:00 host zhiban[123]: " + as_json,
        console,
        logs._to_console(colors=False)(None, "info", dict(event)),
        told(parsed(as_json) or {}).encode(),
    ]
    for form in forms:
        (head,) = noted_heads([form])
        assert (head.seq, head.mac.hex(), "08:30:00" in head.where) == (7, mac, True)
    for other in (
        b"audit.head_noted",
        as_json.replace(b'"event": "audit.head_noted"', b'"event": "room.said", "text": "audit.head_noted"'),
        as_json.replace(mac.encode(), b"ab"),
        as_json.replace(b"7", b'"7"'),
        as_json.replace(b'"seq": 7', b'"seq": -7'),
        console.replace(b"audit.head_noted", b"room.said text=audit.head_noted"),
        b"\xff audit.head_noted \xff",
    ):
        assert not list(noted_heads([other]))
