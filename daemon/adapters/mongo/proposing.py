"""A first mapping for a collection, from some of its documents. It names nothing that was not seen there."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from contextlib import aclosing
from datetime import datetime
from typing import Any, Final, NamedTuple

from daemon.adapters.mongo.defaults import PATHS
from daemon.adapters.mongo.documents import Document
from daemon.adapters.mongo.driver import Collection
from daemon.adapters.mongo.fields import NAMES, MappedField
from daemon.adapters.mongo.inspecting import Related, relatives
from daemon.adapters.mongo.mapping import ShopMapping
from daemon.adapters.mongo.overview import word_counts
from daemon.adapters.mongo.paths import Path
from daemon.adapters.mongo.proposed_text import written
from daemon.adapters.mongo.referring import Relation, relations_of
from daemon.adapters.mongo.samples import Sample, sample_of
from daemon.adapters.mongo.status_words import StatusWords
from daemon.adapters.mongo.survey import Survey, is_path, surveyed
from daemon.config import CatalogueSection, MongodbSection
from daemon.errors import Conflict, NotFound, Unavailable
from daemon.products.feeds.columns import layout_of
from daemon.products.product import Status, Unparsed

#: How much of what lies at a path that only its name speaks for must be readable.
_READABLE: Final = 0.9


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


class Proposal(NamedTuple):
    """All that was found out about a collection. section: as configured; streams: None where that is not known."""

    name: str
    section: MongodbSection
    values: CatalogueSection
    sample: Sample
    survey: Survey
    fields: Sequence[FieldFound]
    unseen: Mapping[str, Sequence[str]]
    relations: Sequence[Relation]
    words: Sequence[WordFound]
    shard_key: Sequence[str]
    indexed: bool
    streams: bool | None
    now: datetime


async def propose(
    collection: Collection, section: MongodbSection, values: CatalogueSection, limit: int, now: datetime
) -> str:
    """Return a [mongodb] section as TOML. section, values: as configured, which goes before what is found.

    Raises NotFound for a collection without documents, Unauthorized, Unavailable.
    """
    sample = await sample_of(collection, limit)
    survey = surveyed(sample.documents)
    wanted, guessed = _candidates(section, survey)
    relations = [
        found for name in wanted for found in await relations_of(collection, section, name, wanted[name], survey)
    ]
    told = {found.field: f"{found.collection}.{found.label}" for found in relations if found.label}
    draft = _with(section, wanted, told)
    mapping = _mapping(draft, values)
    documents = [document for document, _ in survey.documents]
    related = await relatives(collection, mapping, documents)
    kept = {name: _usable(mapping.mapped[name], survey, related, guessed=name in guessed) for name in wanted}
    kept = {name: paths for name, paths in kept.items() if paths}
    if "status" in kept:
        kept["status"] = _by_known_words(kept["status"], survey, StatusWords(section.statuses))
    final = _mapping(_with(section, kept, told), values)
    fields, words = _counted(final, kept, guessed, documents, survey, related)
    changed_by = kept.get("updated_at", PATHS["updated_at"])[0]
    return written(
        Proposal(
            name=collection.full_name,
            section=section,
            values=values,
            sample=sample,
            survey=survey,
            fields=fields,
            unseen={name: PATHS.get(name, ()) for name in NAMES if name not in kept and name in PATHS},
            relations=relations,
            words=[WordFound(w, n, *_meant(w, StatusWords(section.statuses))) for w, n in words],
            shard_key=[text for text in await collection.shard_key() if is_path(text)],
            indexed=await collection.indexed(changed_by),
            streams=await _streams(collection),
            now=now,
        )
    )


def _candidates(section: MongodbSection, survey: Survey) -> tuple[dict[str, list[str]], frozenset[str]]:
    """Return the paths that were seen for each field, and the fields for which only a name speaks.

    What the configuration tells goes before the usual paths, and these before names that are known from files.
    """
    told = {("images" if name == "image" else name): texts for name, texts in section.map.items()}
    found: dict[str, list[str]] = {}
    for name in NAMES:
        seen = [text for text in told.get(name, PATHS.get(name, ())) if _documents_with(text, survey)]
        if seen:
            found[name] = seen
    taken = {Path(text).top for texts in found.values() for text in texts}
    usual = {Path(text).top for texts in PATHS.values() for text in texts}
    free = [key for key in survey.outermost if key not in taken | usual and is_path(key)]
    guessed = set()
    for header, columns in layout_of(free, {}).items():
        name = "images" if header == "image" else header
        if name in NAMES and name not in found and name not in told:
            found[name] = list(columns)
            guessed.add(name)
    return found, frozenset(guessed)


def _documents_with(text: str, survey: Survey) -> int:
    """Return in how many documents something lies at a path; one may lead into an array, or be a key with dots."""
    if standing := survey.paths.get(text):
        return standing.documents
    path = Path(text)
    return sum(path.get(fields) is not None for _, fields in survey.documents) if path.top in survey.paths else 0


def _usable(field: MappedField, survey: Survey, related: Related, *, guessed: bool) -> list[str]:
    """Return the paths that say something in some document."""
    kept = []
    for path in field.paths:
        one = type(field)(field.name, [path], field.read, field.relations)
        found = [one.find(fields, related) for _, fields in survey.documents]
        said = [(lying, value) for at, lying, value in found if at and not _is_holder(lying, value)]
        good = sum(type(value) is not Unparsed for _, value in said)
        if said and (not guessed or good >= _READABLE * _documents_with(path.text, survey)):
            kept.append(path.text)
    return kept


def _is_holder(lying: Any, value: Any) -> bool:
    """Tell whether an object only holds what other paths lead to."""
    return type(value) is Unparsed and isinstance(lying, dict)


def _by_known_words(paths: Sequence[str], survey: Survey, words: StatusWords) -> list[str]:
    """Return paths of status, those whose words are known first: a "state" may also be that of the goods."""

    def unknown(text: str) -> float:
        counted = word_counts(Path(text).get(fields) for _, fields in survey.documents)
        total = sum(count for _, count in counted)
        return sum(count for word, count in counted if not words.meanings(word)) / total if total else 1.0

    return sorted(paths, key=unknown)


def _counted(
    mapping: ShopMapping,
    kept: Mapping[str, Sequence[str]],
    guessed: frozenset[str],
    documents: Sequence[Document],
    survey: Survey,
    related: Related,
) -> tuple[list[FieldFound], list[tuple[Any, int]]]:
    """Read the documents by the mapping that is proposed; return what it finds, and the words of status."""
    wins: dict[str, Counter[str]] = {name: Counter() for name in kept}
    unreadable: dict[str, list[str]] = {name: [] for name in kept}
    status = []
    for document in documents:
        for row in mapping.explained(document, related):
            if row.name in kept and row.path:
                wins[row.name][row.path] += 1
                if isinstance(row.value, Unparsed):
                    unreadable[row.name].append(row.value.text)
                if row.name == "status":
                    status.append(row.found)
    found = []
    for name in kept:
        several, differing = _ambiguous(mapping.mapped[name], survey, related)
        example = next(iter(unreadable[name]), "")
        found.append(
            FieldFound(
                name, kept[name], wins[name], name in guessed, several, differing, len(unreadable[name]), example
            )
        )
    return found, word_counts(status)


def _ambiguous(field: MappedField, survey: Survey, related: Related) -> tuple[int, int]:
    """Return in how many documents several paths of a field say something, and in how many different things."""
    several = differing = 0
    ones = [type(field)(field.name, [path], field.read, field.relations) for path in field.paths]
    for _, fields in survey.documents if len(ones) > 1 else ():
        found = [one.find(fields, related) for one in ones]
        said = [value for at, lying, value in found if at and not _is_holder(lying, value)]
        several += len(said) > 1
        differing += len(said) > 1 and any(value != said[0] for value in said)
    return several, differing


def _meant(word: Any, words: StatusWords) -> tuple[tuple[Status, ...], bool]:
    return words.meanings(word), words.is_told(word)


def _with(
    section: MongodbSection, paths: Mapping[str, Sequence[str]], relations: Mapping[str, str]
) -> MongodbSection:  # fmt: skip
    mapped = {name: tuple(texts) for name, texts in paths.items()}
    return section.model_copy(update={"map": mapped, "relations": {**section.relations, **relations}})


def _mapping(section: MongodbSection, values: CatalogueSection) -> ShopMapping:
    return ShopMapping(section, currency=values.currency, timezone=values.timezone, locale=values.locale)


async def _streams(collection: Collection) -> bool | None:
    """Tell whether the server tells of changes, None when that cannot be told."""
    try:
        async with aclosing(collection.changes(None)) as changes:
            await anext(changes)
    except NotFound:
        return False
    except (Unavailable, Conflict, StopAsyncIteration):
        return None
    return True
