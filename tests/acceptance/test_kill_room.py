"""Acceptance 6 of the bot: kill -9 while 100 messages and 20 notices are in flight; whoever spoke hears of it."""

from __future__ import annotations

import http.client
import json
import random
import re
import sqlite3
import threading
import time
import urllib.request
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from tests.acceptance.asking import ask, every, until
from tests.acceptance.daemon_process import DaemonProcess
from tests.acceptance.test_kill import is_ready

ROOMS = ("north", "south", "east", "west")
SPEAKERS = ("Ann", "Ben", "Cai")
MESSAGES, NOTICES = 100, 20
#: Fewer replies a room may have at once than it has questions, so that some surely wait when the end comes.
REPLIES_AT_ONCE = 10
CONFIG = """
[[sources]]
name = "shop"
path = "{folder}/shop.csv"
interval = "1s"
[checks]
interval = "200ms"
network = false
[notices]
interval = "100ms"
group_wait = "300ms"
messages_per_hour = 100000
backoff = "200ms"
backoff_max = "1s"
lines_per_message = 100
digest_at = ""
[[channels]]
name = "group"
kind = "room"
timeout = "1s"
min_severity = "info"
[bot]
kind = "local"
language = "en"
rooms = ["north", "south", "east", "west"]
notice_rooms = ["north", "west"]
per_person_per_minute = 1000
per_room_per_minute = 1000
sends_per_minute = 1000
room_sends_per_minute = {room_sends}
"""


class Said(NamedTuple):
    """A message that the API has accepted. mark: the word by which the reply to it is known."""

    id: str
    room: str
    speaker_id: str
    mark: str


def take_down(stream: http.client.HTTPResponse, hear: Callable[[dict[str, Any]], None]) -> None:
    """Hand on what a stream of a room says, until its daemon ends."""
    try:
        with stream:
            for line in stream:
                if line.startswith(b"data: ") and line.endswith(b"\n"):
                    hear(json.loads(line.removeprefix(b"data: ")))
    except (OSError, http.client.HTTPException):
        return  # killed in the middle of a line


@contextmanager
def listening(process: DaemonProcess) -> Iterator[list[dict[str, Any]]]:
    """Listen in every room until the daemon ends, which it must within the block."""
    headers = {"Authorization": f"Bearer {(process.state / 'token').read_text(encoding='utf-8').strip()}"}
    heard: list[dict[str, Any]] = []
    threads = []
    for room in ROOMS:
        request = urllib.request.Request(f"{process.url}/api/v1/room/stream?room={room}", headers=headers)
        stream = urllib.request.urlopen(request, timeout=30)
        threads.append(threading.Thread(target=take_down, args=(stream, heard.append), daemon=True))
        threads[-1].start()
    yield heard
    for thread in threads:
        thread.join(30)


class Talk:
    """People who all speak at once, until nobody takes what they say."""

    def __init__(self, process: DaemonProcess, tokens: Sequence[str], name: str, rng: random.Random) -> None:
        self.accepted: list[Said] = []
        self._url, self._name = process.url, name
        self._parts = [(rng.choice(ROOMS), rng.choice(tokens), number) for number in range(MESSAGES)]
        self._threads, self._takings = ThreadPoolExecutor(20), threading.Semaphore(0)

    def begin(self, enough: int) -> None:
        """Say everything; return as soon as so much of it was accepted."""
        for part in self._parts:
            self._threads.submit(self._say, *part)
        for _ in range(enough):
            assert self._takings.acquire(timeout=20), f"only {len(self.accepted)} of {enough} were accepted"

    def end(self) -> None:
        self._threads.shutdown(wait=True)

    def _say(self, room: str, token: str, number: int) -> None:
        mark = f"{self._name}n{number:03}"
        body = json.dumps({"text": f"@zhiban products {mark}", "room": room}).encode()
        headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}
        request = urllib.request.Request(f"{self._url}/api/v1/room/messages", body, headers, method="POST")
        try:
            with urllib.request.urlopen(request, timeout=20) as answer:
                taken = json.loads(answer.read())
        except (OSError, http.client.HTTPException, ValueError):
            return  # the daemon was killed: nobody has told the speaker that it was taken
        self.accepted.append(Said(taken["id"], room, taken["sender_id"], mark))
        self._takings.release()


def faulty(rounds: int) -> list[str]:
    return [f"r{each}p{number:02}" for each in range(rounds) for number in range(NOTICES)]


def add_faults(folder: Path, rounds: int) -> None:
    """Write a catalogue in which every round has added products that have no price."""
    lines = [f"{product},Kettle,,EUR,5,Kitchen" for product in faulty(rounds)]
    part = folder / "shop.part"
    part.write_text("\n".join(["id,title,price,currency,stock,category", *lines]) + "\n", encoding="utf-8")
    part.replace(folder / "shop.csv")


def remembered(process: DaemonProcess) -> dict[str, str]:
    """Return what became of each message by the store, whether its daemon lives or not."""
    with closing(sqlite3.connect(f"file:{process.state}/zhiban.sqlite3?mode=ro", uri=True)) as store:
        return dict(store.execute("SELECT id, state FROM bot_messages ORDER BY seq"))


def room_notices(process: DaemonProcess) -> list[dict[str, Any]]:
    return [each for each in every(process, "/api/v1/notices") if each["channel"] == "group"]


