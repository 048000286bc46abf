from __future__ import annotations

import sys
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st
from wcwidth import iter_graphemes

from daemon.inference.chat import normalisation
from daemon.inference.chat.normalisation import LIMIT, LOOKED_AT, cut, normalised

pytest.importorskip("opencc")

FAMILY = "👨\u200d👩\u200d👧"
ENGLAND = "🏴\U000e0067\U000e0062\U000e0065\U000e006e\U000e0067\U000e007f"
ANY_TEXT = st.text(st.characters(exclude_categories=()), max_size=60)  # lone surrogates too
TRICKY = st.text(
    st.sampled_from(["\u200d", "\u200b", "\u0301", "\u0315", "\u0344", "\ufe0f", "🏽", "👩", "❤", "後", "乾", "隆", "e",
                     " ", "\t", "\0", "\ud83d", "™", "¨", "ﬁ", "\U000e0067", "\U000e007f", "🏴", "🇨", "가", "ᄀ",
                     "\u1161", "，"]),
    max_size=40,
)  # fmt: skip


@given(st.one_of(ANY_TEXT, TRICKY), st.integers(-1, 50))
def test_any_text_has_one_form_that_is_bounded_and_its_own(text: str, limit: int) -> None:
    once = normalised(text, limit=limit)
    assert len(once) <= max(0, limit)
    assert normalised(once, limit=limit) == once
    once.encode()  # no surrogate is left


@given(st.one_of(ANY_TEXT, TRICKY))
def test_nothing_unseen_is_left_but_what_holds_emoji_together(text: str) -> None:
    for grapheme in iter_graphemes(normalised(text)):
        unseen = [char for char in grapheme if unicodedata.category(char) in {"Cc", "Cf", "Cs"}]
        assert not unseen or any(unicodedata.category(char) == "So" for char in grapheme), ascii(grapheme)


@pytest.mark.parametrize(
    ("text", "form"),
    [
        ("ＨＥＬＬＯ　ｗｏｒｌｄ１２３", "HELLO world123"),
        ("導演說這部電影很好看", "导演说这部电影很好看"),
        ("乾隆皇帝乾杯", "乾隆皇帝干杯"),  # the phrase decides, not the character
        ("  a\t\r\n b \u3000 c\u2028d ", "a b c d"),
        ("a\0\x07b\u200b\u200e\ufeffc", "abc"),
        ("e\u200b\u0301", "é"),  # the mark meets its letter only after the first round
        (f"{FAMILY} a\u200db", f"{FAMILY} ab"),
        (ENGLAND, ENGLAND),
        ("👩🏽\u200d🚀❤️\u200d🔥", "👩🏽\u200d🚀❤️\u200d🔥"),
        ("\u200d👍\u200d", "👍"),
        ("a\ud800b\udfff", "ab"),
        ("\ud83d\ude00", ""),  # two halves of an emoji that nothing put together
        ("", ""),
    ],
)
def test_what_looks_alike_becomes_alike(text: str, form: str) -> None:
    assert normalised(text) == form


@pytest.mark.parametrize("symbol", [FAMILY, ENGLAND, "🇨🇳", "👍🏽", "e\u0323\u0302x"])
def test_a_cut_never_breaks_a_symbol(symbol: str) -> None:
    whole = list(iter_graphemes(unicodedata.normalize("NFKC", symbol)))
    for limit in range(len(symbol) + 30):
        kept = list(iter_graphemes(normalised("ab" + symbol * 5, limit=max(limit, 2))))
        assert all(one in [*whole, "a", "b"] for one in kept)


def test_a_symbol_longer_than_the_limit_is_cut_all_the_same() -> None:
    assert len(cut(FAMILY, 3)) == 3
    assert normalised(FAMILY, limit=2) == "👨"


def test_marks_piled_on_one_letter_are_few() -> None:
    assert len(normalised("e" + "\u0315\u0300" * 500)) <= 2 + normalisation.MARKS


@pytest.mark.parametrize("piece", ["a ", "後", "\u0315\u0300", "👨\u200d", "\0", "\ud800", " ", "🇨", "\u0344"])
def test_work_grows_no_faster_than_a_text_and_ends_at_a_bound(piece: str, monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[int] = []
    once = normalisation._once

    def counted(text: str, limit: int) -> str:
        seen.append(len(text))
        return once(text, limit)

    monkeypatch.setattr(normalisation, "_once", counted)

    def work(characters: int) -> int:
        seen.clear()
        normalised(piece * (characters // len(piece)))
        return sum(seen)

    assert work(40_000) <= 2.2 * work(20_000) + LIMIT
    assert work(10 * LIMIT * LOOKED_AT) <= (LOOKED_AT + normalisation.ROUNDS) * LIMIT


def test_long_rows_of_marks_never_reach_the_sort_of_marks(monkeypatch: pytest.MonkeyPatch) -> None:
    rows: list[str] = []
    original = unicodedata.normalize

    def spied(form: str, text: str) -> str:
        rows.append(text)
        return original(form, text)  # type: ignore[arg-type]  # the form is handed on as it came

    monkeypatch.setattr(unicodedata, "normalize", spied)
    normalised("a" + "\u0315\u0300" * 30_000)
    longest = 0
    for text in rows:
        row = 0
        for char in text:
            row = row + 1 if unicodedata.combining(char) else 0
            longest = max(longest, row)
    assert rows
    assert longest <= normalisation.MARKS


def test_the_converter_is_loaded_once_and_for_no_plain_text(monkeypatch: pytest.MonkeyPatch) -> None:
    import opencc

    made: list[str] = []
    original = opencc.OpenCC

    def counted(name: str) -> opencc.OpenCC:
        made.append(name)
        return original(name)

    monkeypatch.setattr(opencc, "OpenCC", counted)
    normalisation._converter.cache_clear()
    normalised("plain English")
    assert made == []
    assert [normalised("後"), normalised("電影")] == ["后", "电影"]
    assert made == ["t2s"]


def test_importing_loads_no_converter() -> None:
    import subprocess

    code = "import sys, daemon.inference.chat.normalisation; print('opencc' in sys.modules)"
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert ran.stdout.strip() == "False"
