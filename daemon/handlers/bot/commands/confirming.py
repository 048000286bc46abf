"""Questions answered with yes or no. A yes counts once, for the person, the place and the thing asked about."""

from __future__ import annotations

from daemon.handlers.bot.commands.command import Call, Run, Told
from daemon.handlers.bot.commands.memory import Pending


def forget(call: Call) -> None:
    """Let the last question to this person here be answered no more: a yes must never mean two things."""
    call.memory.pending.pop(call.key)


def ask(call: Call, do: Run, key: str, **values: object) -> str:
    """Return a question, and keep in mind what a yes does. key: its phrase, with a place for the seconds.

    do: is given the call of the yes; it checks for itself that the thing is still as it was when it was asked about.
    """
    pending = Pending(
        command=call.command, do=do, principal_id=call.principal.id, asked_s=call.duty.ports.clock.monotonic()
    )
    call.memory.pending.put(call.key, pending)
    return call.say(key, seconds=f"{call.duty.config.bot.confirm_within:g}", **values)


async def confirmed(call: Call, pending: Pending) -> str:
    """Do what was asked about, for the same person and in time. Raises Told when it is another, or too late."""
    within_s = call.duty.config.bot.confirm_within
    if pending.principal_id != call.principal.id:
        raise Told(call.say("confirm.cancelled"))
    if call.duty.ports.clock.monotonic() - pending.asked_s > within_s:
        raise Told(call.say("confirm.late", seconds=f"{within_s:g}"))
    return await pending.do(call)
