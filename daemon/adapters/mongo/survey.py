"""Which paths documents have, how often, and what lies there."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, Final, NamedTuple

from daemon.adapters.mongo.decoding import decoded
from daemon.adapters.mongo.documents import Document
from daemon.adapters.mongo.elements import elements
from daemon.adapters.mongo.kinds import kind_of, shown
from daemon.adapters.mongo.paths import checked_path
from daemon.errors import ConfigError, InvalidInput

#: How deep objects are looked into, and how many different paths are told apart: some keep ids as keys.
_DEEPEST: Final = 4
_MOST_PATHS: Final = 2000
#: From this size on, in bytes, an outermost value is not looked into.
_LARGE: Final = 1_048_576
_EXAMPLES: Final = 2
_EXAMPLE: Final = 32


class Standing:
    """What stands at one path of some documents. kinds: how many of each type; examples: as they are shown."""

    __slots__ = ("examples", "kinds")

    def __init__(self) -> None:
        self.kinds: Counter[str] = Counter()
        self.examples: list[str] = []

    @property
    def documents(self) -> int:
        """Return how many documents have something there that is not null."""
        return self.kinds.total() - self.kinds["null"]

    def add(self, value: object) -> None:
        """Count a value."""
        self.kinds[kind_of(value)] += 1
        if value is not None and not isinstance(value, dict) and len(self.examples) < _EXAMPLES:
            example = shown(value, _EXAMPLE)
            if example not in self.examples:
                self.examples.append(example)


class Survey(NamedTuple):
    """documents: those that could be read, decoded. unnamable: keys that no path can name, with their counts."""

    documents: Sequence[tuple[Document, Mapping[str, Any]]]
    paths: Mapping[str, Standing]
    unnamable: Mapping[str, int]
    rejected: int

    @property
    def outermost(self) -> Sequence[str]:
        """Return the outermost keys that a path can name, in the order of the documents."""
        return list(dict.fromkeys(key for _, fields in self.documents for key in fields if key in self.paths))


def surveyed(documents: Iterable[Document]) -> Survey:
    """Look at documents."""
    read: list[tuple[Document, Mapping[str, Any]]] = []
    paths: dict[str, Standing] = {}
    unnamable: Counter[str] = Counter()
    rejected = 0
    for document in documents:
        try:
            parts = [part for part in elements(document.raw) if len(part.data) < _LARGE]
            fields = decoded(document.raw, [part.name.decode(errors="replace") for part in parts])
        except InvalidInput:
            rejected += 1
            continue
        read.append((document, fields))
        for text, value in dict(_walk(fields, (), unnamable)).items():
            if text in paths or len(paths) < _MOST_PATHS:
                paths.setdefault(text, Standing()).add(value)
    return Survey(read, paths, unnamable, rejected)


def is_path(text: str) -> bool:
    """Tell whether a text can stand in [mongodb.map]."""
    try:
        checked_path(text, "")
    except ConfigError:
        return False
    return True


def _walk(
    fields: Mapping[str, Any], outer: tuple[str, ...], unnamable: Counter[str]
) -> Iterator[tuple[str, Any]]:  # fmt: skip
    for key, value in fields.items():
        # The last resort of a path is an outermost key with dots; inside objects there is no such thing.
        text = ".".join((*outer, key))
        if not is_path(text) or (outer and "." in key):
            unnamable[text] += 1
            continue
        yield text, value
        if isinstance(value, dict) and len(outer) + 1 < _DEEPEST and "." not in key:
            yield from _walk(value, (*outer, key), unnamable)
