"""What is found out about a collection, and the mapping that is proposed for it. Pure data."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, NamedTuple

from daemon.adapters.mongo.fields import Related
from daemon.adapters.mongo.referring import Relation
from daemon.adapters.mongo.samples import Sample
from daemon.adapters.mongo.survey import Survey
from daemon.config import CatalogueSection, MongodbSection
from daemon.products.product import Status


class FieldFound(NamedTuple):
    """What is proposed for one field. wins: documents whose value comes from each path.

    guessed: only its name speaks for a path. several: documents in which more than one path says something, differing:
    those in which they say different things. unreadable: documents whose value no rule could make sense of, an example
    first.
    """

    name: str
    paths: Sequence[str]
    wins: Mapping[str, int]
    guessed: bool
    several: int
    differing: int
    unreadable: int
    example: str


class WordFound(NamedTuple):
    """A word of status with the number of documents, and what it is taken for by whom."""

    word: Any
    documents: int
    meanings: tuple[Status, ...]
    told: bool


class Gathered(NamedTuple):
    """What a server told of a collection.

    related: what the documents refer to; indexed: of the paths that may say when a document was changed, those that an
    index begins with; streams: whether there is a change stream, None where that is not known.
    """

    name: str
    sample: Sample
    survey: Survey
    related: Related
    relations: Sequence[Relation] = ()
    shard_key: Sequence[str] = ()
    indexed: Sequence[str] = ()
    streams: bool | None = None


class Proposal(NamedTuple):
    """A mapping for a collection. section, values: as configured; unseen: the usual paths of fields without any."""

    found: Gathered
    section: MongodbSection
    values: CatalogueSection
    fields: Sequence[FieldFound]
    unseen: Mapping[str, Sequence[str]]
    words: Sequence[WordFound]
    now: datetime
