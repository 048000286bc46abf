from __future__ import annotations

from typing import Any

import msgspec
import pytest

from daemon.inference.chat.beam_search import BeamSearch
from daemon.inference.chat.search_settings import LengthPenalties, Settings
from tests.unit.inference.chat.searching.models import ALPHAS, BEGIN, END, Model


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"width": 0}, "width 0 must be at least 1"),
        ({"n_best": 0}, "n_best 0 must be from 1 to the width, 5"),
        ({"n_best": 6}, "n_best 6 must be from 1 to the width, 5"),
        ({"min_length": -1}, "min_length -1 must be at least 0"),
        ({"max_length": 0}, "max_length 0 must be at least 1"),
        ({"min_length": 9, "max_length": 8}, "max_length 8 is below min_length 9"),
        ({"length_penalty": float("nan")}, "length_penalty nan must be from -10 to 10"),
        ({"length_penalty": 11.0}, "length_penalty 11.0 must be from -10 to 10"),
        ({"no_repeat_ngram": -1}, "no_repeat_ngram -1 must be at least 0"),
        ({"banned": frozenset({END})}, "the end, 1, must not be banned"),
        ({"banned": frozenset({-4})}, "banned -4 is no token"),
        ({"begin": -1}, "begin -1 and end 1 must be tokens, from 0 on"),
        ({"end": -1}, "begin 0 and end -1 must be tokens, from 0 on"),
    ],
)
def test_settings_that_make_no_sense_are_refused(wrong: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        Settings(**{"begin": BEGIN, "end": END} | wrong)


def test_everything_that_is_wrong_is_told_at_once() -> None:
    with pytest.raises(msgspec.ValidationError, match="max_length 0 must be at least 1; no_repeat_ngram -2"):
        msgspec.convert({"begin": 0, "end": 1, "max_length": 0, "no_repeat_ngram": -2}, Settings)


@pytest.mark.parametrize("named", [{"begin": 9}, {"end": 9}, {"banned": frozenset({2, 9})}])
def test_tokens_that_the_model_lacks_are_refused(named: dict[str, Any]) -> None:
    settings = Settings(**{"begin": BEGIN, "end": END} | named)
    with pytest.raises(ValueError, match="token 9 is named, but the model has only 9, from 0 on"):
        BeamSearch(Model(1, 9, "smooth").steps(), settings)


@pytest.mark.parametrize("alpha", ALPHAS)
@pytest.mark.parametrize("least", [0, 2, 5])
def test_the_best_penalty_is_the_largest_that_a_hypothesis_may_still_end_with(alpha: float, least: int) -> None:
    penalties = LengthPenalties(Settings(begin=BEGIN, end=END, min_length=least, max_length=6, length_penalty=alpha))
    by_hand = [((5 + length) / 6) ** alpha for length in range(7)]
    assert penalties.of.tolist() == pytest.approx(by_hand)
    for age in range(6):
        assert penalties.best[age] == pytest.approx(max(by_hand[max(age, least) + 1 :]))
