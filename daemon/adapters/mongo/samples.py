"""Documents to look at: some by chance, or those that were named. Nothing is kept and nothing is written."""

from __future__ import annotations

import re
from collections.abc import Sequence
from difflib import get_close_matches
from typing import Final, NamedTuple

from daemon.adapters.mongo.collection import Collection
from daemon.adapters.mongo.documents import Document, Unnamed, document_id_of, place_of
from daemon.errors import InvalidInput, NotFound, Unauthorized, Unavailable
from daemon.products.findings import visible

#: Bytes of documents that one sample holds at most, but for its last page.
_MOST_BYTES: Final = 32 * 1024 * 1024
_FIRST, _MORE = 10, 200
#: Names of collections that are told in a message.
_TOLD: Final = 30
_CONSONANT_Y: Final = re.compile(r"[^aeiou]y")


class Sample(NamedTuple):
    """Documents in the order of their ids. size: about how many there are; chosen: by chance, else the first ones."""

    documents: Sequence[Document]
    unnamed: Sequence[Unnamed]
    size: int
    chosen: bool

    @property
    def read(self) -> int:
        """Return how many documents were read, those included that no product can be of."""
        return len(self.documents) + len(self.unnamed)


async def sample_of(collection: Collection, limit: int) -> Sample:
    """Return up to `limit` documents, fewer where they are large.

    Raises NotFound when there are none, Unauthorized, Unavailable.
    """
    try:
        await collection.ping()
        size = await collection.size()
    except Unauthorized as error:
        who = "whoever the uri of [mongodb], or its secret, names"
        raise Unauthorized(f"{error}: {who} may not read {collection.full_name}") from error
    found: dict[bytes, Document | Unnamed] = {}
    chosen = size > limit
    if chosen:
        try:
            await _by_chance(collection, limit, found)
        except Unavailable:
            found.clear()  # a server that can choose none in time can still read on from the first
            chosen = False
    if not found:
        await _from_the_first(collection, limit, found)
    if not found:
        raise await _nothing_in(collection)
    documents = [one for one in found.values() if isinstance(one, Document)]
    unnamed = [one for one in found.values() if isinstance(one, Unnamed)]
    return Sample(sorted(documents, key=lambda one: one.place), unnamed, max(size, len(found)), chosen)


async def named(collection: Collection, product_ids: Sequence[str]) -> Sequence[Document]:
    """Return the documents of products in the order of their names. Raises InvalidInput, NotFound, Unavailable."""
    places = [_place(product_id) for product_id in dict.fromkeys(product_ids)]
    found = {document.place: document for document in await collection.get(places)}
    if gone := [product_id for product_id in product_ids if _place(product_id) not in found]:
        raise NotFound(f"{collection.full_name} has no document {', '.join(map(visible, gone))}")
    return [found[place] for place in places]


async def _by_chance(collection: Collection, limit: int, found: dict[bytes, Document | Unnamed]) -> None:
    """Choose in steps, since the first ones tell how large the others may be; some may be chosen twice."""
    wanted, taken = _FIRST, 0
    for _ in range(2 * (limit // _MORE + 2)):
        some = await collection.sample(min(wanted, limit - len(found)))
        found.update((one.place if isinstance(one, Document) else one.raw, one) for one in some)
        taken += sum(len(one.raw) for one in some)
        if len(found) >= limit or taken >= _MOST_BYTES or not some:
            return
        wanted = max(1, min(_MORE, (_MOST_BYTES - taken) * len(some) // (sum(len(one.raw) for one in some) or 1)))


async def _from_the_first(collection: Collection, limit: int, found: dict[bytes, Document | Unnamed]) -> None:
    place: bytes | None = None
    taken = 0
    while len(found) < limit and taken < _MOST_BYTES:
        page = await collection.page(place, min(_MORE, limit - len(found)))
        found.update((one.place if isinstance(one, Document) else one.raw, one) for one in page)
        taken += sum(len(one.raw) for one in page)
        last = next((one for one in reversed(page) if isinstance(one, Document)), None)
        if last is None:
            return
        place = last.place


def _place(product_id: str) -> bytes:
    document_id = document_id_of(product_id)
    if document_id is None:
        raise InvalidInput(
            f'"{visible(product_id)}" names no document; expected its _id: 24 hex digits, a number or a text'
        )
    return place_of(document_id)


async def _nothing_in(collection: Collection) -> NotFound:
    """Return what is wrong with a collection in which nothing is found."""
    database, _, name = collection.full_name.partition(".")
    try:
        names = [one for one in await collection.collections() if not one.startswith("system.")]
    except Unavailable as error:
        return NotFound(f'nothing in "{collection.full_name}"; which collections there are is not told: {error}')
    if name in names:
        return NotFound(f'collection "{name}" of database "{database}" is empty')
    if not names:
        return NotFound(
            f'database "{database}" has no collections; is [mongodb] database, or the one of its uri, right?'
        )
    near = nearest_collection(name, names)
    hint = f'; did you mean "{visible(near)}"?' if near else "."
    more = f" and {len(names) - _TOLD} more" if len(names) > _TOLD else ""
    told = ", ".join(visible(one) for one in names[:_TOLD])
    return NotFound(f'database "{database}" has no collection "{name}"{hint} It has {told}{more}')


def nearest_collection(name: str, names: Sequence[str]) -> str | None:
    """Return the collection that somebody meant who wrote a name, or the list of KeystoneJS that it is made of.

    mongoose names a collection by the small letters of the list and their plural; KeystoneJS may set a prefix before
    it, and has another form of it in addresses ("product-categories").
    """
    plain = re.sub(r"[\W_]", "", name.lower())
    forms = (name.lower(), plain, _plural(plain), plain.removesuffix("s"))
    by_form = {one.lower(): one for one in reversed(names)}
    for form in forms:
        if form in by_form:
            return by_form[form]
    for form in forms:
        if form and (ending := [one for one in names if one.lower().endswith(form)]):
            return min(ending, key=len)
    close = get_close_matches(name.lower(), by_form, 1)
    return by_form[close[0]] if close else None


def _plural(word: str) -> str:
    """Return the plural as mongoose makes it of almost every word."""
    if _CONSONANT_Y.fullmatch(word[-2:]):
        return f"{word[:-1]}ies"
    return f"{word}es" if word.endswith(("s", "x", "z", "ch", "sh")) else f"{word}s"
