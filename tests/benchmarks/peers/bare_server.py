"""The least that a daemon of this make costs: aiohttp on uvloop over one SQLite file. Prints a line when it serves."""

import asyncio
import sys

import aiosqlite
import uvloop
from aiohttp import web


async def main(path: str) -> None:
    """Serve until killed."""
    async with aiosqlite.connect(path) as connection:
        await connection.execute("CREATE TABLE IF NOT EXISTS products (id TEXT PRIMARY KEY, body BLOB)")

        async def healthz(_: web.Request) -> web.Response:
            return web.json_response({"status": "ok"})

        app = web.Application()
        app.router.add_get("/healthz", healthz)
        runner = web.AppRunner(app)
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        print("ready", flush=True)
        await asyncio.Event().wait()


if __name__ == "__main__":
    uvloop.run(main(sys.argv[1]))
