"""/sources: where products come from, how their last read went, and reading one now."""

from __future__ import annotations

from collections.abc import Mapping
from urllib.parse import urlsplit, urlunsplit

import msgspec

from daemon.config import SourceSection
from daemon.errors import NotFound
from daemon.forum.principals import Scope
from daemon.handlers.http.answers import Listed
from daemon.handlers.http.models import Flag, Query
from daemon.handlers.http.routes import Call, get, post
from daemon.products.imports import ImportReport, SourceState
from daemon.services.duty import Duty
from daemon.services.sources import poll


class ShownSource(msgspec.Struct, frozen=True, kw_only=True):
    """One source. configured: stands in config.toml, else it was imported by hand. interval_s: between two reads.

    location: a path, a URL, or the collection of a catalogue that lies elsewhere.
    """

    name: str
    configured: bool
    location: str = ""
    format: str = ""
    interval_s: float | None = None
    owner: str = ""
    state: SourceState | None = None


class ReadQuery(Query):
    """force: read even what says that it has not changed."""

    force: Flag = False


async def list_sources(call: Call) -> Listed[ShownSource]:
    """GET /sources."""
    states = await call.duty.ports.catalogue.sources()
    sections = {section.name: section for section in call.duty.config.sources}
    shop = _shop(call.duty, states)
    others = sorted(states.keys() - sections.keys() - {one.name for one in shop})
    named = (_shown(name, sections.get(name), states.get(name)) for name in (*sections, *others))
    return Listed((*shop, *named), None)


async def read_source_now(call: Call) -> ImportReport:
    """POST /sources/{name}/read."""
    name = call.path["name"]
    section = next((section for section in call.duty.config.sources if section.name == name), None)
    if section is None:
        raise NotFound(f"there is no source {name!r} in the configuration")
    return await poll(call.duty, section, force=call.asked(ReadQuery).force)


def _shown(name: str, section: SourceSection | None, state: SourceState | None) -> ShownSource:
    if section is None:
        return ShownSource(name=name, configured=False, state=state)
    return ShownSource(
        name=name,
        configured=True,
        location=section.path or without_secrets(section.url),
        format=section.format,
        interval_s=section.interval,
        owner=section.owner,
        state=state,
    )


def _shop(duty: Duty, states: Mapping[str, SourceState]) -> tuple[ShownSource, ...]:
    """Return the catalogue that lies elsewhere, if there is one."""
    if duty.ports.followed is None:
        return ()
    upstream, section = duty.ports.followed.upstream, duty.config.mongodb
    shown = ShownSource(
        name=upstream.name,
        configured=True,
        location=".".join(filter(None, (section.database, section.collection))),
        format=upstream.kind,
        interval_s=section.scan_interval,
        owner=section.owner,
        state=states.get(upstream.name),
    )
    return (shown,)


def without_secrets(url: str) -> str:
    """Return a URL without its user, password, query and fragment, any of which may hold a secret."""
    parts = urlsplit(url)
    return urlunsplit((parts.scheme, parts.netloc.rpartition("@")[2], parts.path, "", ""))


ROUTES = (
    get("/sources", list_sources, Listed[ShownSource], "List sources with the state of each"),
    post("/sources/{name}/read", read_source_now, ImportReport, "Read a source now", Scope.PRODUCTS_WRITE,
         query=ReadQuery, timed=False, refusals=(503,)),
)  # fmt: skip
