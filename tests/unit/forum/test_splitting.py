from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from wcwidth import iter_graphemes

from daemon.forum.splitting import size_of, split, well_formed

FAMILY = "👨\u200d👩\u200d👧"
CLUSTERS = st.sampled_from(
    [
        "e\u0301",
        FAMILY,
        "🇨🇳",
        "👍🏽",
        "❤\ufe0f",
        "ก็",
        "한",
        "각",
        "\r\n",
        "\n",
        " ",
        "。",
        "值",
        "a",
        "\ud800",
        "\x00",
        "𠮷",
    ]
)
ANY = st.text(st.characters(exclude_categories=())) | st.lists(CLUSTERS, max_size=200).map("".join)


@given(ANY, st.integers(4, 60))
def test_parts_joined_are_the_text_and_none_is_too_long(text: str, limit: int) -> None:
    parts = split(text, limit)
    assert "".join(parts) == text
    assert all(0 < size_of(part) <= limit for part in parts)


@given(ANY, st.integers(26, 80))
def test_no_part_ends_within_a_cluster_that_fits(text: str, limit: int) -> None:
    ends, at = set(), 0
    for cluster in iter_graphemes(text):
        if size_of(cluster) > limit:
            return
        at += len(cluster)
        ends.add(at)
    at = 0
    for part in split(text, limit):
        at += len(part)
        assert at in ends


def test_lines_stay_whole_where_they_fit() -> None:
    lines = [f"line {n} 值班\n" for n in range(40)]
    assert all(part.endswith("\n") for part in split("".join(lines), 100))


def test_a_long_line_is_cut_after_a_space_or_a_sentence() -> None:
    assert split("one two three four", 10) == ["one two ", "three four"]
    assert split("今天有货。明天没有货", 24) == ["今天有货。", "明天没有货"]


def test_a_text_without_any_place_to_cut_is_cut_between_characters() -> None:
    parts = split("值" * 3000, 2000)
    assert [len(part) for part in parts] == [666, 666, 666, 666, 336]


def test_a_short_first_word_is_no_part_of_its_own() -> None:
    assert split("a " + "b" * 30, 20) == ["a " + "b" * 18, "b" * 12]


def test_a_cluster_that_is_longer_than_a_part_is_cut_between_code_points() -> None:
    text = "a" + "\u0301" * 100
    parts = split(text, 9)
    assert "".join(parts) == text
    assert max(map(size_of, parts)) <= 9


def test_nothing_has_no_parts_and_what_fits_is_one() -> None:
    assert split("", 10) == []
    assert split("0123456789", 10) == ["0123456789"]


def test_a_limit_below_one_code_point_is_refused() -> None:
    with pytest.raises(ValueError, match="at least 4"):
        split("x", 3)


@given(ANY)
def test_any_text_can_be_made_well_formed(text: str) -> None:
    formed = well_formed(text)
    assert formed.encode().decode() == formed
    if not any("\ud800" <= character <= "\udfff" for character in text):
        assert formed == text


def test_long_texts_are_split_in_a_time_that_grows_with_them() -> None:
    for piece in ("值", "a\n", "a ", "e\u0301", "\u0301", FAMILY):
        text = piece * (200_000 // len(piece))
        assert "".join(split(text, 2000)) == text
