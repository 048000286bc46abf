import math

from hypothesis import given
from hypothesis import strategies as st

from daemon.inference.chat.dialogue.choice import Choice, Scale
from daemon.inference.chat.replies import Candidate

CHOICE = Choice(0.5, {"generator": Scale(2.0, 2.0), "retrieval": Scale(8.0, -4.0)})


def candidate(speaker: str, score: float, text: str = "") -> Candidate:
    return Candidate(text=text or f"{speaker} {score}", score=score, speaker=speaker)


def test_speakers_are_compared_by_how_good_their_scores_mean_they_are() -> None:
    best = CHOICE.best([candidate("generator", -0.9), candidate("retrieval", 0.9)], lambda _: True)
    assert best is not None
    assert best.speaker == "retrieval"


def test_the_next_best_speaks_where_the_best_does_not_fit() -> None:
    best = CHOICE.best(
        [candidate("generator", 0.0, "no"), candidate("retrieval", 0.9, "yes")], lambda text: text == "yes"
    )
    assert best is not None
    assert best.text == "yes"


def test_nobody_speaks_whose_reply_is_hardly_good_or_has_no_words() -> None:
    assert CHOICE.best([candidate("generator", -3.0), candidate("retrieval", 0.1)], lambda _: True) is None
    assert CHOICE.best([candidate("retrieval", 1.0, " ?! ")], lambda _: True) is None
    assert CHOICE.best([candidate("a stranger", 9.0)], lambda _: True) is None


@given(st.floats())
def test_any_score_means_a_goodness_from_0_to_1(score: float) -> None:
    assert 0.0 <= Scale(2.0, 1.0).goodness(score) <= 1.0


@given(st.floats(-20, 20), st.floats(-20, 20))
def test_a_better_score_never_means_a_worse_reply(first: float, second: float) -> None:
    low, high = sorted((first, second))
    assert Scale(2.0, 1.0).goodness(low) <= Scale(2.0, 1.0).goodness(high)


def test_what_ships_can_be_read() -> None:
    shipped = Choice.read()
    assert 0.0 < shipped.threshold < 1.0
    assert all(scale.slope > 0 and math.isfinite(scale.offset) for scale in shipped.scales.values())
    assert set(shipped.scales) == {"generator", "retrieval", "smalltalk"}
