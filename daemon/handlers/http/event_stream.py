"""Server-sent events (WHATWG HTML, section 9.2) for whoever follows something."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncGenerator, AsyncIterator
from typing import Final

from aiohttp import web

EVENT_STREAM: Final = "text/event-stream"
#: Seconds after which a quiet stream says that it is still there; proxies close what says nothing for a minute.
HEARTBEAT_S: Final = 15.0
#: Milliseconds that a reader of a stream waits before it comes again.
_RETRY_MS: Final = 1000


async def stream_events(request: web.Request, events: AsyncGenerator[bytes, None]) -> web.StreamResponse:
    """Write events as they come about, each a whole frame, until they end or the reader has gone."""
    response = web.StreamResponse(headers={"Content-Type": EVENT_STREAM, "X-Accel-Buffering": "no"})
    await response.prepare(request)
    try:
        async with contextlib.aclosing(events), contextlib.aclosing(_frames(events)) as frames:
            async for frame in frames:
                await response.write(frame)
        await response.write_eof()
    except ConnectionError:
        pass  # the reader has gone, as readers do
    except Exception:
        if request.transport is not None:  # no problem can be told any more, and the reader would wait for ever
            request.transport.close()
        raise
    return response


async def _frames(events: AsyncIterator[bytes]) -> AsyncGenerator[bytes, None]:
    """Iterate over events, and comments where nothing happens for long."""
    upcoming = asyncio.ensure_future(anext(events, None))
    try:
        yield f"retry: {_RETRY_MS}\n\n".encode()
        while True:
            if not (await asyncio.wait({upcoming}, timeout=HEARTBEAT_S))[0]:
                yield b": still there\n\n"
                continue
            event = upcoming.result()
            if event is None:
                return
            yield event
            upcoming = asyncio.ensure_future(anext(events, None))
    finally:
        upcoming.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await upcoming
