"""A shop whose pages take 50 ms each, for as many visitors as come. Prints its address when it serves."""

import asyncio

import uvloop
from aiohttp import web

DELAY_S = 0.05
PAGE = b"<html><title>Kettle</title>" + b"x" * 2000 + b"</html>"


async def page(_: web.Request) -> web.Response:
    """Answer as a shop does: after a while."""
    await asyncio.sleep(DELAY_S)
    return web.Response(body=PAGE, content_type="text/html")


async def main() -> None:
    """Serve until killed."""
    app = web.Application()
    app.router.add_get("/{number}", page)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    host, port = runner.addresses[0][:2]
    print(f"http://{host}:{port}", flush=True)
    await asyncio.Event().wait()


if __name__ == "__main__":
    uvloop.run(main())
