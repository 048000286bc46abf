"""The whole daemon in a process of its own, and the real puppet service in another: a team at work in its group."""

from __future__ import annotations

import re
import time

import pytest

pytest.importorskip("grpclib", reason="python-wechaty is not installed (extra `wechat`)")

from daemon.handlers.bot.commands.table import COMMANDS
from tests.acceptance.asking import every
from tests.interop.puppet_service import OTHER_ROOM
from tests.interop.shop import BROKEN, write_shop
from tests.interop.team import Team, until

#: What wechaty numbers as no text: files, voices, cards, histories, stickers, pictures, places, mini programs, notes,
#: money, links, films, posts, and what nobody knows. 13 is a message that was taken back.
NO_TEXT = (0, 1, 2, 3, 4, 5, 6, 8, 9, 10, 11, 12, 14, 15, 16, 99)
RECALLED = 13


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
        ("apply", f"apply {fourth}", rf"{fourth} asks for no decision"),
        ("drop", f"放弃 {fourth}", rf"{fourth} asks for no decision"),
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
        ("unsubscribe", "unsubscribe severity", r"This group hears: everything"),
        ("subscribe", "subscribe all", r"This group hears: everything"),
        ("on-call", "on-call me", r"On call: Mei"),
        ("track", "track 01a213fa", r"There is no search"),
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


async def test_what_is_no_text_is_counted_and_does_nothing_whatever_it_says(team: Team) -> None:
    handle = team.handle(await team.notice("q-1"), "q-1")
    for kind in (*NO_TEXT, RECALLED):
        await team.service.order(
            "message", id=f"odd-{kind}", type=kind, text=f"@ShopBot\u2005ack {handle}", mentionIdList=["bot"],
            timestamp=1000 * int(time.time()),
        )  # fmt: skip

    assert (await team.asks("version")).startswith("zhiban ")
    assert (team.counted("unsupported"), team.counted("recalled")) == (len(NO_TEXT), 1)
    assert len(await team.answers("alice")) == 1
    assert team.state("q-1") == "open"
