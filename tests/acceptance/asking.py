"""Asking a running daemon over its API."""

from __future__ import annotations

import json
import socket
import time
import urllib.error
import urllib.request
from collections.abc import Callable
from typing import Any, NamedTuple

from tests.acceptance.daemon_process import DaemonProcess


class Answer(NamedTuple):
    status: int
    body: Any
    etag: str


def ask(daemon: DaemonProcess, method: str, path: str, body: object = None, etag: str = "", token: str = "") -> Answer:
    """Send a request with a token, the local one by default, and JSON."""
    token = token or (daemon.state / "token").read_text(encoding="utf-8").strip()
    headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}
    if etag:
        headers["If-Match"] = etag
    data = None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(daemon.url + path, data, headers, method=method)
    try:
        with urllib.request.urlopen(request, timeout=20) as answer:
            return Answer(answer.status, _read(answer.read()), answer.headers.get("ETag") or "")
    except urllib.error.HTTPError as exc:
        with exc:
            return Answer(exc.code, _read(exc.read()), "")


def _read(body: bytes) -> Any:
    return json.loads(body) if body else None


def every(daemon: DaemonProcess, path: str) -> list[dict[str, Any]]:
    """Return all items of a list, page by page."""
    items: list[dict[str, Any]] = []
    cursor = ""
    while True:
        mark = "&" if "?" in path else "?"
        answer = ask(daemon, "GET", f"{path}{mark}limit=100" + (f"&cursor={cursor}" if cursor else ""))
        assert answer.status == 200, answer
        items += answer.body["items"]
        cursor = answer.body.get("next_cursor") or ""
        if not cursor:
            return items


def until(check: Callable[[], object], within_s: float, what: str) -> None:
    """Wait until something holds."""
    end = time.monotonic() + within_s
    while time.monotonic() < end:
        if check():
            return
        time.sleep(0.1)
    raise AssertionError(f"not within {within_s} s: {what}")


def free_port() -> int:
    """Return a port that nothing listens at just now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
