"""A real daemon's audit log: keyed, its head in the daemon's own log, and whatever is done to it found."""

from __future__ import annotations

import json
import signal
import sqlite3
import subprocess
import sys
import urllib.request
from contextlib import closing
from pathlib import Path

import pytest

from tests.acceptance.daemon_process import START_S, DaemonProcess

KEY = {"ZHIBAN_AUDIT": "0123456789abcdef0123456789abcdef"}
CONFIG = '[audit]\nsecret = "audit"\n'


def verify(process: DaemonProcess, *more: str, key: bool = True) -> tuple[int, str]:
    """Prove the log beside the daemon's own lines."""
    environment = process.environment if key else {k: v for k, v in process.environment.items() if k not in KEY}
    done = subprocess.run(
        [sys.executable, "-m", "daemon", "audit", "verify", "--config", str(process.config),
         "--journal", str(process.log_path), *more],
        env=environment, cwd=process.folder, capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip
    return done.returncode, done.stdout + done.stderr


def make_token(process: DaemonProcess, name: str) -> None:
    token = (process.state / "token").read_text(encoding="utf-8").strip()
    body = json.dumps({"name": name, "role": "viewer", "scopes": ["association:search"]}).encode()
    request = urllib.request.Request(
        process.url + "/api/v1/tokens",
        data=body,
        headers={"Authorization": f"Bearer {token}", "Content-Type": "application/json"},
    )
    with urllib.request.urlopen(request, timeout=10) as answer:
        assert json.load(answer)["scopes"] == ["association:search"]


def ended(process: DaemonProcess) -> None:
    process.signal(signal.SIGTERM)
    assert process.wait_end(process.grace + 2)[0] == 0


@pytest.mark.timeout(180)
def test_the_head_is_noted_at_start_and_stop_and_a_cut_end_is_found(tmp_path: Path) -> None:
    with DaemonProcess(tmp_path, CONFIG, environment=KEY) as process:
        for name in ("mei", "ann", "eve"):
            make_token(process, name)
        code, out = verify(process)
        assert (code, "the audit log holds" in out) == (0, True), out
        ended(process)
        heads = process.events("audit.head_noted")
        assert len(heads) == 2
        assert heads[1]["seq"] >= heads[0]["seq"] + 6
        assert KEY["ZHIBAN_AUDIT"] not in process.log_text()
        code, out = verify(process, key=False)
        assert (code, "'audit' not found" in out) == (78, True)
        for statement, first in (
            (
                f"UPDATE audit SET body = replace(CAST(body AS TEXT), 'mei', 'bob') WHERE seq = {heads[1]['seq'] - 5}",
                -5,
            ),
            (f"DELETE FROM audit WHERE seq > {heads[1]['seq'] - 2}", -1),
        ):
            store = process.state / "zhiban.sqlite3"
            whole = store.read_bytes()
            with closing(sqlite3.connect(store)) as connection, connection:
                connection.execute(statement)
            code, out = verify(process)
            assert code == 1
            assert (
                out.splitlines()[-1] == f"the audit log does not hold: the first bad entry is {heads[1]['seq'] + first}"
            )
            if first == -5:
                store.write_bytes(whole)

        process.start().wait_told("READY", START_S)
        make_token(process, "bob")
        make_token(process, "eva")
        code, out = verify(process)
        assert (code, f"entry {heads[1]['seq']}: another entry was there" in out) == (1, True), out


@pytest.mark.timeout(60)
def test_a_daemon_without_the_key_of_its_log_does_not_start(tmp_path: Path) -> None:
    process = DaemonProcess(tmp_path, CONFIG, environment=KEY)
    with process:
        ended(process)
    process.environment["ZHIBAN_AUDIT"] = "f" * 40
    process.start()
    assert process.wait_end(30)[0] == 78
    assert "cannot follow" in process.events("daemon.failed")[-1]["reason"]
    process.manager.close()
