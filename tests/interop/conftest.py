"""Real foreign peers, each in a process of its own, on the loopback interface."""

from __future__ import annotations

import asyncio
import importlib.util
import shutil
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from daemon.adapters.mongo.collection import Collection, open_collection
from tests.acceptance.daemon_process import DaemonProcess
from tests.interop.mongo_shop import DRIVERS, Driver, section
from tests.interop.puppet_service import TOKEN, PuppetService
from tests.interop.shop import BROKEN, configuration, write_shop
from tests.interop.team import Team, until
from tests.mongo_server import MongoServer, Shop

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


@pytest.fixture
def daemon(service: PuppetService, tmp_path: Path) -> Iterator[DaemonProcess]:
    """A running daemon whose bot is at the puppet service."""
    write_shop(tmp_path)
    config = configuration(service.endpoint)
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


@pytest.fixture(params=DRIVERS)
def driver(request: pytest.FixtureRequest) -> Driver:
    name: Driver = request.param
    return name


@pytest.fixture
async def hurt(mongo: Shop, driver: Driver) -> AsyncIterator[tuple[MongoServer, Collection]]:
    """The shared server, to be given fail points, with one document."""
    if mongo.server is None:
        pytest.skip("fail points are only set in a server of our own")
    mongo.products.insert_one({"_id": 1, "count": 0})
    async with open_collection(section(driver), mongo.uri) as products:
        try:
            yield mongo.server, products
        finally:
            await asyncio.to_thread(mongo.server.heal)
