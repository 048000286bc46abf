"""Lists that go on: a page of lines now, the next one after "more"."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence

from daemon.forum.principals import Scope
from daemon.handlers.bot.commands.command import Call, command

#: Lines of a page, as many as a phone shows at once.
SHOWN = 8


def listed(call: Call, lines: Sequence[str], left: str, next_page: Callable[[Call], Awaitable[str]] | None) -> str:
    """Return the lines of one page, and keep in mind how the list of this person goes on here.

    left: how many more there are, as people are told. next_page: None at the end of the list.
    """
    if next_page is None:
        call.memory.lists.pop(call.key)
        return "\n".join(lines)
    call.memory.lists.put(call.key, next_page)
    return "\n".join([*lines, call.say("more_results", count=left)])


@command("more", "next", zh=("更多", "下一页"), needs=Scope.READ)
async def more(call: Call) -> str:
    """Go on with your last list.

    继续看上一个列表。

    more
    更多
    """
    next_page = call.memory.lists.pop(call.key)
    return call.say("nothing_more") if next_page is None else await next_page(call)
