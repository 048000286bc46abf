"""Under which names people are known, asked of the service and remembered for a short while: nicknames change."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Awaitable, Callable
from typing import Final

from daemon.adapters.wechat_line import Line, Unanswered
from daemon.ports import Clock

_KEPT_S: Final = 60.0
_KEPT: Final = 4096
_ASK_S: Final = 2.0


class Names:
    """Names by contact and room. A name that cannot be had is left out: no message is lost for want of one."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._known: OrderedDict[tuple[str, str], tuple[float, tuple[str, ...]]] = OrderedDict()

    def forget(self) -> None:
        """Ask everything anew."""
        self._known.clear()

    async def of(self, line: Line, contact_id: str, room_id: str = "") -> tuple[str, ...]:
        """Return the names of a contact: in a room first its alias there, then the name that it gave itself."""
        if not room_id:
            return await self._kept(("", contact_id), lambda: self._own(line, contact_id))
        return await self._kept((room_id, contact_id), lambda: self._in_room(line, room_id, contact_id))

    async def _in_room(self, line: Line, room_id: str, contact_id: str) -> tuple[str, ...]:
        try:
            member = await line.member(room_id, contact_id, _ASK_S)
        except Unanswered:
            return await self.of(line, contact_id)
        found = (member.room_alias, member.name)
        return tuple(dict.fromkeys(filter(None, (*found, *(await self.of(line, contact_id))))))

    async def _own(self, line: Line, contact_id: str) -> tuple[str, ...]:
        # Its alias is not asked: that is what the bot's own account calls the contact, and nobody else's business.
        try:
            contact = await line.contact(contact_id, _ASK_S)
        except Unanswered:
            return ()
        return (contact.name,) if contact.name else ()

    async def _kept(self, key: tuple[str, str], ask: Callable[[], Awaitable[tuple[str, ...]]]) -> tuple[str, ...]:
        until, names = self._known.get(key, (0.0, ()))
        if until > self._clock.monotonic():
            return names
        names = await ask()
        self._known[key] = (self._clock.monotonic() + _KEPT_S, names)
        self._known.move_to_end(key)
        if len(self._known) > _KEPT:
            self._known.popitem(last=False)
        return names
