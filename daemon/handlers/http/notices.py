"""/notices: what went out to people, or is to go."""

from __future__ import annotations

from daemon.handlers.http.answers import Listed, page
from daemon.handlers.http.models import Paged
from daemon.handlers.http.routes import Call, get
from daemon.products.notices import Entry, EntryState


class NoticeQuery(Paged):
    """Which notices."""

    state: tuple[EntryState, ...] = ()


async def list_notices(call: Call) -> Listed[Entry]:
    """GET /notices."""
    asked = call.asked(NoticeQuery)
    return page(await call.duty.ports.outbox.find(asked.state, asked.limit, asked.cursor))


ROUTES = (get("/notices", list_notices, Listed[Entry], "List notices, newest first", query=NoticeQuery),)
