"""A proposed [mongodb] section as TOML: what was found is set, what is to be decided stands in comments."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, Final

from daemon.adapters.mongo.faults import secrets_of
from daemon.adapters.mongo.kinds import shown
from daemon.adapters.mongo.paths import Path
from daemon.adapters.mongo.proposal import FieldFound, Proposal
from daemon.adapters.mongo.proposed_words import counted, relation_lines, status_lines
from daemon.adapters.mongo.toml_text import comment, toml_of
from daemon.config import MongodbSection

_TABLES: Final = ("map", "relations", "statuses")
#: Keys that are like those of a field that was not seen, and others, which are told.
_ALIKE: Final = 6
_OTHERS: Final = 40


def written(proposal: Proposal) -> str:
    """Return the section, with a heading that says what it is from."""
    parts = [
        "\n".join(_heading(proposal)),
        "\n".join(["[mongodb]", *_connection(proposal.section), *_following(proposal), *_sharding(proposal)]),
        "\n".join(["[mongodb.map]", *_map(proposal)]),
        "\n".join(relation_lines(proposal)),
        "\n".join(status_lines(proposal)),
    ]
    return "\n\n".join(part for part in parts if part) + "\n"


def _heading(proposal: Proposal) -> Iterator[str]:
    sample = proposal.found.sample
    how = "chosen by chance" if sample.chosen else "in the order of _id"
    yield comment(
        f"A first mapping of {proposal.found.name}, from {sample.read:,} of about {sample.size:,} documents, {how}, "
        f"{proposal.now:%Y-%m-%d %H:%M} UTC."
    )
    yield comment("Read it line by line, put it in the place of [mongodb] in config.toml, then: zhiban mongo inspect")
    if proposal.found.survey.rejected:
        yield comment(f"Of these, {counted(proposal.found.survey.rejected)} cannot be read at all.")
    if sample.unnamed:
        yield comment(f"{len(sample.unnamed)} have an _id that no product can have, such as {sample.unnamed[0].shown}.")
    if not proposal.values.currency and not any(field.name == "currency" for field in proposal.fields):
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


def _following(proposal: Proposal) -> Iterator[str]:
    field = next((one for one in proposal.fields if one.name == "updated_at"), None)
    path = next(iter(field.wins), "updatedAt") if field else "updatedAt"
    tracked = (
        f"{path}: {_share(sum(field.wins.values()), proposal)} have it" if field else f"{path}: no document has it"
    )
    tracked += ", an index begins with it" if path in proposal.found.indexed else ", no index begins with it"
    if proposal.found.streams:
        yield comment(f"Changes are told by the server's change stream. {tracked}.")
    elif proposal.found.streams is None:
        yield comment(f"Whether the server has a change stream could not be told. {tracked}.")
    elif path in proposal.found.indexed and field:
        yield comment(f"The server has no change stream: changes are asked for each poll_interval. {tracked}.")
    else:
        yield comment(
            f"The server has no change stream, and {tracked}: changes are found each scan_interval, when the whole "
            "collection is read."
        )


def _sharding(proposal: Proposal) -> Iterator[str]:
    if "shard_key" in proposal.section.model_fields_set:
        return
    if proposal.found.shard_key and list(proposal.found.shard_key) != ["_id"]:
        yield comment("The collection is sharded by this; every query for one document names it.")
        yield f"shard_key = {toml_of(list(proposal.found.shard_key))}"
    elif proposal.found.shard_key:
        yield comment("The collection is sharded by _id, as shard_key is by default.")
    else:
        yield comment("Nothing says that the collection is sharded; if it is, name the fields of its key in shard_key.")


def _map(proposal: Proposal) -> Iterator[str]:
    for field in proposal.fields:
        yield comment(_told(field, proposal))
        if field.guessed:
            yield comment("guessed: only its name speaks for it")
        if field.several and field.name != "images":
            differ = f", {field.differing:,} with different values" if field.differing else ", all with the same value"
            yield comment(f"ambiguous: {counted(field.several)} with more than one of them{differ}; the first counts")
        if field.unreadable and field.name != "status":
            yield comment(f"{field.unreadable:,} cannot be read for certain, such as {shown(field.example, 40)}")
        yield f"{field.name} = {toml_of(field.paths)}"
    yield from _configured(proposal)
    yield from _undecided(proposal)


def _configured(proposal: Proposal) -> Iterator[str]:
    """Yield what the configuration tells of fields that no document has."""
    kept = {field.name for field in proposal.fields}
    for name, paths in proposal.section.map.items():
        if ("images" if name == "image" else name) in kept:
            continue
        if paths:
            yield comment(f"{name}: nothing was found at {', '.join(paths)}, as configured; left out")
        else:
            yield f"{name} = []"


def _undecided(proposal: Proposal) -> Iterator[str]:
    """Yield what else was seen and not seen, as comments."""
    told = [f"{name}: {path}" for name, paths in _untaken(proposal) for path in paths]
    if told:
        yield comment(f"seen, but nothing could be read there: {', '.join(told)}")
    for name, paths in proposal.unseen.items():
        if alike := _alike(paths, proposal):
            yield comment(f"{name}: not seen at {', '.join(paths)}; maybe {', '.join(alike)}?")
    missing = [name for name, paths in proposal.unseen.items() if not _alike(paths, proposal)]
    if missing:
        yield comment(f"not seen, and looked for at their usual paths: {', '.join(missing)}")
    if others := _others(proposal):
        yield comment(f"seen, and read by no path: {', '.join(others)}")
    if unnamable := proposal.found.survey.unnamable:
        keys = ", ".join(shown(key, 40) for key in list(unnamable)[:_OTHERS])
        yield comment(f"keys that no path can name: {keys}")


def _told(field: FieldFound, proposal: Proposal) -> str:
    had = sum(field.wins.values())
    by_path = ", ".join(f"{path} {count:,}" for path, count in field.wins.items())
    kinds: dict[str, int] = {}
    examples: list[str] = []
    for path in field.paths:
        if standing := proposal.found.survey.paths.get(path):
            for kind, count in standing.kinds.items():
                kinds[kind] = kinds.get(kind, 0) + count
            examples += standing.examples
    types = ", ".join(f"{kind} {count:,}" if len(kinds) > 1 else kind for kind, count in kinds.items())
    such = f", such as {', '.join(examples[:3])}" if examples else ""
    several = f" ({by_path})" if len(field.wins) > 1 else ""
    return f"{field.name}: {_share(had, proposal)} have it{several}; {types}{such}".rstrip("; ")


def _untaken(proposal: Proposal) -> Iterator[tuple[str, Sequence[str]]]:
    """Yield usual paths that documents have, of fields that got nothing from them."""
    for name, paths in proposal.unseen.items():
        seen = [path for path in paths if (standing := proposal.found.survey.paths.get(path)) and standing.documents]
        if seen:
            yield name, [f"{path} ({', '.join(proposal.found.survey.paths[path].kinds)})" for path in seen]


def _alike(paths: Sequence[str], proposal: Proposal) -> list[str]:
    """Return paths that look like a field that was not seen: "title_en", "title.en", "qty_S"."""
    stems = tuple(f"{path}{mark}" for path in paths for mark in "_.-")
    taken = {path for field in proposal.fields for path in field.paths}
    return [text for text in proposal.found.survey.paths if text.startswith(stems) and text not in taken][:_ALIKE]


def _others(proposal: Proposal) -> list[str]:
    paths = [path for field in proposal.fields for path in field.paths]
    taken = {*paths, *(Path(path).top for path in paths), "_id", "__v"}
    keys = [key for key in proposal.found.survey.outermost if key not in taken]
    told = [
        f"{key} {proposal.found.survey.paths[key].documents:,} ({', '.join(proposal.found.survey.paths[key].kinds)})"
        for key in keys[:_OTHERS]
    ]
    return [*told, f"… {len(keys)}"] if len(keys) > _OTHERS else told


def _share(count: int, proposal: Proposal) -> str:
    read = len(proposal.found.survey.documents)
    percent = 100 * count / read if read else 0.0
    return f"{percent:.1f} % ({count:,} of {read:,})"
