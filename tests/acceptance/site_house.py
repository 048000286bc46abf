"""Real daemons that search across cameras, and what is asked of them over HTTP."""

from __future__ import annotations

import base64
import json
import subprocess
import sys
import urllib.request
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final

from daemon.inference.association.folders.folder import DataFolder
from tests.acceptance.asking import Answer, ask
from tests.acceptance.daemon_process import DaemonProcess

API: Final = "/api/v1/association"
SEARCHES: Final = f"{API}/searches"
PURPOSE: Final = "a bag was left at the north door"
KEY: Final = {"ZHIBAN_AUDIT": "0123456789abcdef0123456789abcdef"}
CONFIG: Final = """
[checks]
network = false
[audit]
secret = "audit"
[retention]
sightings = "36500d"
[association]
kind = "on"
"""
#: Looks at all it can, and so takes seconds.
THOROUGH: Final = "concurrency = 1\nstop_mass = 0.0\n"
_SCOPES: Final = ["read", "association:search", "association:admin"]


def simulated(folder: Path, *more: str) -> Path:
    """Write a small world by the command, as a person does; return its folder."""
    world = folder / "world"
    done = subprocess.run(
        [sys.executable, "-m", "daemon", "association", "simulate", str(world), "--cameras", "36", "--hours", "5",
         "--detections", "3000", "--seed", "3", *more],
        cwd=Path(__file__).parents[2], capture_output=True, text=True, timeout=110, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert "36 cameras" in done.stdout
    return world


def searching(folder: Path, more: str = "", *, grace: float = 5.0) -> DaemonProcess:
    """Return a daemon that is not started yet. more: of its section [association]."""
    return DaemonProcess(folder, CONFIG + more, grace=grace, environment=KEY)


class Investigator:
    """Somebody with a token and a case in a daemon, which may be started anew meanwhile."""

    def __init__(self, daemon: DaemonProcess) -> None:
        self.daemon = daemon
        made = ask(daemon, "POST", "/api/v1/tokens", {"name": "mei", "role": "operator", "scopes": _SCOPES})
        assert made.status == 201, made
        self.token = str(made.body["token"])
        until = (datetime.now(UTC) + timedelta(days=7)).isoformat()
        case = {"title": "north door", "purpose": PURPOSE, "quota": 1_000, "expires_at": until}
        opened = self.ask("POST", f"{API}/cases", case)
        assert opened.status == 201, opened
        self.case = str(opened.body["id"])

    def ask(self, method: str, path: str, body: object = None) -> Answer:
        """Send a request."""
        return ask(self.daemon, method, path, body, token=self.token)

    def command(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Run `zhiban association ...`."""
        self.daemon.environment["ZHIBAN_TOKEN"] = self.token
        return self.daemon.command("association", *arguments)

    def search(self, detection: str, **more: Any) -> Answer:
        """Begin a search."""
        return self.ask("POST", SEARCHES, {"case": self.case, "purpose": PURPOSE, "detection": detection, **more})

    def searches(self) -> dict[str, dict[str, Any]]:
        """Return the searches of the case by id."""
        found = self.ask("GET", f"{SEARCHES}?case={self.case}&limit=200")
        assert found.status == 200, found
        return {one["id"]: one for one in found.body["items"]}

    def events(self, search_id: str) -> Iterator[dict[str, Any]]:
        """Yield the states of a search to its end."""
        request = urllib.request.Request(f"{self.daemon.url}{SEARCHES}/{search_id}/events")
        request.add_header("Authorization", f"Bearer {self.token}")
        with urllib.request.urlopen(request, timeout=60) as answer:
            for line in answer:
                if line.startswith(b"data: "):
                    yield json.loads(line.removeprefix(b"data: "))

    def kept(self) -> int:
        """Return how many detections are kept."""
        models = self.ask("GET", f"{API}/models")
        assert models.status == 200, models
        return sum(one["detections"] for one in models.body["kept"])

    def put_network(self, content: bytes) -> None:
        """Replace the network by that of a GeoJSON file."""
        request = urllib.request.Request(f"{self.daemon.url}{API}/cameras:import", content)
        request.add_header("Authorization", f"Bearer {self.token}")
        request.add_header("Content-Type", "application/geo+json")
        with urllib.request.urlopen(request, timeout=30) as answer:
            assert answer.status == 200

    def send(self, lines: Sequence[bytes]) -> dict[str, Any]:
        """Ingest a batch of lines; return what became of it. Raises OSError when the daemon is gone."""
        request = urllib.request.Request(f"{self.daemon.url}{API}/detections", b"\n".join(lines))
        request.add_header("Authorization", f"Bearer {self.token}")
        request.add_header("Content-Type", "application/x-ndjson")
        with urllib.request.urlopen(request, timeout=30) as answer:
            return dict(json.loads(answer.read()))


def lines_of(world: Path) -> list[bytes]:
    """Return the detections of a folder as they are sent."""
    return [_line(sighting.detection, sighting.body, sighting.face) for sighting in DataFolder.read(world).sightings()]


def _line(seen: Any, body: Any, face: Any) -> bytes:
    sent = {"id": seen.id, "camera": seen.camera, "time": seen.time.isoformat(), "body_model": seen.body_model,
            "face_model": seen.face_model}  # fmt: skip
    for name, vector in (("body", body), ("face", face)):
        if vector is not None:
            sent[name] = base64.b64encode(vector.astype("<f2").tobytes()).decode()
    return json.dumps(sent).encode()


def targets(world: Path) -> list[str]:
    """Return the detections that the queries of a folder begin at."""
    lines = (world / "queries.jsonl").read_text(encoding="utf-8").splitlines()
    return [json.loads(line)["detection"] for line in lines]
