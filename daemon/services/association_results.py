"""What searches found, as people see it and take it away."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import Any

from daemon.errors import NotFound
from daemon.ports import Actor, Search
from daemon.products.phrases import Language
from daemon.services.association import system
from daemon.services.duty import Duty


async def shown(duty: Duty, search: Search) -> Mapping[str, Any] | None:
    """Return a trajectory with what follows from it, None before there is one."""
    if search.result is None:
        return None
    cameras, ways = await system(duty).gallery.network()
    return await duty.ports.offload.run(partial(_json, search, cameras, ways), what="association.result")


async def exported(duty: Duty, actor: Actor, search: Search, form: str, language: Language) -> bytes:
    """Return a result to be taken away, which says who searched, in which case, and who took it. Raises NotFound."""
    if search.result is None:
        raise NotFound("this search has found nothing yet")
    cameras, ways = await system(duty).gallery.network()
    work = partial(_bytes, duty, actor, search, form, language, cameras, ways)
    return await duty.ports.offload.run(work, what="association.result")
