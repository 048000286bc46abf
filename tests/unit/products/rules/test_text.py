"""That what makes the rules about texts fast changes nothing of what they find."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st
from stdnum import ean

from daemon.products.html_depth import shallow
from daemon.products.rules.gtin import gtin_bad
from daemon.products.rules.markup import _dangers, _readings, html_danger
from daemon.products.verdicts import Outcome
from daemon.products.word_list import WordList, _folds, folded, lowered
from tests.unit.products.rules.case import PLAIN, listed

_WORDS = WordList(["best", "étoile", "no.1", "最佳", "①级"], ["best man"])
_PIECES = st.sampled_from([
    "best", "BEST", "ｂｅｓｔ", "bes", "t", " ", "a", "最", "佳", "，", "最佳", "e\u0301", "é", "toile", "no.1", "№",
    "1", "①", "级", "man", "\u200d",
])  # fmt: skip
#: Letters with several spellings: cased, composed and not, in compatibility forms, with marks in either order.
_LETTERS = (
    "aAsS ßéÉe\u0301\u0323ạ\u0345ιᾳΐǰj\u030cİi\u0307ı' ’…ａＡ①1½ﬁﬀĳǆǄ\xa0か\u3099がｶﾞ한\u1112\u1161\u11ab하최最㊊月"
    "\u2f49\u212a\u017f\U0001d400\U0002f81a\U0001f130𐐀𐐨ꭰᎠ\u0958\u0915\u093c\u0344\u00b4\ufb1d\U0001d15e"
)
_MARKUP = st.sampled_from([
    "<p>", "</p>", "<a href=", "'", '"', "java", "script", ":", "\t", "&#106;", "&colon;", ">", " on", "click", "=",
    "x",
    "<svg/", "<script", "<!--", "-->", "data:", "text/html", "<template>", "</template>", "<noscript>", "</noscript>",
    "<textarea>", "\x00", "<img src=x ",
])  # fmt: skip


@given(st.lists(_PIECES).map("".join))
def test_no_listed_word_is_overlooked_by_the_first_look(text: str) -> None:
    if _WORDS.found_in(text):
        assert _WORDS.may_be_in(text, lowered(text))


@given(st.lists(st.text(_LETTERS, min_size=1, max_size=3), max_size=3), st.text(_LETTERS, max_size=8))
def test_no_word_of_any_list_is_overlooked_in_any_disguise(words: list[str], text: str) -> None:
    listed_words = WordList(words, [])
    if listed_words.found_in(text):
        assert listed_words.may_be_in(text, lowered(text))


def test_every_character_that_folding_changes_is_known() -> None:
    everything = map(chr, range(0x80, 0x110000))
    assert _folds() == {character: folded(character) for character in everything if folded(character) != character}


@given(st.lists(_MARKUP, max_size=12).map("".join))
def test_no_danger_is_overlooked_by_the_first_look(text: str) -> None:
    found = {danger for tree in _readings(text) for danger in _dangers(tree)}
    verdict = html_danger(listed(description=text), PLAIN)
    assert (verdict.outcome is Outcome.BAD) == bool(found)


@given(st.text("0123456789", min_size=8, max_size=14).filter(lambda digits: len(digits) in {8, 12, 13, 14}))
def test_check_digit_is_the_one_of_stdnum(digits: str) -> None:
    says = gtin_bad(listed(gtin=digits), PLAIN).message
    assert ("check digit" in says) == (ean.calc_check_digit(digits[:-1]) != digits[-1])


@given(st.text(max_size=200))
def test_no_text_is_too_strange(text: str) -> None:
    assert html_danger(listed(description=text), PLAIN).outcome in Outcome
    assert shallow(text) is text


def test_document_is_cut_where_it_gets_too_deep() -> None:
    flat = "<div><p>x</p></div>" * 5_000
    assert shallow(flat) is flat
    assert len(shallow("<div>" * 5_000 + "</b>" * 5_000)) == 2_000 * len("<div>")
    lists = "<ul>" + "<li>x" * 5_000
    assert shallow(lists) is lists
