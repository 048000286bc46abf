"""What is remembered of a catalogue that lies elsewhere, and what is read there."""

from __future__ import annotations

from datetime import datetime
from typing import TypeAlias

import msgspec

from daemon.products.product import Product

#: By status, how it was said there.
Words: TypeAlias = dict[str, str | bool | int]


class Known(msgspec.Struct, frozen=True):
    """What the store holds of one product.

    place: None for one that never came from there; digest: None for such a one, and while it is missing there. shard:
    where a cluster kept it when it was last read, None for no cluster. words: for statuses that changes of ours have
    taken away.
    """

    product: Product
    place: bytes | None = None
    digest: bytes | None = None
    intent: Intent | None = None
    shard: bytes | None = None
    words: Words = {}


class Intent(msgspec.Struct, frozen=True, kw_only=True):
    """A change that is about to be made there: kept before it is made, so that a death leaves no doubt whose it was.

    after: what the document says when it is made, in every field that a source can change, updated_at too where the
    change sets that. An observation completes the intent that says so, or says so of every field that the change is
    about: then others have changed the rest since. at: aware. words: for the status that it takes away.
    """

    after: Product
    actor: str
    at: datetime
    words: Words = {}


class Seen(msgspec.Struct, frozen=True, kw_only=True):
    """A document as read now.

    product: what it says, with the id; its revision, source, soldout_since and missing_since mean nothing. revision:
    of the stored product that it was mapped beside, 0 for none. Only when that was looked up before the document was
    read can no older reading take the place of a newer one.
    """

    product: Product
    place: bytes
    digest: bytes
    revision: int
    shard: bytes | None = None


class Observed(msgspec.Struct, frozen=True, kw_only=True):
    """What became of a page, by product id."""

    created: tuple[str, ...] = ()
    updated: tuple[str, ...] = ()
    unchanged: tuple[str, ...] = ()
    completed: tuple[str, ...] = ()  # an intent that has come true
    foreign: tuple[str, ...] = ()  # ids that belong to another source, or to another document; not stored
    stale: tuple[str, ...] = ()  # the stored product moved meanwhile; to be mapped again
