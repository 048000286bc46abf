"""What a daemon wants of a product, and the order in which things happen to it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Final, NamedTuple

import msgspec

from daemon.products.product import Product, Status
from tests.unit.adapters.mongo.back_end import Edit

FOLLOWER: Final = "follower"
FIELDS: Final[dict[str, Any]] = {
    "title": "Tea", "state": "published", "price": None, "qty": 3, "image": "https://i.example/a.jpg",
}  # fmt: skip
#: What a task wants the product to be, by what it is; None for nothing.
WISHES: Final[dict[str, Callable[[Product], Product | None]]] = {
    "remedy": lambda read: _moved(read, Status.LISTED, Status.UNLISTED),
    "undo": lambda read: _moved(read, Status.UNLISTED, Status.LISTED),
    "review": lambda read: _moved(read, Status.UNLISTED, Status.REVIEW),
    "colleague": lambda read: msgspec.structs.replace(read, title=f"{read.title}!"),
}


class Play(NamedTuple):
    """One order of things.

    begins: what the daemon did before, one after the other. parts: what it does now, at once. edits: what a person
    does. turns: who is next, a part by its place, the follower, the person or the clock. dies: at which of its turns
    the first part is cut off, if at all.
    """

    parts: Sequence[str]
    edits: Sequence[Edit] = ()
    turns: Sequence[str] = ()
    begins: Sequence[str] = ()
    tracked: bool = True
    streamed: bool = True
    dies: int | None = None


def _moved(read: Product, before: Status, after: Status) -> Product | None:
    return msgspec.structs.replace(read, status=after) if read.status is before else None
