"""Evidence for one check by hand: fetched for a batch of products, within one time for the whole check."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import Final, TypeAlias

from daemon.ports import Clock, PageFetcher
from daemon.products.evidence import Evidence, Reach
from daemon.products.product import Product
from daemon.products.wanted import wanted_urls

_Fetch: TypeAlias = Callable[[str], Awaitable[Evidence]]

_NO_TIME: Final = "the time for the whole check was over before this was fetched"


class CheckFetcher:
    """Fetches what products point to, at most `at_once` URLs at a time, until `time_s` seconds are over.

    What is not fetched by then is evidence of our own overload, which no rule takes for a fault. Images are kept
    for the whole check, since products share them; pages are given up after their batch, since they are large.
    """

    def __init__(self, fetcher: PageFetcher, clock: Clock, *, time_s: float, at_once: int) -> None:
        self._fetcher = fetcher
        self._clock = clock
        self._at_once = at_once
        self._ends_at = clock.monotonic() + time_s
        self._images: dict[str, Evidence] = {}

    async def evidence(self, products: Sequence[Product], told: Callable[[], None]) -> dict[str, Evidence]:
        """Return evidence for every URL of the products. told: called after each fetch."""
        wanted = [wanted_urls(product) for product in products]
        images = dict.fromkeys(url for urls, _ in wanted for url in urls)
        pages = dict.fromkeys(link for _, link in wanted if link)
        fresh = await self._all(self._fetcher.image, [url for url in images if url not in self._images], told)
        self._images |= fresh
        return {url: self._images[url] for url in images} | await self._all(self._fetcher.page, list(pages), told)

    async def _all(self, fetch: _Fetch, urls: Sequence[str], told: Callable[[], None]) -> dict[str, Evidence]:
        found: dict[str, Evidence] = {}
        queue = iter(urls)

        async def work() -> None:
            for url in queue:
                found[url] = await self._one(fetch, url)
                told()

        async with asyncio.TaskGroup() as group:
            for _ in range(min(self._at_once, len(urls))):
                group.create_task(work())
        return found

    async def _one(self, fetch: _Fetch, url: str) -> Evidence:
        left = self._ends_at - self._clock.monotonic()
        if left > 0:
            try:
                async with asyncio.timeout(left):
                    return await fetch(url)
            except TimeoutError:
                pass
        return Evidence(url=url, fetched_at=self._clock.now(), reach=Reach.OVERLOADED, problem=_NO_TIME)
