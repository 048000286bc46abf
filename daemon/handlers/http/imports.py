"""/products:import: one file, streamed to disk and then read."""

from __future__ import annotations

import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Annotated, Final, Literal

import msgspec
from pydantic import Field

from daemon.config import SourceSection
from daemon.errors import InvalidInput
from daemon.forum.principals import Scope
from daemon.handlers.http.bodies import stream_body
from daemon.handlers.http.models import Flag, Query, Word
from daemon.handlers.http.problems import WrongMediaType
from daemon.handlers.http.routes import Call, post
from daemon.products.feeds.options import FeedOptions
from daemon.products.imports import ImportReport
from daemon.services.duty import Duty
from daemon.services.imports import import_file, options_of

#: Content type to what the file is taken for, and the suffix of its name. CSV may be Shopify's: its header tells.
MEDIA: Final = {
    "text/csv": ("auto", ".csv"),
    "text/tab-separated-values": ("tsv", ".tsv"),
    "application/json": ("json", ".json"),
    "application/x-ndjson": ("jsonl", ".jsonl"),
    "application/jsonl": ("jsonl", ".jsonl"),
    "application/xml": ("merchant", ".xml"),
    "text/xml": ("merchant", ".xml"),
    "application/rss+xml": ("merchant", ".xml"),
    "application/atom+xml": ("merchant", ".xml"),
    "application/octet-stream": ("auto", ""),
}


class ImportQuery(Query):
    """Whose file it is and how to read it; what is given here wins over the content type and config.toml.

    partial: products of the source that the file does not name are left as they are. map: "field=column", as often as
    needed. name: what people call the file.
    """

    source: Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9_-]{0,39}$")] = "import"
    format: Literal["auto", "csv", "tsv", "shopify", "json", "jsonl", "merchant"] | None = None
    partial: Flag = True
    map: tuple[Annotated[str, Field(max_length=500, pattern=r"^[a-z_]+=[^\x00-\x1f\x7f]+$")], ...] = ()
    currency: Annotated[str, Field(pattern=r"^[A-Z]{3}$")] | None = None
    timezone: Annotated[str, Field(pattern=r"^[A-Za-z0-9_+/-]{1,64}$")] | None = None
    locale: Annotated[str, Field(pattern=r"^[A-Za-z0-9_-]{2,32}$")] | None = None
    id_prefix: Word | None = None
    name: Word = "(upload)"


async def import_products(call: Call) -> ImportReport:
    """POST /products:import."""
    asked, request = call.asked(ImportQuery), call.request
    if request.content_type not in MEDIA or "Content-Type" not in request.headers:
        given = request.headers.get("Content-Type", "of no type")
        raise WrongMediaType(f"the file is {given}, expected one of {', '.join(MEDIA)}")
    kind, suffix = MEDIA[request.content_type]
    options = _options(call.duty, asked, kind)
    async with _kept(call, suffix) as path:
        return await import_file(
            call.duty,
            path,
            source=asked.source,
            options=options,
            actor=call.actor.id,
            partial=asked.partial,
            label=asked.name,
        )


@asynccontextmanager
async def _kept(call: Call, suffix: str) -> AsyncIterator[Path]:
    """Keep the body in a file of its own until it has been read."""
    http, offload = call.duty.config.http, call.duty.ports.offload
    with tempfile.NamedTemporaryFile(prefix="zhiban-import-", suffix=suffix) as file:
        size = 0
        async for piece in stream_body(call.request, http.import_limit, http.body_timeout):
            size += await offload.run(lambda piece=piece: file.write(piece), what="import.write")  # type: ignore[misc]
        if not size:
            raise InvalidInput("the file is empty", (("", "expected a file in the body"),))
        await offload.run(file.flush, what="import.write")
        yield Path(file.name)


def _options(duty: Duty, asked: ImportQuery, kind: str) -> FeedOptions:
    """Return how to read a file of a source: as config.toml has it, where it names the source, and as was asked."""
    section = next((section for section in duty.config.sources if section.name == asked.source), None)
    known = options_of(duty.config, section or SourceSection(name=asked.source, path="-"))
    given = {
        name: value
        for name in ("currency", "timezone", "locale", "id_prefix")
        if (value := getattr(asked, name)) is not None
    }
    columns = dict(pair.split("=", 1) for pair in asked.map)
    return msgspec.structs.replace(known, format=asked.format or kind, map={**known.map, **columns}, **given)


ROUTES = (
    # Not repeatable by a key: importing the same file again changes nothing anyway.
    post("/products:import", import_products, ImportReport, "Import a file of products", Scope.PRODUCTS_WRITE,
         query=ImportQuery, media=tuple(MEDIA), repeatable=False, timed=False),
)  # fmt: skip
