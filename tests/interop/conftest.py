"""Real foreign peers, each in a process of its own, on the loopback interface."""

from __future__ import annotations

import asyncio
import importlib.util
import shutil
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.interop.puppet_service import PuppetService

PUPPET = Path(__file__).parent / "puppet"


@pytest.fixture(scope="session")
def _puppet_installed() -> None:
    if importlib.util.find_spec("wechaty_puppet_service") is None:
        pytest.skip("python-wechaty is not installed (extra `wechat`)")
    if shutil.which("node") is None:
        pytest.skip("node is not installed, which the real puppet service runs on")
    if not (PUPPET / "node_modules" / "wechaty-puppet-service").is_dir():
        pytest.skip("the real puppet service is not installed: run `make interop`")


@pytest.fixture
async def service(_puppet_installed: None) -> AsyncIterator[PuppetService]:
    """A running puppet service with one room and an account that logs in by itself."""
    running = PuppetService(PUPPET / "service.mjs")
    await running.start()
    try:
        yield running
    finally:
        async with asyncio.timeout(10):
            await running.kill()
