"""The whole daemon while the real puppet service dies, ends, is not there, refuses it, or logs its account out."""

from __future__ import annotations

import asyncio
import signal
import time
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("grpclib", reason="python-wechaty is not installed (extra `wechat`)")

from tests.acceptance.daemon_process import START_S, DaemonProcess
from tests.interop.puppet_service import TOKEN, PuppetService
from tests.interop.shop import BROKEN, configuration, write_shop
from tests.interop.tap import tapping
from tests.interop.team import Team, notices_among, until

RELOGIN_S = 5.0
OUTAGES = (1, 2, 3)


def command(text: str) -> dict[str, Any]:
    """Return what the service makes a message of, which it may tell of more than once."""
    return {"id": "said-once", "type": 7, "text": f"@ShopBot\u2005{text}", "mentionIdList": ["bot"],
            "timestamp": int(time.time() * 1000)}  # fmt: skip


async def all_sent(team: Team) -> None:
    """Wait until no notice waits any more."""
    await until(lambda: {one["state"] for one in team.sendings()} == {"sent"}, "all notices sent")


async def started_anew(team: Team, starts: int) -> None:
    """Wait until the puppet was started more often than that."""

    async def more() -> bool:
        return await team.service.starts() > starts

    await until(more, "another start of the puppet", RELOGIN_S)


async def repeated(team: Team, times: int) -> None:
    """Wait until messages were known again so often."""
    await until(lambda: team.counted("duplicate") == times, "the repeated message")


async def came_back(team: Team) -> list[str]:
    """Return what was said about messages that may have gone unanswered."""
    return [text for _, text, _ in await team.service.sent() if "please say again" in text.replace("\n", " ")]


async def end_well(daemon: DaemonProcess) -> None:
    """End the daemon as systemd does."""
    daemon.signal(signal.SIGTERM)
    status, _ = await asyncio.to_thread(daemon.wait_end, 10)
    assert status == 0


@pytest.mark.timeout(300)
async def test_a_service_that_is_killed_three_times_loses_and_doubles_nothing(team: Team) -> None:
    ack = command(f"ack {team.handle(await team.notice('q-1'), 'q-1')}")
    await team.service.order("message", **ack)
    await until(lambda: team.answers("alice"), "an answer to the first")
    acknowledged = team.incidents()["q-1"]
    await all_sent(team)
    sent = await team.service.sent()

    for outage in OUTAGES:
        await team.service.kill()
        await team.stands("connecting")
        assert team.bot()["problem"]
        write_shop(team.daemon.folder, *(f"r-{number}" for number in range(1, outage + 1)))
        await until(team.waits, "a notice that waits")
        await team.service.start()
        await team.stands("online", RELOGIN_S)
        await team.service.order("message", **ack)
        await team.notice(f"r-{outage}")
        await repeated(team, outage)
        await all_sent(team)
        assert (await team.asks("version")).startswith("zhiban ")
        assert len(await team.answers("alice")) == 1
        sent += await team.service.sent()

    told = {product: len(notices_among(sent, product)) for product in (*BROKEN, *(f"r-{n}" for n in OUTAGES))}
    assert told == dict.fromkeys(told, 1)
    assert team.incidents()["q-1"] == acknowledged == ("acknowledged", acknowledged[1])
    assert team.bot()["name"] == "ShopBot"
    await end_well(team.daemon)


async def test_an_event_stream_that_ends_in_good_order_is_opened_again(team: Team) -> None:
    ack = command(f"ack {team.handle(await team.notice('q-1'), 'q-1')}")
    await team.service.order("message", **ack)
    await until(lambda: team.answers("alice"), "an answer to the first")

    for end in (1, 2):
        starts = await team.service.starts()
        await team.service.end_stream()
        await started_anew(team, starts)
        await team.stands("online", RELOGIN_S)
        await team.service.order("again", id=ack["id"])
        await repeated(team, end)
        assert (await team.asks("version")).startswith("zhiban ")
    write_shop(team.daemon.folder, "r-1")
    await team.notice("r-1")
    await all_sent(team)

    assert [len(await team.notices(product)) for product in (*BROKEN, "r-1")] == [1] * 5
    assert len(await team.answers("alice")) == 3
    ends = [line for line in team.daemon.events("bot.connection_changed") if "was closed" in line["problem"]]
    assert [line["connection"] for line in ends] == ["connecting", "connecting"]
    await end_well(team.daemon)


