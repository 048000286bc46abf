"""Acceptance 7: a real process under a manager's socket, from READY to its end."""

import http.client
import os
import signal
import socket
import stat
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from tests.acceptance.daemon_process import DaemonProcess

SLACK_S = 2.0  # that the design allows after the grace


@pytest.fixture
def daemon(tmp_path: Path) -> Iterator[Callable[..., DaemonProcess]]:
    made: list[DaemonProcess] = []

    def making(config: str = "", **options: object) -> DaemonProcess:
        folder = tmp_path / str(len(made))
        folder.mkdir()
        made.append(DaemonProcess(folder, config, **options))  # type: ignore[arg-type]
        return made[-1]

    yield making
    for process in made:
        process.__exit__(None, None, None)


def catalogue(path: Path, rows: int) -> None:
    with path.open("w", encoding="utf-8") as file:
        file.write("id,title,price,currency,stock\n")
        for number in range(rows):
            file.write(f"p{number},Kettle number {number},{number % 90 + 1}.50,EUR,5\n")


class TestStart:
    def test_ready_is_told_once_when_everything_serves(self, daemon: Callable[..., DaemonProcess]) -> None:
        with daemon() as process:
            assert process.told[-1]["READY"] == "1"
            assert process.get("/healthz")[0] == 200
            assert process.get("/readyz")[0] == 200
            assert "zhiban_incidents{" in process.get("/metrics")[1]
            process.signal(signal.SIGTERM)
            assert process.wait_end(process.grace + SLACK_S)[0] == 0
            assert process.wait_event("daemon.stopped")

    def test_what_it_writes_is_for_its_owner_alone(self, daemon: Callable[..., DaemonProcess]) -> None:
        with daemon() as process:
            modes = {path.name: stat.S_IMODE(path.stat().st_mode) for path in process.state.iterdir()}

            assert {"lock", "address", "token", "zhiban.sqlite3"} <= modes.keys()
            assert {name for name, mode in modes.items() if mode & 0o077} == set()

    def test_a_second_daemon_is_refused_with_the_pid_of_the_first(self, daemon: Callable[..., DaemonProcess]) -> None:
        with daemon() as process:
            done = process.command("run", "--config", str(process.config), "--port", "0")

            assert done.returncode == 1
            assert f"held by process {process.pid}" in done.stderr
            assert process.get("/readyz")[0] == 200

    def test_a_bad_configuration_ends_with_78_and_every_fault(self, daemon: Callable[..., DaemonProcess]) -> None:
        process = daemon("[http]\nprot = 1\n[rules.price_jmp]\nenabled = true\n").start()

        assert process.wait_end(20)[0] == 78
        text = process.log_text()
        assert f"{process.config}:2: http.prot: unknown key; did you mean 'port'?" in text
        assert f"{process.config}:3: rules.price_jmp: " in text

    def test_an_absent_secret_ends_with_78(self, daemon: Callable[..., DaemonProcess]) -> None:
        hook = '[[channels]]\nname = "ops"\nkind = "webhook"\nurl = "http://127.0.0.1:1/"\nsecret = "ops-hook"\n'
        process = daemon(hook).start()

        assert process.wait_end(20)[0] == 78
        assert "secret 'ops-hook' not found" in process.log_text()

    def test_a_state_directory_open_to_others_is_refused(self, daemon: Callable[..., DaemonProcess]) -> None:
        process = daemon()
        process.state.chmod(0o755)
        process.start()

        assert process.wait_end(20)[0] == 1
        assert "is open to others (mode 0755): run `chmod 700" in process.log_text()

    def test_a_port_that_is_taken_is_told(self, daemon: Callable[..., DaemonProcess]) -> None:
        with socket.socket() as taken:
            taken.bind(("127.0.0.1", 0))
            taken.listen()
            port = taken.getsockname()[1]
            process = daemon().start("--port", str(port))

            assert process.wait_end(20)[0] == 1
        assert f"cannot listen on 127.0.0.1:{port}" in process.log_text()

    def test_the_log_is_json_lines_and_holds_no_secret(self, daemon: Callable[..., DaemonProcess]) -> None:
        with daemon() as process:
            token = (process.state / "token").read_text(encoding="utf-8").strip()
            process.get(f"/api/v1/me?token={token}")
            process.signal(signal.SIGTERM)
            process.wait_end(process.grace + SLACK_S)

        text = process.log_text()
        assert all(line.startswith("{") for line in text.splitlines())
        assert token not in text


