"""What happens to a request of a route of the table: who asks, what they sent, the deed, the answer."""

from __future__ import annotations

import asyncio

from aiohttp import web

from daemon.errors import Unavailable
from daemon.handlers.http.answers import answer, revisions_of
from daemon.handlers.http.bodies import body_of, read_body
from daemon.handlers.http.callers import caller_of
from daemon.handlers.http.middleware import ACTOR, ADDRESS
from daemon.handlers.http.models import Body, Query, query_of
from daemon.handlers.http.problems import BadRequest, WrongMediaType
from daemon.handlers.http.repeats import Repeats
from daemon.handlers.http.routes import Call, Route
from daemon.ports import Actor
from daemon.services.duty import Duty


class Endpoint:
    """One route as aiohttp calls it."""

    def __init__(self, route: Route, duty: Duty, repeats: Repeats) -> None:
        self._route, self._duty, self._repeats = route, duty, repeats

    async def __call__(self, request: web.Request) -> web.StreamResponse:
        """Answer a request. Raises what the answer's problem tells of."""
        actor = await caller_of(request, self._duty.ports, self._route.access, request[ADDRESS])
        request[ACTOR] = actor.id
        limit_s = self._duty.config.http.request_timeout
        if not self._route.timed:
            return await self._act(request, actor)
        try:
            async with asyncio.timeout(limit_s) as deadline:
                return await self._act(request, actor)
        except TimeoutError:
            if not deadline.expired():
                raise
            raise Unavailable(f"this took longer than {limit_s:g} s; what was kept of it stays") from None

    async def _act(self, request: web.Request, actor: Actor) -> web.StreamResponse:
        route = self._route
        query = query_of(route.query or Query, request.query)
        revisions = revisions_of(request) if route.revision == "required" else None
        if route.media:
            call = Call(duty=self._duty, actor=actor, request=request, path=request.match_info, query=query)
            return await self._answer(call)
        raw = await self._raw(request)
        call = Call(
            duty=self._duty,
            actor=actor,
            request=request,
            path=request.match_info,
            query=query,
            body=await self._body(request, raw),
            revisions=revisions,
            drop_answers=self._repeats.drop,
        )
        if not route.repeatable:
            return await self._answer(call)
        subject = route.subject(call) if route.subject else ""
        return await self._repeats.once(request, actor, raw, lambda: self._whole(call), subject=subject)

    async def _raw(self, request: web.Request) -> bytes:
        http = self._duty.config.http
        if self._route.body is None:
            if request.body_exists and await read_body(request, http.body_limit, http.body_timeout):
                raise BadRequest("this request takes no body")
            return b""
        if self._route.body_optional and not request.body_exists:
            return b""
        if request.content_type != "application/json":
            given = request.headers.get("Content-Type", "of no type")
            raise WrongMediaType(f"the body is {given}, expected application/json")
        return await read_body(request, http.body_limit, http.body_timeout)

    async def _body(self, request: web.Request, raw: bytes) -> Body | None:
        route = self._route
        if route.body is None:
            return None
        if route.body_optional and not raw:
            return route.body()
        return await body_of(route.body, request, raw)

    async def _answer(self, call: Call) -> web.StreamResponse:
        value = await self._route.handler(call)
        return value if isinstance(value, web.StreamResponse) else self._told(value)

    async def _whole(self, call: Call) -> web.Response:
        """Return an answer that can be kept and given again."""
        value = await self._route.handler(call)
        return value if isinstance(value, web.Response) else self._told(value)

    def _told(self, value: object) -> web.Response:
        return answer(value, self._route.status, revision=bool(self._route.revision))


async def expect(request: web.Request) -> None:
    """Ask for the body where the caller waits to be asked; other expectations are passed over (RFC 9110, 10.1.1)."""
    if request.headers.get("Expect", "").lower() == "100-continue":
        await request.writer.write(b"HTTP/1.1 100 Continue\r\n\r\n")
        request.writer.output_size = 0