async def test_a_service_that_is_not_there_at_the_start_is_waited_for(service: PuppetService, tmp_path: Path) -> None:
    await service.kill()
    write_shop(tmp_path)
    config = configuration(service.endpoint)
    with DaemonProcess(tmp_path, config, environment={"ZHIBAN_PUPPET_TOKEN": TOKEN}) as daemon:
        team = Team(service, daemon)
        await until(team.waits, "a notice that waits")
        bot = team.bot()
        assert bot["connection"] == "connecting"
        assert service.endpoint in bot["problem"]
        assert "connecting" in daemon.command("status").stdout

        await service.start()
        await team.stands("online", RELOGIN_S)
        await team.notice("q-1")
        await all_sent(team)
        await team.binds("alice", "Mei", "operator", private=True)
        assert (await team.asks("version")).startswith("zhiban ")
        assert [len(await team.notices(product)) for product in BROKEN] == [1] * 4
        await end_well(daemon)


async def test_a_token_that_is_refused_is_said_and_not_tried_in_a_loop(service: PuppetService, tmp_path: Path) -> None:
    write_shop(tmp_path)
    async with tapping(service.port) as tap:
        config = configuration(tap.endpoint)
        with DaemonProcess(tmp_path, config, environment={"ZHIBAN_PUPPET_TOKEN": "not-the-token"}) as daemon:
            team = Team(service, daemon)
            await team.stands("refused")
            await until(team.waits, "a notice that waits")
            await asyncio.sleep(2)

            assert "refuses the token" in team.bot()["problem"]
            assert tap.connections == 1
            assert len(daemon.events("bot.connection_changed")) == 1
            shown = await asyncio.to_thread(daemon.command, "status")
            assert "refused" in shown.stdout
            assert "refuses the token" in shown.stdout
            assert "not-the-token" not in daemon.log_text() + shown.stdout
            await end_well(daemon)
    assert await service.starts() == 0


async def test_a_logout_and_the_code_to_scan_are_shown_until_somebody_has_logged_in(team: Team) -> None:
    await team.service.order("logout")
    await team.stands("logged_out")
    assert team.daemon.events("bot.logged_out")
    await team.service.order("scan", qrcode="http://weixin.qq.com/x/abc")
    await team.stands("waiting_for_scan")
    link = team.bot()["scan_url"]

    assert link.endswith("http%3A%2F%2Fweixin.qq.com%2Fx%2Fabc")
    assert link in (await asyncio.to_thread(team.daemon.command, "status")).stdout
    assert [line["url"] for line in team.daemon.events("bot.scan_wanted")] == [link]
    await team.service.order("login")
    await team.stands("online")
    assert team.bot()["scan_url"] == ""
    assert (await team.asks("version")).startswith("zhiban ")


@pytest.mark.timeout(300)
async def test_a_service_that_freezes_leaves_what_was_under_way_unknown_and_gets_nothing_twice(team: Team) -> None:
    await team.notice("q-1")
    await all_sent(team)
    team.service.freeze()
    write_shop(team.daemon.folder, "r-1")
    await until(lambda: "unknown" in {one["state"] for one in team.sendings()}, "a notice of which nobody knows", 40)
    await team.stands("connecting")
    team.service.thaw()
    await team.stands("online", 30)
    write_shop(team.daemon.folder, "r-1", "r-2")
    await team.notice("r-2")

    assert len(await team.notices("r-1")) <= 1
    assert len(await team.notices("r-2")) == 1
    assert sorted({one["state"] for one in team.sendings()}) == ["sent", "unknown"]
    assert (await team.asks("version")).startswith("zhiban ")


async def test_a_daemon_that_is_killed_answers_nothing_again_and_says_that_it_was_away(team: Team) -> None:
    ack = command(f"ack {team.handle(await team.notice('q-1'), 'q-1')}")
    await team.service.order("message", **ack)
    await until(lambda: team.answers("alice"), "an answer to the first")
    await all_sent(team)
    acknowledged = team.incidents()["q-1"]

    for times in OUTAGES:
        team.daemon.signal(signal.SIGKILL)
        await asyncio.to_thread(team.daemon.wait_end, 10)
        await team.service.order("say", who="alice", text="@ShopBot\u2005status", mentions=["bot"])
        team.daemon.start().wait_told("READY", START_S)
        await team.stands("online")
        await team.service.order("again", id=ack["id"])
        await repeated(team, 1)
        assert (await team.asks("version")).startswith("zhiban ")
        assert team.incidents()["q-1"] == acknowledged
        assert len(await team.answers("alice")) == 1 + times
        await until(lambda: came_back(team), "a word about its absence")

    assert len(await came_back(team)) == 1
    assert [len(await team.notices(product)) for product in BROKEN] == [1] * 4