class TestWatchdog:
    def test_it_is_petted_while_the_loop_turns(self, daemon: Callable[..., DaemonProcess]) -> None:
        with daemon(environment={"WATCHDOG_USEC": "600000"}) as process:
            for _ in range(5):
                process.wait_told("WATCHDOG", 0.6)

    def test_it_is_meant_for_another_process(self, daemon: Callable[..., DaemonProcess]) -> None:
        other = {"WATCHDOG_USEC": "300000", "WATCHDOG_PID": "1"}
        with daemon(environment=other) as process, pytest.raises(AssertionError, match="no WATCHDOG"):
            process.wait_told("WATCHDOG", 1.0)

    def test_it_stops_when_the_loop_is_blocked(self, daemon: Callable[..., DaemonProcess]) -> None:
        with daemon(environment={"WATCHDOG_USEC": "600000"}) as process:
            process.wait_told("WATCHDOG", 1)
            process.signal(signal.SIGSTOP)  # the loop does not turn, whatever blocks it
            time.sleep(0.1)
            process.manager.setblocking(False)
            while True:
                try:
                    process.manager.recv(4096)
                except BlockingIOError:
                    break
            with pytest.raises(AssertionError, match="no WATCHDOG"):
                process.wait_told("WATCHDOG", 1.5)
            process.signal(signal.SIGCONT)
            process.wait_told("WATCHDOG", 5)


class TestReload:
    def test_a_good_file_takes_hold(self, daemon: Callable[..., DaemonProcess]) -> None:
        with daemon('[log]\nlevel = "info"\n') as process:
            process.config.write_text('[log]\nlevel = "warning"\n[checks]\ninterval = "1h"\n', encoding="utf-8")
            process.signal(signal.SIGHUP)

            reloading = process.wait_told("RELOADING", 5)
            assert int(reloading["MONOTONIC_USEC"]) > 0
            process.wait_told("READY", 5)
            assert "zhiban_config_last_reload_successful 1.0" in process.get("/metrics")[1]
            process.signal(signal.SIGUSR1)
            time.sleep(0.3)
            assert process.events("stacks.dumped") == []

    def test_a_new_source_is_read_at_once(self, daemon: Callable[..., DaemonProcess]) -> None:
        with daemon("[checks]\nnetwork = false\n") as process:
            catalogue(process.folder / "shop.csv", 5)
            process.config.write_text(
                '[checks]\nnetwork = false\n[[sources]]\nname = "late"\npath = "shop.csv"\n', encoding="utf-8"
            )
            process.signal(signal.SIGHUP)

            assert process.wait_event("import.finished")["source"] == "late"

    def test_a_bad_file_changes_nothing(self, daemon: Callable[..., DaemonProcess]) -> None:
        with daemon() as process:
            process.config.write_text('[checks]\nintervall = "1h"\n[log]\nlevel = "error"\n', encoding="utf-8")
            process.signal(signal.SIGHUP)

            process.wait_told("RELOADING", 5)
            assert "rejected" in process.wait_told("READY", 5)["STATUS"]
            (fault,) = process.wait_event("config.rejected")["faults"]
            assert fault == f"{process.config}:2: checks.intervall: unknown key; did you mean 'interval'?"
            assert "zhiban_config_last_reload_successful 0.0" in process.get("/metrics")[1]
            assert process.get("/readyz")[0] == 200
            process.signal(signal.SIGUSR1)
            process.wait_event("stacks.dumped")


