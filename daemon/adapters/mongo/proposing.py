"""A first mapping for a collection, from some of its documents. It names nothing that was not seen there."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from contextlib import aclosing
from datetime import datetime
from typing import Any, Final

from daemon.adapters.mongo.collection import Collection
from daemon.adapters.mongo.defaults import PATHS
from daemon.adapters.mongo.fields import NAMES, MappedField, Related
from daemon.adapters.mongo.inspecting import relatives
from daemon.adapters.mongo.mapping import ShopMapping
from daemon.adapters.mongo.overview import word_counts
from daemon.adapters.mongo.paths import Path
from daemon.adapters.mongo.proposal import FieldFound, Gathered, Proposal, WordFound
from daemon.adapters.mongo.proposed_text import written
from daemon.adapters.mongo.referring import Relation, relations_of
from daemon.adapters.mongo.samples import sample_of
from daemon.adapters.mongo.status_words import StatusWords
from daemon.adapters.mongo.survey import Survey, is_path, surveyed
from daemon.config import CatalogueSection, MongodbSection
from daemon.errors import Conflict, NotFound, Unavailable
from daemon.products.feeds.columns import layout_of
from daemon.products.imports import same_value
from daemon.products.product import Unparsed

#: How much of what lies at a path that only its name speaks for must be readable.
_READABLE: Final = 0.9


async def propose(
    collection: Collection, section: MongodbSection, values: CatalogueSection, limit: int, now: datetime
) -> str:
    """Return a [mongodb] section as TOML. section, values: as configured, which goes before what is found.

    Raises NotFound for a collection without documents, Unauthorized, Unavailable.
    """
    return written(proposal_of(await _gathered(collection, section, values, limit), section, values, now))


async def _gathered(
    collection: Collection, section: MongodbSection, values: CatalogueSection, limit: int
) -> Gathered:  # fmt: skip
    sample = await sample_of(collection, limit)
    survey = surveyed(sample.documents)
    wanted, _ = candidates(section, survey)
    relations: list[Relation] = []
    for name, paths in wanted.items():
        relations += await relations_of(collection, section, name, paths, survey)
    draft = _mapping(_with(section, wanted, relations), values)
    return Gathered(
        name=collection.full_name,
        sample=sample,
        survey=survey,
        relations=relations,
        related=await relatives(collection, draft, [document for document, _ in survey.documents]),
        shard_key=[text for text in await collection.shard_key() if is_path(text)],
        indexed=[path for path in wanted.get("updated_at", PATHS["updated_at"]) if await collection.indexed(path)],
        streams=await _streams(collection),
    )


def proposal_of(found: Gathered, section: MongodbSection, values: CatalogueSection, now: datetime) -> Proposal:
    """Return what to propose for a collection. Raises ConfigError for a section that cannot be used."""
    survey, related = found.survey, found.related
    wanted, guessed = candidates(section, survey)
    draft = _mapping(_with(section, wanted, found.relations), values)
    usable = {name: _usable(draft.mapped[name], survey, related, guessed=name in guessed) for name in wanted}
    kept = {name: paths for name, paths in usable.items() if paths}
    words = StatusWords(section.statuses)
    if "status" in kept:
        kept["status"] = _by_known_words(kept["status"], survey, words)
    fields, said = _counted(_mapping(_with(section, kept, found.relations), values), kept, guessed, survey, related)
    return Proposal(
        found=found,
        section=section,
        values=values,
        fields=fields,
        unseen={name: paths for name, paths in PATHS.items() if name not in kept},
        words=[WordFound(word, count, words.meanings(word), words.is_told(word)) for word, count in said],
        now=now,
    )


def candidates(section: MongodbSection, survey: Survey) -> tuple[dict[str, list[str]], frozenset[str]]:
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
    survey: Survey,
    related: Related,
) -> tuple[list[FieldFound], list[tuple[Any, int]]]:
    """Read the documents by the mapping that is proposed; return what it finds, and the words of status."""
    wins: dict[str, Counter[str]] = {name: Counter() for name in kept}
    unreadable: dict[str, list[str]] = {name: [] for name in kept}
    status = []
    for document, _ in survey.documents:
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
        differing += len(said) > 1 and not all(same_value(value, said[0]) for value in said)
    return several, differing


def _with(
    section: MongodbSection, paths: Mapping[str, Sequence[str]], relations: Sequence[Relation]
) -> MongodbSection:  # fmt: skip
    mapped = {name: tuple(texts) for name, texts in paths.items()}
    referred = {one.field: f"{one.collection}.{one.label}" for one in relations if one.label}
    return section.model_copy(update={"map": mapped, "relations": {**section.relations, **referred}})


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
