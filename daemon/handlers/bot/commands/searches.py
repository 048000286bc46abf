"""The command about searches across cameras: that one runs, and how far it is. Where and when is never told here."""

from __future__ import annotations

from daemon.errors import Forbidden, NotFound, Unavailable
from daemon.forum.principals import Scope
from daemon.handlers.bot.commands.command import Call, Told, command
from daemon.ports import Actor, Search
from daemon.services import access, association_searches


@command("track", zh=("追踪",), needs=Scope.READ)
async def track(call: Call) -> str:
    """Tell how a search across cameras stands, to those who may see it.

    查看跨相机追踪的进展，仅限有权查看者。

    track ID
    追踪 编号
    """
    if not call.words:
        raise call.misused()
    if len(call.words) > 1:
        raise call.misused("too_many", word=call.typed(call.words[1]))
    named = await access.named_scopes(call.duty.ports, call.principal)
    actor = Actor.of(call.principal, call.principal.scopes | named)
    try:
        found = await association_searches.view(call.duty, actor, call.words[0])
    except (Forbidden, NotFound, Unavailable):  # all alike: who may not see it does not learn whether it is there
        raise Told(call.say("search.unknown", text=call.typed(call.words[0]))) from None
    return _told(call, found)


def _told(call: Call, found: Search) -> str:
    state = call.say("search", search=found.id, state=call.say(f"search.{found.state.value}"))
    progress = found.progress
    if not progress:
        return state
    figures = call.say(
        "search.progress", rounds=progress["rounds"], found=progress["found"],
        unexplored=f"{progress['unexplored']:.1%}",
    )  # fmt: skip
    return f"{state}\n{figures}"
