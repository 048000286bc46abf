"""The real server on a real socket, over stores in memory, with somebody of each role."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterable, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import aiohttp
from aiohttp import web

from daemon.config import ChannelSection, Config, HttpSection
from daemon.forum.principals import Role
from daemon.handlers.http.server import Serving, build_app, serve
from daemon.metrics import Metrics
from daemon.ports import Actor
from daemon.services import access
from tests.house import House, house


@dataclass(slots=True)
class Answer:
    status: int
    headers: Mapping[str, str]
    json: Any
    raw: bytes


@dataclass(slots=True)
class Api:
    home: House
    app: web.Application
    serving: Serving
    session: aiohttp.ClientSession
    tokens: dict[str, str]
    metrics: Metrics
    ready: bool = True

    async def ask(self, method: str, path: str, *, who: str | None = "admin", **more: Any) -> Answer:
        """Send a request with the token of a role, or none."""
        headers = dict(more.pop("headers", {}))
        if who is not None:
            headers["Authorization"] = f"Bearer {self.tokens[who]}"
        async with self.session.request(method, self.serving.url + path, headers=headers, **more) as response:
            raw = await response.read()
            document = "json" in response.content_type and raw
            return Answer(response.status, response.headers, await response.json() if document else None, raw)

    async def get(self, path: str, **more: Any) -> Answer:
        return await self.ask("GET", "/api/v1" + path, **more)

    async def post(self, path: str, **more: Any) -> Answer:
        return await self.ask("POST", "/api/v1" + path, **more)

    async def raw(self, sent: bytes, *, patience_s: float = 1.5) -> bytes:
        """Send bytes and return all that comes until the server closes. Raises TimeoutError when it does not."""
        reader, writer = await asyncio.open_connection("127.0.0.1", self.serving.port)
        try:
            writer.write(sent)
            async with asyncio.timeout(patience_s):
                return await reader.read()
        finally:
            writer.close()


@asynccontextmanager
async def api(
    http: HttpSection | None = None,
    home: House | None = None,
    *,
    config: Config | None = None,
    extra_routes: Iterable[web.AbstractRouteDef] = (),
) -> AsyncIterator[Api]:
    section = http or HttpSection()
    section = section.model_copy(update={"port": 0})
    chosen = config or Config(channels=(ChannelSection(name="box", min_severity="info"),))
    home = home or house(config=chosen.model_copy(update={"http": section}))
    tokens = {role.value: await token_of(home, role) for role in Role}
    metrics = Metrics()
    async with AsyncExitStack() as stack:
        made: list[Api] = []
        app = build_app(home.duty, ready=lambda: made[0].ready, metrics=metrics, extra_routes=extra_routes)
        serving = await stack.enter_async_context(serve(app, section))
        session = await stack.enter_async_context(aiohttp.ClientSession())
        made.append(Api(home, app, serving, session, tokens, metrics))
        yield made[0]


async def token_of(home: House, role: Role, **more: Any) -> str:
    _, secret = await access.create_token(home.duty.ports, Actor.daemon(), name=f"the {role}", role=role, **more)
    return secret


def an_hour_later(home: House) -> str:
    return (home.clock.now() + timedelta(hours=1)).isoformat()
