"""Which of the bot's notices a message answers. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from msgspec.structs import replace

from daemon.forum.rooms import Quote, SentNotice

#: Characters of a quotation, blanks not counted, that are needed to tell a notice by its text.
_LEAST: Final = 8


def quoted_notices(quote: Quote, notices: Iterable[SentNotice]) -> list[SentNotice]:
    """Return the notices that a quotation may be of: by id where the service tells it, else by text."""
    if quote.id:
        return [notice for notice in notices if notice.message_id == quote.id]
    return [notice for notice in notices if is_quotation(quote.text, notice.text)]


def is_quotation(quoted: str, told: str) -> bool:
    """Tell whether a text is quoted from another. Services cut it, put a name before it and change its blanks."""
    said, known = "".join(quoted.split()).rstrip("…."), "".join(told.split())
    if len(said) < _LEAST or len(known) < _LEAST:
        return False
    after_name = said.replace("：", ":", 1).partition(":")[2]
    return known in said or known.startswith(said) or (len(after_name) >= _LEAST and known.startswith(after_name))


def whole_notices(messages: Iterable[SentNotice]) -> list[SentNotice]:
    """Return messages with those of one notice put together, each notice at the place of its first message here."""
    notices: dict[str, SentNotice] = {}
    for message in messages:
        name = message.notice_id or message.message_id
        first = notices.setdefault(name, message)
        if first is not message:
            told = dict.fromkeys((*first.incident_ids, *message.incident_ids))
            notices[name] = replace(first, incident_ids=tuple(told))
    return list(notices.values())
