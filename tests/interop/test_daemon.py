"""The whole daemon in a process of its own, and the real puppet service in another: a team at work in its group."""

from __future__ import annotations

import re
import signal
import time
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

pytest.importorskip("grpclib", reason="python-wechaty is not installed (extra `wechat`)")

from daemon.handlers.bot.commands.table import COMMANDS
from tests.acceptance.asking import every
from tests.acceptance.daemon_process import DaemonProcess
from tests.interop.puppet_service import OTHER_ROOM, ROOM, TOKEN, PuppetService
from tests.interop.team import Team, until

RELOGIN_S = 5.0
HEALTHY = tuple(f"p-{number:02}" for number in range(12))
BROKEN = ("q-1", "q-2", "q-3", "q-4")
CONFIG = """
[[sources]]
name = "shop"
path = "shop.csv"
interval = "1s"

[checks]
interval = "200ms"
network = false

[remedies]
mode = "on"
budget_count = 100
budget_percent = 100

[notices]
interval = "100ms"
group_wait = "500ms"
backoff = "200ms"
backoff_max = "1s"
digest_at = ""

[[channels]]
name = "group"
kind = "room"
timeout = "20s"

[bot]
kind = "wechat"
endpoint = "{endpoint}"
secret = "puppet-token"
rooms = ["{room}"]
language = "en"
per_person_per_minute = 1000
per_room_per_minute = 1000
sends_per_minute = 6000
room_sends_per_minute = 6000
"""


def write_shop(folder: Path, *more: str) -> None:
    """Write a catalogue in which some products lack their price."""
    lines = ["id,title,price,currency,stock,category"]
    lines += [f"{one},Kettle {one},12.50,EUR,5,Kitchen" for one in HEALTHY]
    lines += [f"{one},Teapot {one},,EUR,5,Kitchen" for one in (*BROKEN, *more)]
    part = folder / "shop.part"
    part.write_text("\n".join(lines) + "\n", encoding="utf-8")
    part.replace(folder / "shop.csv")


@pytest.fixture
def daemon(service: PuppetService, tmp_path: Path) -> Iterator[DaemonProcess]:
    write_shop(tmp_path)
    config = CONFIG.format(endpoint=service.endpoint, room=ROOM)
    with DaemonProcess(tmp_path, config, environment={"ZHIBAN_PUPPET_TOKEN": TOKEN}) as process:
        yield process


@pytest.fixture
async def team(service: PuppetService, daemon: DaemonProcess) -> AsyncIterator[Team]:
    """A group whose bot is logged in, with Alice bound as an operator in her private chat; remedies are done."""
    made = Team(service, daemon)
    await made.stands("online")
    await until(lambda: {made.status(product) for product in BROKEN} == {"unlisted"}, "the remedies")
    await made.binds("alice", "Mei", "operator", private=True)
    yield made
    assert TOKEN not in daemon.log_text()
    assert not daemon.events("message.failed")


def conversation(first: str, second: str, third: str, fourth: str) -> list[tuple[str, str, str]]:
    """Return every command, what is said, and how the answer reads; the handles are those of BROKEN, in order."""
    return [
        ("help", "help", r"Commands .*\n(.*\n)*ack - "),
        ("help", "帮助 接手", r"ack - .*\n(.*\n)*Needs the role operator"),
        ("version", "version", r"zhiban \S+ \(Python 3\."),
        ("status", "status", r"Open \d+, escalated 0, .*\n16 products\nLast pass .*: (finished|running)"),
        ("status", "状态", r"Open \d+, "),
        ("bind", "bind 1234-5678", r"This code is unknown"),
        ("incidents", "incidents critical open", rf"\d+ incidents:\n(.*\n)*.*{first} \[critical\] .*\(q-1\)"),
        ("incident", f"incident {first}", rf"{first} \[critical\].*\(q-1\)(.*\n)+.*undo {first}"),
        ("ack", f"ack {first}", rf"{first} is yours: .*q-1"),
        ("silence", f"silence {second} 2h", rf"{second} is silent until .*q-2"),
        ("close", f"close {third} priced by hand", rf"{third} is closed: .*q-3"),
        ("undo", f"undo {fourth}", rf"{fourth} is taken back, .*q-4.* is listed again"),
        ("products", "products Kettle", r"12 products:\n(.*Kettle p-\d\d.*\n){8}4 more: send more"),
        ("more", "more", r"(.*Kettle p-\d\d.*(\n|$)){4}"),
        ("product", "product p-00", r"p-00 Kettle p-00 \[listed\](.*\n)+Nothing is wrong"),
        ("recheck", "recheck p-00", r"Checking .*p-00.* now"),
        ("shelve", "shelve p-01", r".*p-01(.*\n)+Send yes within 60 s"),
        ("shelve", "yes", r"Done: .*p-01.* is off the shelf"),
        ("list", "上架 p-01", r".*p-01(.*\n)+Send yes within 60 s"),
        ("list", "是", r"Done: .*p-01.* is listed"),
        ("passes", "passes", r"Passes, newest first:\n(.*\n)*.*finished"),
        ("rules", "rules", r"\d+ rules:\n(.*\n)+\d+ more"),
        ("digest now", "digest now", r"Daily digest \S+: 3 open\n(.*\n)*Acknowledged: 1, silenced: 1"),
        ("mute", "mute 2h", r"No notices here until .* Sooner: unmute"),
        ("unmute", "unmute", r"Notices come here again"),
        ("subscribe", "subscribe severity major", r"This group hears: from major"),
        ("subscribe", "subscribe all", r"This group hears: everything"),
        ("on-call", "on-call me", r"On call: Mei"),
    ]


