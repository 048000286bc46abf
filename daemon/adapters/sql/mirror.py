"""What is remembered of a catalogue that lies elsewhere: its products as last read, and what was about to be changed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime

import msgspec

from daemon.products.product import Product


class Known(msgspec.Struct, frozen=True):
    """What the store holds of one product. digest, place: None for one that did not come from there."""

    product: Product
    place: bytes | None = None
    digest: bytes | None = None
    intent: Intent | None = None


class Intent(msgspec.Struct, frozen=True, kw_only=True):
    """A change that is about to be made there: kept before it is made, so that a death leaves no doubt whose it was."""

    after: Product
    actor: str
    at: datetime


class Seen(msgspec.Struct, frozen=True, kw_only=True):
    """A document as read now.

    product: what it says, with the id; its revision, source, soldout_since and missing_since mean nothing. revision:
    of the stored product that it was mapped beside, 0 for none.
    """

    product: Product
    place: bytes
    digest: bytes
    revision: int


class Observed(msgspec.Struct, frozen=True, kw_only=True):
    """What became of a page, by product id. stale: the stored product moved meanwhile; to be mapped again."""

    created: tuple[str, ...] = ()
    updated: tuple[str, ...] = ()
    unchanged: tuple[str, ...] = ()
    completed: tuple[str, ...] = ()  # an intent that has come true
    foreign: tuple[str, ...] = ()  # ids that belong to another source; not stored
    stale: tuple[str, ...] = ()


class Mirror:
    """Durable memory of a catalogue elsewhere, beside the products of the same store."""

    async def known(self, ids: Sequence[str]) -> Mapping[str, Known]:
        """Return what is held of products, by id."""
        raise NotImplementedError

    async def digests(self, ids: Sequence[str]) -> Mapping[str, bytes]:
        """Return the digests of mirrored products that are not missing, by id."""
        raise NotImplementedError

    async def between(self, after: bytes | None, upto: bytes | None) -> Mapping[str, bytes]:
        """Return id and digest of mirrored products, missing ones left out, with after < place <= upto."""
        raise NotImplementedError

    async def observe(self, source: str, page: Sequence[Seen], now: datetime) -> Observed:
        """Take over what was read, in one transaction, each id at most once in a page."""
        raise NotImplementedError

    async def gone(self, source: str, ids: Sequence[str], now: datetime) -> Sequence[str]:
        """Mark products as missing; return the ids of those that newly are."""
        raise NotImplementedError

    async def intend(self, read: Product, intent: Intent) -> None:
        """Keep an intent, durably. Raises Conflict when the stored product is not as read, or another is open."""
        raise NotImplementedError

    async def intents(self) -> Sequence[Intent]:
        """Return every open intent."""
        raise NotImplementedError

    async def withdraw(self, product_id: str) -> None:
        """Forget an intent that did not come true."""
        raise NotImplementedError

    async def complete(self, intent: Intent, seen: Seen) -> Product:
        """Store what an intent has brought about, as its actor's edit at its time, durably; return it."""
        raise NotImplementedError
