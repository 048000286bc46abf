"""What the dispatcher hands to a command, and what it gets back."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import datetime
from typing import TypeAlias

import msgspec

from daemon.forum.principals import Principal
from daemon.forum.rooms import Quote
from daemon.services.duty import Duty


class Asked(msgspec.Struct, frozen=True, kw_only=True):
    """One message to the bot, its mentions stripped. principal None: a contact that nobody has bound."""

    text: str
    room_id: str  # "" in a private chat
    contact_id: str
    contact_name: str  # to show, never to trust
    principal: Principal | None
    quote: Quote | None
    at: datetime


class Reply(msgspec.Struct, frozen=True, kw_only=True):
    """What the bot says. mention: whether it mentions the asker; more: further contact ids with their names."""

    text: str
    mention: bool = True
    more: tuple[tuple[str, str], ...] = ()


#: Answers a message that is a command; None where it is none.
Answer: TypeAlias = Callable[[Duty, Asked], Awaitable[Reply | None]]
