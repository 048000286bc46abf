"""Acceptance 5: kill -9 at random moments of a running cycle; nothing is lost, nothing is doubled."""

from __future__ import annotations

import json
import random
import threading
import time
from collections import Counter
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from tests.acceptance.asking import every, until
from tests.acceptance.daemon_process import EAGER, DaemonProcess

PRODUCTS = 60
CONFIG = """
[[sources]]
name = "shop"
path = "{folder}/shop.csv"
interval = "1s"

[checks]
interval = "200ms"
network = false

{eager}

[[channels]]
name = "hook"
kind = "webhook"
url = "http://127.0.0.1:{port}/"
secret = "hook-key"
min_severity = "info"

[[channels]]
name = "shop"
kind = "webhook"
url = "http://127.0.0.1:{port}/"
secret = "hook-key"
news = ["product.status_changed"]
"""


class Receiver:
    """Takes webhooks; remembers, for each id, the bodies that came with it."""

    def __init__(self) -> None:
        self.taken: dict[str, list[bytes]] = {}
        taken = self.taken

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                taken.setdefault(self.headers["webhook-id"], []).append(body)
                self.send_response(204)
                self.end_headers()

            def log_message(self, *args: object) -> None:  # silent
                return

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.thread = threading.Thread(target=self.server.serve_forever, daemon=True)
        self.thread.start()

    @property
    def port(self) -> int:
        return int(self.server.server_address[1])

    def close(self) -> None:
        self.server.shutdown()
        self.thread.join()
        self.server.server_close()


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    made = Receiver()
    yield made
    made.close()


def write_shop(folder: Path, rng: random.Random) -> dict[str, set[str]]:
    """Write a catalogue with random faults; return which rules each product fails."""
    faults: dict[str, set[str]] = {}
    lines = ["id,title,price,currency,stock,category"]
    for number in range(PRODUCTS):
        fault = rng.choice(["none", "none", "price_missing", "soldout_listed", "both"])
        price = "" if fault in {"price_missing", "both"} else f"{number + 1}.50"
        stock = 0 if fault in {"soldout_listed", "both"} else 5
        lines.append(f"p{number:02},Kettle {number},{price},EUR,{stock},Kitchen")
        rules = {"price_missing", "soldout_listed"} if fault == "both" else {fault} - {"none"}
        faults[f"p{number:02}"] = rules
    part = folder / "shop.part"
    part.write_text("\n".join(lines) + "\n", encoding="utf-8")
    part.replace(folder / "shop.csv")
    return faults


def expected_status(rules: set[str]) -> str:
    if "price_missing" in rules:
        return "unlisted"
    return "out_of_stock" if rules else "listed"


def alive(incident: dict[str, Any]) -> bool:
    return incident["state"] in {"open", "acknowledged", "silenced", "escalated", "suspected"}


def is_ready(process: DaemonProcess) -> bool:
    """Whether the daemon that runs now answers; the address of a dead one may still lie there."""
    try:
        return process.get("/readyz")[0] == 200
    except OSError:
        return False


def settled(process: DaemonProcess, faults: dict[str, set[str]]) -> bool:
    """Whether incidents, statuses and notices are all where the last catalogue wants them."""
    incidents = [i for i in every(process, "/api/v1/incidents") if i["kind"] == "product"]
    found: dict[str, set[str]] = {product: set() for product in faults}
    for incident in filter(alive, incidents):
        found[incident["product_id"]].add(incident["rule"])
    statuses = {p["id"]: p["status"] for p in every(process, "/api/v1/products")}
    queued = [n for n in every(process, "/api/v1/notices") if n["state"] in {"queued", "sending"}]
    wanted = {product: expected_status(rules) for product, rules in faults.items()}
    return found == faults and statuses == wanted and not queued


def check_incidents(process: DaemonProcess) -> None:
    incidents = every(process, "/api/v1/incidents")
    current = Counter((i["product_id"], i["rule"]) for i in incidents if alive(i) and i["kind"] == "product")
    assert set(current.values()) <= {1}, "an incident was doubled"
    remedies = every(process, "/api/v1/remedies")
    assert not [r for r in remedies if r["state"] == "planned"], "a remedy was left half applied"
    held = {r["product_id"]: r["after"] for r in remedies if r["state"] == "applied"}
    statuses = {p["id"]: p["status"] for p in every(process, "/api/v1/products")}
    assert held == {product: status for product, status in statuses.items() if status != "listed"}


def check_notices(process: DaemonProcess, receiver: Receiver) -> None:
    notices = every(process, "/api/v1/notices")
    opened = Counter((n["incident_id"], n["channel"]) for n in notices if n["news"] == "opened" and n["incident_id"])
    assert set(opened.values()) <= {1}, "a notice was queued twice"
    told = {i["id"] for i in every(process, "/api/v1/incidents") if i["told"]}
    assert told <= {incident for incident, _ in opened}, "an incident was opened and nobody was told"
    assert {n["state"] for n in notices} <= {"sent", "collapsed"}, Counter(n["state"] for n in notices)

    carried: dict[str, set[str]] = {}
    for message, bodies in receiver.taken.items():
        assert len(set(bodies)) == 1, "one id carried two different messages"
        for entry in json.loads(bodies[0])["data"]["entries"]:
            carried.setdefault(entry["id"], set()).add(message)
    assert all(len(messages) == 1 for messages in carried.values()), "an entry was sent by two messages"
    missing = [n for n in notices if n["state"] == "sent" and n["id"] not in carried]
    assert not missing, "said to be sent, and never received"


def kill_and_check(folder: Path, receiver: Receiver, rounds: int, seed: int) -> None:
    rng = random.Random(seed)
    config = CONFIG.format(eager=EAGER, folder=folder, port=receiver.port)
    process = DaemonProcess(folder, config, environment={"ZHIBAN_HOOK_KEY": "a-key-of-sixteen-bytes-or-more"})
    faults: dict[str, set[str]] = {}
    with process:
        for round_number in range(rounds):
            faults = write_shop(folder, rng)
            time.sleep(rng.uniform(0.05, 2.5))
            assert process.process is not None
            process.process.kill()
            process.process.wait()
            process.start()
            if round_number % 3 == 0:
                until(lambda: is_ready(process), 30, "READY")
        until(lambda: is_ready(process), 30, "READY")
        until(lambda: settled(process, faults), 60, "the daemon comes to rest")
        check_incidents(process)
        check_notices(process, receiver)


def test_three_deaths_lose_nothing_and_double_nothing(tmp_path: Path, receiver: Receiver) -> None:
    kill_and_check(tmp_path, receiver, rounds=3, seed=1)


@pytest.mark.slow
@pytest.mark.timeout(600)
@pytest.mark.parametrize("seed", [2, 3])
def test_twenty_deaths_lose_nothing_and_double_nothing(tmp_path: Path, receiver: Receiver, seed: int) -> None:
    kill_and_check(tmp_path, receiver, rounds=20, seed=seed)
