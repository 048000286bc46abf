"""Who answers at a terminal: the running daemon, or the same parts in this process."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Iterator, Sequence
from contextlib import AsyncExitStack, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol

from daemon.cli.reach import Daemon
from daemon.errors import Unavailable

if TYPE_CHECKING:
    from daemon.inference.chat.dialogue.answers import Answer
    from daemon.services.chat import ChatSystem


class Said(NamedTuple):
    """A reply, and how it came about, a line each."""

    text: str
    explained: Sequence[str]


class Talker(Protocol):
    """Whoever answers."""

    def ask(self, text: str) -> Said:
        """Answer. Raises Unavailable, TooMany."""


class RemoteTalker:
    """The running daemon."""

    def __init__(self, daemon: Daemon, session: str) -> None:
        self._daemon, self._session = daemon, session

    def ask(self, text: str) -> Said:
        """Answer over HTTP. Raises what the daemon's answer means."""
        body = {"text": text, "session": self._session, "explain": True}
        told: dict[str, Any] = self._daemon.ask("POST", "/api/v1/chat", body=body)
        intent = told.get("intent") or {}
        slots = [f"slots: {intent['slots']}"] if intent.get("slots") else []
        return Said(told["reply"], [f"mode: {told['mode']}, {told['source']}", *told["explained"], *slots])


class OwnTalker:
    """The parts in this process, with the films and feedback of the state directory."""

    def __init__(self, runner: asyncio.Runner, system: ChatSystem, session: str) -> None:
        self._runner, self._system = runner, system
        self._key = f"terminal/{session}"

    def ask(self, text: str) -> Said:
        """Answer. Raises Unavailable."""
        answer = self._runner.run(self._system.answer(self._key, self._key, text))
        return Said(answer.text, [f"mode: {answer.mode}, {answer.source}", *answer.notes, *_slots(answer)])


@contextmanager
def own_talker(config_path: Path | None, session: str) -> Iterator[OwnTalker]:
    """Load everything here, under the lock of the state directory. Raises AlreadyRunning, Unavailable."""
    from daemon.adapters.lock import only_one  # noqa: PLC0415 slow to import
    from daemon.config import ChannelSection, Config  # noqa: PLC0415
    from daemon.config.credentials import Secrets  # noqa: PLC0415
    from daemon.inference.chat.loading import missing_packages  # noqa: PLC0415
    from daemon.main.assembly import configure, open_ports, state_directory  # noqa: PLC0415
    from daemon.main.chat import opened_chat  # noqa: PLC0415
    from daemon.metrics import Metrics  # noqa: PLC0415
    from daemon.products.rulebook import Rulebook  # noqa: PLC0415
    from daemon.services.duty import Duty  # noqa: PLC0415

    if missing := missing_packages():
        raise Unavailable(f"this needs `pip install 'zhiban[chat]'`: no {', '.join(missing)}")
    given = configure(config_path)[0].chat.model_copy(update={"kind": "on"})
    config = Config(channels=(ChannelSection(name="log"),), chat=given)
    state = state_directory(os.environ)
    with only_one(state), asyncio.Runner() as runner:
        stack = AsyncExitStack()
        try:
            ports = runner.run(stack.enter_async_context(open_ports(config, state, Secrets({}))))
            system = opened_chat(Duty(ports, config, Rulebook(())), Metrics())
            if system is None:
                raise Unavailable("the chat system is off")
            stack.push_async_callback(system.close)  # first of all: its thread would hold the end of the process
            runner.run(system.load())
            yield OwnTalker(runner, system, session)
        finally:
            runner.run(stack.aclose())


def _slots(answer: Answer) -> list[str]:
    import msgspec  # noqa: PLC0415 slow to import

    named = msgspec.to_builtins(answer.intent.slots) if answer.intent else {}
    return [f"slots: {named}"] if named else []
