"""The bot in a daemon's life: it starts last, stops first, and keeps nobody from being ready or from ending."""

from __future__ import annotations

import asyncio
import json
import sys
from collections.abc import Awaitable, Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import msgspec
import pytest
from structlog.testing import capture_logs

from daemon.adapters.local_room import LocalRoom
from daemon.adapters.memory import FakeClock, MemoryStores
from daemon.adapters.room_channel import RoomNotifier
from daemon.config import Config
from daemon.config.credentials import Secrets
from daemon.errors import ConfigError
from daemon.forum.rooms import Connection, RoomMessage
from daemon.handlers.bot.coming_back import BEGAN_AT
from daemon.jobs.pass_figures import PassFigures
from daemon.jobs.scheduler import Scheduler
from daemon.jobs.table import jobs
from daemon.main.assembly import open_ports
from daemon.main.bot import Bot, notice_rooms
from daemon.main.reloading import Reload, kept_until_restart
from daemon.metrics import Metrics
from daemon.ports import Batch, Ports
from daemon.services.demonstration import Demonstration
from tests.bot_kit import ScriptedMessenger
from tests.house import house
from tests.unit.test_main import Running, config, memory_ports, on_duty

ROOM_CHANNEL = {"name": "room", "kind": "room"}


def local(**sections: Any) -> Config:
    return config(**{"bot": {"kind": "local", "language": "en"}, "channels": [ROOM_CHANNEL], **sections})


class Chat:
    """A Dialogue that answers when it is let."""

    def __init__(self) -> None:
        self.asked, self.let = asyncio.Event(), asyncio.Event()

    async def reply(self, session: str, text: str) -> str:
        self.asked.set()
        await self.let.wait()
        return f"you said {text}"


def with_bot(ports: Ports, stores: MemoryStores, place: LocalRoom, **more: Any) -> Ports:
    return replace(ports, messenger=place, rooms=place, bot=stores.bot, **more)


async def say(running: Running, text: str) -> None:
    token = (running.state / "token").read_text(encoding="utf-8").strip()
    headers = {"Authorization": f"Bearer {token}"}
    url = f"{running.url}/api/v1/room/messages"
    async with running.session.post(url, json={"text": text}, headers=headers) as answer:
        assert answer.status == 201, await answer.text()


async def until(check: Callable[[], Awaitable[object]]) -> None:
    async with asyncio.timeout(10):
        while not await check():  # noqa: ASYNC110 another task does it
            await asyncio.sleep(0.005)


async def answers(place: LocalRoom) -> list[RoomMessage]:
    return [said for said in await place.history("team") if said.by_bot]


@pytest.fixture
def state(tmp_path: Path) -> Path:
    tmp_path.chmod(0o700)
    return tmp_path


async def test_a_daemon_with_its_own_room_answers_in_it_over_http(state: Path) -> None:
    settings = local()
    async with open_ports(settings, state, Secrets({})) as ports, on_duty(state, settings, ports=ports) as running:
        assert isinstance(ports.messenger, LocalRoom)
        await say(running, "@zhiban status")
        room = ports.messenger
        await until(lambda: answers(room))
        (answer,) = await answers(room)
        _, readiness = await running.get("/readyz")
        _, metrics = await running.get("/metrics")

    assert answer.text.startswith("@local Open 0")
    bot = json.loads(readiness)["bot"]
    assert (bot["messenger"], bot["connection"], bot["name"]) == ("local", "online", "zhiban")
    assert 'zhiban_bot_connection{state="online"} 1.0' in metrics
    assert 'zhiban_bot_connection{state="refused"} 0.0' in metrics
    assert room.standing.connection is Connection.STOPPED


async def test_a_message_in_hand_is_answered_before_the_end_and_the_stream_ends_with_it(state: Path) -> None:
    settings, chat, stores = local(), Chat(), MemoryStores()
    async with memory_ports(settings) as plain:
        place = LocalRoom(plain.clock)
        ports = with_bot(plain, stores, place, dialogue=chat)
        with capture_logs() as logs:
            async with on_duty(state, settings, ports=ports) as running:
                token = (state / "token").read_text(encoding="utf-8").strip()
                async with running.session.get(
                    f"{running.url}/api/v1/room/stream", headers={"Authorization": f"Bearer {token}"}
                ) as stream:
                    await say(running, "@zhiban good morning")
                    async with asyncio.timeout(5):
                        await chat.asked.wait()
                    running.stop.set()
                    await asyncio.sleep(0.02)
                    assert not running.task.done()
                    chat.let.set()
                    async with asyncio.timeout(5):
                        told = (await stream.content.read()).decode()
                        await running.task

    assert "you said good morning" in told
    assert not [line for line in logs if line["event"] == "daemon.hurried"]
    assert await stores.bot.interrupted() == []


