"""Every route of the API: a new one is a row in its resource's file, a new resource a row here."""

from __future__ import annotations

from itertools import chain

from daemon.handlers.http import (
    audit,
    cameras,
    cases,
    chat,
    contacts,
    exports,
    imports,
    incidents,
    notices,
    passes,
    products,
    remedies,
    room,
    rules,
    searches,
    sightings,
    silences,
    sources,
    tokens,
)
from daemon.handlers.http.health import HealthRoutes
from daemon.handlers.http.routes import Route

RESOURCES = (
    products, imports, exports, incidents, remedies, silences, passes, rules, notices, sources, audit, tokens, contacts,
    room, chat, cases, searches, cameras, sightings,
)  # fmt: skip


def routes(health: HealthRoutes) -> tuple[Route, ...]:
    """Return all routes but that of the OpenAPI document itself."""
    return (*chain.from_iterable(resource.ROUTES for resource in RESOURCES), *health.routes())
