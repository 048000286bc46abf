from __future__ import annotations

import asyncio
import os
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from daemon.adapters.sql import open_stores
from daemon.config import AuditSection, Config
from daemon.config.credentials import Secrets
from daemon.main.assembly import DATABASE
from daemon.main.audit_keys import audit_keys
from daemon.products.rulebook import Rulebook
from daemon.services import contacts
from daemon.services.duty import Duty
from tests.house import house
from tests.unit.test_main import config, on_duty

ROOT = Path(__file__).parents[2]


@pytest.fixture
def state(tmp_path: Path) -> Path:
    folder = tmp_path / "state"
    folder.mkdir(mode=0o700)
    return folder


async def zhiban(state: Path, *arguments: str) -> tuple[int, str, str]:
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "daemon", "contact", *arguments,
        stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE, cwd=ROOT,
        env={"PATH": os.environ["PATH"], "STATE_DIRECTORY": str(state), "PYTHONUTF8": "1"},
    )  # fmt: skip
    out, errors = await process.communicate()
    return process.returncode or 0, out.decode(), errors.decode()


async def bind(state: Path, code: str, contact_id: str) -> None:
    """Do what the bot does with a code, on the store."""
    async with open_stores(state / DATABASE, audit_keys(AuditSection(), Secrets({}), state, make=True)) as stores:
        ports = house().duty.ports
        held = replace(ports, bot=stores.bot, principals=stores.principals, audit=stores.audit)
        await contacts.bind(Duty(held, Config(), Rulebook(())), code, contact_id)


async def test_without_the_daemon_a_code_is_made_on_the_store_itself(state: Path) -> None:
    status, out, errors = await zhiban(state, "code", "梅", "--role", "viewer")
    assert (status, errors) == (0, "")
    assert len(out.strip()) == 8
    await bind(state, out.strip(), "c1")
    assert await zhiban(state, "list") == (0, "c1  梅  viewer\n", "")
    assert await zhiban(state, "unbind", "c1") == (0, "unbound c1\n", "")
    assert (await zhiban(state, "unbind", "c1"))[0] == 1
    assert await zhiban(state, "list") == (0, "", "")


async def test_while_the_daemon_runs_it_is_asked(state: Path) -> None:
    async with on_duty(state, config()):
        status, out, errors = await zhiban(state, "code", "Mei")
        assert (status, errors) == (0, "")
        assert len(out.strip()) == 8
        assert (await zhiban(state, "list"))[1] == ""
        status, _, errors = await zhiban(state, "code", "Mei", "--role", "admin")
        assert status == 1
        assert "Mei is operator, not admin" in errors
        assert (await zhiban(state, "unbind", "wxid@none"))[0] == 1


@pytest.mark.parametrize("arguments", [["code"], ["code", "Mei", "--role", "king"], ["unbind"], ["code", " "]])
async def test_wrong_usage_is_told_and_leaves_nothing_behind(state: Path, arguments: list[str]) -> None:
    status, out, errors = await zhiban(state, *arguments)
    assert (status, out) == (2, "")
    assert errors
