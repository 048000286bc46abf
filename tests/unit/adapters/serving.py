"""A host on this machine to fetch from, and a clock on which nobody waits."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from datetime import datetime, timedelta
from typing import Any

from aiohttp import web
from aiohttp.test_utils import TestServer

from daemon.adapters.clock import SystemClock
from daemon.adapters.pages import HttpPageFetcher
from daemon.config import NetworkSection
from tests.house import Inline

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


class HurriedClock(SystemClock):
    """Sleeps end at once, with both clocks moved on; `slept` remembers them."""

    def __init__(self) -> None:
        self.slept: list[float] = []

    def now(self) -> datetime:
        return super().now() + timedelta(seconds=sum(self.slept))

    def monotonic(self) -> float:
        return super().monotonic() + sum(self.slept)

    async def sleep(self, seconds: float) -> None:
        self.slept.append(max(0.0, seconds))


@asynccontextmanager
async def serving(handler: Handler) -> AsyncIterator[str]:
    """Serve every path and method by one handler; yields the base URL without a slash at its end."""
    app = web.Application()
    app.router.add_route("*", "/{path:.*}", handler)
    async with TestServer(app, host="127.0.0.1") as server:
        yield str(server.make_url("")).rstrip("/")


@asynccontextmanager
async def fetching(clock: SystemClock | None = None, **given: Any) -> AsyncIterator[HttpPageFetcher]:
    """Open a fetcher that may reach this machine; keywords are those of the fetcher or of its section."""
    own = {name: given.pop(name) for name in ("resolver", "queue_limit_s", "lag_limit_s", "offload") if name in given}
    section = NetworkSection(**{"allow": ("127.0.0.1",), "host_interval": 0, "retries": 0, **given})
    offload = own.pop("offload", Inline())
    async with HttpPageFetcher(section, clock or HurriedClock(), offload, **own) as fetcher:
        yield fetcher


def picture(width: int = 300, height: int = 200, kind: str = "PNG", **options: Any) -> bytes:
    """Draw an image file."""
    from io import BytesIO

    from PIL import Image

    out = BytesIO()
    Image.new("RGB", (width, height), (200, 80, 60)).save(out, kind, **options)
    return out.getvalue()
