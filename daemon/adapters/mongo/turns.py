"""One at a time for each product: reading it together with taking it over, and changing it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager


class Turns:
    """Whoever has the turn of a product is alone in reading its document and in storing what was read.

    So no older reading is stored after a newer one, also not where a document came to say again what it had said, and
    a change is stored before whatever came after it. A turn ends within the few timeouts of its own calls.
    """

    def __init__(self) -> None:
        self._ends: dict[str, asyncio.Event] = {}

    def taken(self) -> set[str]:
        """Return the products of which somebody has the turn."""
        return set(self._ends)

    @asynccontextmanager
    async def of(self, product_ids: Iterable[str]) -> AsyncIterator[None]:
        """Wait for the turn of all these products at once, and keep it meanwhile. Not to be asked for in a turn."""
        wanted = set(product_ids)
        while (busy := next((self._ends[name] for name in wanted if name in self._ends), None)) is not None:
            await busy.wait()
        end = asyncio.Event()
        self._ends.update(dict.fromkeys(wanted, end))
        try:
            yield
        finally:
            for name in wanted:
                del self._ends[name]
            end.set()
