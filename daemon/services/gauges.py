"""Figures of /metrics that are asked of the stores when they are read, so that they are never stale."""

from __future__ import annotations

import asyncio

from daemon.metrics import Metrics
from daemon.services.duty import Duty

_READ_S = 2.0


async def refresh(duty: Duty, metrics: Metrics) -> None:
    """Ask the stores. Raises Unavailable, or TimeoutError after two seconds; older figures stay then."""
    async with asyncio.timeout(_READ_S):
        counts = await duty.ports.incidents.counts()
        depth = await duty.ports.outbox.depth()
        products = await duty.ports.catalogue.count()
    metrics.set_incidents({state.value: count for state, count in counts.items()})
    metrics.set_outbox({(channel, state.value): count for (channel, state), count in depth.items()})
    metrics.products.set(products)
