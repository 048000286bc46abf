"""The chat system in a daemon's life: loaded after READY, spoken with over the bot, in nobody's way at the end."""

from __future__ import annotations

import asyncio
import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from structlog.testing import capture_logs

from daemon.adapters.memory import MemoryStores
from daemon.config import Config
from daemon.errors import ConfigError
from daemon.inference.chat import loading
from daemon.main.chat import opened_chat
from daemon.main.reloading import kept_until_restart
from daemon.metrics import Metrics
from daemon.services.demonstration import Demonstration
from tests.bot_kit import bot
from tests.house import house
from tests.unit.test_main import config, memory_ports, on_duty

pytest.importorskip("opencc", reason="needs the extra chat")
ON = config(chat={"kind": "on"})


async def test_it_is_loaded_after_ready_and_said_in_the_log_and_in_readyz(tmp_path: Path) -> None:
    tmp_path.chmod(0o700)
    with capture_logs() as logs:
        async with memory_ports(ON) as ports:
            films = MemoryStores().films
            async with on_duty(tmp_path, ON, ports=replace(ports, films=films)) as running:
                async with asyncio.timeout(20):
                    while (await standing(running))["state"] != "on":  # noqa: ASYNC110 another task loads it
                        await asyncio.sleep(0.02)
                running.stop.set()
                async with asyncio.timeout(5):
                    await running.task
    events = [entry["event"] for entry in logs]
    assert events.index("daemon.started") < events.index("chat.loaded") < events.index("daemon.stopping")


async def standing(running: Any) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((await running.get("/readyz"))[1])["chat"]
    return found


async def test_what_the_bot_is_told_that_is_no_command_is_answered_by_it() -> None:
    home = house(config=ON)
    home.duty.ports = replace(home.duty.ports, films=home.stores.films)
    made = opened_chat(home.duty, Metrics())
    assert made is not None
    await made.load()
    async with bot(dialogue=made) as talking:
        (films,) = await talking.ask("@ShopBot chat: recommend me a comedy film", mentions=("bot-id",))
        assert "1. " in films
        (reply,) = await talking.ask("@ShopBot chat 晚安", mentions=("bot-id",))
        assert reply


def test_what_is_not_installed_is_told_before_anything_starts(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(loading, "_PACKAGES", ("numpy", "no_such_package"))
    with pytest.raises(ConfigError, match=r"zhiban\[chat\].*no_such_package"):
        opened_chat(house(config=ON).duty, Metrics())


def test_the_demonstration_switches_it_on() -> None:
    assert Demonstration(Path("/tmp"), "127.0.0.1:1").configured(Config()).chat.kind == "on"


def test_switching_it_on_or_off_takes_hold_at_the_next_start() -> None:
    assert kept_until_restart(config(), ON) == ["chat.kind"]
    assert kept_until_restart(ON, config(chat={"kind": "on", "turns": 4})) == []
