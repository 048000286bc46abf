"""One row a route: the table that serves, checks permissions, documents and is tested."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from enum import Enum
from typing import Any, Final, TypeAlias, TypeVar

from aiohttp import web

from daemon.forum.principals import Scope
from daemon.handlers.http.models import Body, Query
from daemon.ports import Actor
from daemon.services.duty import Duty

PREFIX: Final = "/api/v1"
B = TypeVar("B", bound=Body)
Q = TypeVar("Q", bound=Query)


class Open(Enum):
    """Who may use a route, where that is not one scope."""

    SIGNED_IN = "any token that is good"
    LOCAL = "anyone on this machine, and tokens that may read from elsewhere"


def _keep_none(_: str) -> None:
    """Drop nothing, since nothing is kept."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """One request as a handler is given it: who asks, and what, already validated."""

    duty: Duty
    actor: Actor
    request: web.Request
    path: Mapping[str, str]
    query: Query | None = None
    body: Body | None = None
    revisions: frozenset[int] | None = None  # of If-Match; None: any
    drop_answers: Callable[[str], None] = _keep_none  # that are kept for repeats, by their subject

    def asked(self, kind: type[Q]) -> Q:
        """Return the query, which the route says is of this kind."""
        if not isinstance(self.query, kind):
            raise TypeError(f"the route has no {kind.__name__}")
        return self.query

    def sent(self, kind: type[B]) -> B:
        """Return the body, which the route says is of this kind."""
        if not isinstance(self.body, kind):
            raise TypeError(f"the route has no {kind.__name__}")
        return self.body


Handler: TypeAlias = Callable[[Call], Awaitable[Any]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Route:
    """One operation.

    access: a scope, or several of which one is enough. answer: type of what the handler returns, None for an empty
    answer; a web.Response that it returns goes out as it is. body_optional: a request without a body says nothing but
    defaults. media: content types of a body that the handler reads by itself. repeatable: takes an Idempotency-Key.
    subject: of a repeatable one, tells what an answer is about, so that a handler can drop it. timed: ends at
    http.request_timeout. produces: content type of an answer that goes out as it comes about. revision: "sent" with
    the answer as an ETag, or also "required" by If-Match.
    """

    method: str
    path: str
    operation: str
    summary: str
    access: Scope | tuple[Scope, ...] | Open
    handler: Handler
    answer: Any
    status: int = 200
    query: type[Query] | None = None
    body: type[Body] | None = None
    body_optional: bool = False
    media: tuple[str, ...] = ()
    repeatable: bool = False
    subject: Callable[[Call], str] | None = None
    timed: bool = True
    produces: str = ""
    revision: str = ""
    refusals: tuple[int, ...] = field(default=())  # statuses of its own, beside those that follow from the rest

    @property
    def tag(self) -> str:
        """Return the resource that it belongs to."""
        return self.path.removeprefix(PREFIX).strip("/").split("/")[0].split(":")[0]


def get(path: str, handler: Handler, answer: Any, summary: str, **more: Any) -> Route:
    """Return a route of the API that reads."""
    given = {"access": Scope.READ, **more}
    return Route(
        method="GET", path=PREFIX + path, operation=handler.__name__, summary=summary, handler=handler, answer=answer,
        **given,
    )  # fmt: skip


def post(path: str, handler: Handler, answer: Any, summary: str, access: Scope, **more: Any) -> Route:
    """Return a route of the API that acts."""
    given = {"repeatable": True, **more}
    return Route(
        method="POST", path=PREFIX + path, operation=handler.__name__, summary=summary, handler=handler, answer=answer,
        access=access, **given,
    )  # fmt: skip


def patch(path: str, handler: Handler, answer: Any, summary: str, access: Scope, **more: Any) -> Route:
    """Return a route of the API that changes what was read at a revision."""
    return Route(
        method="PATCH", path=PREFIX + path, operation=handler.__name__, summary=summary, handler=handler,
        answer=answer, access=access, revision="required", **more,
    )  # fmt: skip


def delete(path: str, handler: Handler, answer: Any, summary: str, access: Scope, **more: Any) -> Route:
    """Return a route of the API that ends something."""
    return Route(
        method="DELETE", path=PREFIX + path, operation=handler.__name__, summary=summary, handler=handler,
        answer=answer, access=access, **more,
    )  # fmt: skip
