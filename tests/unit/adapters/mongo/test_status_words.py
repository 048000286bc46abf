from __future__ import annotations

from typing import Any

import pytest

from daemon.adapters.mongo.status_words import StatusWords
from daemon.errors import ConfigError, InvalidInput
from daemon.products.product import Status, Unparsed

USUAL = StatusWords({})
TOLD = StatusWords({"listed": ("live", 1), "unlisted": ("hidden", 0), "draft": ("hidden", "new", 0)})


@pytest.mark.parametrize(
    ("word", "status"),
    [
        ("published", Status.LISTED),
        (" Published ", Status.LISTED),
        ("live", Status.LISTED),
        (True, Status.LISTED),
        ("draft", Status.DRAFT),
        (False, Status.DRAFT),
        ("archived", Status.ARCHIVED),
        ("sold out", Status.OUT_OF_STOCK),
        ("已下架", Status.UNLISTED),
        ("in review", Status.REVIEW),
        ("", None),
        ("frobbed", Unparsed("frobbed")),
        ({"a": 1}, Unparsed("{'a': 1}")),
        ([], Unparsed("[]")),
    ],
)
def test_usual_words_are_known(word: Any, status: object) -> None:
    assert USUAL.read(word, None) == status


@pytest.mark.parametrize("before", [Status.DRAFT, Status.UNLISTED, Status.REVIEW])
def test_of_several_meanings_the_status_before_holds(before: Status) -> None:
    assert USUAL.read("draft", before) == before
    assert USUAL.read(False, before) == before


@pytest.mark.parametrize("before", [Status.LISTED, Status.ARCHIVED, Unparsed("?"), None])
def test_otherwise_the_first_meaning_holds(before: Status | Unparsed | None) -> None:
    assert USUAL.read("draft", before) == Status.DRAFT


def test_told_words_come_before_the_usual_ones() -> None:
    words = StatusWords({"archived": ("draft",)})

    assert words.read("draft", Status.UNLISTED) == Status.ARCHIVED
    assert words.read("published", None) == Status.LISTED


def test_a_number_is_not_a_flag() -> None:
    assert TOLD.read(1, None) == Status.LISTED
    assert TOLD.read(1.0, None) == Status.LISTED
    assert StatusWords({"listed": (True,), "archived": (1,)}).read(1, None) == Status.ARCHIVED


@pytest.mark.parametrize(
    ("words", "status", "standing", "written"),
    [
        (USUAL, Status.UNLISTED, "published", "draft"),
        (USUAL, Status.REVIEW, "published", "draft"),
        (USUAL, Status.LISTED, "draft", "published"),
        (USUAL, Status.UNLISTED, True, False),
        (USUAL, Status.DRAFT, "Draft", "Draft"),
        (USUAL, Status.LISTED, None, "published"),
        (TOLD, Status.UNLISTED, "live", "hidden"),
        (TOLD, Status.UNLISTED, 1, 0),
        (TOLD, Status.UNLISTED, 1.0, 0),
        (TOLD, Status.DRAFT, "new", "new"),
        (TOLD, Status.LISTED, "frobbed", "live"),
    ],
)
def test_the_first_word_of_the_kind_that_stands_there_is_written(
    words: StatusWords, status: Status, standing: Any, written: object
) -> None:
    found = words.write(status, standing)

    assert found == written
    assert type(found) is type(written)


@pytest.mark.parametrize(
    ("words", "status", "standing"),
    [
        (USUAL, Status.OUT_OF_STOCK, "published"),
        (USUAL, Status.ARCHIVED, True),
        (TOLD, Status.REVIEW, "live"),
        (TOLD, Status.UNLISTED, True),
        (USUAL, Status.UNLISTED, ["published"]),
        (USUAL, Status.UNLISTED, {"a": 1}),
    ],
)
def test_a_status_without_a_word_cannot_be_written(words: StatusWords, status: Status, standing: Any) -> None:
    with pytest.raises(InvalidInput):
        words.write(status, standing)


def test_words_are_not_guessed_for_a_shop_that_has_its_own() -> None:
    with pytest.raises(InvalidInput, match=r'such as "live"; tell them in \[mongodb.statuses\]'):
        USUAL.write(Status.UNLISTED, "live")


def test_a_status_that_is_none_is_named_with_the_nearest() -> None:
    with pytest.raises(ConfigError, match='"listd" is no status; did you mean "listed"'):
        StatusWords({"listd": ("live",)})
