"""Raw documents: what names one, where it sorts, and whether it is the one of last time. Nothing else is decoded."""

from __future__ import annotations

import struct
from typing import Final, NamedTuple, TypeAlias

from bson import ObjectId

#: What a document of ours may be named by.
DocumentId: TypeAlias = ObjectId | str | int

_LENGTH: Final = struct.Struct("<i")


class Document(NamedTuple):
    """A document as the server sent it.

    id: the product id, hex for an ObjectId. place: sorts as the server sorts ids, and tells the id exactly. digest:
    16 bytes, equal for equal bytes (BLAKE2b).
    """

    id: str
    place: bytes
    digest: bytes
    raw: bytes


class Unnamed(NamedTuple):
    """A document whose _id is of a kind that no product of ours has, such as a sub-document. shown: for the log."""

    shown: str
    raw: bytes