async def test_a_message_cut_off_by_the_end_is_asked_for_again_by_the_next_daemon(state: Path) -> None:
    settings, stores = local(shutdown={"grace": "50ms"}), MemoryStores()
    async with memory_ports(settings) as plain:
        place, chat = LocalRoom(plain.clock), Chat()
        async with on_duty(state, settings, ports=with_bot(plain, stores, place, dialogue=chat)) as running:
            await say(running, "@zhiban good morning")
            async with asyncio.timeout(5):
                await chat.asked.wait()
            running.stop.set()
            async with asyncio.timeout(5):
                await running.task
        assert await answers(place) == []
        fresh = LocalRoom(plain.clock)
        async with on_duty(state, settings, ports=with_bot(plain, stores, fresh)):
            await until(lambda: answers(fresh))
        (answer,) = await answers(fresh)

    assert answer.text.startswith("@local ")
    assert "good morning" not in answer.text


@pytest.mark.parametrize(("confirms", "rooms_told"), [(False, ["r1@chatroom"]), (True, [])])
async def test_after_a_death_the_rooms_of_a_service_that_keeps_no_queue_hear_of_it(
    state: Path, confirms: bool, rooms_told: list[str]
) -> None:
    settings = local(bot={"kind": "wechat", "notice_rooms": ["r1@chatroom"]}, shutdown={"grace": "50ms"})
    stores = MemoryStores()
    async with memory_ports(settings) as plain:
        messenger = ScriptedMessenger(FakeClock(), confirms=confirms)
        ports = replace(plain, messenger=messenger, bot=stores.bot)
        for _ in range(2):
            async with on_duty(state, settings, ports=ports):
                await asyncio.sleep(0.02)
        assert messenger.sent == []  # the first one ended as it should
        await plain.incidents.commit(Batch(progress={BEGAN_AT: "2026-11-25T03:00:00+00:00"}))
        async with on_duty(state, settings, ports=ports):
            await asyncio.sleep(0.05)

    assert [sent.conversation_id for sent in messenger.sent] == rooms_told


async def test_a_bot_that_is_away_keeps_the_daemon_from_nothing_and_shows_the_code_to_scan(state: Path) -> None:
    class Waiting(ScriptedMessenger):
        @property
        def standing(self) -> Any:

            return msgspec.structs.replace(super().standing, scan_url="https://example.com/qr", problem="scan me")

    settings = local(bot={"kind": "wechat", "notice_rooms": ["r1@chatroom"]})
    home = house()
    async with memory_ports(settings) as plain:
        messenger = Waiting(home.clock, connection=Connection.WAITING_FOR_SCAN)
        ports = replace(plain, messenger=messenger, bot=MemoryStores().bot)
        async with on_duty(state, settings, ports=ports) as running:
            status, readiness = await running.get("/readyz")

    bot = json.loads(readiness)["bot"]
    assert status == 200
    assert (bot["connection"], bot["scan_url"], bot["problem"]) == (
        "waiting_for_scan", "https://example.com/qr", "scan me",
    )  # fmt: skip


async def test_without_a_bot_readyz_does_not_speak_of_one(state: Path) -> None:
    async with on_duty(state, config()) as running:
        assert "bot" not in json.loads((await running.get("/readyz"))[1])


def test_status_tells_where_to_scan(capsys: pytest.CaptureFixture[str]) -> None:
    from daemon.cli.status import _tell

    bot = {
        "name": "Shop\x1b[2J",
        "messenger": "wechat",
        "connection": "waiting_for_scan",
        "since": "2026-11-25T03:00:00Z",
        "scan_url": "https://example.com/qr",
        "problem": "a phone has to scan",
    }
    _tell({"url": "http://x", "ready": True, "bot": bot})

    out = capsys.readouterr().out
    assert "(wechat): waiting_for_scan since 2026-11-25T03:00:00, a phone has to scan" in out
    assert "open and scan with the phone: https://example.com/qr" in out
    assert "\x1b[2J" not in out


