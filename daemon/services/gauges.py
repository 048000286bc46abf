"""Figures of /metrics that are asked of the stores when they are read, so that they are never stale."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping

from daemon.metrics import Metrics
from daemon.ports import Upstream
from daemon.services.duty import Duty

_READ_S = 2.0


async def refresh(duty: Duty, metrics: Metrics) -> None:
    """Ask the stores. Raises Unavailable, or TimeoutError after two seconds; older figures stay then."""
    followed = duty.ports.followed
    if followed:
        metrics.set_catalogue(_figures(followed.upstream))
    async with asyncio.timeout(_READ_S):
        counts = await duty.ports.incidents.counts()
        depth = await duty.ports.outbox.depth()
        products = await duty.ports.catalogue.count()
        if followed:
            metrics.set_catalogue({"unsettled_changes": await followed.unsettled()})
    metrics.set_incidents({state.value: count for state, count in counts.items()})
    metrics.set_outbox({(channel, state.value): count for (channel, state), count in depth.items()})
    metrics.products.set(products)


def _figures(upstream: Upstream) -> Mapping[str, float]:
    """Return what is shown of a catalogue that lies elsewhere; of its readings, once there was one."""
    figures: dict[str, float] = {
        "connected": upstream.connected,
        "live": upstream.live,
        "changes": upstream.changes,
        "conflicts": upstream.conflicts,
    }
    if upstream.read_at is None:
        return figures
    return figures | {
        "documents": upstream.documents,
        "rejected_documents": upstream.rejected,
        "last_read_timestamp_seconds": upstream.read_at.timestamp(),
        "read_duration_seconds": upstream.read_s,
    }
