import socket
from collections.abc import Iterator
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from daemon.adapters.systemd import Systemd


@pytest.fixture
def listener(tmp_path: Path) -> Iterator[socket.socket]:
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as listener:
        listener.bind(str(tmp_path / "notify"))
        listener.settimeout(1)
        yield listener


def test_every_message_is_one_datagram(tmp_path: Path, listener: socket.socket) -> None:
    systemd = Systemd({"NOTIFY_SOCKET": str(tmp_path / "notify")}, 1)

    systemd.ready("on duty\nREADY=0")
    systemd.alive()
    systemd.reloading()
    systemd.stopping()

    assert listener.recv(4096) == b"READY=1\nSTATUS=on duty READY=0"
    assert listener.recv(4096) == b"WATCHDOG=1"
    reloading = dict(line.split("=") for line in listener.recv(4096).decode().splitlines())
    assert reloading["RELOADING"] == "1"
    assert int(reloading["MONOTONIC_USEC"]) > 0
    assert listener.recv(4096) == b"STOPPING=1\nSTATUS=stopping"


def test_an_abstract_socket_is_reached() -> None:
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as listener:
        listener.bind("\0zhiban-test-notify")
        listener.settimeout(1)

        Systemd({"NOTIFY_SOCKET": "@zhiban-test-notify"}, 1).alive()

        assert listener.recv(100) == b"WATCHDOG=1"


def test_without_a_manager_nothing_is_sent() -> None:
    with capture_logs() as logs:
        Systemd({}, 1).ready("on duty")

    assert logs == []


def test_a_manager_that_is_gone_is_logged_and_stops_nothing(tmp_path: Path) -> None:
    with capture_logs() as logs:
        Systemd({"NOTIFY_SOCKET": str(tmp_path / "gone")}, 1).ready("on duty")

    assert [entry["event"] for entry in logs] == ["systemd.unreachable"]


@pytest.mark.parametrize(
    ("environment", "seconds"),
    [
        ({}, None),
        ({"WATCHDOG_USEC": "30000000"}, 30.0),
        ({"WATCHDOG_USEC": "30000000", "WATCHDOG_PID": "77"}, 30.0),
        ({"WATCHDOG_USEC": "30000000", "WATCHDOG_PID": "78"}, None),
        ({"WATCHDOG_USEC": "0"}, None),
        ({"WATCHDOG_USEC": "soon"}, None),
    ],
)
def test_the_watchdog_is_read_from_the_environment(environment: dict[str, str], seconds: float | None) -> None:
    assert Systemd(environment, 77).watchdog_s == seconds
