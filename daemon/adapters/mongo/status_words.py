"""The shop's words for where a product stands, and ours. Several of ours may share one word of the shop."""

from __future__ import annotations

from collections.abc import Mapping
from difflib import get_close_matches
from typing import Any, Final, TypeAlias

from daemon.adapters.mongo.defaults import WORDS
from daemon.adapters.mongo.values import is_no_word, text_of, unparsed
from daemon.errors import ConfigError, InvalidInput
from daemon.products.feeds.status_words import status_of, word_key
from daemon.products.product import Status, Unparsed

Word: TypeAlias = str | bool | int
_Key: TypeAlias = tuple[type, Word]

#: Spellings of known words that are remembered.
_SPELLINGS: Final = 1000


class StatusWords:
    """Reads and writes the words. configured: [mongodb.statuses]; what it does not name keeps its usual words to read.

    Raises ConfigError for a status that is none.
    """

    def __init__(self, configured: Mapping[str, tuple[Word, ...]]) -> None:
        for name in configured:
            _check(name)
        self._told = {word for words in configured.values() for word in map(_key, words)}
        self._words = {status: tuple(configured.get(status.value, WORDS[status])) for status in Status}
        # Where a shop says "live" for "published", the other words are not the usual ones either.
        self._guessed = None if configured else {_key(words[0]) for words in WORDS.values() if words}
        # Words that were guessed must not be written into a shop that has told its own.
        self._written = {s: w for s, w in self._words.items() if not configured or s.value in configured}
        self._spelled: dict[str, tuple[Status, ...]] = {}
        self._statuses: dict[_Key, tuple[Status, ...]] = {}
        for status, words in self._by_precedence(configured):
            for word in words:
                key = _key(word)
                self._statuses[key] = (*self._statuses.get(key, ()), status)

    def read(self, value: Any, before: Status | Unparsed | None) -> Status | Unparsed | None:
        """Return what a word means, None for blank: the status before where it means that too, else its first."""
        known = self._spelled.get(value) if type(value) is str else None
        found = self._statuses_of(value) if known is None else known
        if not found:
            return self._otherwise(value)
        return before if isinstance(before, Status) and before in found else found[0]

    def meanings(self, value: Any) -> tuple[Status, ...]:
        """Return every status that a word may stand for, first the one it is read as; none for one nobody knows."""
        found = self._statuses_of(value)
        if found:
            return found
        other = self._otherwise(value)
        return (other,) if isinstance(other, Status) else ()

    def is_told(self, value: Any) -> bool:
        """Tell whether the configuration names a word, so that what it means is not guessed."""
        return _is_word(value) and _key(value) in self._told

    def write(self, status: Status, standing: Any, said: Word | None = None) -> Word:
        """Return the word for a status, of the type of the one that stands there. Raises InvalidInput.

        said: how the document itself last said it, which goes before other words for it.
        """
        if standing is not None and not _is_word(standing):
            raise InvalidInput(f"what stands there is no word: {unparsed(standing).text}")
        if standing is not None and status in self._statuses_of(standing):
            return int(standing) if isinstance(standing, float) else standing
        if said is not None and status in self._statuses_of(said) and _kind(said) is _kind(standing):
            return said
        words = self._written.get(status, ())
        if self._guessed is not None and isinstance(standing, str) and _key(standing) not in self._guessed:
            raise InvalidInput(
                f'the shop has words of its own, such as "{standing:.40}"; tell them in [mongodb.statuses]',
                (("status", "no word in [mongodb.statuses]"),),
            )
        wanted = words if standing is None else [word for word in words if _kind(word) is _kind(standing)]
        if not wanted:
            beside = "" if not words else f" like {unparsed(standing).text!r}"
            raise InvalidInput(
                f'the shop has no word{beside} for "{status.value}"; give it one in [mongodb.statuses]',
                (("status", "no word in [mongodb.statuses]"),),
            )
        return wanted[0]

    def _statuses_of(self, value: Any) -> tuple[Status, ...]:
        if not _is_word(value):
            return ()
        found = self._statuses.get(_key(value), ())
        if found and isinstance(value, str) and len(self._spelled) < _SPELLINGS:
            self._spelled[value] = found
        return found

    def _otherwise(self, value: Any) -> Status | Unparsed | None:
        if not _is_word(value):
            return unparsed(value)
        text = text_of(value)
        return None if text is None else status_of(text)

    def _by_precedence(self, configured: Mapping[str, Any]) -> list[tuple[Status, tuple[Word, ...]]]:
        """Return statuses with their words, configured ones first: theirs are certain, the others' are guessed."""
        told = self._told
        mine = [(status, self._words[status]) for status in Status if status.value in configured]
        rest = [
            (status, tuple(word for word in self._words[status] if _key(word) not in told))
            for status in Status
            if status.value not in configured
        ]
        return mine + rest


def _check(name: str) -> None:
    names: Final = [status.value for status in Status]
    if name not in names:
        near = get_close_matches(name, names, 1)
        hint = f'did you mean "{near[0]}"?' if near else f"statuses are {', '.join(names)}"
        raise ConfigError(f'mongodb.statuses: "{name}" is no status; {hint}')


def _is_word(value: Any) -> bool:
    return isinstance(value, str | bool | int | float) and not is_no_word(value)


def _key(word: Any) -> _Key:
    """Return a word as it is compared: case and gaps do not count, 1 and 1.0 are one number, but true is none."""
    if isinstance(word, str):
        return str, word_key(word)
    return _kind(word), word


def _kind(word: Any) -> type:
    return bool if isinstance(word, bool) else str if isinstance(word, str) else int
