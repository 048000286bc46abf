"""The demonstration served for real, fetched for real, and judged by every rule."""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
from collections import Counter
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer
from aiohttp.typedefs import Handler

from daemon import demo
from daemon.adapters.clock import SystemClock
from daemon.adapters.pages import HttpPageFetcher
from daemon.config import NetworkSection
from daemon.demo.shop import Shop
from daemon.handlers.http.demo_shop import routes
from daemon.inference.executor import ThreadOffload
from daemon.products.evidence import Reach
from daemon.products.feeds import FeedOptions
from daemon.products.findings import CheckReport
from daemon.products.remedies import RemedyMode
from daemon.products.rulebook import Rulebook
from daemon.products.verdicts import Needs, Severity
from daemon.services.check_evidence import CheckFetcher
from daemon.services.check_files import CheckFile, CheckPlan, check_files

RULEBOOK = Rulebook.build({}, RemedyMode.SHADOW)
NETWORK = [rule.spec.id for rule in RULEBOOK.rules if rule.spec.needs is Needs.EVIDENCE]


ASKED = web.AppKey("asked", Counter)


@web.middleware
async def count(request: web.Request, handler: Handler) -> web.StreamResponse:
    request.app[ASKED][request.path] += 1
    return await handler(request)


@pytest.fixture
async def server() -> AsyncIterator[TestServer]:
    app = web.Application(middlewares=[count])
    app[ASKED] = Counter()
    app.add_routes(routes(Shop()))
    started = TestServer(app)
    async with started:
        yield started


@pytest.fixture
async def fetcher(server: TestServer) -> AsyncIterator[HttpPageFetcher]:
    network = NetworkSection.model_validate(
        {"allow": [f"127.0.0.1:{server.port}"], "host_interval": "0", "per_host": 16, "retries": 0}
    )
    offload = ThreadOffload(2, 256)
    async with HttpPageFetcher(network, SystemClock(), offload) as opened:
        yield opened
    await offload.close(1.0)


async def check(tmp_path: Path, server: TestServer, fetcher: HttpPageFetcher, time_s: float) -> CheckReport:
    now = datetime.now(UTC)
    path = demo.write_catalogue(tmp_path, now, f"http://127.0.0.1:{server.port}")
    bounded = CheckFetcher(fetcher, SystemClock(), time_s=time_s, at_once=16)
    plan = CheckPlan(rulebook=RULEBOOK, floor=Severity.INFO, now=now, fetcher=bounded)
    report, unreadable = await check_files([CheckFile(path, "demo.csv")], FeedOptions(), plan, lambda *_: None)
    assert not unreadable
    return report


async def test_network_rules_say_exactly_what_the_labels_say(
    tmp_path: Path, server: TestServer, fetcher: HttpPageFetcher
) -> None:
    report = await check(tmp_path, server, fetcher, 60)
    labels = demo.labels()
    said = {(f.rule, f.product, f.verdict) for f in report.findings if f.rule in NETWORK}
    bad = {(rule, product, "bad") for rule in NETWORK for product in labels.bad[rule]}
    unknown = {(rule, product, "unknown") for rule in NETWORK for product in labels.unknown[rule]}
    # One look is not enough to say that availability differs.
    first = {(rule, product, "unknown") for rule, product, _ in bad if rule == "page_availability_mismatch"}
    assert said == {row for row in bad if row[0] != "page_availability_mismatch"} | unknown | first


async def test_an_image_that_many_products_share_is_fetched_once(
    tmp_path: Path, server: TestServer, fetcher: HttpPageFetcher
) -> None:
    await check(tmp_path, server, fetcher, 60)
    asked = server.app[ASKED]
    assert asked["/demo/images/tea-1.png"] == 1
    assert asked["/demo/images/toy-1.png"] == 2  # moved.png leads there once more
    assert asked["/demo/products/tea-003"] == 1


async def test_what_there_was_no_time_to_fetch_is_unknown_and_never_bad(
    tmp_path: Path, server: TestServer, fetcher: HttpPageFetcher
) -> None:
    report = await check(tmp_path, server, fetcher, 0)
    found = [finding for finding in report.findings if finding.rule in NETWORK]
    assert {finding.verdict for finding in found} == {"unknown"}
    assert {finding.rule for finding in found} == set(NETWORK)


async def test_the_command_fetches_under_the_configuration_it_is_given(tmp_path: Path, server: TestServer) -> None:
    path = demo.write_catalogue(tmp_path, datetime.now(UTC), f"http://127.0.0.1:{server.port}")
    config = tmp_path / "config.toml"
    config.write_text(f'[network]\nallow = ["127.0.0.1:{server.port}"]\nhost_interval = "0"\nretries = 0\n')
    command = [sys.executable, "-m", "daemon", "check", "--json", "--rules", "image_broken,link_broken"]
    process = await asyncio.create_subprocess_exec(
        *command, "--config", str(config), str(path), stdout=subprocess.PIPE, stderr=subprocess.PIPE
    )
    out, err = await process.communicate()
    assert (process.returncode, err) == (1, b"")
    said = {(f["rule"], f["product"]) for f in json.loads(out)["findings"] if f["verdict"] == "bad"}
    labels = demo.labels()
    assert said == {(rule, product) for rule in ("image_broken", "link_broken") for product in labels.bad[rule]}


async def test_addresses_of_the_machine_itself_are_refused_unless_allowed(server: TestServer) -> None:
    offload = ThreadOffload(1, 16)
    async with HttpPageFetcher(NetworkSection(), SystemClock(), offload) as guarded:
        evidence = await guarded.image(f"http://127.0.0.1:{server.port}/demo/images/tea-1.png")
    await offload.close(1.0)
    assert evidence.reach is Reach.REFUSED