async def test_every_command_in_the_group_is_answered_to_its_asker(team: Team) -> None:
    notice = await team.notice("q-1")
    script = conversation(*(team.handle(notice, product) for product in BROKEN))
    assert {command for command, _, _ in script} == {command.names[0] for command in COMMANDS}

    for _, text, expected in script:
        answer = await team.asks(text)
        assert re.match(expected, answer), f"{text}: {answer}"

    assert [team.state(product) for product in BROKEN[:3]] == ["acknowledged", "silenced", "closed"]
    assert [team.status(product) for product in ("q-1", "q-4", "p-01")] == ["unlisted", "listed", "listed"]
    told = {entry["action"]: entry["actor"] for entry in every(team.daemon, "/api/v1/audit")}
    changes = ["incident.acknowledged", "incident.silenced", "incident.closed", "remedy.undone", "product.status_set"]
    assert {told.get(change) for change in changes} == {told["room.on_call_set"]}


async def test_a_notice_is_acknowledged_by_quoting_it(team: Team) -> None:
    await team.notice("q-1")
    write_shop(team.daemon.folder, "r-1")
    notice = await team.notice("r-1")
    quotation = f"「ShopBot：{notice}」\n- - - - - - - - - - - - - - -\n"

    await team.service.order("say", who="bob", text=f"{quotation}ack")
    await until(lambda: team.answers("bob"), "an answer to a stranger")
    assert team.state("r-1") == "open"
    await team.service.order("say", who="alice", text=f"{quotation}ack")
    answer = (await until(lambda: team.answers("alice"), "an answer to the quotation"))[0]

    assert f"{team.handle(notice, 'r-1')} is yours" in answer
    assert {product: team.state(product) for product in (*BROKEN, "r-1")} == {
        **dict.fromkeys(BROKEN, "open"), "r-1": "acknowledged",
    }  # fmt: skip


async def test_strangers_viewers_and_other_rooms_change_nothing(team: Team) -> None:
    notice = await team.notice("q-1")
    before, handle = team.incidents(), team.handle(notice, "q-1")
    wanted = [f"ack {handle}", f"close {handle} done", f"undo {handle}", f"silence {handle} 2h", "shelve p-01", "yes"]

    for text in wanted:
        await team.service.order("say", who="alice", text=f"@ShopBot\u2005{text}", mentions=["bot"], elsewhere=True)
    for text in wanted[:-1]:
        assert "I don't know you yet" in await team.asks(text, who="bob")
    await team.binds("bob", "Bo", "viewer", private=False)
    for text in wanted[:-1]:
        assert "needs the role operator; you are viewer" in await team.asks(text, who="bob")

    assert team.incidents() == before
    assert team.status("q-1") == "unlisted"
    assert team.status("p-01") == "listed"
    assert team.counted("room_not_allowed") == len(wanted)
    assert OTHER_ROOM not in {place for place, _, _ in await team.service.sent()}


async def test_a_service_that_is_killed_loses_and_doubles_nothing(team: Team) -> None:
    notice = await team.notice("q-1")
    ack = {"id": "said-once", "type": 7, "text": f"@ShopBot\u2005ack {team.handle(notice, 'q-1')}",
           "mentionIdList": ["bot"], "timestamp": int(time.time() * 1000)}  # fmt: skip
    await team.service.order("message", **ack)
    await until(lambda: team.answers("alice"), "an answer to the first")
    acknowledged = team.incidents()["q-1"]

    await team.service.kill()
    await team.stands("connecting")
    assert team.bot()["problem"]
    write_shop(team.daemon.folder, "r-1")
    await until(lambda: "r-1" in team.incidents(), "the incident")
    await until(team.waits, "a notice that waits")
    await team.service.start()
    await team.stands("online", RELOGIN_S)
    await team.service.order("message", **ack)
    await team.notice("r-1")

    await until(lambda: team.counted("duplicate") == 1, "the repeated message")
    await until(lambda: {one["state"] for one in team.sendings()} == {"sent"}, "all notices sent")
    assert (await team.asks("version")).startswith("zhiban ")
    assert len(await team.answers("alice")) == 1
    assert len(await team.notices("r-1")) == 1
    assert await team.notices("q-1") == []
    assert team.incidents()["q-1"] == acknowledged == ("acknowledged", acknowledged[1])
    assert team.bot()["name"] == "ShopBot"
    team.daemon.signal(signal.SIGTERM)
    assert team.daemon.wait_end(10)[0] == 0
