"""/products:export: what the shop does not show yet."""

from __future__ import annotations

from typing import Annotated

import msgspec
from pydantic import Field

from daemon.handlers.http.answers import Listed
from daemon.handlers.http.models import Paged
from daemon.handlers.http.routes import Call, get
from daemon.services.exports import changed_page


class Changed(msgspec.Struct, frozen=True, kw_only=True):
    """A product whose status is another than in its source. reason: "remedy:RULE", or who set it; since: "" unknown."""

    id: str
    source: str
    status: str
    source_status: str
    reason: str
    since: str


class ChangedQuery(Paged):
    """Which source; any, when none is named."""

    source: Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9_-]{0,39}$")] | None = None


async def export_products(call: Call) -> Listed[Changed]:
    """GET /products:export."""
    asked = call.asked(ChangedQuery)
    rows, cursor = await changed_page(call.duty, asked.source, asked.limit, asked.cursor)
    return Listed(tuple(Changed(**row) for row in rows), cursor)


ROUTES = (
    get("/products:export", export_products, Listed[Changed], "List products whose status is not that of their source",
        query=ChangedQuery),
)  # fmt: skip
