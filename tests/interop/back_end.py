"""The back end of docs/examples/keystone under node, beside a daemon whose catalogue is a shop's collection."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any
from uuid import uuid4

import aiohttp
from aiohttp import web

from daemon.adapters.webhook import signature

EXAMPLE = Path(__file__).parents[2] / "docs" / "examples" / "keystone"
MODULES = Path(__file__).parent / "keystone" / "node_modules"
KEY = "shop_interop_4711"
TOKEN_SECRET = "ZHIBAN_SHOP_KEY"  # of [[channels]] secret = "shop-key"
_PATIENCE_S = 20.0


def configuration(uri: str, back_end: int) -> str:
    """Return a configuration whose catalogue is a shop's, and that tells its back end of statuses."""
    return f"""
[catalogue]
kind = "mongodb"
[mongodb]
uri = "{uri}"
timeout = "5s"
[checks]
network = false
[notices]
interval = "100ms"
[[channels]]
name = "shop"
kind = "webhook"
url = "http://127.0.0.1:{back_end}/hooks/zhiban"
secret = "shop-key"
news = ["product.status_changed"]
"""


class BackEnd:
    """The example as a process of its own. told: the lines that it has printed."""

    def __init__(self, port: int, node: str) -> None:
        self.port, self._node = port, node
        self.told: list[str] = []
        self._process: asyncio.subprocess.Process | None = None
        self._reading: asyncio.Task[None] | None = None

    async def start(self, zhiban: str, token: str, *, keys: str = KEY) -> None:
        """Start, and return when it listens."""
        self._process = await asyncio.create_subprocess_exec(
            self._node, str(EXAMPLE / "shop.js"),
            env={"NODE_PATH": str(MODULES), "PORT": str(self.port), "ZHIBAN_URL": zhiban, "ZHIBAN_TOKEN": token,
                 "ZHIBAN_WEBHOOK_SECRET": keys},
            stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT,
        )  # fmt: skip
        self._reading = asyncio.create_task(self._read(self._process))
        assert await self.line("port ") == f"port {self.port}"

    async def stop(self) -> None:
        """End it, if it was started."""
        if self._process is not None and self._reading is not None:
            self._process.terminate()
            await self._process.wait()
            await self._reading

    async def line(self, start: str) -> str:
        """Wait for a line that begins so."""
        end = time.monotonic() + _PATIENCE_S
        while time.monotonic() < end:
            if found := [one for one in self.told if one.startswith(start)]:
                return found[-1]
            await asyncio.sleep(0.01)
        raise AssertionError(f"the back end never said {start!r}: {self.told}")

    async def ask(
        self, method: str, path: str, body: bytes | None = None, headers: Mapping[str, str] | None = None
    ) -> tuple[int, Any]:
        """Send a request; return the status, and what the body says in JSON or else as text."""
        async with (
            aiohttp.ClientSession() as session,
            session.request(method, f"http://127.0.0.1:{self.port}{path}", data=body, headers=headers) as answer,
        ):
            is_json = answer.content_type == "application/json"
            return answer.status, await answer.json() if is_json else await answer.text()

    async def deliver(self, delivery: Delivery, **changed: str) -> int:
        """Post a delivery to the webhook, some of its headers changed; return the status."""
        headers = delivery.headers | {f"webhook-{name}": value for name, value in changed.items()}
        return (await self.ask("POST", "/hooks/zhiban", delivery.body, headers))[0]

    async def _read(self, process: asyncio.subprocess.Process) -> None:
        assert process.stdout is not None
        async for line in process.stdout:
            self.told.append(line.decode().rstrip())


class Delivery:
    """A delivery such as the daemon's, of any body. age_s: how long ago it was signed."""

    def __init__(
        self, product: str, *, revision: int = 2, key: str = KEY, age_s: float = 0.0, body: bytes = b""
    ) -> None:
        facts = {"before": "listed", "after": "unlisted", "reason": "tester", "revision": str(revision)}
        entry = {"news": "product.status_changed", "product_id": product, "facts": facts}
        self.body = body or json.dumps({"type": "product.status_changed", "data": {"entries": [entry]}}).encode()
        timestamp, self.id = int(time.time() - age_s), uuid4().hex
        self.headers = {
            "Content-Type": "application/json",
            "webhook-id": self.id,
            "webhook-timestamp": str(timestamp),
            "webhook-signature": signature([key.encode()], self.id, timestamp, self.body),
        }


class Between:
    """Stands between the back end and the daemon. first: done before the first PATCH is handed on."""

    def __init__(self, zhiban: str) -> None:
        self._zhiban = zhiban
        self.first: Callable[[], object] | None = None
        self.answers: list[tuple[str, int]] = []
        self._runner: web.AppRunner | None = None

    async def start(self) -> str:
        """Return the address."""
        app = web.Application()
        app.router.add_route("*", "/{path:.*}", self._hand_on)
        self._runner = web.AppRunner(app)
        await self._runner.setup()
        site = web.TCPSite(self._runner, "127.0.0.1", 0)
        await site.start()
        host, port = self._runner.addresses[0][:2]
        return f"http://{host}:{port}"

    async def stop(self) -> None:
        """Close it."""
        if self._runner is not None:
            await self._runner.cleanup()

    async def _hand_on(self, request: web.Request) -> web.Response:
        if request.method == "PATCH" and self.first is not None:
            act, self.first = self.first, None
            act()
        kept = {name: request.headers[name] for name in ("Authorization", "If-Match", "Content-Type")
                if name in request.headers}  # fmt: skip
        async with (
            aiohttp.ClientSession() as session,
            session.request(request.method, self._zhiban + request.path_qs, data=await request.read(),
                            headers=kept) as answer,
        ):  # fmt: skip
            self.answers.append((request.method, answer.status))
            passed = {name: answer.headers[name] for name in ("ETag", "Content-Type", "Retry-After")
                      if name in answer.headers}  # fmt: skip
            return web.Response(status=answer.status, body=await answer.read(), headers=passed)