class TestStop:
    @pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
    def test_it_ends_with_0_and_says_so(self, daemon: Callable[..., DaemonProcess], number: signal.Signals) -> None:
        with daemon() as process:
            process.signal(number)

            status, _ = process.wait_end(process.grace + SLACK_S)
            assert status == 0
            assert [told for told in iter_told(process) if "STOPPING" in told]
            assert process.events("daemon.killed") == []
            assert not (process.state / "address").exists()

    def test_a_pass_and_a_slow_request_end_within_the_grace(self, daemon: Callable[..., DaemonProcess]) -> None:
        process = daemon('[[sources]]\nname = "shop"\npath = "shop.csv"\n[checks]\nnetwork = false\n')
        catalogue(process.folder / "shop.csv", 20_000)
        with process:
            connection, answered = slow_request(process, 1.0)
            time.sleep(0.3)
            process.signal(signal.SIGTERM)

            status, taken_s = process.wait_end(process.grace + SLACK_S)
            assert status == 0
            assert taken_s < process.grace + SLACK_S
            answered.join(5)
            assert connection.status is not None, "the request was cut off"
            assert connection.status < 500

    def test_what_does_not_end_is_cancelled_after_the_grace(self, daemon: Callable[..., DaemonProcess]) -> None:
        with daemon(grace=1.0) as process:
            _, answered = slow_request(process, 30.0)
            time.sleep(0.2)
            process.signal(signal.SIGTERM)

            status, taken_s = process.wait_end(1.0 + SLACK_S)
            assert status == 0
            assert 0.9 < taken_s < 1.0 + SLACK_S
            assert process.events("daemon.hurried")
            assert process.events("daemon.stopped")
            answered.join(5)

    def test_evidence_that_is_being_fetched_holds_nothing(self, daemon: Callable[..., DaemonProcess]) -> None:
        with socket.create_server(("127.0.0.1", 0)) as host:  # takes connections, and never answers
            where = f"127.0.0.1:{host.getsockname()[1]}"
            process = daemon(
                f'[[sources]]\nname = "shop"\npath = "shop.csv"\n[network]\nallow = ["{where}"]\n', grace=15.0
            )
            rows = [f"p{number},Kettle,5.50,EUR,5,http://{where}/{number}.png" for number in range(50)]
            header = "id,title,price,currency,stock,image"
            (process.folder / "shop.csv").write_text("\n".join([header, *rows]), encoding="utf-8")
            with process:
                host.settimeout(30)
                with host.accept()[0]:
                    process.signal(signal.SIGTERM)
                    assert process.wait_end(process.grace + SLACK_S)[0] == 0
                assert "evidence.refresh" in process.events("daemon.stopping")[0]["running"]
                assert process.events("daemon.hurried") == []
                assert process.events("job.cancelled") == []

    def test_a_second_signal_skips_the_wait(self, daemon: Callable[..., DaemonProcess]) -> None:
        with daemon(grace=20.0) as process:
            _, answered = slow_request(process, 30.0)
            time.sleep(0.2)
            process.signal(signal.SIGTERM)
            process.wait_event("daemon.stopping")
            process.signal(signal.SIGTERM)

            status, taken_s = process.wait_end(SLACK_S)
            assert status == 0
            assert taken_s < SLACK_S
            answered.join(5)

    def test_a_thread_that_never_ends_does_not_hold_it(self, tmp_path: Path) -> None:
        code = (
            "import asyncio, sys, threading, uvloop\n"
            "from daemon.adapters.signals import end_within\n"
            "async def life():\n"
            "    threading.Thread(target=threading.Event().wait).start()\n"
            "    end_within(0.3, lambda: print('last words', flush=True))\n"
            "uvloop.run(life())\n"
        )

        done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=10, check=False)

        assert (done.returncode, done.stdout) == (0, "last words\n")

    def test_nothing_listens_any_more_while_it_drains(self, daemon: Callable[..., DaemonProcess]) -> None:
        with daemon() as process:
            address = urlsplit(process.url)
            slow_request(process, 2.0)
            time.sleep(0.2)
            process.signal(signal.SIGTERM)
            process.wait_event("daemon.stopping")
            time.sleep(0.1)

            with pytest.raises(ConnectionRefusedError):
                socket.create_connection((address.hostname, address.port), timeout=1)


