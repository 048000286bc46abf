"""The web pages of the demonstration shop, under /demo/; served only while the demonstration runs."""

from __future__ import annotations

from typing import Final

from aiohttp import web

from daemon.demo.shop import PREFIX, Answer, Shop

#: The shop's pages show its own pictures and nothing else.
_POLICY: Final = "default-src 'none'; img-src 'self'; frame-ancestors 'none'"


def routes(shop: Shop) -> list[web.RouteDef]:
    """Return the routes of the shop: front page, landing pages and images. Open to everyone, read-only."""

    async def home(_: web.Request) -> web.Response:
        return _response(shop.home())

    async def product(request: web.Request) -> web.Response:
        return _response(shop.product(request.match_info["slug"], request.query.get("step", "")))

    async def image(request: web.Request) -> web.Response:
        return _response(shop.image(request.match_info["name"], request.method))

    return [
        web.get(f"{PREFIX}/", home),
        web.get(PREFIX + "/products/{slug:[a-z0-9-]+/?}", product),
        web.get(PREFIX + "/images/{name}", image),
    ]


def _response(answer: Answer) -> web.Response:
    headers = {"Content-Type": answer.content_type, "Content-Security-Policy": _POLICY}
    if answer.location:
        headers["Location"] = answer.location
    return web.Response(status=answer.status, body=answer.body, headers=headers)
