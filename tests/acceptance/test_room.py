"""Acceptance 1 of the bot: what a newcomer can do in the room of the demonstration, and a script from a pipe."""

from __future__ import annotations

import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from daemon import demo
from tests.acceptance.asking import ask, every, free_port, until
from tests.acceptance.daemon_process import DaemonProcess
from tests.acceptance.terminal import Terminal

ROOM = "/api/v1/room/messages"


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[DaemonProcess]:
    folder: Path = tmp_path_factory.mktemp("room")
    config = '[bot]\nlanguage = "en"\n'
    with DaemonProcess(folder, config).start("--demo", "--port", str(free_port())) as process:
        process.wait_event("pass.finished", 30)
        yield process


@pytest.fixture
def newcomer(shop: DaemonProcess) -> Iterator[Terminal]:
    with Terminal([sys.executable, "-m", "daemon", "room", "--last", "100"], shop.environment, shop.folder) as terminal:
        terminal.until(r"Try: help")
        yield terminal


def said(shop: DaemonProcess, query: str = "") -> list[dict[str, Any]]:
    answer = ask(shop, "GET", f"{ROOM}?limit=500{query}")
    assert answer.status == 200, answer
    return list(answer.body["items"])


def notices(shop: DaemonProcess, *words: str) -> list[dict[str, Any]]:
    found = [each for each in said(shop) if each["by_bot"] and not each["mentions"]]
    return [each for each in found if all(word in each["text"] for word in words)]


def states(shop: DaemonProcess, product: str) -> dict[str, str]:
    return {each["rule"]: each["state"] for each in every(shop, f"/api/v1/incidents?product={product}")}


def test_a_newcomer_sees_notices_and_acknowledges_one_by_answering_it(shop: DaemonProcess, newcomer: Terminal) -> None:
    until(partial(notices, shop, "New: "), 30, "a notice")
    seen = newcomer.until(
        r"\[(\d+)\] zhiban: \[(?:critical|major)\] (?:.*\n\s*)*?\s*([a-z]{4,12}) New: .*\(([a-z]+-\d+)\)"
    )
    number, handle, product = seen.groups()

    newcomer.type(f">{number} ack")

    newcomer.until(rf"@local .*{handle} is yours")
    assert "acknowledged" in states(shop, product).values()


def test_a_product_is_taken_off_the_shelf_only_when_that_is_confirmed(shop: DaemonProcess, newcomer: Terminal) -> None:
    bad = {product for ids in demo.labels().bad.values() for product in ids}
    page = ask(shop, "GET", "/api/v1/products?status=listed&limit=200").body["items"]
    product = next(each["id"] for each in page if each["id"] not in bad and re.fullmatch(r"[a-z]+-\d+", each["id"]))
    status = partial(ask, shop, "GET", f"/api/v1/products/{product}")

    newcomer.type(f"shelve {product}")
    newcomer.until(r"Send yes within 60 s")
    assert status().body["status"] == "listed"
    newcomer.type("no")
    newcomer.until(r"Nothing was changed")
    newcomer.type("yes")
    newcomer.type(f"shelve {product}")
    newcomer.until(r"Send yes within 60 s")
    assert status().body["status"] == "listed"
    newcomer.type("yes")

    newcomer.until(rf"Done: .*{product}.* is off the shelf")
    assert status().body["status"] == "unlisted"


def test_a_remedy_is_taken_back(shop: DaemonProcess, newcomer: Terminal) -> None:
    product = demo.labels().bad["price_missing"][0]
    until(lambda: ask(shop, "GET", f"/api/v1/products/{product}").body["status"] == "unlisted", 20, "the remedy")

    newcomer.type(f"undo {product}")

    newcomer.until(rf"is taken back, .*{product}.* is listed again")
    assert ask(shop, "GET", f"/api/v1/products/{product}").body["status"] == "listed"


def test_help_names_every_command_and_how_one_is_used(newcomer: Terminal) -> None:
    newcomer.type("help")
    newcomer.until(r"undo")
    newcomer.type("help shelve")
    newcomer.until(r"shelve [A-Z]+")
    newcomer.type("shlve x")
    newcomer.until(r"[Dd]id you mean")


def test_a_script_talks_through_a_pipe(shop: DaemonProcess) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "daemon", "room"], input="version\nstatus\nnothing that is a command\n", text=True,
        env=shop.environment, cwd=shop.folder, capture_output=True, timeout=60, check=False,
    )  # fmt: skip

    assert done.returncode == 0, done.stderr
    answers = re.findall(r"zhiban: @local (.*)", done.stdout)
    assert len(answers) == 3
    assert "Open " in answers[1]
    assert "\x1b" not in done.stdout


def test_someone_who_may_only_look_changes_nothing(shop: DaemonProcess) -> None:
    made = ask(shop, "POST", "/api/v1/tokens", {"name": "Visitor", "role": "viewer"})
    product = demo.labels().bad["price_missing"][1]
    until(partial(notices, shop, "New: "), 30, "a notice")
    before = states(shop, product)
    environment = {**shop.environment, "ZHIBAN_URL": shop.url, "ZHIBAN_TOKEN": made.body["token"]}

    done = subprocess.run(
        [sys.executable, "-m", "daemon", "room", "--last", "100"], env=environment, cwd=shop.folder, text=True,
        input=f"ack {product}\n> ack\nundo {product}\nclose {product} because\nstatus\n", capture_output=True,
        timeout=60, check=False,
    )  # fmt: skip

    assert done.returncode == 0, done.stderr
    assert len(re.findall("@Visitor .*needs the role operator; you are viewer", done.stdout)) == 4
    assert "@Visitor Open " in done.stdout
    assert states(shop, product) == before


def test_how_the_bot_stands_is_shown(shop: DaemonProcess) -> None:
    assert re.search(r"bot zhiban \(local\): online since", shop.command("status").stdout)
    assert '"connection":"online"' in shop.get("/readyz")[1]
    assert 'zhiban_bot_connection{state="online"} 1.0' in shop.get("/metrics")[1]


def test_an_open_room_does_not_hold_up_the_end(tmp_path: Path) -> None:
    with DaemonProcess(tmp_path, grace=10).start("--demo", "--port", str(free_port())) as daemon:
        daemon.wait_event("daemon.started")
        with Terminal([sys.executable, "-m", "daemon", "room"], daemon.environment, daemon.folder) as terminal:
            terminal.until(r"Try: help")
            daemon.signal(signal.SIGTERM)
            status, seconds = daemon.wait_end(12)
            assert status == 0
            assert not daemon.events("daemon.hurried"), seconds
            terminal.until(r"connection lost")
