"""The shop's back end, as people use it, and a record of all that its document ever said."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any, Final, NamedTuple

import bson
from bson import ObjectId
from bson.raw_bson import RawBSONDocument

from daemon.adapters.memory import FakeClock
from daemon.adapters.mongo.documents import Document, document_of
from daemon.adapters.mongo.mapping import ShopMapping
from daemon.config import MongodbSection
from daemon.products.documents import json_text
from daemon.products.imports import MERGED_FIELDS
from daemon.products.product import Product, Status
from tests.mongo_server import Shop

#: Whoever works in the back end.
PERSON: Final = "a person"
#: Statuses that share the word "draft".
DRAFTS: Final = frozenset({Status.DRAFT, Status.UNLISTED, Status.REVIEW})
_TIMES: Final = frozenset({"updatedAt"})


class Fact(NamedTuple):
    """What the document said from some moment on. said: by field as JSON, None while there is no document."""

    writer: str
    said: Mapping[str, str] | None
    raw: bytes | None


class Edit(NamedTuple):
    """What a person does. kind: set, unset, replace, delete, insert; fields: what with."""

    kind: str
    fields: Mapping[str, Any] = {}


class BackEnd:
    """One product in the collection. tracked: whether its model keeps updatedAt."""

    def __init__(self, shop: Shop, clock: FakeClock, *, tracked: bool, **fields: Any) -> None:
        self._products, self._clock, self._tracked = shop.products, clock, tracked
        self._raw = shop.products.with_options(codec_options=bson.CodecOptions(document_class=RawBSONDocument))
        self.mapping = ShopMapping(MongodbSection())
        self.id = ObjectId()
        self.first = {"_id": self.id, "__v": 0, **fields, **self._time()}
        self._last_there = dict(self.first)
        self._products.insert_one(self.first)
        self.facts = [Fact(PERSON, *self._now())]
        #: How many of the facts after the first the change stream has told.
        self.told = 0
        #: What was written though the document no longer said what its writer had read.
        self.wrongs: list[str] = []
        #: By writer, what the writer read before.
        self.read: dict[str, Product] = {}

    @property
    def product_id(self) -> str:
        return str(self.id)

    def document(self) -> Document | None:
        """Return the document as it is."""
        raw = self.facts[-1].raw
        found = None if raw is None else document_of(raw)
        assert found is None or isinstance(found, Document)
        return found

    def do(self, edit: Edit) -> None:
        """Let a person edit the document, as mongoose writes."""
        with self.written_by(PERSON):
            getattr(self, f"_{edit.kind}")(dict(edit.fields))
        there = self._products.find_one({"_id": self.id})
        self._last_there = there or self._last_there

    @contextmanager
    def written_by(self, writer: str) -> Iterator[None]:
        """Note what becomes of the document meanwhile."""
        before = self.facts[-1]
        yield
        said, raw = self._now()
        if raw == before.raw:
            return
        self.facts.append(Fact(writer, said, raw))
        if writer != PERSON:
            self._judge(writer, before, self.facts[-1])

    def _judge(self, writer: str, before: Fact, after: Fact) -> None:
        """A write of the daemon needs a document that says what was read, and leaves alone what it is not about."""
        read = said_by(self.read[writer])
        if before.said != read:
            self.wrongs.append(f"{writer} read {read} and overwrote {before.said}")
        if after.said is None or before.raw is None or after.raw is None:
            self.wrongs.append(f"{writer} deleted or made the document")
            return
        old, new = (bson.decode(raw) for raw in (before.raw, after.raw))
        changed = {name for name in old.keys() | new.keys() if old.get(name) != new.get(name)} - _TIMES
        if not changed <= {"state"} and not changed <= {"title"}:
            self.wrongs.append(f"{writer} changed {changed}")

    def _now(self) -> tuple[Mapping[str, str] | None, bytes | None]:
        found = self._raw.find_one({"_id": self.id})
        if found is None:
            return None, None
        document = document_of(bytes(found.raw))
        assert isinstance(document, Document)
        return said_by(self.mapping.product(document, None, {})), document.raw

    def _time(self) -> dict[str, Any]:
        return {"updatedAt": self._clock.now()} if self._tracked else {}

    def _set(self, fields: dict[str, Any]) -> None:
        self._products.update_one({"_id": self.id}, {"$set": fields | self._time()})

    def _unset(self, fields: dict[str, Any]) -> None:
        change = {"$unset": fields} | ({"$set": self._time()} if self._tracked else {})
        self._products.update_one({"_id": self.id}, change)

    def _replace(self, fields: dict[str, Any]) -> None:
        self._products.replace_one({"_id": self.id}, {"__v": 0, **fields, **self._time()})

    def _delete(self, _: dict[str, Any]) -> None:
        self._products.delete_one({"_id": self.id})

    def _insert(self, fields: dict[str, Any]) -> None:
        if self.facts[-1].raw is None:
            self._products.insert_one(self._last_there | fields)


def said_by(product: Product) -> Mapping[str, str]:
    """Return what a product says by field, statuses of one word as one."""
    said = {name: json_text(getattr(product, name)) for name in MERGED_FIELDS}
    return said | {"status": word_of(said["status"])}


def word_of(status: str) -> str:
    """Return one JSON text for all statuses of one word."""
    return json_text(Status.DRAFT) if status in {json_text(one) for one in DRAFTS} else status
