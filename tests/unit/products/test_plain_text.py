"""Product text is data: nothing of it steers a terminal or a chat."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from daemon.products.plain_text import plain


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Blue mug", "Blue mug"),
        ("two\nlines\r\n\tof it", "two lines of it"),
        ("\x1b[31mred\x1b[0m", "red"),
        ("\x1b]8;;https://evil.example\x07click\x1b]8;;\x07", "click"),
        ("\x1b]0;title\x1b\\after", "after"),
        ("\x9b31mred", "red"),
        ("\x1bcreset", "reset"),
        ("bell\x07", "bell"),
        ("up\u202egnp.exe", "up gnp.exe"),
        ("\u2028para\u2029", "para"),
        ("half \ud83d pair", "half � pair"),
        ("👨‍👩‍👧", "👨‍👩‍👧"),
        ("می‌خواهم", "می‌خواهم"),
        ("\ufeffbom", "bom"),
        ("", ""),
    ],
)
def test_text_becomes_one_harmless_line(text: str, expected: str) -> None:
    assert plain(text, 100) == expected


def test_long_text_is_cut_with_a_sign() -> None:
    assert plain("x" * 50, 10) == "x" * 9 + "…"
    assert plain("x" * 10, 10) == "x" * 10
    assert plain("\n" * 5_000_000 + "x", 10) == "…"


@given(st.text(st.characters(), max_size=200), st.integers(1, 50))
def test_any_text_ends_short_and_without_controls(text: str, limit: int) -> None:
    line = plain(text, limit)
    assert len(line) <= limit
    assert not {c for c in line if unicodedata.category(c) in {"Cc", "Cs", "Zl", "Zp"}}
