"""The one file that knows a driver: motor, or the asynchronous client of PyMongo that succeeds it."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Mapping, Sequence
from typing import Any, NamedTuple

from daemon.adapters.mongo.documents import Document, DocumentId, Unnamed


class Change(NamedTuple):
    """One event of a change stream. document: None when it was deleted or is gone since; token: to go on after it."""

    place: bytes
    document: Document | Unnamed | None
    token: Mapping[str, Any]


class Collection:
    """The products of a shop. Every method raises Unavailable when no answer came, with the reason in words."""

    async def ping(self) -> None:
        """Ask for a sign of life. Raises Unavailable, and Unauthorized when the server refuses the credentials."""
        raise NotImplementedError

    async def page(self, after: bytes | None, limit: int) -> Sequence[Document | Unnamed]:
        """Return up to `limit` documents after a place, in the order of their ids."""
        raise NotImplementedError

    async def get(self, places: Sequence[bytes]) -> Sequence[Document]:
        """Return those of the documents that exist."""
        raise NotImplementedError

    async def newer(self, field: str, since: Any, limit: int) -> Sequence[Document | Unnamed]:
        """Return documents whose field is at or after a value, oldest first. Asked only where an index serves it."""
        raise NotImplementedError

    async def indexed(self, field: str) -> bool:
        """Tell whether an index begins with a field."""
        raise NotImplementedError

    async def related(self, collection: str, ids: Sequence[DocumentId], path: str) -> Mapping[DocumentId, Any]:
        """Return what documents of another collection say at a dotted path, by id."""
        raise NotImplementedError

    async def update(self, where: Mapping[str, Any], change: Mapping[str, Any]) -> Document | None:
        """Change the one document that matches, and return it as it is then; None when none matches.

        Raises Unavailable when it cannot be told whether it was changed: the same call may be made again.
        """
        raise NotImplementedError

    def changes(self, resume: Mapping[str, Any] | None) -> AsyncGenerator[Change | None, None]:
        """Iterate over what changes from now on, or after a token; None every half second while nothing does.

        Raises Unavailable when the line is lost, NotFound when the server has no change streams, Conflict when the
        token is too old to go on from.
        """
        raise NotImplementedError
