"""Changes to a wish that the films shown last give a sense to: "less dark", "longer", "something for my kids"."""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import cache
from typing import Final

import msgspec

from daemon.inference.chat.dialogue.cues import LONGEST, plain
from daemon.inference.chat.dialogue.film_questions import without_names
from daemon.inference.chat.dialogue.phrases import table
from daemon.inference.chat.intent.refusals import is_refused
from daemon.inference.chat.intent.slots import not_for_children
from daemon.inference.chat.wishes import Slots
from daemon.ports.films import Film
from daemon.products.phrases import Language

#: What a film has too much of; "too funny" is praise.
_HEAVY: Final = frozenset({"dark", "sad", "scary", "slow", "violent"})
_HAN: Final = re.compile(r"[\u3400-\u9fff]")
_QUOTED: Final = re.compile(r"[《“\"]([^《》“”\"]{1,60})[》”\"]")
_TOO: Final = re.compile(r"\btoo\b|(?<!别)(?<!不要)太")
#: Minutes of films that are long or short by themselves, and of any.
_LONG: Final = 150
_SHORT: Final = 95
_MOST: Final = 1_000
_NUMBERS: Final = {"one": 1.0, "two": 2.0, "three": 3.0, "一": 1.0, "两": 2.0, "二": 2.0, "三": 3.0, "四": 4.0}
_NUMBER: Final = rf"(\d{{1,3}}(?:\.\d)?|{'|'.join(_NUMBERS)})"
_LENGTH: Final = re.compile(
    rf"\b(?P<most>under|below|less than|at most|no more than|within|max|up to|shorter than|no longer than)?"
    rf"(?P<least>over|above|more than|at least|longer than|no less than)? ?(?:an? )?{_NUMBER} ?(?:-)?"
    r"(?P<unit>hours?|hrs?|h|minutes?|mins?)\b"
    rf"|(?P<zh_most>不超过|少于|不到|最多)?(?P<zh_least>超过|至少|多于)?{_NUMBER}(?P<zh_unit>个?半?小时|个?半?钟头|分钟)(?P<half>半)?"
    r"(?P<zh_within>以内|之内|内|以下)?(?P<zh_beyond>以上)?"
)


def heard(text: str, slots: Slots, shown: Sequence[Film], focus: Sequence[Film] = ()) -> Slots:
    """Return what a turn names, with what only makes sense beside the films shown last, or of films at all.

    focus: those of shown that were spoken of last.
    """
    bare = plain(text)
    if len(bare) > LONGEST:
        return slots
    slots = _beside(text, _less(bare, slots), shown, focus)
    named = {"children", "family"} & {*slots.genres}
    if not named and not not_for_children(text) and (_says("kids", bare) or _says("kids_wish", bare)):
        slots = msgspec.structs.replace(slots, genres=(*slots.genres, "children"))
    minutes = _length_named(text.casefold()) or _length_beside(bare, shown)
    return msgspec.structs.replace(slots, minutes=minutes) if minutes else slots


def cannot_tell(text: str) -> tuple[str, ...]:
    """Return the keys of what a text asks for that nothing is known of."""
    bare = plain(text)
    if len(bare) > LONGEST:
        return ()
    return tuple(key for key in table("film_talk")["cannot"] if _cannot(key).search(bare))


def by_same_people(text: str) -> bool:
    """Tell whether a text asks for more by somebody who made a film that was shown."""
    bare = plain(text)
    return len(bare) <= LONGEST and (_says("same_director", bare) or _says("same_actor", bare))


def for_children(text: str) -> bool:
    """Tell whether a text wishes for something that children can watch."""
    bare = plain(text)
    return len(bare) <= LONGEST and _says("kids_wish", bare) and not not_for_children(text)


def without_less(text: str) -> str:
    """Return a text without the words by which less of something is wished for."""
    return _change("less").sub(" ", plain(text))


def _less(bare: str, slots: Slots) -> Slots:
    """Return moods as unwanted where less of them is wished for."""
    if not slots.moods or not _says("less", bare):
        return slots
    too = bool(_TOO.search(bare))
    unwanted = tuple(mood for mood in slots.moods if not too or mood in _HEAVY)
    return msgspec.structs.replace(
        slots, moods=tuple(mood for mood in slots.moods if mood not in unwanted),
        not_moods=tuple(dict.fromkeys((*slots.not_moods, *unwanted))),
    )  # fmt: skip


def _beside(text: str, slots: Slots, shown: Sequence[Film], focus: Sequence[Film]) -> Slots:
    """Return slots with the film that more like it are wished for, and the people that more by them are."""
    rest, named = without_names(text, shown)
    language: Language = "zh" if _HAN.search(text) else "en"
    quoted = _QUOTED.search(text)
    if quoted and not named and not slots.like and _says("like_it", plain(_QUOTED.sub(" it ", text))):
        return msgspec.structs.replace(slots, like=(quoted[1].strip(),))
    meant = (*named, *focus, *shown)[:1]
    if not meant:
        return slots
    bare, film = plain(rest), meant[0]
    if not slots.like and _says("like_it", bare):
        return msgspec.structs.replace(slots, like=(film.title(language),))
    for change, people in (("same_director", film.directors), ("same_actor", film.cast)):
        if people and not slots.people and _says(change, bare):
            first = people[0]
            return Slots(people=((first.zh or first.en) if language == "zh" else (first.en or first.zh),))
    return slots


def _length_beside(bare: str, shown: Sequence[Film]) -> tuple[int, int] | None:
    lengths = [film.minutes for film in shown if film.minutes]
    if _says("longer", bare):
        return (max(lengths) + 1 if lengths else _LONG), _MOST
    if _says("shorter", bare):
        return 1, (min(lengths) - 1 if lengths else _SHORT)
    return None


def _length_named(text: str) -> tuple[int, int] | None:
    """Return the length that a text sets a bound to: "under two hours", 90分钟以内."""
    found = _LENGTH.search(text)
    if not found:
        return None
    said = found.groupdict()
    written = next(one for one in found.groups() if one and (one in _NUMBERS or one[0].isdigit()))
    unit = said["unit"] or said["zh_unit"]
    minutes = _NUMBERS[written] if written in _NUMBERS else float(written)
    minutes += 0.5 * ("半" in unit or bool(said["half"]))
    minutes *= 1 if unit.startswith("m") or unit == "分钟" else 60
    most = bool(said["most"] or said["zh_most"] or said["zh_within"])
    if not most and not (said["least"] or said["zh_least"] or said["zh_beyond"]):
        return None
    if is_refused(text, found.start()):  # "nothing longer than two hours" sets the most
        most = not most
    return (1, int(minutes)) if most else (int(minutes), _MOST)


def _says(change: str, bare: str) -> bool:
    return bool(_change(change).search(bare))


@cache
def _change(key: str) -> re.Pattern[str]:
    return re.compile("|".join(table("film_talk")["changes"][key]))


@cache
def _cannot(key: str) -> re.Pattern[str]:
    return re.compile("|".join(table("film_talk")["cannot"][key]["patterns"]))
