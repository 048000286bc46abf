"""What a command is, and what the function behind it is given.

The docstring of a command is its help: first line in English, second in Chinese, then the usage in both.
"""

from __future__ import annotations

import inspect
from collections.abc import Awaitable, Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final, TypeAlias

from daemon.errors import Unauthorized, Unavailable, ZhibanError
from daemon.forum.commands import Line, nearest
from daemon.forum.principals import ROLE_SCOPES, Principal, Role, Scope
from daemon.handlers.bot.asking import Asked
from daemon.handlers.bot.commands.memory import Key, Memory
from daemon.handlers.bot.phrases import say
from daemon.ports import Actor, BotStore
from daemon.products.local_time import shown
from daemon.products.phrases import Language
from daemon.products.plain_text import plain
from daemon.services.duty import Duty

#: Characters shown of what somebody typed.
_TYPED: Final = 40
_MINUTE_S, _HOUR_S, _DAY_S = 60, 3600, 86_400


class Told(ZhibanError):
    """A command ends with this answer instead of doing what was asked."""

    code = "told"


class Misused(Told):
    """The arguments are wrong; the answer gets the usage behind it."""

    code = "misused"


class NotAllowed(Told):
    """The person lacks the scope. The message is the scope's name."""

    code = "not-allowed"

    def __init__(self, scope: Scope) -> None:
        super().__init__(scope.value)
        self.scope = scope


@dataclass(frozen=True, slots=True)
class Call:
    """One command being answered. line: its arguments."""

    duty: Duty
    asked: Asked
    command: Command
    line: Line
    memory: Memory
    commands: Mapping[str, Command]  # every name and alias

    @property
    def language(self) -> Language:
        """What the bot speaks."""
        return self.duty.config.bot.language

    @property
    def principal(self) -> Principal:
        """Who asks. Raises Unauthorized for a stranger."""
        if self.asked.principal is None:
            raise Unauthorized("this contact is bound to nobody")
        return self.asked.principal

    @property
    def actor(self) -> Actor:
        """Who acts, as services are told. Raises Unauthorized for a stranger."""
        return Actor.of(self.principal)

    @property
    def key(self) -> Key:
        """The person in the conversation."""
        return self.asked.contact_id, self.asked.room_id

    @property
    def room_id(self) -> str:
        """The room that was spoken in. Raises Told in a private chat."""
        if not self.asked.room_id:
            raise Told(self.say("only_in_rooms"))
        return self.asked.room_id

    @property
    def bot(self) -> BotStore:
        """What the bot must not forget. Raises Unavailable where the daemon has no bot."""
        if self.duty.ports.bot is None:
            raise Unavailable("this daemon has no bot")
        return self.duty.ports.bot

    @property
    def words(self) -> list[str]:
        """The arguments, folded."""
        return [word.text for word in self.line.words]

    @property
    def now(self) -> datetime:
        """The time by the daemon's clock: the message may have waited."""
        return self.duty.ports.clock.now()

    def require(self, scope: Scope) -> None:
        """Raise NotAllowed unless the person has a scope."""
        if scope not in self.principal.scopes:
            raise NotAllowed(scope)

    def say(self, key: str, **values: object) -> str:
        """Return a phrase in the bot's language."""
        return say(self.language, key, **values)

    def joined(self, things: Iterable[str]) -> str:
        """Return things in a row."""
        return self.say("joined").join(things)

    def typed(self, text: str) -> str:
        """Return what somebody typed, fit to be shown."""
        return plain(text, _TYPED)

    def misused(self, key: str = "missing", **values: object) -> Misused:
        """Return an error that tells what is wrong with the arguments."""
        return Misused(self.say(key, **values))

    def unknown(self, word: str, valid: Iterable[str]) -> Misused:
        """Return an error for a word that is none of the valid ones; it names the nearest."""
        if near := nearest(word, valid):
            return self.misused("did_you_mean", word=self.typed(word), near=plain(near, _TYPED))
        return self.misused("unknown_word", word=self.typed(word))

    def time(self, instant: datetime) -> str:
        """Return an instant as people of the team's zone read it."""
        return shown(instant, self.duty.config.notices.timezone)

    def since(self, instant: datetime) -> str:
        """Return how long ago something was."""
        age_s = int((self.now - instant).total_seconds())
        if age_s < _MINUTE_S:
            return self.say("since.now")
        if age_s < _HOUR_S:
            return self.say("since.minutes", count=age_s // _MINUTE_S)
        if age_s < 2 * _DAY_S:
            return self.say("since.hours", count=age_s // _HOUR_S)
        return self.say("since.days", count=age_s // _DAY_S)


Run: TypeAlias = Callable[[Call], Awaitable[str]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Command:
    """One command. names: English ones, the first is shown; zh: Chinese ones. needs None: strangers may use it."""

    names: tuple[str, ...]
    zh: tuple[str, ...]
    needs: Scope | None
    run: Run
    #: English summary, Chinese summary, English usage, Chinese usage.
    about: tuple[str, str, str, str]

    def name(self, language: Language) -> str:
        """Return the name that is shown."""
        return self.zh[0] if language == "zh" else self.names[0]

    def summary(self, language: Language) -> str:
        """Return what it does, in a line."""
        return self.about[language == "zh"]

    def usage(self, language: Language) -> str:
        """Return how it is written."""
        return self.about[2 + (language == "zh")]


def command(*names: str, zh: tuple[str, ...], needs: Scope | None) -> Callable[[Run], Command]:
    """Make a command of a function. names: in lower case. Raises ValueError when its docstring is no help."""

    def made(run: Run) -> Command:
        lines = [line for line in (inspect.getdoc(run) or "").splitlines() if line]
        if len(lines) != 4:
            raise ValueError(f"{names[0]}: expected a docstring of summary and usage, each in English and Chinese")
        return Command(names=names, zh=zh, needs=needs, run=run, about=(lines[0], lines[1], lines[2], lines[3]))

    return made


def role_for(scope: Scope) -> Role:
    """Return the least role that has a scope."""
    return next(role for role in Role if scope in ROLE_SCOPES[role])
