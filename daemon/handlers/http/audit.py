"""/audit: who did what."""

from __future__ import annotations

from daemon.forum.principals import Scope
from daemon.handlers.http.answers import Listed, page
from daemon.handlers.http.models import Paged, Word
from daemon.handlers.http.routes import Call, get
from daemon.ports import AuditEntry


class AuditQuery(Paged):
    """Which entries. target: such as "incident:ID"."""

    target: Word | None = None


async def list_audit(call: Call) -> Listed[AuditEntry]:
    """GET /audit."""
    asked = call.asked(AuditQuery)
    return page(await call.duty.ports.audit.entries(asked.limit, asked.cursor, target=asked.target))


ROUTES = (
    get("/audit", list_audit, Listed[AuditEntry], "List who did what, newest first", query=AuditQuery,
        access=Scope.ADMIN),
)  # fmt: skip
