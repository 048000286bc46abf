"""What systemd is told: one datagram each (sd_notify(3)). Without $NOTIFY_SOCKET nothing is sent and nothing fails."""

from __future__ import annotations

import socket
import time
from collections.abc import Mapping
from typing import Final

import structlog

log = structlog.get_logger()
_SEND_S: Final = 0.2  # a manager that does not read must not hold the loop


class Systemd:
    """The service's side of Type=notify and WatchdogSec=."""

    def __init__(self, environment: Mapping[str, str], pid: int) -> None:
        self._address = environment.get("NOTIFY_SOCKET", "")
        self._watchdog_us = _watchdog_us(environment, pid)

    @property
    def watchdog_s(self) -> float | None:
        """Seconds within which systemd wants a sign of life, None when it wants none."""
        return self._watchdog_us / 1e6 if self._watchdog_us else None

    def ready(self, status: str) -> None:
        """Say that the daemon serves."""
        self._send("READY=1", f"STATUS={_line(status)}")

    def status(self, status: str) -> None:
        """Show a line in `systemctl status`."""
        self._send(f"STATUS={_line(status)}")

    def reloading(self) -> None:
        """Say that the configuration is read again; `ready` ends it."""
        self._send("RELOADING=1", f"MONOTONIC_USEC={time.clock_gettime_ns(time.CLOCK_MONOTONIC) // 1000}")

    def stopping(self) -> None:
        """Say that the daemon ends."""
        self._send("STOPPING=1", "STATUS=stopping")

    def alive(self) -> None:
        """Pet the watchdog."""
        self._send("WATCHDOG=1")

    def _send(self, *assignments: str) -> None:
        if not self._address:
            return
        address = "\0" + self._address[1:] if self._address.startswith("@") else self._address
        try:
            with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC) as sender:
                sender.settimeout(_SEND_S)
                sender.connect(address)
                sender.sendall("\n".join(assignments).encode())
        except OSError as exc:
            log.warning("systemd.unreachable", error=str(exc))


def _watchdog_us(environment: Mapping[str, str], pid: int) -> int:
    """Read WATCHDOG_USEC, unless WATCHDOG_PID says that it is meant for another process (sd_watchdog_enabled(3))."""
    meant_for = environment.get("WATCHDOG_PID", str(pid))
    text = environment.get("WATCHDOG_USEC", "")
    return int(text) if text.isascii() and text.isdigit() and meant_for == str(pid) else 0


def _line(text: str) -> str:
    return " ".join(text.split())
