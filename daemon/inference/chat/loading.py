"""Loads what conversations are made of, each part by itself: what cannot be loaded is told, the others do without.

What needs the extra "chat" is imported only then.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Final, TypeVar

import structlog

from daemon.errors import UnreadableFile, ZhibanError
from daemon.inference.chat.dialogue.parts import Detector, FilmAdviser, Parts
from daemon.inference.chat.dialogue.retrieval_speaker import RetrievalSpeaker
from daemon.inference.chat.dialogue.smalltalk import SmallTalk
from daemon.inference.chat.intent.clauses import clauses
from daemon.inference.chat.intent.detector import detect
from daemon.inference.chat.intent.slots import slots_of
from daemon.inference.chat.intent.tokens import tokens
from daemon.inference.chat.languages import language_of
from daemon.inference.chat.normalisation import normalised
from daemon.inference.chat.replies import Speaker
from daemon.inference.chat.safety import judge_incoming, judge_outgoing
from daemon.inference.chat.wishes import Slots
from daemon.ports import FilmStore, Offload

if TYPE_CHECKING:
    from daemon.inference.chat.serving.models import Model
    from daemon.inference.chat.serving.voices import Voices

_log = structlog.get_logger()
T = TypeVar("T")
#: The model that comes with the daemon, and a retrieval's file in any.
PACKAGED: Final = Path(__file__).parent / "model.zip"
RETRIEVAL: Final = "retrieval.bin"
#: Packages of the extra "chat".
_PACKAGES: Final = ("numpy", "onnxruntime", "opencc", "rapidfuzz", "scipy", "sentencepiece")
#: Read by what knows words in a thread, before anybody speaks.
_FIRST: Final = ("film", "电影")
#: What a file that is absent, foreign or broken raises when it is read; TOML's and JSON's errors are ValueErrors.
_BROKEN: Final = (ZhibanError, OSError, ValueError, KeyError, ImportError)


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
        self._voices: Voices | None = None

    async def load(self, model: str, before: Loaded | None = None, *, queue: int, deadline_s: float) -> Loaded:
        """Load everything anew; of what cannot be loaded, what was there before stays.

        model: file or folder of a model; "" for the one that comes with the daemon. queue: replies that may wait for
        the network; deadline_s: for one of them.
        """
        problems: dict[str, str] = {}
        path = Path(model) if model else PACKAGED
        detector = await _tried("intent", self._detector, problems)
        adviser = await _tried("films", self._adviser, problems)
        whole = await _tried("generator", lambda: self._model(path), problems)
        speakers = dict(before.speakers) if before else {}
        if smalltalk := await _tried("smalltalk", self._smalltalk, problems):
            speakers["smalltalk"] = smalltalk
        if whole is not None:
            speakers["generator"] = self._spoken(whole, queue, deadline_s)
        files = whole.files if whole else {}
        if retrieval := await _tried("retrieval", lambda: self._retrieval(path, files), problems):
            speakers["retrieval"] = retrieval
        parts = Parts(
            normalise=normalised,
            language_of=language_of,
            incoming=judge_incoming,
            outgoing=judge_outgoing,
            detect=detector or (before.parts.detect if before else None),
            slots_in=slots_in,
            speakers=tuple(speakers.values()),
            adviser=adviser or (before.parts.adviser if before else None),
        )
        return Loaded(parts, speakers, problems)

    async def close(self, deadline_s: float) -> None:
        """Give up the replies that the network is making, and wait for its thread."""
        if self._voices is not None:
            await self._voices.close(deadline_s)

    async def _detector(self) -> Detector:
        """Return the detector, its words read and those of the judges too, so that no first message waits for them."""

        def read() -> None:
            for text in _FIRST:
                detect(text)
                judge_incoming(text)
                judge_outgoing(text)

        await self._offload.run(read, what="intent.load")
        return detect

    async def _smalltalk(self) -> Speaker:
        return await self._offload.run(SmallTalk.read, what="smalltalk.load")

    async def _adviser(self) -> FilmAdviser:
        from daemon.inference.chat.films.adviser import Adviser  # noqa: PLC0415 needs numpy

        return await Adviser.prepared(self._films, self._offload)

    async def _model(self, path: Path) -> Model:
        from daemon.inference.chat.serving.models import load_model  # noqa: PLC0415 needs onnxruntime

        return await self._offload.run(lambda: load_model(path), what="generator.load")

    def _spoken(self, model: Model, queue: int, deadline_s: float) -> Speaker:
        from daemon.inference.chat.serving.voices import Voices  # noqa: PLC0415 needs numpy

        if self._voices is None:
            self._voices = Voices(self._offload, model, queue=queue)
        return self._voices.speaking(model, deadline_s)

    async def _retrieval(self, path: Path, files: Mapping[str, bytes]) -> Speaker:
        from daemon.inference.chat.retrieval import Retrieval  # noqa: PLC0415 needs numpy

        def read() -> Retrieval:
            if RETRIEVAL in files:
                return Retrieval(files[RETRIEVAL])
            if not path.is_dir():
                raise UnreadableFile(f"{path}: there is no {RETRIEVAL} in it")
            return Retrieval((path / RETRIEVAL).read_bytes())

        return RetrievalSpeaker(await self._offload.run(read, what="retrieval.load"), self._offload)


def slots_in(text: str) -> Slots:
    """Return what an utterance names, be it a wish or not."""
    plain = normalised(text)
    language = language_of(plain)
    return slots_of(list(clauses(tokens(plain, language))), plain, language)


async def _tried(name: str, load: Callable[[], Awaitable[T]], problems: dict[str, str]) -> T | None:
    try:
        return await load()
    except _BROKEN as exc:
        problems[name] = str(exc) if isinstance(exc, ZhibanError) else f"{type(exc).__name__}: {exc}"
        _log.warning("chat.part_rejected", part=name, reason=problems[name])
        return None