def at_rest(process: DaemonProcess) -> bool:
    waiting = [each for each in room_notices(process) if each["state"] in {"queued", "sending"}]
    return not waiting and set(remembered(process).values()) <= {"done"}


def said_since(process: DaemonProcess) -> list[dict[str, Any]]:
    """Return what was said in every room of the daemon that runs now."""
    answers = [ask(process, "GET", f"/api/v1/room/messages?limit=500&room={room}") for room in ROOMS]
    return [message for answer in answers for message in answer.body["items"]]


def check_messages(
    accepted: Sequence[Said], at_death: dict[str, str], texts: Sequence[str], after: Sequence[dict[str, Any]]
) -> dict[str, list[bool]]:
    """Return for each room which messages that were done by the first daemon have got a reply, in their order."""
    replies = Counter(mark for text in texts for mark in re.findall(r"t\d+r\d+n\d{3}", text))
    assert set(replies.values()) <= {1}, "a message was answered twice"
    begun = [each for each in accepted if at_death.get(each.id) == "begun"]
    asked = {(each["room"], who) for each in after if "I was interrupted" in each["text"] for who in each["mentions"]}
    assert {(each.room, each.speaker_id) for each in begun} <= asked, "cut off, and not asked to repeat"
    assert {each.id for each in accepted} <= set(at_death), "a message was taken and not remembered"
    order = {id_: place for place, id_ in enumerate(at_death)}
    done = sorted((each for each in accepted if at_death.get(each.id) == "done"), key=lambda each: order[each.id])
    return {room: [bool(replies[each.mark]) for each in done if each.room == room] for room in ROOMS}


def check_notices(process: DaemonProcess, texts: Sequence[str], rounds: int) -> None:
    notices = room_notices(process)
    opened = {each["product_id"] for each in notices if each["news"] == "opened"}
    assert opened >= set(faulty(rounds)), "an incident was opened and nobody was told"
    assert {each["state"] for each in notices} <= {"sent", "unknown"}, Counter(each["state"] for each in notices)
    sent = [each for each in notices if each["state"] == "sent" and each["news"] == "opened" and each["product_id"]]
    unheard = {each["product_id"] for each in sent if not any(f"({each['product_id']})" in text for text in texts)}
    assert not unheard, "said to be sent, and never heard in any room"


def speak_over_notices(process: DaemonProcess, talk: Talk, rounds: int, rng: random.Random) -> None:
    """Return at any moment of a time in which notices come to be sent and somebody speaks."""
    add_faults(process.folder, rounds)
    until(lambda: len(room_notices(process)) >= rounds * NOTICES, 20, "notices")
    time.sleep(rng.uniform(0, 0.4))
    talk.begin(rng.randrange(MESSAGES // 5, MESSAGES + 1))
    time.sleep(rng.uniform(0, 0.05))


def fill_rooms(process: DaemonProcess, talk: Talk, rounds: int) -> None:
    """Return when all have spoken, no room may be told anything for now, and notices are on their way into them."""
    talk.begin(MESSAGES)
    add_faults(process.folder, rounds)

    def under_way() -> bool:
        notices = room_notices(process)
        return len(notices) >= rounds * NOTICES and any(each["state"] in {"queued", "sending"} for each in notices)

    until(under_way, 20, "notices on their way")
    states = remembered(process)
    assert "begun" in {states.get(each.id) for each in talk.accepted}, "no message is in flight"


def kill_and_check(folder: Path, rounds: int, seed: int) -> None:
    rng = random.Random(seed)
    texts: list[str] = []
    add_faults(folder, 0)
    with DaemonProcess(folder, CONFIG.format(folder=folder, room_sends=2 * REPLIES_AT_ONCE)) as process:
        made = [ask(process, "POST", "/api/v1/tokens", {"name": name, "role": "viewer"}) for name in SPEAKERS]
        tokens = [each.body["token"] for each in made]
        for number in range(1, rounds + 1):
            talk = Talk(process, tokens, f"t{seed}r{number}", rng)
            with listening(process) as before:
                if number % 2:
                    fill_rooms(process, talk, number)
                else:
                    speak_over_notices(process, talk, number, rng)
                assert process.process is not None
                process.process.kill()
                process.process.wait()
            talk.end()
            at_death = remembered(process)
            process.start()
            until(partial(is_ready, process), 30, "READY")
            until(partial(at_rest, process), 30, "nothing waits any more")
            after = said_since(process)
            texts += [each["text"] for each in (*before, *after) if each["by_bot"]]
            for answered in check_messages(talk.accepted, at_death, texts, after).values():
                # A room takes its turns in order, so only its last words can have died with it before they were
                # heard; and where all had been waiting for a while, not even those.
                assert answered == sorted(answered, reverse=True), "a message was done and never answered"
                assert all(answered) or number % 2 == 0, "a message was done before it was answered"
            check_notices(process, texts, number)


def test_a_death_while_all_speak_leaves_nobody_without_a_word(tmp_path: Path) -> None:
    kill_and_check(tmp_path, rounds=1, seed=1)


@pytest.mark.slow
@pytest.mark.timeout(300)
def test_five_deaths_while_all_speak_leave_nobody_without_a_word(tmp_path: Path) -> None:
    kill_and_check(tmp_path, rounds=5, seed=2)
