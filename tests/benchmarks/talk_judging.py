"""Replies to fixed openings, judged by docs/talk-rubric.md without knowing who gave them, and what comes of it.

An opening is what somebody says, or several things one after the other (" | " between them), of which the reply to
the last is judged. A verdict is about what was said and replied, not about who replied, so it holds for whoever gives
the same reply; where a reply has changed there is no verdict, and no figure until it is judged.
"""

from __future__ import annotations

import hashlib
import json
import random
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, Final, TypeAlias

import msgspec

from daemon.adapters.memory import FakeClock
from daemon.inference.chat.dialogue.choice import Choice
from daemon.inference.chat.dialogue.conversation import Conversation
from daemon.inference.chat.dialogue.sessions import Sessions
from daemon.inference.chat.loading import PACKAGED, Loaded, Loader
from daemon.inference.chat.normalisation import normalised
from daemon.inference.chat.replies import Candidate
from daemon.inference.chat.safety import judge_outgoing
from daemon.products.phrases import Language
from tests.house import Inline

FOLDER: Final = Path(__file__).parent / "talk"
SETS: Final = ("openings", "further", "unseen")
#: The whole conversation, and speakers by themselves.
SYSTEMS: Final = ("whole", "retrieval", "generator", "smalltalk")
LANGUAGES: Final[tuple[Language, ...]] = ("en", "zh")
SEED: Final = 5
RESAMPLES: Final = 10_000

Verdicts: TypeAlias = Mapping[str, bool]


class Reply(msgspec.Struct, frozen=True):
    """What a system replied. exchange: all that was said, both sides in turn; reply: "" for none.

    source: who spoke in the whole conversation. score: the speaker's own of a reply, by which speakers are compared.
    """

    system: str
    language: Language
    opening: str
    exchange: tuple[str, ...]
    reply: str
    source: str = ""
    score: float = 0.0

    @property
    def id(self) -> str:
        """Return what tells this exchange and reply from others."""
        told = json.dumps([*self.exchange, self.reply], ensure_ascii=False)
        return hashlib.sha256(told.encode()).hexdigest()[:12]


def openings(name: str, language: Language) -> list[str]:
    """Return the openings of a set."""
    return (FOLDER / f"{name}_{language}.txt").read_text(encoding="utf-8").splitlines()


async def replies(name: str, model: Path | None = None) -> list[Reply]:
    """Return what every system that there is replies to a set. model: file or folder, None for the one that ships."""
    loader = Loader(None, Inline())
    loaded = await loader.load(str(model or ""), queue=8, deadline_s=60.0)
    try:
        return [
            await _reply(system, loaded, language, opening)
            for language in LANGUAGES for system in SYSTEMS if system == "whole" or system in loaded.speakers
            for opening in openings(name, language)
        ]  # fmt: skip
    finally:
        await loader.close(1.0)


async def _reply(system: str, loaded: Loaded, language: Language, opening: str) -> Reply:
    exchange: list[str] = []
    conversation = _conversation(loaded)
    reply, source, score = "", "", 0.0
    for said in opening.split(" | "):
        exchange += [reply, said] if exchange else [said]
        if system == "whole":
            answer = await conversation.reply(opening, "somebody", said)
            reply, source = answer.text, answer.source
        else:
            best = await _best(loaded, system, exchange, language)
            reply, score = (best.text, best.score) if best else ("", 0.0)
    return Reply(system, language, opening, tuple(exchange), reply, source or system, round(score, 4))


async def _best(loaded: Loaded, speaker: str, exchange: Sequence[str], language: Language) -> Candidate | None:
    turns = [normalised(turn) for turn in exchange]
    found = await loaded.speakers[speaker].candidates(turns, language)
    return next((one for one in found if judge_outgoing(one.text) is None), None)


def _conversation(loaded: Loaded) -> Conversation:
    clock = FakeClock()
    sessions = Sessions(clock, most=10, turns=12, idle_s=600.0, language="en")
    return Conversation(
        loaded.parts, sessions, None, clock, name="Zhiban", deadline_s=60.0, choice=Choice.read(),
        observe=lambda _: None,
    )  # fmt: skip


def model_there() -> bool:
    """Tell whether a model ships."""
    return PACKAGED.exists()


def kept_replies(name: str) -> list[Reply]:
    """Return the replies of a set that were judged. Raises OSError where none are kept."""
    lines = (FOLDER / f"replies_{name}.jsonl").read_text(encoding="utf-8").splitlines()
    return [msgspec.json.decode(line, type=Reply) for line in lines]


def keep_replies(name: str, found: Iterable[Reply]) -> None:
    """Keep the replies of a set beside their verdicts."""
    lines = [msgspec.json.encode(one).decode() for one in found]
    (FOLDER / f"replies_{name}.jsonl").write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")


def verdicts() -> dict[str, bool]:
    """Return all verdicts that are kept, by id; silence is never acceptable and needs none."""
    path = FOLDER / "verdicts.jsonl"
    lines = path.read_text(encoding="utf-8").splitlines() if path.exists() else []
    return {row["id"]: bool(row["acceptable"]) for row in map(json.loads, lines)}


def keep_verdicts(rows: Iterable[Mapping[str, Any]]) -> None:
    """Add verdicts; one about the same replaces an earlier one."""
    path = FOLDER / "verdicts.jsonl"
    lines = path.read_text(encoding="utf-8").splitlines() if path.exists() else []
    kept = {row["id"]: row for row in (*map(json.loads, lines), *rows)}
    text = "".join(f"{json.dumps(kept[id_], ensure_ascii=False)}\n" for id_ in sorted(kept))
    path.write_text(text, encoding="utf-8")


def sheet(found: Iterable[Reply], known: Verdicts, seed: int = SEED) -> list[dict[str, Any]]:
    """Return what is still to be judged, once each, shuffled, without a word about who said it."""
    open_ = {one.id: {"id": one.id, "exchange": one.exchange, "reply": one.reply}
             for one in found if one.reply and one.id not in known}  # fmt: skip
    rows = [open_[id_] for id_ in sorted(open_)]
    random.Random(seed).shuffle(rows)
    return rows


def judged(found: Sequence[Reply], system: str, language: Language, known: Verdicts) -> list[bool]:
    """Return the verdicts of a system's replies, in the order of the openings. Raises LookupError for one unjudged."""
    rows = [one for one in found if (one.system, one.language) == (system, language)]
    if missing := [one for one in rows if one.reply and one.id not in known]:
        first = missing[0]
        raise LookupError(f"{len(missing)} replies were never judged, the first to {first.opening!r}: {first.reply!r}")
    return [bool(one.reply) and known[one.id] for one in rows]


def bounds(first: Sequence[bool], second: Sequence[bool], seed: int = SEED) -> tuple[float, float]:
    """Return the 95 % interval of the difference of two shares by a paired bootstrap over openings (Koehn 2004)."""
    differences = [int(one) - int(other) for one, other in zip(first, second, strict=True)]
    drawn = random.Random(seed)
    means = sorted(sum(drawn.choices(differences, k=len(differences))) for _ in range(RESAMPLES))
    count = len(differences)
    return means[int(RESAMPLES * 0.025)] / count, means[int(RESAMPLES * 0.975)] / count
