"""A team in its group with the bot, seen from both ends: the puppet service, and the daemon's API."""

from __future__ import annotations

import asyncio
import inspect
import json
import re
import time
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

from daemon.products.handles import ALPHABET
from tests.acceptance.asking import ask, every
from tests.acceptance.daemon_process import DaemonProcess
from tests.interop.puppet_service import ROOM, PuppetService


class Team:
    """People in a group with the bot, seen from both ends: what they say over there, and what the daemon has of it."""

    def __init__(self, service: PuppetService, daemon: DaemonProcess) -> None:
        self.service, self.daemon = service, daemon

    async def asks(self, text: str, *, who: str = "alice", private: bool = False) -> str:
        """Say something to the bot; return its answer, which in the group must mention who asked, and nobody else."""
        heard = len(await self.answers(who, private=private))

        async def more() -> list[str]:
            return (await self.answers(who, private=private))[heard:]

        if private:
            await self.service.order("say", who=who, text=text, private=True)
        else:
            await self.service.order("say", who=who, text=f"@ShopBot\u2005{text}", mentions=["bot"])
        first, *_ = await until(more, f"an answer to {text!r}")
        return str(first)

    async def binds(self, who: str, name: str, role: str, *, private: bool) -> None:
        """Make a contact known by a one-time code."""
        made = ask(self.daemon, "POST", "/api/v1/contacts/codes", {"name": name, "role": role})
        assert made.status == 201, made
        answer = await self.asks(f"bind {made.body['code']}", who=who, private=private)
        assert answer.startswith(f"Welcome, {name}. You are {role}."), answer

    async def notice(self, product: str) -> str:
        """Wait for the notice that tells a product's new incident; return its whole text."""
        first, *_ = await until(partial(self.notices, product), f"a notice about {product}")
        return str(first)

    async def notices(self, product: str) -> list[str]:
        """Return every message to the group that tells a product's new incident."""
        return notices_among(await self.service.sent(), product)

    def handle(self, notice: str, product: str) -> str:
        """Return the handle by which a notice names the incident of a product."""
        found = re.search(rf"([{ALPHABET}]{{4,12}}) New: .*\({product}\)", notice)
        assert found, notice
        return found[1]

    def incidents(self) -> dict[str, tuple[str, str]]:
        """Return state and revision of every incident, by product."""
        found = every(self.daemon, "/api/v1/incidents")
        return {one["product_id"]: (one["state"], str(one["revision"])) for one in found if one["kind"] == "product"}

    def state(self, product: str) -> str:
        """Return the state of a product's incident."""
        return self.incidents()[product][0]

    def status(self, product: str) -> str:
        """Return the status of a product in the catalogue."""
        return str(ask(self.daemon, "GET", f"/api/v1/products/{product}").body["status"])

    def sendings(self) -> list[dict[str, Any]]:
        """Return the notices of the outbox."""
        return every(self.daemon, "/api/v1/notices")

    def waits(self) -> bool:
        """Tell whether a notice was tried in vain and waits to be tried again."""
        return any(one["state"] == "queued" and one["attempts"] for one in self.sendings())

    def bot(self) -> dict[str, Any]:
        """Return what /readyz says of the bot; the daemon must be ready whatever that is."""
        status, body = self.daemon.get("/readyz")
        assert status == 200, body
        return dict(json.loads(body)["bot"])

    def counted(self, outcome: str) -> float:
        """Return how many messages came to an outcome."""
        found = re.search(rf'zhiban_bot_messages_total\{{outcome="{outcome}"\}} (\S+)', self.daemon.get("/metrics")[1])
        return float(found[1]) if found else 0.0

    async def stands(self, connection: str, within_s: float = 20.0) -> None:
        """Wait until /readyz tells a connection of the bot."""
        await until(lambda: self.bot()["connection"] == connection, f"the bot {connection}", within_s)

    async def answers(self, who: str, *, private: bool = False) -> list[str]:
        """Return what the bot has said to somebody: in private, or in the group with a mention of nobody else."""
        sent = await self.service.sent()
        if private:
            return [text for place, text, _ in sent if place == who]
        mention = f"@{who.capitalize()}\u2005"
        return [text.removeprefix(mention) for place, text, mentions in sent
                if place == ROOM and mentions == [who] and text.startswith(mention)]  # fmt: skip


def notices_among(sent: Sequence[tuple[str, str, list[str]]], product: str) -> list[str]:
    """Return the messages to the group that tell a product's new incident."""
    new = re.compile(rf"New: .*\({product}\)")
    return [text for place, text, mentions in sent if place == ROOM and not mentions and new.search(text)]


async def until(check: Callable[[], Any], what: str, within_s: float = 20.0) -> Any:
    """Wait until something, or what an awaitable brings, is there; return it."""
    end = time.monotonic() + within_s
    while True:
        found = check()
        if inspect.isawaitable(found):
            found = await found
        if found:
            return found
        assert time.monotonic() < end, f"not within {within_s} s: {what}"
        await asyncio.sleep(0.03)
