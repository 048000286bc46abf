"""The real server over a small simulated site, with somebody who searches, somebody who administers and a stranger."""

from __future__ import annotations

import asyncio
import io
import json
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, suppress
from typing import Any

import aiohttp
import numpy as np
from PIL import Image

from daemon.config import AssociationSection
from daemon.forum.principals import Role, Scope
from daemon.ports import Actor
from daemon.services import access
from tests.association_kit import PURPOSE, Site, first_target, site
from tests.unit.handlers.http.api import Answer, Api, api

SEARCHES = "/association/searches"
#: The case is of mei, who searches; admin has the scope of the name; wang searches too, in no case.
_SCOPES = {
    "mei": (Role.OPERATOR, Scope.ASSOCIATION_SEARCH),
    "keeper": (Role.VIEWER, Scope.ASSOCIATION_ADMIN),
    "wang": (Role.VIEWER, Scope.ASSOCIATION_SEARCH),
}


@asynccontextmanager
async def served(
    section: AssociationSection | None = None, *, running: bool = True, fill: bool = True, passages: bool = True
) -> AsyncIterator[tuple[Api, Site]]:
    """A server over a site. running: searches are searched."""
    here = await site(section, fill=fill, passages=passages)
    async with api(home=here.home) as service:
        for name, (role, scope) in _SCOPES.items():
            _, service.tokens[name] = await access.create_token(
                here.home.duty.ports, Actor.daemon(), name=name, role=role, scopes=frozenset({scope})
            )
        work = asyncio.create_task(here.system.run()) if running else None
        try:
            yield service, here
        finally:
            if work is not None:
                work.cancel()
                with suppress(asyncio.CancelledError):
                    await work


def asked(here: Site, **more: Any) -> dict[str, Any]:
    """Return the body of a search of the first question's target."""
    return {"case": here.case.id, "purpose": PURPOSE, "detection": first_target().detection, **more}


def form(search: object, *pictures: bytes, more: Sequence[tuple[str, bytes]] = ()) -> aiohttp.FormData:
    """Return a form of a search, which is left out when it is None, and pictures."""
    made = aiohttp.FormData()
    if search is not None:
        raw = search if isinstance(search, bytes) else json.dumps(search).encode()
        made.add_field("search", io.BytesIO(raw), content_type="application/json")
    for content in pictures:
        made.add_field("picture", io.BytesIO(content), filename="a.png", content_type="image/png")
    for name, content in more:
        made.add_field(name, io.BytesIO(content), content_type="application/octet-stream")
    return made


def picture(seed: int = 1, width: int = 64, height: int = 128) -> bytes:
    """Return a PNG that is sharp and colourful enough to be embedded."""
    noise = np.random.default_rng(seed).integers(0, 255, (height // 8, width // 8, 3), np.uint8)
    out = io.BytesIO()
    Image.fromarray(noise).resize((width, height), Image.Resampling.NEAREST).save(out, "PNG")
    return out.getvalue()


async def begun(service: Api, here: Site, **more: Any) -> str:
    """Begin a search as mei; return its id."""
    answer = await service.post(SEARCHES, who="mei", json=asked(here, **more))
    assert answer.status == 202, answer.raw
    return str(answer.json["id"])


async def ended(service: Api, search_id: str, who: str = "mei") -> Answer:
    """Return a search once it has ended."""
    async with asyncio.timeout(20):
        while True:
            answer = await service.get(f"{SEARCHES}/{search_id}", who=who)
            if answer.json["state"] not in {"queued", "running"}:
                return answer
            await asyncio.sleep(0.01)


async def refusals(here: Site) -> list[str]:
    """Return the reasons of what was refused, oldest first."""
    return [reason for action, reason in await here.audited() if action == "search.refused"]
