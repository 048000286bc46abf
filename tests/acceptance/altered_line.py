"""A line to a MongoDB server on which bytes become others: documents that the server of the tests would not keep."""

from __future__ import annotations

import asyncio
import struct
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager

_LENGTH = struct.Struct("<i")


@asynccontextmanager
async def altered_line(port: int, altered: Mapping[bytes, bytes]) -> AsyncIterator[str]:
    """Give the URI of a server whose documents hold the values of `altered` in place of its keys, which are as long.

    What is sent to it comes back to what it keeps, so that conditions on what was read hold.
    """
    assert all(len(kept) == len(shown) for kept, shown in altered.items())
    back = {shown: kept for kept, shown in altered.items()}
    assert len(back) == len(altered)
    tasks: set[asyncio.Task[None]] = set()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        far_reader, far_writer = await asyncio.open_connection("127.0.0.1", port)
        for way in ((reader, far_writer, back), (far_reader, writer, altered)):
            task = asyncio.create_task(_carry(*way))
            tasks.add(task)
            task.add_done_callback(tasks.discard)

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    async with server:
        own_port = server.sockets[0].getsockname()[1]
        yield f"mongodb://127.0.0.1:{own_port}/?directConnection=true"
        for task in list(tasks):
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


async def _carry(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, altered: Mapping[bytes, bytes]) -> None:
    """Carry messages of the wire protocol, each whole."""
    try:
        while True:
            head = await reader.readexactly(_LENGTH.size)
            message = await reader.readexactly(_LENGTH.unpack(head)[0] - _LENGTH.size)
            for old, new in altered.items():
                message = message.replace(old, new)
            writer.write(head + message)
            await writer.drain()
    except (asyncio.IncompleteReadError, OSError):
        pass
    finally:
        writer.close()
