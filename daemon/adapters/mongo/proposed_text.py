"""A proposed [mongodb] section as TOML: what was found is set, what is to be decided stands in comments."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any, Final

from daemon.adapters.mongo.faults import secrets_of
from daemon.adapters.mongo.kinds import kind_of, shown
from daemon.adapters.mongo.paths import Path
from daemon.adapters.mongo.toml_text import comment, toml_of
from daemon.config import MongodbSection
from daemon.products.product import Status

if TYPE_CHECKING:
    from daemon.adapters.mongo.proposing import FieldFound, Proposal, WordFound
    from daemon.adapters.mongo.referring import Relation

_TABLES: Final = ("map", "relations", "statuses")
#: Keys that are like those of a field that was not seen, and others, which are told.
_ALIKE: Final = 6
_OTHERS: Final = 40
#: What a remedy may write.
_REMEDIES: Final = (Status.UNLISTED, Status.OUT_OF_STOCK, Status.REVIEW)


def written(found: Proposal) -> str:
    """Return the section, with a heading that says what it is from."""
    parts = [
        "\n".join(_heading(found)),
        "\n".join(["[mongodb]", *_connection(found.section), *_following(found), *_sharding(found)]),
        "\n".join(["[mongodb.map]", *_map(found)]),
        "\n".join(_relations(found)),
        "\n".join(_statuses(found)),
    ]
    return "\n\n".join(part for part in parts if part) + "\n"


def _heading(found: Proposal) -> Iterator[str]:
    sample = found.sample
    how = "chosen by chance" if sample.chosen else "in the order of _id"
    yield comment(
        f"A first mapping of {found.name}, from {sample.read:,} of about {sample.size:,} documents, {how}, "
        f"{found.now:%Y-%m-%d %H:%M} UTC."
    )
    yield comment("Read it line by line, put it in the place of [mongodb] in config.toml, then: zhiban mongo inspect")
    if found.survey.rejected:
        yield comment(f"Of these, {_documents(found.survey.rejected)} cannot be read at all.")
    if sample.unnamed:
        yield comment(f"{len(sample.unnamed)} have an _id that no product can have, such as {sample.unnamed[0].shown}.")
    if not found.values.currency and not any(field.name == "currency" for field in found.fields):
        yield comment('No document states a currency: set [catalogue] currency, such as "EUR".')


def _connection(section: MongodbSection) -> Iterator[str]:
    """Yield what the configuration has already told."""
    given = section.model_dump()
    for name in type(section).model_fields:
        if name not in section.model_fields_set or name in _TABLES:
            continue
        if name == "uri" and (section.secret or secrets_of(section.uri)):
            if not section.secret:
                yield comment("The uri holds a password: keep it as a secret, and name that: secret = ...")
            continue
        yield f"{name} = {_setting(given[name])}"


def _setting(value: Any) -> str:
    if isinstance(value, float):
        return toml_of(f"{value:.3f}".rstrip("0").rstrip(".") + "s")
    return toml_of(list(value) if isinstance(value, tuple) else value)


def _following(found: Proposal) -> Iterator[str]:
    field = next((one for one in found.fields if one.name == "updated_at"), None)
    path = next(iter(field.wins), "updatedAt") if field else "updatedAt"
    tracked = f"{path}: {_share(sum(field.wins.values()), found)} have it" if field else f"{path}: no document has it"
    tracked += ", an index begins with it" if found.indexed else ", no index begins with it"
    if found.streams:
        yield comment(f"Changes are told by the server's change stream. {tracked}.")
    elif found.streams is None:
        yield comment(f"Whether the server has a change stream could not be told. {tracked}.")
    elif found.indexed and field:
        yield comment(f"The server has no change stream: changes are asked for each poll_interval. {tracked}.")
    else:
        yield comment(
            f"The server has no change stream, and {tracked}: changes are found each scan_interval, when the whole "
            "collection is read."
        )


def _sharding(found: Proposal) -> Iterator[str]:
    if "shard_key" in found.section.model_fields_set:
        return
    if found.shard_key and list(found.shard_key) != ["_id"]:
        yield comment("The collection is sharded by this; every query for one document names it.")
        yield f"shard_key = {toml_of(list(found.shard_key))}"
    elif found.shard_key:
        yield comment("The collection is sharded by _id, as shard_key is by default.")
    else:
        yield comment("Nothing says that the collection is sharded; if it is, name the fields of its key in shard_key.")


def _map(found: Proposal) -> Iterator[str]:
    for field in found.fields:
        yield comment(_told(field, found))
        if field.guessed:
            yield comment("guessed: only its name speaks for it")
        if field.several and field.name != "images":
            differ = f", {field.differing:,} with different values" if field.differing else ", all with the same value"
            yield comment(
                f"ambiguous: {_documents(field.several)} with more than one of them{differ}; the first counts"
            )
        if field.unreadable and field.name != "status":
            yield comment(f"{field.unreadable:,} cannot be read for certain, such as {shown(field.example, 40)}")
        yield f"{field.name} = {toml_of(field.paths)}"
    told = [f"{name}: {path}" for name, paths in _untaken(found) for path in paths]
    if told:
        yield comment(f"seen, but nothing could be read there: {', '.join(told)}")
    for name, paths in found.unseen.items():
        if alike := _alike(paths, found):
            yield comment(f"{name}: not seen at {', '.join(paths)}; maybe {', '.join(alike)}?")
    missing = [name for name, paths in found.unseen.items() if not _alike(paths, found)]
    if missing:
        yield comment(f"not seen, and looked for at their usual paths: {', '.join(missing)}")
    if others := _others(found):
        yield comment(f"seen, and read by no path: {', '.join(others)}")
    if unnamable := found.survey.unnamable:
        keys = ", ".join(shown(key, 40) for key in list(unnamable)[:_OTHERS])
        yield comment(f"keys that no path can name: {keys}")


def _told(field: FieldFound, found: Proposal) -> str:
    had = sum(field.wins.values())
    by_path = ", ".join(f"{path} {count:,}" for path, count in field.wins.items())
    kinds: dict[str, int] = {}
    examples: list[str] = []
    for path in field.paths:
        if standing := found.survey.paths.get(path):
            for kind, count in standing.kinds.items():
                kinds[kind] = kinds.get(kind, 0) + count
            examples += standing.examples
    types = ", ".join(f"{kind} {count:,}" if len(kinds) > 1 else kind for kind, count in kinds.items())
    such = f", such as {', '.join(examples[:3])}" if examples else ""
    several = f" ({by_path})" if len(field.wins) > 1 else ""
    return f"{field.name}: {_share(had, found)} have it{several}; {types}{such}".rstrip("; ")


def _untaken(found: Proposal) -> Iterator[tuple[str, Sequence[str]]]:
    """Yield usual paths that documents have, of fields that got nothing from them."""
    for name, paths in found.unseen.items():
        seen = [path for path in paths if (standing := found.survey.paths.get(path)) and standing.documents]
        if seen:
            yield name, [f"{path} ({', '.join(found.survey.paths[path].kinds)})" for path in seen]


def _alike(paths: Sequence[str], found: Proposal) -> list[str]:
    """Return paths that look like a field that was not seen: "title_en", "title.en", "qty_S"."""
    stems = tuple(f"{path}{mark}" for path in paths for mark in "_.-")
    taken = {path for field in found.fields for path in field.paths}
    return [text for text in found.survey.paths if text.startswith(stems) and text not in taken][:_ALIKE]


def _others(found: Proposal) -> list[str]:
    paths = [path for field in found.fields for path in field.paths]
    taken = {*paths, *(Path(path).top for path in paths), "_id", "__v"}
    keys = [key for key in found.survey.outermost if key not in taken]
    told = [
        f"{key} {found.survey.paths[key].documents:,} ({', '.join(found.survey.paths[key].kinds)})"
        for key in keys[:_OTHERS]
    ]
    return [*told, f"… {len(keys)}"] if len(keys) > _OTHERS else told


def _relations(found: Proposal) -> Iterator[str]:
    set_: list[str] = []
    for one in found.relations:
        set_.append(comment(_referred(one)))
        if one.label:
            set_.append(f"{one.field} = {toml_of(f'{one.collection}.{one.label}')}")
    kept = {
        name: text for name, text in found.section.relations.items() if name not in {r.field for r in found.relations}
    }
    for name, text in kept.items():
        set_ += [comment(f"{name}: as configured; no ids were seen"), f"{name} = {toml_of(text)}"]
    if set_:
        yield "[mongodb.relations]"
        yield from set_


def _referred(one: Relation) -> str:
    if one.label:
        return f"{one.field}: {one.known:,} of {one.ids:,} ids of {one.path} are documents of {one.collection}"
    if one.collection:
        return f"{one.field}: ids of {one.path} are documents of {one.collection}, which have no name at any usual path"
    return f"{one.field}: no document of the other {one.looked_in} collections that may be read has an id of {one.path}"


def _statuses(found: Proposal) -> Iterator[str]:
    if not any(field.name == "status" for field in found.fields):
        yield comment(
            "No status was seen: all products count as listed, and no remedy can be written. If a field hides "
            "products from buyers, name it in [mongodb.map] status, and its words in [mongodb.statuses]."
        )
        flags = [text for text, standing in found.survey.paths.items() if set(standing.kinds) <= {"bool", "null"}]
        if flags:
            yield comment(f"true or false stand at: {', '.join(flags[:_OTHERS])}")
    words = _words(found)
    if words or any(field.name == "status" for field in found.fields):
        yield "[mongodb.statuses]"
    for word in found.words:
        yield comment(_meant(word))
    for status, said in words.items():
        yield f"{status.value} = {toml_of(said)}"
    lacking = [status.value for status in _REMEDIES if not words.get(status)]
    if lacking and words:
        yield comment(f"no word was seen for {', '.join(lacking)}: a remedy that needs one is refused until it has one")


def _words(found: Proposal) -> dict[Status, list[Any]]:
    """Return the words for each status: those that are configured, and what was seen and is known."""
    told = {Status(name): list(words) for name, words in found.section.statuses.items()}
    for word in found.words:
        value = int(word.word) if isinstance(word.word, float) else word.word
        for status in word.meanings:
            if not word.told and value not in told.setdefault(status, []):
                told[status].append(value)
    return {status: told[status] for status in Status if told.get(status)}


def _meant(word: WordFound) -> str:
    counted = f"{kind_of(word.word)} {shown(word.word, 60)}: {_documents(word.documents)}"
    if not word.meanings:
        return f"{counted}; to be decided: nobody knows what it means"
    if word.told:
        return f"{counted}, as configured"
    shared = f"; also what {', '.join(word.meanings[1:])} would be written as" if len(word.meanings) > 1 else ""
    return f"{counted}, taken for {word.meanings[0]}, which is guessed{shared}"


def _documents(count: int) -> str:
    return f"{count:,} document" + ("" if count == 1 else "s")


def _share(count: int, found: Proposal) -> str:
    read = len(found.survey.documents)
    percent = 100 * count / read if read else 0.0
    return f"{percent:.1f} % ({count:,} of {read:,})"
