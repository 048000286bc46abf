"""The products of a shop, as questions to their collection and answers in documents."""

from __future__ import annotations

from collections.abc import AsyncGenerator, AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from types import MappingProxyType
from typing import Any, Final, NamedTuple

import bson
from bson.codec_options import CodecOptions, DatetimeConversion
from bson.objectid import ObjectId
from bson.raw_bson import RawBSONDocument

from daemon.adapters.mongo import faults
from daemon.adapters.mongo.documents import Document, DocumentId, Unnamed, after_id, document_of, id_of, split
from daemon.adapters.mongo.driver import Driver, awaited, connect
from daemon.adapters.mongo.sharding import ShardKey
from daemon.adapters.together import Together
from daemon.config import MongodbSection
from daemon.errors import Conflict, NotFound

_QUIET_S: Final = 0.5
_SIMPLE: Final = {"locale": "simple"}  # ids and old values are compared byte by byte, whatever the collection's rule
#: The least id of each kind that may name a product, as the server sorts them; a comparison never crosses kinds.
_LEAST: Final[tuple[DocumentId | float, ...]] = (float("-inf"), "", ObjectId(bytes(12)))
_NOWHERE: Final[Mapping[bytes, bytes | None]] = MappingProxyType({})
_UNNAMED_KINDS: Final = [
    "null", "object", "binData", "bool", "date", "timestamp", "regex", "minKey", "maxKey", "javascript",
    "javascriptWithScope", "symbol", "dbPointer", "undefined",
]  # fmt: skip
#: Nothing is greater or less than NaN.
_UNNAMED: Final = {"$or": [{"_id": {"$type": _UNNAMED_KINDS}}, {"_id": float("nan")}]}

_READ: Final[CodecOptions[Any]] = CodecOptions(
    tz_aware=True, unicode_decode_error_handler="replace", datetime_conversion=DatetimeConversion.DATETIME_AUTO
)


class Change(NamedTuple):
    """One event of a change stream. token: to go on after it.

    document: None when it was deleted or is gone since. place: empty for an Unnamed, which a deleted one is as well.
    shard: where a cluster kept it, as ShardKey has it; None where the event does not say so.
    """

    place: bytes
    document: Document | Unnamed | None
    token: Mapping[str, Any]
    shard: bytes | None = None


@asynccontextmanager
async def open_collection(
    section: MongodbSection, uri: str, *, listeners: Sequence[Any] = ()
) -> AsyncIterator[Collection]:
    """Open the products of a shop; nothing is connected before the first call. To be entered in the running loop.

    listeners: of pymongo.monitoring, told of every command. Raises ConfigError for a driver that is not installed, and
    for a URI that cannot be used, without showing it, as it may hold a password.
    """
    async with connect(section, uri, listeners) as (products, driver):
        yield Collection(products, driver, ShardKey(section.shard_key))


