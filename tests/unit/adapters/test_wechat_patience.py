import pytest

pytest.importorskip("grpclib", reason="python-wechaty is not installed (extra `wechat`)")

from daemon.adapters.wechat_line import How, LineEnded
from daemon.adapters.wechat_patience import Patience, Wait
from daemon.forum.rooms import Connection


def ended(patience: Patience, how: How, lived_s: float = 0.0, *, logged_in: bool = False) -> Wait:
    return patience.after(LineEnded(how, "why"), lived_s=lived_s, logged_in=logged_in)


def test_waits_grow_to_three_seconds_and_no_further() -> None:
    patience = Patience(lambda: 1.0)

    assert [ended(patience, How.UNREACHABLE).seconds for _ in range(6)] == [0.4, 0.8, 1.6, 3.0, 3.0, 3.0]
    for _ in range(10_000):
        assert ended(patience, How.LOST).seconds == 3.0


def test_a_line_that_held_makes_the_next_wait_short_again() -> None:
    patience = Patience(lambda: 1.0)
    for _ in range(5):
        ended(patience, How.UNREACHABLE)

    assert ended(patience, How.LOST, 60, logged_in=True).seconds == 0.2


def test_jitter_shortens_every_wait() -> None:
    patience = Patience(lambda: 0.5)

    assert ended(patience, How.LOST).seconds == 0.2
    assert ended(patience, How.REFUSED).seconds == 15.0


def test_a_refused_token_is_tried_ever_more_seldom() -> None:
    patience = Patience(lambda: 1.0)

    waits = [ended(patience, How.REFUSED) for _ in range(6)]

    assert [wait.seconds for wait in waits] == [30, 60, 120, 240, 300, 300]
    assert {wait.connection for wait in waits} == {Connection.REFUSED}


def test_a_third_line_taken_soon_after_login_means_another_client() -> None:
    patience = Patience(lambda: 1.0)

    waits = [ended(patience, How.ENDED, 0.4, logged_in=True) for _ in range(3)]

    assert [wait.connection for wait in waits] == [Connection.CONNECTING, Connection.CONNECTING, Connection.REFUSED]
    assert waits[2].seconds == 30


@pytest.mark.parametrize(
    ("how", "lived_s", "logged_in"),
    [(How.UNREACHABLE, 0.0, False), (How.LOST, 0.4, True), (How.ENDED, 60.0, True), (How.ENDED, 0.4, False)],
)
def test_a_service_that_was_away_or_a_line_that_held_is_no_other_client(
    how: How, lived_s: float, logged_in: bool
) -> None:
    patience = Patience(lambda: 1.0)

    for _ in range(5):
        for _ in range(2):
            ended(patience, How.ENDED, 0.4, logged_in=True)
        assert ended(patience, how, lived_s, logged_in=logged_in).connection is Connection.CONNECTING
