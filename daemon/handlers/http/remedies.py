"""/remedies: what the daemon did to products by itself, and taking it back."""

from __future__ import annotations

from daemon.forum.principals import Scope
from daemon.handlers.http.answers import Listed, page
from daemon.handlers.http.models import Paged, Word
from daemon.handlers.http.routes import Call, get, post
from daemon.products.remedies import Remedy, RemedyState
from daemon.services import settling


class RemedyQuery(Paged):
    """Which remedies."""

    state: tuple[RemedyState, ...] = ()
    rule: Word | None = None


async def list_remedies(call: Call) -> Listed[Remedy]:
    """GET /remedies."""
    asked = call.asked(RemedyQuery)
    return page(await call.duty.ports.incidents.find_remedies(asked.state, asked.limit, asked.cursor, rule=asked.rule))


async def get_remedy(call: Call) -> Remedy:
    """GET /remedies/{remedy_id}."""
    return await call.duty.ports.incidents.remedy(call.path["remedy_id"])


async def undo_remedy(call: Call) -> Remedy:
    """POST /remedies/{remedy_id}/undo."""
    return await settling.undo(call.duty, call.actor, call.path["remedy_id"])


ROUTES = (
    get("/remedies", list_remedies, Listed[Remedy], "List remedies, newest first", query=RemedyQuery),
    get("/remedies/{remedy_id}", get_remedy, Remedy, "Get a remedy"),
    post("/remedies/{remedy_id}/undo", undo_remedy, Remedy, "Take a remedy back", Scope.INCIDENTS_WRITE),
)
