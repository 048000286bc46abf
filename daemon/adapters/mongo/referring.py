"""What the ids in documents refer to: in which other collection they are, and what its documents are called."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, NamedTuple

from bson import ObjectId

from daemon.adapters.mongo.collection import Collection
from daemon.adapters.mongo.documents import DocumentId
from daemon.adapters.mongo.paths import Path
from daemon.adapters.mongo.survey import Survey
from daemon.config import MongodbSection
from daemon.errors import Unavailable

#: Ids of one field, and collections, that are looked up; fields that may be called by an id.
_MOST_IDS: Final = 200
_MOST_COLLECTIONS: Final = 200
_REFERRING: Final = ("category", "brand", "owner")
#: Where documents that are referred to keep their names, best first.
_LABELS: Final = ("name", "title", "label", "name.en", "name.zh", "key", "slug")


class Relation(NamedTuple):
    """What the ids of a field refer to: collection "" for none; label "" where its documents have no name."""

    field: str
    path: str
    ids: int
    known: int
    collection: str
    label: str
    looked_in: int


async def relations_of(
    collection: Collection, section: MongodbSection, name: str, paths: Sequence[str], survey: Survey
) -> list[Relation]:
    """Return what the ids at the paths of a field refer to, if there are any."""
    found: dict[ObjectId, str] = {}
    for text in paths if name in _REFERRING else ():
        path = Path(text)
        for _, fields in survey.documents:
            lying = path.get(fields)
            for part in lying if isinstance(lying, list) else [lying]:
                if isinstance(part, ObjectId) and len(found) < _MOST_IDS:
                    found.setdefault(part, text)
    if not found:
        return []
    ids, at = list(found), next(iter(found.values()))
    if name in section.relations:
        other, _, label = section.relations[name].partition(".")
        known = await collection.related(other, ids, "_id")
        return [Relation(name, at, len(ids), len(known), other, label, 1)]
    return [await _looked_up(collection, name, at, ids)]


async def _looked_up(collection: Collection, name: str, at: str, ids: Sequence[DocumentId]) -> Relation:
    own = collection.full_name.partition(".")[2]
    others = [one for one in await _readable(collection) if one != own and not one.startswith("system.")]
    others = others[:_MOST_COLLECTIONS]
    known = {other: len(await collection.related(other, ids, "_id")) for other in others}
    best = max(known, key=lambda other: known[other], default="")
    if not best or not known[best] or "." in best:
        return Relation(name, at, len(ids), known.get(best, 0), "", "", len(others))
    labels = {}
    for label in _LABELS:
        said = await collection.related(best, ids, label)
        labels[label] = sum(isinstance(text, str) and bool(text.strip()) for text in said.values())
    label = max(labels, key=lambda one: labels[one])
    return Relation(name, at, len(ids), known[best], best, label if labels[label] else "", len(others))


async def _readable(collection: Collection) -> Sequence[str]:
    try:
        return await collection.collections()
    except Unavailable:
        return ()
