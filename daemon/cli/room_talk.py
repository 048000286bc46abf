"""What somebody at a terminal sees of a room, and what they mean by what they type. No I/O."""

from __future__ import annotations

import re
from collections import OrderedDict
from collections.abc import Mapping
from datetime import datetime
from hashlib import blake2b
from typing import Any, Final

import click

from daemon.errors import InvalidInput
from daemon.log import printable

#: ">3 text" answers message 3, "> text" the latest notice.
_ANSWER: Final = re.compile(r"[>＞]\s*([0-9]{1,9}(?=\s|$))?\s*(.*)", re.DOTALL)
#: Messages that can be answered by their number.
_NUMBERED: Final = 1000
_QUOTED: Final = 40
_COLOURS: Final = ("green", "yellow", "blue", "magenta", "bright_green", "bright_yellow", "bright_blue")


class Talk:
    """The talk of one person in one room. bot: its name there; addresses: whether it has to be mentioned."""

    def __init__(self, me: str, bot: str, *, addresses: bool) -> None:
        self.me, self.bot, self._addresses = me, bot, addresses
        self._numbers: OrderedDict[int, str] = OrderedDict()
        self._by_id: dict[str, int] = {}
        self._notice_id = ""
        self._answers = self._answers_before = 0

    @property
    def unanswered(self) -> bool:
        """Whether the bot has not answered what was typed last."""
        return self._answers == self._answers_before

    def heard(self, message: Mapping[str, Any]) -> str:
        """Take note of a message, and return it as it is shown: time, number, name, text."""
        number = self._numbered(str(message["id"]))
        if message["by_bot"]:
            if self.me in message["mentions"] or not self._addresses:
                self._answers += 1
            if not message["mentions"]:
                self._notice_id = str(message["id"])
        time = datetime.fromisoformat(message["sent_at"]).astimezone().strftime("%H:%M:%S")
        name = click.style(printable(str(message["sender_name"])), fg=_colour(message), bold=True)
        lines = [printable(line) for line in str(message["text"]).splitlines()] or [""]
        quote = [click.style(f"  ↳ {self._shown(message['quote'])}", dim=True)] if message.get("quote") else []
        head = f"{click.style(f'{time} [{number}]', dim=True)} {name}: {lines[0]}"
        return "\n".join([head, *quote, *(f"  {line}" for line in lines[1:])])

    def meant(self, line: str) -> tuple[str, str | None]:
        """Return what a typed line says, and the id of the message that it answers. Raises InvalidInput."""
        quote = None
        if (found := _ANSWER.fullmatch(line.strip())) is not None:
            quote, line = self._answered(found[1]), found[2]
            if not line.strip():
                raise InvalidInput("expected the answer too, such as: >3 ack")
        self._answers_before = self._answers
        text = line.strip()
        if self._addresses and self.bot and not text.startswith(("@", "＠")):
            text = f"@{self.bot} {text}"
        return text, quote

    def _answered(self, number: str | None) -> str:
        if number is None:
            if not self._notice_id:
                raise InvalidInput("there is no notice yet that could be answered")
            return self._notice_id
        if int(number) not in self._numbers:
            raise InvalidInput(f"there is no message [{number}] here")
        return self._numbers[int(number)]

    def _numbered(self, message_id: str) -> int:
        number = next(reversed(self._numbers), 0) + 1
        self._numbers[number] = message_id
        self._by_id[message_id] = number
        if len(self._numbers) > _NUMBERED:
            del self._by_id[self._numbers.popitem(last=False)[1]]
        return number

    def _shown(self, quote: Mapping[str, Any]) -> str:
        number = self._by_id.get(str(quote["id"]))
        text = printable(" ".join(str(quote["text"]).split()))
        text = f"{text[:_QUOTED]}…" if len(text) > _QUOTED else text
        return f"[{number}] {text}" if number else text


def _colour(message: Mapping[str, Any]) -> str:
    """Return the colour of a speaker: the bot's own, and of each person always the same."""
    if message["by_bot"]:
        return "cyan"
    return _COLOURS[blake2b(str(message["sender_id"]).encode(), digest_size=1).digest()[0] % len(_COLOURS)]