class TestCommands:
    def test_a_person_on_the_machine_reaches_it(self, daemon: Callable[..., DaemonProcess]) -> None:
        with daemon() as process:
            status = process.command("status")
            assert (status.returncode, status.stderr) == (0, "")
            assert f"{process.url}: ready" in status.stdout
            assert process.command("incidents").stdout == ""

    def test_tokens_are_made_with_the_daemon_and_without(self, daemon: Callable[..., DaemonProcess]) -> None:
        with daemon() as process:
            made = process.command("token", "create", "ann", "--role", "viewer").stdout.strip()
            assert made.startswith("zhb_")
            listed = process.command("token", "list").stdout
            assert "ann" in listed
            assert made not in listed
            process.signal(signal.SIGTERM)
            process.wait_end(process.grace + SLACK_S)

            assert process.command("token", "create", "ben").stdout.startswith("zhb_")
            rows = process.command("token", "list").stdout.splitlines()
            token_id = next(row.split()[0] for row in rows if " ben " in row)
            assert process.command("token", "revoke", token_id).returncode == 0
            assert "revoked" in next(
                row for row in process.command("token", "list").stdout.splitlines() if " ben " in row
            )

    def test_a_backup_is_taken_while_it_runs_and_restored_while_it_does_not(
        self, daemon: Callable[..., DaemonProcess]
    ) -> None:
        process = daemon('[[sources]]\nname = "shop"\npath = "shop.csv"\n[checks]\nnetwork = false\n')
        catalogue(process.folder / "shop.csv", 50)
        with process:
            process.wait_event("import.finished")
            backup = process.folder / "copy"
            done = process.command("backup", str(backup))
            assert done.returncode == 0, done.stderr
            assert "verified: 50 products" in done.stdout
            assert stat.S_IMODE(backup.stat().st_mode) == 0o600
            assert process.command("backup", str(backup)).returncode == 1
            assert "held by process" in process.command("restore", str(backup)).stderr
            process.signal(signal.SIGTERM)
            process.wait_end(process.grace + SLACK_S)

            (process.state / "zhiban.sqlite3").write_bytes(b"lost")
            restored = process.command("restore", str(backup))
            assert restored.returncode == 0, restored.stderr
            assert "verified: 50 products" in restored.stdout
            assert "before-restore-1" in restored.stdout

    def test_a_file_that_is_no_backup_is_refused_and_the_store_stays(
        self, daemon: Callable[..., DaemonProcess]
    ) -> None:
        process = daemon()
        (process.state / "zhiban.sqlite3").write_bytes(b"precious")
        junk = process.folder / "junk"
        junk.write_bytes(os.urandom(5000))

        done = process.command("restore", str(junk))

        assert done.returncode == 2
        assert "no store" in done.stderr
        assert (process.state / "zhiban.sqlite3").read_bytes() == b"precious"

    def test_the_log_can_be_read_by_people(self, daemon: Callable[..., DaemonProcess]) -> None:
        with daemon() as process:
            done = process.command("logs", str(process.log_path), "--event", "daemon.")

        assert "daemon.started" in done.stdout
        assert "{" not in done.stdout

    def test_without_a_daemon_commands_say_so(self, daemon: Callable[..., DaemonProcess]) -> None:
        done = daemon().command("status")

        assert done.returncode == 1
        assert "no daemon runs with" in done.stderr


class Answer:
    """What became of a request."""

    status: int | None = None


def slow_request(process: DaemonProcess, seconds: float) -> tuple[Answer, threading.Thread]:
    """Begin an upload whose body takes so many seconds to arrive."""
    address = urlsplit(process.url)
    token = (process.state / "token").read_text(encoding="utf-8").strip()
    answer = Answer()

    def send() -> None:
        connection = http.client.HTTPConnection(address.hostname or "", address.port, timeout=seconds + 10)
        body = b"id,title,price\n1,Kettle,5.00\n"
        connection.putrequest("POST", "/api/v1/products:import?source=slow&format=csv")
        connection.putheader("Authorization", f"Bearer {token}")
        connection.putheader("Content-Type", "text/csv")
        connection.putheader("Content-Length", str(len(body)))
        connection.endheaders()
        try:
            connection.send(body[:5])
            time.sleep(seconds)
            connection.send(body[5:])
            answer.status = connection.getresponse().status
        except OSError:
            return
        finally:
            connection.close()

    thread = threading.Thread(target=send, daemon=True)
    thread.start()
    return answer, thread


def iter_told(process: DaemonProcess) -> Iterator[dict[str, str]]:
    process.manager.setblocking(False)
    while True:
        try:
            yield dict(line.split("=", 1) for line in process.manager.recv(65536).decode().splitlines())
        except BlockingIOError:
            return
