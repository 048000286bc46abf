"""Whether a message in a room is meant for the bot, and what it says without its mentions. Pure.

Mention ids decide where the service tells them; a mention typed by hand has none and is known by the bot's names.
Phones end a mention with U+2005, desktops with a space, people with nothing, a comma or a colon, half or full width.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator
from functools import lru_cache
from typing import Final

import msgspec

from daemon.forum.rooms import Incoming

#: Between a mention and what it is followed by; \s has U+2005 and U+3000.
_BETWEEN: Final = r"[\s\u200b\u2060\ufeff,:，：、]*"
#: Not within a word: an address such as team@zhiban.example is no mention.
_AT: Final = r"(?<![A-Za-z0-9_.+-])[@＠]\s?"
#: Everybody in a room: nobody in particular.
_EVERYONE: Final = re.compile(
    rf"{_AT}(?:所有人|全体成员|大家|(?:everyone|everybody|all|here|channel)(?![A-Za-z0-9_])){_BETWEEN}", re.IGNORECASE
)
#: A mention as clients write it, or one word, where the name is not known to us.
_SOMEONE: Final = re.compile(rf"[@＠](?:[^@＠\u2005\n]{{1,64}}\u2005|[^\s@＠]{{1,64}}){_BETWEEN}")
_ANY_AT: Final = re.compile(_AT)
#: What may stand around a text and is none of it.
BLANKS: Final = " \t\r\n\f\v\u2005\u3000\u200b\u2060\ufeff\u00a0"


class Heard(msgspec.Struct, frozen=True):
    """What a message says to the bot. addressed: whether it is meant for the bot. text: without its mentions."""

    addressed: bool
    text: str


def hear(message: Incoming, self_id: str, self_name: str) -> Heard:
    """Read a message. self_id, self_name: of the bot, "" while they are not known.

    A private chat is always meant for the bot. A mention of everybody is meant for nobody: what lists the bot only
    because it lists all members is no address.
    """
    text = message.text
    names = _names((self_name, *message.names))
    by_id = self_id != "" and self_id in message.mentions and not _is_for_all(text, message.mentions)
    found = _own(names, joined=by_id or not message.mentions) if names else None
    by_name = found is not None and found.search(text) is not None
    if by_name or by_id:
        text = _bare(text, found if by_name else None)
    addressed = by_id or by_name or not message.room_id
    return Heard(addressed, text.strip(BLANKS))


def _names(names: Collection[str]) -> tuple[str, ...]:
    """Return the names that can be looked for, each once, the longest first."""
    known = {" ".join(name.split()) for name in names}
    return tuple(sorted(known - {""}, key=lambda name: (-len(name), name)))


@lru_cache(maxsize=256)
def _own(names: tuple[str, ...], *, joined: bool) -> re.Pattern[str]:
    """Return what finds a mention by one of the names.

    joined: a letter may follow at once. Where the service tells whom a message mentions and the bot is not among
    them, @Botany is not the bot. What a client ended with U+2005 is a whole name: not the bot's if it goes on.
    """
    alternatives = "|".join(r"\s+".join(map(re.escape, name.split())) for name in names)
    ends = "" if joined else r"(?=$|[\s\u200b\u2060\ufeff,:，：、]|[^\w\s](?!\w))"
    whole = r"(?:(?=\u2005)|(?![^@＠\u2005\n]{1,64}\u2005))"
    return re.compile(rf"{_AT}(?:{alternatives}){ends}{whole}{_BETWEEN}", re.IGNORECASE)


def _is_for_all(text: str, mentions: Collection[str]) -> bool:
    """Tell whether more people are mentioned than are named, beside everybody."""
    everyone = len(_EVERYONE.findall(text))
    return everyone > 0 and len(set(mentions)) > len(_ANY_AT.findall(text)) - everyone


def _bare(text: str, found: re.Pattern[str] | None) -> str:
    """Take out mentions of the bot wherever they are, and those of others off the front. None: by no known name."""
    if found is None and len(_ANY_AT.findall(text)) == 1:
        found = _SOMEONE  # the only mention there is
    text = text.lstrip(BLANKS)
    at = 0
    while match := (found and found.match(text, at)) or _EVERYONE.match(text, at) or _SOMEONE.match(text, at):
        at = match.end()
    return " ".join(_pieces(text[at:], found)) if found else text[at:]


def _pieces(text: str, found: re.Pattern[str]) -> Iterator[str]:
    """Yield what stands before, between and after mentions."""
    end = 0
    for match in found.finditer(text):
        if piece := text[end : match.start()].rstrip(BLANKS):
            yield piece
        end = match.end()
    yield text[end:]
