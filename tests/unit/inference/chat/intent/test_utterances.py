"""What the rules make of utterances that people could write.

Of the round "first" a part was held out; the rounds after it, those called blind among them, were measured once before
the rules were bettered. docs/intent.md has their first figures; those here are of what has been seen since.
"""

import pytest
from opencc import OpenCC

from daemon.inference.chat.intent.detector import detect
from tests.benchmarks.peers.keyword_intent import keyword_label
from tests.unit.inference.chat.intent.figures import LANGUAGES, Row, held_out, measured, rows


def part(language: str, name: str) -> list[Row]:
    found = rows(language)
    if name == "blind rounds":
        return [row for row in found if row["round"].endswith("blind")]
    if name == "later rounds":
        return [row for row in found if row["round"] != "first" and not row["round"].endswith("blind")]
    return [row for row in found if row["round"] == "first" and held_out(row) == (name == "held out")]


@pytest.mark.parametrize("name", ["development", "held out", "later rounds", "blind rounds"])
@pytest.mark.parametrize("language", LANGUAGES)
def test_nearly_all_utterances_are_told_right(language: str, name: str) -> None:
    found = measured(part(language, name))

    assert found.right >= 0.95, "\n".join(found.wrong)
    assert found.precise >= 0.97, "\n".join(found.wrong)


@pytest.mark.parametrize("language", LANGUAGES)
def test_plain_words_tell_far_fewer(language: str) -> None:
    given = rows(language)

    assert measured(given, keyword_label).right < measured(given).right - 0.25


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_utterance_is_there_once_and_in_each_outcome(language: str) -> None:
    found = rows(language)

    assert len({row["text"] for row in found}) == len(found) >= 250
    assert {row["label"] for row in found} == {"recommend", "not", "unsure"}


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_slots_that_an_utterance_names_are_found(language: str) -> None:
    for row in rows(language):
        slots = detect(row["text"]).slots
        for name, value in row.get("slots", {}).items():
            found = getattr(slots, name)
            assert (list(found) if isinstance(found, tuple) else found) == value, row["text"]


def full_width(text: str) -> str:
    return "".join(chr(ord(char) + 0xFEE0) if "!" <= char <= "~" else char for char in text)


@pytest.mark.parametrize("language", LANGUAGES)
def test_width_letters_emoji_and_traditional_characters_change_no_outcome(language: str) -> None:
    traditional = OpenCC("s2t").convert
    for row in rows(language)[::3]:
        text = row["text"]
        label = detect(text).label
        for other in (f"  {text} ", f"😀 {text} 🍿", f"{text}...", full_width(text), traditional(text)):
            assert detect(other).label == label, other


@pytest.mark.parametrize("language", LANGUAGES)
def test_whoever_writes_all_in_small_or_all_in_large_letters_is_understood_as_well(language: str) -> None:
    given = rows(language)[::3]
    right = [
        detect(text).label == detect(row["text"]).label
        for row in given
        for text in (row["text"].lower(), row["text"].upper())
    ]

    assert sum(right) >= 0.99 * len(right)
