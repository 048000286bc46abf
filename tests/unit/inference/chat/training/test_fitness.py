"""What is never learned."""

from __future__ import annotations

import pytest

pytest.importorskip("opencc")

from daemon.inference.chat.training.fitness import unfit


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("write to me at ann.bee@example.org", "personal data"),
        ("Hi, my name is Josephine.", "personal data"),
        ("我叫张小凡。", "personal data"),
        ("电话是010-83288149。", "personal data"),
        ("what the fuck is this", "profanity"),
    ],
)
def test_what_we_would_not_say_is_not_learned(text: str, reason: str) -> None:
    assert unfit(text) == reason


@pytest.mark.parametrize(
    "text", ["I like the rain in March.", "今天天气很好,出去走走吧。", "it was 1984, or 2001", "", "🙂"]
)
def test_talk_is_learned(text: str) -> None:
    assert unfit(text) == ""
