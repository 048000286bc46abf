"""Loads what conversations are made of, each part by itself: what cannot be loaded is told, the others do without.

What needs the extra "chat" is imported only then.
"""

from __future__ import annotations

import tomllib
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from importlib.util import find_spec
from pathlib import Path
from typing import Final, TypeVar

import structlog

from daemon.errors import ZhibanError
from daemon.inference.chat.dialogue.parts import Detector, FilmAdviser, Parts
from daemon.inference.chat.dialogue.retrieval_speaker import RetrievalSpeaker
from daemon.inference.chat.intent.clauses import clauses
from daemon.inference.chat.intent.detector import detect
from daemon.inference.chat.intent.slots import slots_of
from daemon.inference.chat.intent.tokens import tokens
from daemon.inference.chat.languages import language_of
from daemon.inference.chat.normalisation import normalised
from daemon.inference.chat.replies import Speaker
from daemon.inference.chat.wishes import Slots
from daemon.ports import FilmStore, Offload
from daemon.products.phrases import Language

_log = structlog.get_logger()
T = TypeVar("T")
#: The model that comes with the daemon, and the files of any.
PACKAGED: Final = Path(__file__).parent / "model"
RETRIEVAL: Final = "retrieval.bin"
#: Packages of the extra "chat".
_PACKAGES: Final = ("numpy", "onnxruntime", "opencc", "rapidfuzz", "scipy", "sentencepiece")
#: What a file that is absent, foreign or broken raises when it is read.
_BROKEN: Final = (ZhibanError, OSError, ValueError, KeyError, ImportError, tomllib.TOMLDecodeError)


def missing_packages() -> tuple[str, ...]:
    """Return which packages that this needs are not installed."""
    return tuple(name for name in _PACKAGES if find_spec(name) is None)


@dataclass(frozen=True, slots=True)
class Loaded:
    """Parts, the speakers of them by name, and by name of a part why it is not there, or not the new one."""

    parts: Parts
    speakers: Mapping[str, Speaker] = field(default_factory=dict)
    problems: Mapping[str, str] = field(default_factory=dict)


class Loader:
    """Loads parts off the loop. films, offload: of the daemon."""

    def __init__(self, films: FilmStore | None, offload: Offload) -> None:
        self._films, self._offload = films, offload

    async def load(self, model: str, before: Loaded | None = None) -> Loaded:
        """Load everything anew; of what cannot be loaded, what was there before stays.

        model: folder of a model; "" for the one that comes with the daemon.
        """
        folder = Path(model) if model else PACKAGED
        problems: dict[str, str] = {}
        detector = await _tried("intent", self._detector, problems)
        adviser = await _tried("films", self._adviser, problems)
        retrieval = await _tried("retrieval", lambda: self._retrieval(folder / RETRIEVAL), problems)
        speakers = {"retrieval": retrieval or (before.speakers.get("retrieval") if before else None)}
        there = {name: speaker for name, speaker in speakers.items() if speaker is not None}
        parts = Parts(
            normalise=normalised,
            language_of=language_of,
            incoming=_passed,
            outgoing=_passed,
            detect=detector or (before.parts.detect if before else None),
            slots_in=slots_in,
            speakers=tuple(there.values()),
            adviser=adviser or (before.parts.adviser if before else None),
        )
        return Loaded(parts, there, problems)

    async def _detector(self) -> Detector:
        await self._offload.run(lambda: (detect("film"), detect("电影")), what="intent.load")
        return detect

    async def _retrieval(self, path: Path) -> Speaker:
        from daemon.inference.chat.retrieval import Retrieval  # noqa: PLC0415 needs numpy

        read = await self._offload.run(lambda: Retrieval(path.read_bytes()), what="retrieval.load")
        return RetrievalSpeaker(read, self._offload)

    async def _adviser(self) -> FilmAdviser:
        from daemon.inference.chat.films.adviser import Adviser  # noqa: PLC0415 needs numpy

        return await Adviser.prepared(self._films, self._offload)


def slots_in(text: str) -> Slots:
    """Return what an utterance names, be it a wish or not."""
    plain = normalised(text)
    language = language_of(plain)
    return slots_of(list(clauses(tokens(plain, language))), plain, language)


async def _tried(name: str, load: Callable[[], Awaitable[T]], problems: dict[str, str]) -> T | None:
    try:
        return await load()
    except _BROKEN as exc:
        problems[name] = f"{type(exc).__name__}: {exc}"
        _log.error("chat.part_rejected", part=name, reason=problems[name])
        return None


def _passed(_text: str, _language: Language) -> str:
    return ""
