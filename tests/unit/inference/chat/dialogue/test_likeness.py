from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from daemon.inference.chat.dialogue.likeness import Likeness, terms_of

EXAMPLES = {
    "tired": ["I'm so tired", "I need some sleep"],
    "bot_sleep": ["do you sleep?", "are you tired?"],
    "rain": ["it is raining", "the rain never stops"],
}
ENGLISH = Likeness(EXAMPLES, "en")
CHINESE = Likeness({"tired": ["我好累", "困死了"], "rain": ["又下雨了", "雨下个不停"]}, "zh")


def best(likeness: Likeness, text: str) -> str:
    return max(likeness.of(text).items(), key=lambda found: found[1], default=("", 0.0))[0]


def test_the_topic_whose_rare_words_are_said_is_most_alike() -> None:
    assert best(ENGLISH, "oh, so tired again") == "tired"
    assert best(ENGLISH, "the rain again") == "rain"
    assert best(CHINESE, "今天累得很") == "tired"
    assert best(CHINESE, "外面下着大雨") == "rain"


def test_about_whom_and_whether_it_is_asked_makes_a_difference() -> None:
    assert best(ENGLISH, "are you tired today?") == "bot_sleep"
    assert best(ENGLISH, "I am tired today") == "tired"
    assert ENGLISH.of("I'm not so tired")["tired"] < ENGLISH.of("I'm really so tired")["tired"]


def test_word_for_word_is_one_and_strange_words_lower_it() -> None:
    assert ENGLISH.of("I’M so TIRED!")["tired"] > 0.999
    assert ENGLISH.of("I'm so tired of xylophones")["tired"] < 0.8
    assert ENGLISH.of("xylophones") == {}


def test_forms_of_a_word_and_marks_are_the_same() -> None:
    assert terms_of("What's up?", "en") == terms_of("what is up", "en")
    assert terms_of("两位同事!", "zh") == terms_of("两位同事", "zh")


@given(st.text(max_size=80))
def test_any_text_is_alike_by_0_to_1(text: str) -> None:
    for likeness in (ENGLISH, CHINESE):
        assert all(0.0 <= score <= 1.0 + 1e-9 for score in likeness.of(text).values())
