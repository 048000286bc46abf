"""What ids refer to and what words of status mean, as tables of a proposed section."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

from daemon.adapters.mongo.kinds import kind_of, shown
from daemon.adapters.mongo.proposal import Proposal, WordFound
from daemon.adapters.mongo.referring import Relation
from daemon.adapters.mongo.toml_text import comment, toml_of
from daemon.products.product import Status

#: What a remedy may write.
_REMEDIES: Final = (Status.UNLISTED, Status.OUT_OF_STOCK, Status.REVIEW)
_FLAGS: Final = 40


def relation_lines(proposal: Proposal) -> Iterator[str]:
    """Yield [mongodb.relations]: what ids refer to."""
    set_: list[str] = []
    for one in proposal.found.relations:
        set_.append(comment(_referred(one)))
        if one.label:
            set_.append(f"{one.field} = {toml_of(f'{one.collection}.{one.label}')}")
    seen = {one.field for one in proposal.found.relations}
    kept = {name: text for name, text in proposal.section.relations.items() if name not in seen}
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


def status_lines(proposal: Proposal) -> Iterator[str]:
    """Yield [mongodb.statuses]: the words that were seen, those that nobody knows in comments."""
    if not any(field.name == "status" for field in proposal.fields):
        yield comment(
            "No status was seen: all products count as listed, and no remedy can be written. If a field hides "
            "products from buyers, name it in [mongodb.map] status, and its words in [mongodb.statuses]."
        )
        paths = proposal.found.survey.paths
        flags = [text for text, standing in paths.items() if set(standing.kinds) <= {"bool", "null"}]
        if flags:
            yield comment(f"true or false stand at: {', '.join(flags[:_FLAGS])}")
    words = _words(proposal)
    if words or any(field.name == "status" for field in proposal.fields):
        yield "[mongodb.statuses]"
    for word in proposal.words:
        yield comment(_meant(word))
    for status, said in words.items():
        yield f"{status.value} = {toml_of(said)}"
    lacking = [status.value for status in _REMEDIES if not words.get(status)]
    if lacking and words:
        yield comment(f"no word was seen for {', '.join(lacking)}: a remedy that needs one is refused until it has one")


def _words(proposal: Proposal) -> dict[Status, list[Any]]:
    """Return the words for each status: those that are configured, and what was seen and is known."""
    told = {Status(name): list(words) for name, words in proposal.section.statuses.items()}
    for word in proposal.words:
        value = int(word.word) if isinstance(word.word, float) else word.word
        for status in word.meanings:
            if not word.told and value not in told.setdefault(status, []):
                told[status].append(value)
    return {status: told[status] for status in Status if told.get(status)}


def _meant(word: WordFound) -> str:
    said = f"{kind_of(word.word)} {shown(word.word, 60)}: {counted(word.documents)}"
    if not word.meanings:
        return f"{said}; to be decided: nobody knows what it means"
    if word.told:
        return f"{said}, as configured"
    shared = f"; also what {', '.join(word.meanings[1:])} would be written as" if len(word.meanings) > 1 else ""
    return f"{said}, taken for {word.meanings[0]}, which is guessed{shared}"


def counted(count: int) -> str:
    """Return a number of documents in words."""
    return f"{count:,} document" + ("" if count == 1 else "s")
