"""Cursors of lists: opaque to callers, and only good for the list that they came from."""

from __future__ import annotations

import base64
from collections.abc import Sequence
from typing import Any, Final

import msgspec

from daemon.errors import InvalidInput
from daemon.ports import Page
from daemon.products.documents import Reader, to_json

_POSITIONS: Final[Reader[tuple[str, int | str]]] = Reader(tuple[str, int | str])
_LAST: Final = 2**63 - 1


def cursor_of(kind: str, position: str | int) -> str:
    """Return the cursor that goes on after a position of a kind of list."""
    return base64.urlsafe_b64encode(to_json([kind, position])).rstrip(b"=").decode()


def text_after(kind: str, cursor: str | None) -> str:
    """Return the text that a cursor stands at, "" without one. Raises InvalidInput for a cursor that is none."""
    position = "" if cursor is None else _position(kind, cursor)
    if not isinstance(position, str):
        raise _fault()
    return position


def number_before(kind: str, cursor: str | None) -> int:
    """Return the number that a cursor stands at, the largest there is without one. Raises InvalidInput likewise."""
    position = _LAST if cursor is None else _position(kind, cursor)
    if not isinstance(position, int) or not 0 <= position <= _LAST:
        raise _fault()
    return position


def page_of(kind: str, rows: Sequence[tuple[Any, Any]], limit: int) -> Page:
    """Return a page of up to `limit` items from (position, item) pairs, one more than `limit` if there are more."""
    shown = rows[:limit]
    more = len(rows) > limit
    return Page(tuple(item for _, item in shown), cursor_of(kind, shown[-1][0]) if more else None)


def checked_limit(limit: int) -> int:
    """Return a limit that a list can be asked with. Raises InvalidInput."""
    if limit < 1:
        raise InvalidInput(f"limit is {limit}; a page holds at least one item", (("limit", "at least 1"),))
    return limit


def _position(kind: str, cursor: str) -> int | str:
    try:
        raw = base64.b64decode(cursor + "=" * (-len(cursor) % 4), altchars=b"-_", validate=True)
        name, position = _POSITIONS.read(raw)
    except (ValueError, msgspec.MsgspecError):
        raise _fault() from None
    if name != kind:
        raise _fault()
    return position


def _fault() -> InvalidInput:
    return InvalidInput("the cursor is none of this list", (("cursor", "not a cursor of this list"),))
