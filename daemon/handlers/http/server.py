"""The HTTP server: the application made from the route table, and its life on a socket."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Iterable, Sequence
from contextlib import asynccontextmanager
from importlib.metadata import version
from typing import Any, Final

from aiohttp import web

from daemon.config import HttpSection
from daemon.errors import Unavailable
from daemon.handlers.http.answers import to_json
from daemon.handlers.http.callers import Proxies
from daemon.handlers.http.connections import Connections
from daemon.handlers.http.endpoints import Endpoint, expect
from daemon.handlers.http.health import HealthRoutes
from daemon.handlers.http.middleware import METRICS, PROXIES, RUNNING, add_headers, told, watched
from daemon.handlers.http.openapi import document
from daemon.handlers.http.repeats import Repeats
from daemon.handlers.http.routes import Call, Route, get
from daemon.handlers.http.table import routes
from daemon.metrics import Metrics
from daemon.services.duty import Duty

#: The routes of an application.
ROUTES: Final[web.AppKey[tuple[Route, ...]]] = web.AppKey("routes", tuple)
#: Seconds in which cancelled requests and idle connections end.
_CLOSE_S: Final = 0.5


def build_app(
    duty: Duty, *, ready: Callable[[], bool], metrics: Metrics, extra_routes: Iterable[web.AbstractRouteDef] = ()
) -> web.Application:
    """Make the application of a daemon. extra_routes: open to everyone, such as the pages of a demonstration.

    ready: whether the daemon is past its start and not yet stopping.
    """
    app = web.Application(middlewares=[watched, told])
    app[METRICS] = metrics
    app[PROXIES] = Proxies.of(duty.config.http.trusted_proxies)
    app[RUNNING] = set()
    app.on_response_prepare.append(add_headers)
    app[ROUTES] = table = _with_document(routes(HealthRoutes(ready, metrics)))
    repeats = Repeats(duty.ports.clock)
    for route in table:
        app.router.add_route(route.method, route.path, Endpoint(route, duty, repeats).__call__, expect_handler=expect)
    app.add_routes(extra_routes)
    return app


def _with_document(table: Sequence[Route]) -> tuple[Route, ...]:
    written: dict[str, bytes] = {}

    async def get_openapi(_: Call) -> web.Response:
        """GET /openapi.json; made when it is first asked for."""
        if "" not in written:
            written[""] = to_json(document(whole, version("zhiban")))
        return web.Response(body=written[""], content_type="application/json")

    whole = (*table, get("/openapi.json", get_openapi, dict[str, Any], "Get this document"))
    return whole


class Serving:
    """A server on its socket. url: what to reach it by from this machine."""

    def __init__(self, runner: web.AppRunner, listener: asyncio.Server, running: set[asyncio.Task[object]]) -> None:
        self._runner, self._listener, self._running = runner, listener, running
        host, self.port = listener.sockets[0].getsockname()[:2]
        self.url = f"http://{f'[{host}]' if ':' in host else host}:{self.port}"

    async def close(self) -> None:
        """Stop listening, close idle connections, and wait for requests to be answered, however long that takes."""
        self._listener.close()
        if self._runner.server is not None:
            self._runner.server.pre_shutdown()
        while pending := {task for task in self._running if task is not asyncio.current_task()}:
            await asyncio.wait(pending)

    async def end(self) -> None:
        """Cancel requests that are still being answered, and close everything."""
        self._listener.close()
        for task in self._running:
            task.cancel()
        await self._runner.cleanup()


@asynccontextmanager
async def serve(app: web.Application, section: HttpSection) -> AsyncIterator[Serving]:
    """Listen until the block ends; what has not been answered by then is cancelled.

    Raises Unavailable when the address cannot be listened on.
    """
    runner = web.AppRunner(app, access_log=None, handle_signals=False, shutdown_timeout=_CLOSE_S)
    await runner.setup()
    try:
        serving = Serving(runner, await _listen(runner, app[PROXIES], section), app[RUNNING])
    except BaseException:
        await runner.cleanup()
        raise
    try:
        yield serving
    finally:
        await serving.end()


async def _listen(runner: web.AppRunner, proxies: Proxies, section: HttpSection) -> asyncio.Server:
    loop = asyncio.get_running_loop()
    if runner.server is None:
        raise Unavailable("the HTTP server did not start")
    connections = Connections(runner.server, section, proxies, loop)
    try:
        return await loop.create_server(connections, section.host, section.port)
    except OSError as exc:
        raise Unavailable(f"cannot listen on {section.host}:{section.port}: {exc.strerror or exc}") from exc
