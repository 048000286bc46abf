"""What happens around every request: its id, its log line and figures, and errors as problems."""

from __future__ import annotations

import asyncio
import re
import time
from collections.abc import Awaitable, Callable
from typing import Final

import structlog
from aiohttp import web

from daemon.errors import ZhibanError
from daemon.handlers.http import problems
from daemon.handlers.http.callers import Proxies
from daemon.handlers.http.connections import HEADERS, Connection
from daemon.handlers.http.problems import BadRequest
from daemon.metrics import Metrics
from daemon.products.ids import new_id

_log = structlog.get_logger()

METRICS: Final = web.AppKey("metrics", Metrics)
PROXIES: Final = web.AppKey("proxies", Proxies)
#: Tasks of the requests that are being answered.
RUNNING: Final[web.AppKey[set[asyncio.Task[object]]]] = web.AppKey("running", set)
#: Keys of a request: its id, the client's address, and the actor's id once known.
REQUEST_ID: Final = web.RequestKey("request_id", str)
ADDRESS: Final = web.RequestKey("address", str)
ACTOR: Final = web.RequestKey("actor", str)

_GIVEN_ID: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")
_CONTROL: Final = re.compile(r"[\x00-\x1f\x7f]")
_METHODS: Final = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})
#: Answered as done though the caller had gone: nginx's word for it.
_GONE: Final = 499

Next = Callable[[web.Request], Awaitable[web.StreamResponse]]


async def add_headers(request: web.Request, response: web.StreamResponse) -> None:
    """Set what every answer carries, unless its handler set its own."""
    for name, value in HEADERS.items():
        response.headers.setdefault(name, value)
    response.headers["Server"] = HEADERS["Server"]  # the library has set its own by now
    response.headers.setdefault("X-Request-ID", request.get(REQUEST_ID) or new_id())


@web.middleware
async def watched(request: web.Request, handler: Next) -> web.StreamResponse:
    """Give the request an id, count and time it, and log one line of it."""
    given = request.headers.get("X-Request-ID", "")
    request[REQUEST_ID] = given if _GIVEN_ID.fullmatch(given) else new_id()
    request[ADDRESS] = request.app[PROXIES].client(request)
    task = asyncio.current_task()
    connection = request.protocol
    if isinstance(connection, Connection):
        connection.headers_arrived()
    if task is not None:
        request.app[RUNNING].add(task)
        task.add_done_callback(request.app[RUNNING].discard)
    begun, status, problem, stream = time.perf_counter(), _GONE, "", False
    try:
        with structlog.contextvars.bound_contextvars(request_id=request[REQUEST_ID]):
            response = await handler(request)
        status, problem = response.status, response.get(problems.CODE, "")
        stream = not isinstance(response, web.Response)
        return response
    finally:
        if isinstance(connection, Connection):
            connection.answered()
        _finish(request, status, problem, time.perf_counter() - begun, stream=stream)


def _finish(request: web.Request, status: int, problem: str, seconds: float, *, stream: bool) -> None:
    resource = request.match_info.route.resource
    route = resource.canonical if resource is not None else "unmatched"
    method = request.method if request.method in _METHODS else "other"
    metrics = request.app[METRICS]
    metrics.http_requests.labels(method, route, str(status)).inc()
    if not stream:  # which takes as long as its reader likes
        metrics.http_seconds.labels(route).observe(seconds)
    fields = {"problem": problem} if problem else {}
    # The demonstration's own pages are fetched by the daemon itself, hundreds at a time.
    tell = _log.debug if route.startswith("/demo/") else _log.info
    tell(
        "request.finished",
        method=method,
        route=route,
        status=status,
        duration_ms=round(seconds * 1000, 3),
        request_id=request[REQUEST_ID],
        actor=request.get(ACTOR, ""),
        address=request[ADDRESS],
        **fields,
    )


@web.middleware
async def told(request: web.Request, handler: Next) -> web.StreamResponse:
    """Turn every error into a problem. A fault of ours is logged with its trace, which goes nowhere else."""
    try:
        if _CONTROL.search(request.path) or "\x00" in request.query_string:
            raise BadRequest("the URL holds a control character")  # noqa: TRY301 - told like all others
        return await handler(request)
    except ZhibanError as exc:
        if exc.http_status >= 500:
            _log.warning("request.failed", request_id=request[REQUEST_ID], reason=str(exc), kind=exc.code)
        return problems.of_error(exc, request[REQUEST_ID])
    except web.HTTPException as exc:
        if exc.status < 400:
            raise
        return problems.of_http_exception(exc, request, request[REQUEST_ID])
    except ConnectionError:
        raise  # the caller is gone
    except Exception:  # noqa: BLE001 - no fault of one request may end the daemon
        _log.exception("request.failed", request_id=request[REQUEST_ID])
        detail = "this request failed; the log says why under its request id"
        return problems.answer_of(500, "internal", detail, request[REQUEST_ID])
