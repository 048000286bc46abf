"""docs/bot.md says what the bot does."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from daemon.adapters.local_room import HISTORY
from daemon.config import BotSection
from daemon.handlers.bot.commands.command import Command, role_for
from daemon.handlers.bot.commands.table import COMMANDS
from daemon.metrics import Metrics
from daemon.services.delivery import ROOM_MESSAGES
from tests.unit.handlers.http.api import api

PAGE = Path(__file__).parents[2].joinpath("docs", "bot.md").read_text(encoding="utf-8")
ROWS = re.findall(r"^\| `([^`]+)` \| (\S+) \| [^|]+ \| (\w+) \|$", PAGE, re.MULTILINE)
#: Commands that whoever may look can use to look, and which change something when a word is added.
CHANGE_WITH_A_WORD = {"subscribe", "on-call"}


@pytest.mark.parametrize("command", COMMANDS, ids=lambda command: command.names[0])
def test_every_command_is_listed_with_its_names_and_its_role(command: Command) -> None:
    name = command.names[0]
    (row,) = [row for row in ROWS if row[0] == name or row[0].startswith(f"{name} ")]
    assert row[1] == command.zh[0]
    if name not in CHANGE_WITH_A_WORD:
        assert row[2] == (role_for(command.needs).value if command.needs else "anyone")


def test_no_command_is_listed_that_is_not_there() -> None:
    assert len(ROWS) == len(COMMANDS)


def test_settings_and_metrics_that_it_names_are_there() -> None:
    limits = PAGE[PAGE.index("## Limits") : PAGE.index("## Is it there?")]
    named = re.findall(r"`([a-z_]+)`", limits)
    assert named
    assert set(named) <= BotSection.model_fields.keys()
    rendered = Metrics().render()[0].decode()
    for metric in re.findall(r"`(zhiban_bot_\w+)`", PAGE):
        assert metric.removesuffix("_total") in rendered


def test_figures_that_it_names_are_those_of_the_program() -> None:
    assert f"keeps {HISTORY} messages" in PAGE
    assert ROOM_MESSAGES == 5
    assert "at most five messages" in PAGE


async def test_routes_that_it_names_are_served() -> None:
    async with api() as service:
        document = (await service.get("/openapi.json")).json
    for method, path in re.findall(r"`(GET|POST) (/api/v1/room[a-z/]*)", PAGE):
        assert method.lower() in document["paths"][path]