class Collection:
    """The products of a shop. Every method raises Unavailable when no answer came, with the reason in words.

    A page is one query and one answer (16 MB at most), so that no cursor waits at the server that could be lost.
    """

    def __init__(self, products: Any, driver: Driver, shard_key: ShardKey) -> None:
        self._products, self._database = products, products.database
        self._driver = driver
        self._shard_key = shard_key
        self._each = Together(self._by_place)

    async def ping(self) -> None:
        """Ask for a sign of life. Raises Unavailable, and Unauthorized when the server refuses the credentials."""
        with self._driver.answered(faults.CREDENTIALS):
            await self._driver.ended(self._products.find_one({}, projection={"_id": 1}))

    async def page(self, after: bytes | None, limit: int) -> Sequence[Document | Unnamed]:
        """Return up to `limit` documents after a place, in the order of their ids.

        It is shorter where documents are large: the end is a page without a Document. The first page begins with up
        to `limit` documents whose ids are of no kind that names a product; others that cannot be named stand where
        they are met.
        """
        last = None if after is None else id_of(after)
        odd = await self._batch(_UNNAMED, limit) if after is None else []
        first = 0 if last is None or isinstance(last, int) else 1 if isinstance(last, str) else 2
        for least in _LEAST[first:]:
            condition: Mapping[str, Any] = {"$gte": least} if last is None else {"$gt": last}
            while found := await self._batch({"_id": condition}, limit, "_id"):
                if named := [place for place, one in enumerate(found, 1) if isinstance(one, Document)]:
                    return [*odd, *found[: named[-1]]]  # those behind it begin the next page
                odd += found
                condition = after_id(found[-1].raw)
            last = None
        return odd

    async def get(self, places: Sequence[bytes], shards: Mapping[bytes, bytes | None] = _NOWHERE) -> Sequence[Document]:
        """Return those of the documents that exist. shards: by place, where a cluster keeps them, as far as known.

        Documents that nobody has told of, and those that are not where they were, are asked for by id alone: the values
        of a shard key may be changed. A cluster puts that question to every shard.
        """
        left = {place: id_of(place) for place in places}
        found = await self._found(left, lambda ids: self._shard_key.query(ids, shards))
        return [*found, *await self._found(left, lambda ids: {"_id": {"$in": list(ids.values())}} if ids else None)]

    async def one(self, place: bytes, shard: bytes | None = None) -> Document | None:
        """Return one document as it is now, None for none. Several that are asked for meanwhile are read together."""
        return await self._each.get((place, shard))

    async def newer(self, field: str, since: Any, limit: int) -> Sequence[Document | Unnamed]:
        """Return documents whose field is at or after a value, oldest first. Asked only where an index serves it."""
        return await self._batch({field: {"$gte": since}}, limit, field)

    async def indexed(self, field: str) -> bool:
        """Tell whether an index begins with a field, and holds every document that has it; not where we may not ask."""
        try:
            with self._driver.answered(faults.FORBIDDEN):
                indexes = await self._driver.ended(self._products.index_information())
        except NotFound:
            return False
        return any(
            index["key"][0][0] == field and index["key"][0][1] in {1, -1}
            for index in indexes.values()
            if "partialFilterExpression" not in index and not index.get("hidden")
        )

    async def related(self, collection: str, ids: Sequence[DocumentId], path: str) -> Mapping[DocumentId, Any]:
        """Return what documents of another collection say at a dotted path, by id; those that say nothing left out."""
        others = self._database[collection].with_options(codec_options=_READ, read_preference=self._preference)
        left, found = set(ids), {}
        while left:
            with self._driver.answered():
                query = {"_id": {"$in": list(left)}}
                cursor = others.find(query, {path: 1}, limit=-len(left), batch_size=len(left), collation=_SIMPLE)
                batch = {one["_id"]: one for one in await self._driver.ended(cursor.to_list(None))}
            if not batch:
                break
            left -= batch.keys()
            found.update(batch)
        values = {key: _at(one, path) for key, one in found.items()}
        return {key: value for key, value in values.items() if value is not None}

    async def update(self, where: Mapping[str, Any], change: Mapping[str, Any]) -> Document | None:
        """Change the one document that matches, and return it as it is then; None when none matches.

        Raises InvalidInput when the server refuses the change for what it is, and Unavailable when it cannot be told
        whether it was changed: the same call may be made again.
        """
        with self._driver.answered(faults.WRITES):
            after = await self._driver.ended(
                self._products.find_one_and_update(where, change, return_document=True, collation=_SIMPLE)
            )
        found = None if after is None else document_of(bytes(after.raw))
        return found if isinstance(found, Document) else None

    async def sample(self, limit: int) -> Sequence[Document | Unnamed]:
        """Return up to `limit` documents chosen by chance."""
        with self._driver.answered():
            asked = self._products.aggregate_raw_batches([{"$sample": {"size": limit}}])
            return [one for batch in await self._driver.ended(_batches(asked)) for one in split(bytes(batch))]

    async def collections(self) -> Sequence[str]:
        """Return the names of the collections of the database that may be read."""
        with self._driver.answered():
            return sorted(await self._driver.ended(self._database.list_collection_names(authorizedCollections=True)))

    async def changes(self, resume: Mapping[str, Any] | None) -> AsyncGenerator[Change | None, None]:
        """Iterate over what changes from now on, or after a token; None every half second while nothing does.

        "Now" is before the first item. Raises Unavailable when the line is lost, NotFound when the server has no
        change streams or allows none, Conflict when one cannot go on from here: read everything, begin without token.
        """
        quiet_ms = int(1000 * min(_QUIET_S, self._driver.timeout_s / 2))
        wanted = [{"$project": {"operationType": 1, "documentKey": 1, "fullDocument": 1}}]
        with self._driver.answered(faults.STREAMS, limited=False):
            stream = await self._driver.ended(
                awaited(
                    self._products.watch(
                        wanted, full_document="updateLookup", resume_after=resume, max_await_time_ms=quiet_ms
                    )
                )
            )
        try:
            while True:
                with self._driver.answered(faults.STREAMS, limited=False):
                    event = await self._driver.ended(stream.try_next())
                if event is None:
                    yield None
                elif event["operationType"] == "invalidate":
                    raise Conflict("MongoDB: the collection was dropped or renamed")
                elif "documentKey" in event:
                    yield _change(event, self._shard_key)
        finally:
            await self._driver.end(quiet_ms / 1000)
            await self._driver.farewell(stream.close())

    async def size(self) -> int:
        """Return about how many documents there are, as the server keeps count of them. Raises Unauthorized."""
        with self._driver.answered(faults.CREDENTIALS):
            return int(await self._driver.ended(self._products.estimated_document_count()))

    async def shard_key(self) -> Sequence[str]:
        """Return the fields that the collection is sharded by, none where nobody says so or we may not ask."""
        routing = self._database.client["config"].get_collection("collections", codec_options=_READ)
        try:
            with self._driver.answered(dict.fromkeys(faults.CREDENTIALS, NotFound)):
                kept = await self._driver.ended(routing.find_one({"_id": self.full_name, "dropped": {"$ne": True}}))
        except NotFound:
            return ()
        return list(kept.get("key", ())) if kept else ()

    @property
    def full_name(self) -> str:
        """Return the names of the database and the collection, as "shop.products"."""
        return str(self._products.full_name)

    @property
    def _preference(self) -> Any:
        return self._products.read_preference

    async def _found(
        self, left: dict[bytes, DocumentId], ask: Callable[[Mapping[bytes, DocumentId]], Mapping[str, Any] | None]
    ) -> list[Document]:
        """Return documents, which `left` then lacks. ask: makes the query for what is left, None for nothing."""
        found: list[Document] = []
        while where := ask(left):
            batch = await self._batch(where, len(left))
            fresh = [one for one in batch if isinstance(one, Document) and left.pop(one.place, None) is not None]
            found += fresh
            if not fresh:
                break
        return found

    async def _by_place(
        self, wanted: Sequence[tuple[bytes, bytes | None]]
    ) -> Mapping[tuple[bytes, bytes | None], Document]:
        found = {one.place: one for one in await self.get([place for place, _ in wanted], dict(wanted))}
        return {key: found[key[0]] for key in wanted if key[0] in found}

    async def _batch(self, where: Mapping[str, Any], limit: int, order: str = "") -> list[Document | Unnamed]:
        sort = [(order, 1)] if order else None
        with self._driver.answered():
            cursor = self._products.find(where, sort=sort, limit=-limit, batch_size=limit, collation=_SIMPLE)
            return [document_of(bytes(one.raw)) for one in await self._driver.ended(cursor.to_list(None))]


async def _batches(asked: Any) -> list[bytes]:
    return [batch async for batch in await awaited(asked)]


def _change(event: RawBSONDocument, shard_key: ShardKey) -> Change:
    token = bson.decode(event["_id"].raw)
    key = bytes(event["documentKey"].raw)
    named = document_of(key)
    if isinstance(named, Unnamed):
        return Change(b"", named, token)
    full = event.get("fullDocument")
    document = None if full is None else document_of(bytes(full.raw))
    return Change(named.place, document, token, shard_key.of_change(key))


def _at(document: Mapping[str, Any], path: str) -> Any:
    found: Any = document
    for name in path.split("."):
        found = found.get(name) if isinstance(found, Mapping) else None
    return found