class TestRooms:
    def test_every_channel_that_is_a_room_gets_a_notifier(self) -> None:
        home = house(config=local(channels=[{"name": "log"}, ROOM_CHANNEL, {**ROOM_CHANNEL, "name": "loud"}]))
        place = LocalRoom(home.clock)
        home.duty.ports = with_bot(home.duty.ports, home.stores, place)
        Bot(home.duty, place, home.stores.bot, Metrics())

        notifiers = home.duty.ports.notifiers
        assert {name for name, each in notifiers.items() if isinstance(each, RoomNotifier)} == {"room", "loud"}

    def test_notices_go_to_the_rooms_that_are_named_or_to_all(self) -> None:
        place = LocalRoom(house().clock, rooms=("a", "b"))
        bot = local(bot={"kind": "local", "rooms": ["a", "b"]}).bot
        assert notice_rooms(bot, place) == ("a", "b")
        assert notice_rooms(bot.model_copy(update={"notice_rooms": ("b",)}), place) == ("b",)
        assert notice_rooms(local().bot, LocalRoom(house().clock)) == ("team",)

    def test_a_room_that_is_not_there_is_a_fault_of_the_configuration(self) -> None:
        bot = local(bot={"kind": "local", "notice_rooms": ["attic"]}).bot
        with pytest.raises(ConfigError, match=r"there is no room 'attic'; bot\.rooms has team"):
            notice_rooms(bot, LocalRoom(house().clock))


class TestOpening:
    async def test_wechat_without_its_libraries_says_what_to_install(
        self, state: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setitem(sys.modules, "daemon.adapters.wechat", None)
        settings = config(bot={"kind": "wechat", "endpoint": "127.0.0.1:1", "secret": "puppet"})
        with pytest.raises(ConfigError, match=r"pip install 'zhiban\[wechat\]'"):
            async with open_ports(settings, state, Secrets({"ZHIBAN_PUPPET": "x"})):
                pass

    async def test_no_bot_opens_nothing(self, state: Path) -> None:
        async with open_ports(config(), state, Secrets({})) as ports:
            assert ports.messenger is None
            assert ports.rooms is None
            assert ports.bot is not None


class TestReload:
    def test_what_of_the_bot_takes_hold_at_a_restart_only_is_named_and_kept(self, tmp_path: Path) -> None:
        path = tmp_path / "config.toml"
        path.write_text('[bot]\nkind = "local"\nname = "other"\nlanguage = "zh"\n', encoding="utf-8")
        home = house(config=local())
        metrics = Metrics()
        figures = PassFigures(metrics)
        scheduler = Scheduler(jobs(home.duty, figures), home.clock)
        reload = Reload(path=path, duty=home.duty, scheduler=scheduler, figures=figures, metrics=metrics, shape=_same)
        with capture_logs() as logs:
            assert reload.run()

        assert (home.duty.config.bot.name, home.duty.config.bot.language) == ("zhiban", "zh")
        (warning,) = [line for line in logs if line["event"] == "config.restart_needed"]
        assert "bot.name" in warning["sections"]
        assert kept_until_restart(local(), local(bot={"kind": "local", "language": "zh"})) == []


def _same(found: Config) -> Config:
    return found


class TestDemonstration:
    def test_it_has_a_room_with_notices_in_it(self, tmp_path: Path) -> None:
        shown = Demonstration(tmp_path, "127.0.0.1:8080").configured(Config())
        assert shown.bot.kind == "local"
        assert [channel.kind for channel in shown.channels] == ["log", "room"]

    def test_a_bot_and_a_room_of_the_configuration_stay_as_they_are(self, tmp_path: Path) -> None:
        given = local(channels=[{**ROOM_CHANNEL, "min_severity": "info"}])
        shown = Demonstration(tmp_path, "127.0.0.1:8080").configured(given)
        assert shown.bot == given.bot
        assert shown.channels == given.channels


async def test_the_name_to_mention_is_that_of_the_principal_here_and_the_services_own_elsewhere() -> None:
    home = house(config=local())
    place = LocalRoom(home.clock)
    home.duty.ports = with_bot(home.duty.ports, home.stores, place)
    bot = Bot(home.duty, place, home.stores.bot, Metrics())
    assert await bot._named("nobody") == "nobody"
    home.duty.ports = replace(home.duty.ports, rooms=None)
    assert await bot._named("wxid_1") == ""
