from __future__ import annotations

from typing import Literal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from daemon.inference.chat.languages import language_of


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("想看 Inception", "zh"),
        ("推荐 The Lord of the Rings", "zh"),
        ("有没有像inception一样的", "zh"),
        ("下载app", "zh"),
        ("Leonardo DiCaprio演过什么", "zh"),
        ("张艺谋", "zh"),
        ("随便", "zh"),
        ("who is 张艺谋", "en"),
        ("what does 你好 mean", "en"),
        ("I like 霸王别姬", "en"),
        ("Have you seen 《卧虎藏龙》?", "en"),
        ("Inception", "en"),
        ("ok", "en"),
        ("un film français", "en"),
        ("《Inception》", "en"),
        ("《霸王别姬》", "zh"),
    ],
)
def test_what_carries_the_grammar_tells_the_language(text: str, language: str) -> None:
    assert language_of(text, "en") == language
    assert language_of(text, "zh") == language


@pytest.mark.parametrize("text", ["", " ", "👍", "12345", "...?!", "映画が見たい", "Привет", "안녕"])
@pytest.mark.parametrize("otherwise", ["en", "zh"])
def test_what_tells_nothing_is_in_the_language_spoken_so_far(text: str, otherwise: Literal["en", "zh"]) -> None:
    assert language_of(text, otherwise) == otherwise


@given(st.text(st.characters(exclude_categories=()), max_size=80))
def test_any_text_has_a_language(text: str) -> None:
    assert language_of(text) in {"en", "zh"}
