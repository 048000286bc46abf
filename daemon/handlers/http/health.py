"""/healthz, /readyz and /metrics: for whoever looks after the daemon."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable, Mapping
from datetime import datetime
from http import HTTPStatus
from typing import Any

import msgspec
from aiohttp import web

from daemon.errors import ZhibanError
from daemon.forum.rooms import Connection
from daemon.handlers.http.answers import to_json
from daemon.handlers.http.routes import Call, Handler, Open, Route
from daemon.metrics import Metrics
from daemon.services import gauges
from daemon.services.association import AssociationStanding
from daemon.services.chat import ChatStanding
from daemon.services.duty import Duty

#: Seconds that a store has to answer in to be counted as usable.
_STORE_S = 2.0


class Health(msgspec.Struct, frozen=True):
    """The process is there and its event loop turns."""

    status: str


class BotHealth(msgspec.Struct, frozen=True, kw_only=True):
    """How the bot stands to its chat service. scan_url: to be opened by whoever has the account's phone."""

    messenger: str
    connection: Connection
    since: datetime
    name: str
    scan_url: str
    problem: str


class CatalogueHealth(msgspec.Struct, frozen=True, kw_only=True):
    """How the daemon stands to a catalogue that lies elsewhere. live: whether changes are told as they happen.

    read_at: when it was last read as a whole; what is served and checked meanwhile is what was last read.
    """

    kind: str
    name: str
    connected: bool
    since: datetime
    problem: str
    live: bool
    read_at: datetime | None
    documents: int
    rejected: int


class Readiness(msgspec.Struct, frozen=True, omit_defaults=True):
    """Whether requests are served as they should be, and which part keeps it from that.

    problems: what keeps parts from it. bot, catalogue, chat, association: left out where there is none; a daemon from
    which one of these is away is ready all the same.
    """

    ready: bool
    parts: Mapping[str, bool]
    problems: Mapping[str, str] = msgspec.field(default_factory=dict)
    bot: BotHealth | None = None
    catalogue: CatalogueHealth | None = None
    chat: ChatStanding | None = None
    association: AssociationStanding | None = None


async def healthz(_: Call) -> Health:
    """GET /healthz; touches no store."""
    return Health("ok")


class HealthRoutes:
    """Handlers over the state of one daemon. ready: whether it is past its start and not yet stopping."""

    def __init__(self, ready: Callable[[], bool], metrics: Metrics) -> None:
        self._ready, self._metrics = ready, metrics

    async def readyz(self, call: Call) -> web.Response:
        """GET /readyz; 503 while any part is not ready."""
        problem = await _store_problem(call.duty)
        parts = {"daemon": self._ready(), "store": not problem}
        ready = all(parts.values())
        status = HTTPStatus.OK if ready else HTTPStatus.SERVICE_UNAVAILABLE
        problems = {"store": problem} if problem else {}
        duty = call.duty
        searches = duty.association.standing if duty.association else None
        body = to_json(Readiness(ready, parts, problems, _bot(duty), _catalogue(duty), _chat(duty), searches))
        return web.Response(status=status, body=body, content_type="application/json")

    async def metrics(self, call: Call) -> web.Response:
        """GET /metrics; what stores know is asked of them now, and stays as it was where they cannot answer."""
        with contextlib.suppress(ZhibanError, TimeoutError):
            await gauges.refresh(call.duty, self._metrics)
        body, content_type = self._metrics.render(call.request.headers.get("Accept", ""))
        return web.Response(body=body, headers={"Content-Type": content_type})

    def routes(self) -> tuple[Route, ...]:
        """Return the routes."""
        return (
            _route("/healthz", healthz, Health, "Tell whether the process is alive"),
            _route("/readyz", self.readyz, Readiness, "Tell whether requests are served", refusals=(503,)),
            _route("/metrics", self.metrics, str, "Figures for Prometheus"),
        )


def _route(path: str, handler: Handler, answer: Any, summary: str, refusals: tuple[int, ...] = ()) -> Route:
    return Route(
        method="GET",
        path=path,
        operation=handler.__name__,
        summary=summary,
        access=Open.LOCAL,
        handler=handler,
        answer=answer,
        refusals=refusals,
    )


def _bot(duty: Duty) -> BotHealth | None:
    if duty.ports.messenger is None:
        return None
    standing = duty.ports.messenger.standing
    return BotHealth(
        messenger=duty.ports.messenger.name,
        connection=standing.connection,
        since=standing.since,
        name=standing.self_name,
        scan_url=standing.scan_url,
        problem=standing.problem,
    )


def _catalogue(duty: Duty) -> CatalogueHealth | None:
    if duty.ports.followed is None:
        return None
    upstream = duty.ports.followed.upstream
    return CatalogueHealth(**{name: getattr(upstream, name) for name in CatalogueHealth.__struct_fields__})


def _chat(duty: Duty) -> ChatStanding | None:
    return duty.chat.standing if duty.chat else None


async def _store_problem(duty: Duty) -> str:
    """Return why the store cannot be used, "" when it can."""
    try:
        async with asyncio.timeout(_STORE_S):
            await duty.ports.incidents.check()
    except ZhibanError as exc:
        return str(exc) or exc.code
    except TimeoutError:
        return f"no answer within {_STORE_S:g} s"
    return ""
