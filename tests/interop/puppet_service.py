"""The real puppet service as a child process, and orders to it."""

from __future__ import annotations

import asyncio
import os
import signal
import socket
from pathlib import Path
from typing import Any

import aiohttp

TOKEN = "puppet_interop_4711"
ROOM = "r1@chatroom"
OTHER_ROOM = "r2@chatroom"


class PuppetService:
    """wechaty-puppet-service on ports that stay the same over restarts."""

    def __init__(self, script: Path) -> None:
        self._script = script
        self.port, self._control = _free_ports(2)
        self._process: asyncio.subprocess.Process | None = None

    @property
    def endpoint(self) -> str:
        return f"127.0.0.1:{self.port}"

    async def start(self) -> None:
        """Start, and return when it listens."""
        self._process = await asyncio.create_subprocess_exec(
            "node", str(self._script), str(self.port), str(self._control), TOKEN,
            stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.DEVNULL, env=_environment(),
        )  # fmt: skip
        assert self._process.stdout is not None
        async with asyncio.timeout(60):
            while (line := await self._process.stdout.readline()).strip() != b"ready":
                assert line, "the puppet service ended at its start"

    async def kill(self) -> None:
        """End it by SIGKILL."""
        await self._end(signal.SIGKILL)

    def freeze(self) -> None:
        """Let it answer nothing from now on."""
        assert self._process is not None
        self._process.send_signal(signal.SIGSTOP)

    def thaw(self) -> None:
        """Let it go on."""
        assert self._process is not None
        self._process.send_signal(signal.SIGCONT)

    async def end_stream(self) -> None:
        """Do what another client does at first: stop the puppet, which closes the event stream in good order."""
        from daemon.adapters.wechaty_shim import open_puppet  # not while tests are gathered: it may not be installed

        puppet, channel = open_puppet("127.0.0.1", self.port, TOKEN)
        try:
            await puppet.puppet_stub.stop()
        finally:
            channel.close()

    async def starts(self) -> int:
        """Return how often the puppet was started, by whomever."""
        return int((await self.order(""))["starts"])

    async def order(self, what: str, **fields: Any) -> dict[str, Any]:
        """Have something happen over there; return what was told so far."""
        async with (
            aiohttp.ClientSession() as session,
            session.post(f"http://127.0.0.1:{self._control}/{what}", json=fields) as response,
        ):
            assert response.status == 200, await response.text()
            told: dict[str, Any] = await response.json(content_type=None)
            return told

    async def sent(self) -> list[tuple[str, str, list[str]]]:
        """Return what the bot has sent: conversation, text, mentions."""
        told = await self.order("")
        return [(one["conversation"], one["text"], one["mentions"]) for one in told["sent"]]

    async def _end(self, number: signal.Signals) -> None:
        process, self._process = self._process, None
        if process is None:
            return
        process.send_signal(number)
        await process.communicate()


def _environment() -> dict[str, str]:
    return {"PATH": os.environ.get("PATH", ""), "HOME": os.environ.get("HOME", "/"), "WECHATY_LOG": "error"}


def _free_ports(count: int) -> list[int]:
    sockets = [socket.socket() for _ in range(count)]
    for one in sockets:
        one.bind(("127.0.0.1", 0))
    ports = [int(one.getsockname()[1]) for one in sockets]
    for one in sockets:
        one.close()
    return ports
