"""schemathesis over the served OpenAPI document: no server error, no answer beside the schema, no wrong data taken."""

from __future__ import annotations

import asyncio
import os
import re
import sys
from collections.abc import AsyncIterator
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

import pytest
from openapi_spec_validator import validate

from daemon.config import AssociationSection, AuditSection, ChannelSection, Config, SourceSection
from daemon.forum.principals import Role, Scope
from daemon.handlers.http.openapi import refusals_of
from daemon.handlers.http.server import ROUTES
from daemon.products.product import Status, Unparsed
from daemon.services import passes
from tests.association_kit import site
from tests.bot_kit import AttentiveRoom
from tests.house import product
from tests.unit.handlers.http.api import Api, api, token_of

CONFIG = Path(__file__).with_name("schemathesis.toml")
#: The token that the test asks with must not be revoked by it, a stream that never ends has no answer to judge
#: (tests/unit/handlers/http/test_room.py does), and it writes no JSON Lines.
LEFT_OUT = ("revoke_token", "stream_room", "ingest_detections", "learn_passages")


@pytest.fixture
async def service(tmp_path: Path) -> AsyncIterator[Api]:
    """A daemon's API with something of everything in it."""
    (tmp_path / "shop.csv").write_text("id,title,price\nz,Tea,10\n", encoding="utf-8")
    config = Config(
        channels=(ChannelSection(name="box", min_severity="info"),),
        sources=(SourceSection(name="file", path=str(tmp_path / "shop.csv")),),
        association=AssociationSection(kind="on"),
        audit=AuditSection(secret="audit"),
    )
    async with api(config=config) as service:
        duty = service.home.duty
        rooms = AttentiveRoom(service.home.clock, rooms=("team", "attic"), inbox=100_000)
        duty.ports = replace(duty.ports, messenger=rooms, rooms=rooms)
        here = await site(passages=False, home=service.home)
        service.tokens["admin"] = await token_of(service.home, Role.ADMIN, scopes=frozenset(Scope))
        case = {"title": "theft", "purpose": "find a thief", "quota": 9, "expires_at": "2026-12-25T00:00:00Z"}
        made = await service.post("/association/cases", json=case)
        await service.post(f"/association/cases/{made.json['id']}/approvals", json={"reason": "no other way"})
        await service.home.shelve(
            product("a"),
            product("b/c ü", None),
            product("c", None, stock=Unparsed("1.234", ambiguous=True), images=("https://shop.example/a.png",)),
            product("d", status=Status.ARCHIVED),
            *(product(f"m{n:02}", None) for n in range(30)),
        )
        await passes.tick(service.home.duty)
        await service.post("/silences", json={"rule": "soldout_listed", "duration": "1h"})
        searching = asyncio.create_task(here.system.run())
        yield service
        searching.cancel()
        with suppress(asyncio.CancelledError):
            await searching


async def schemathesis(service: Api, examples: int, seed: int) -> tuple[int | None, str]:
    """Run it against the service; return its exit status and what it printed."""
    process = await asyncio.create_subprocess_exec(
        str(Path(sys.executable).with_name("schemathesis")),
        "--config-file", str(CONFIG),
        "run", f"{service.serving.url}/api/v1/openapi.json",
        "--header", f"Authorization: Bearer {service.tokens['admin']}",
        "--max-examples", str(examples),
        "--seed", str(seed),
        *(word for operation in LEFT_OUT for word in ("--exclude-operation-id", operation)),
        "--no-color",
        "--generation-database", "none",
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
        env={**os.environ, "COLUMNS": "200"},
    )  # fmt: skip
    output, _ = await process.communicate()
    return process.returncode, output.decode()


async def test_the_document_is_valid_openapi_and_names_every_route(service: Api) -> None:
    document = (await service.get("/openapi.json")).json
    validate(document)
    documented = {(method.upper(), path) for path, item in document["paths"].items() for method in item}
    served = {(route.method, route.path) for route in service.app[ROUTES]}
    assert documented == served
    for route in service.app[ROUTES]:
        operation = document["paths"][route.path][route.method.lower()]
        assert {str(route.status), *map(str, refusals_of(route))} == operation["responses"].keys()
        assert re.findall(r"\{(\w+)\}", route.path) == [p["name"] for p in operation["parameters"] if p["in"] == "path"]


@pytest.mark.timeout(110)
async def test_generated_requests_find_no_server_error_and_no_answer_beside_the_schema(service: Api) -> None:
    status, output = await schemathesis(service, examples=10, seed=1)
    assert status == 0, output
    assert_asked_enough(output, 1000)


@pytest.mark.slow
@pytest.mark.timeout(900)
@pytest.mark.parametrize("seed", [2, 3, 4])
async def test_many_generated_requests_find_nothing_either(service: Api, seed: int) -> None:
    status, output = await schemathesis(service, examples=100, seed=seed)
    assert status == 0, output
    assert_asked_enough(output, 3000)


def assert_asked_enough(output: str, least: int) -> None:
    found = re.search(r"(\d+) generated", output)
    assert found is not None, output
    assert int(found[1]) >= least, output
