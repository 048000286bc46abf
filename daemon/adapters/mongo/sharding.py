"""Where a sharded collection keeps a document: the values of its shard key, which a query needs to reach one shard.

They are kept as bytes: the paths of the key, then BSON with a value for each, null for none. The paths come first so
that what was kept under another key is told apart by how it begins.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import bson

from daemon.adapters.mongo.decoding import OPTIONS, decoded
from daemon.adapters.mongo.documents import DocumentId
from daemon.adapters.mongo.paths import checked_path
from daemon.errors import InvalidInput


class ShardKey:
    """The paths of a shard key. `_id` is in every query anyhow. Raises ConfigError for what is no path."""

    def __init__(self, paths: Sequence[str]) -> None:
        self._paths = [checked_path(text, "mongodb.shard_key") for text in paths if text != "_id"]
        self._tops = frozenset(path.top for path in self._paths) | frozenset(path.text for path in self._paths)

    @property
    def start(self) -> bytes:
        """Return what all that this key makes begins with, nothing where the key is `_id` alone."""
        return b"".join(path.text.encode() + b"\0" for path in self._paths) + b"\0" if self._paths else b""

    def of(self, raw: bytes) -> bytes | None:
        """Return the values in a document; None where the key is `_id` alone, and where they cannot be read."""
        if not self._paths:
            return None
        try:
            document = decoded(raw, self._tops)
            return self._kept([path.nested(document) for path in self._paths])
        except (InvalidInput, bson.errors.BSONError, OverflowError):
            return None

    def of_change(self, document_key: bytes) -> bytes | None:
        """Return the values in a documentKey of a change; None where one is not in it, as without a cluster."""
        key = bson.decode(document_key, OPTIONS) if self._paths else {}
        found = [path.get(key) for path in self._paths]
        return self._kept(found) if found and None not in found else None

    def query(self, ids: Mapping[bytes, DocumentId], shards: Mapping[bytes, bytes | None]) -> Mapping[str, Any] | None:
        """Return what asks for documents where they are kept; None where that is known of none.

        ids, shards: by place; what was kept under another key counts as not known.
        """
        together: dict[bytes, list[DocumentId]] = {}
        for place, document_id in ids.items() if self._paths else ():
            if (kept := shards.get(place)) is not None and kept.startswith(self.start):
                together.setdefault(kept, []).append(document_id)
        parts = [{"_id": {"$in": those}, **self._condition(kept)} for kept, those in together.items()]
        return None if not parts else parts[0] if len(parts) == 1 else {"$or": parts}

    def _condition(self, kept: bytes) -> Mapping[str, Any]:
        values = bson.decode(kept[len(self.start) :], OPTIONS)
        return {path.text: {"$eq": values[str(place)]} for place, path in enumerate(self._paths)}

    def _kept(self, values: Sequence[Any]) -> bytes:
        return self.start + bson.encode(
            {str(place): value for place, value in enumerate(values)}, codec_options=OPTIONS
        )
