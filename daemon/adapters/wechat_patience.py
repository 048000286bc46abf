"""How long to wait before the next attempt, and what to say meanwhile."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from daemon.adapters.wechat_line import How, LineEnded
from daemon.forum.rooms import Connection

_FIRST_S: Final = 0.2
_LONGEST_S: Final = 3.0
#: A line that held so long counts as a good one.
_GOOD_S: Final = 5.0
#: A token is not tried often enough to lock an account or fill a log.
_REFUSED_FIRST_S: Final = 30.0
_REFUSED_LONGEST_S: Final = 300.0
#: A line that was closed so soon after login, so many times without the service being away, was taken by another.
_TAKEN_WITHIN_S: Final = 10.0
_TAKEN_TIMES: Final = 3


@dataclass(frozen=True, slots=True)
class Wait:
    """What to do after a line ended. seconds: to wait, jitter included."""

    seconds: float
    connection: Connection
    problem: str


class Patience:
    """Remembers how the last lines ended. jitter: returns a number from 0.5 to 1 that waits are multiplied by."""

    def __init__(self, jitter: Callable[[], float]) -> None:
        self._jitter = jitter
        self._failed = self._refused = self._taken = 0

    def after(self, ended: LineEnded, *, lived_s: float, logged_in: bool) -> Wait:
        """Judge the end of a line that lived so many seconds after it was opened."""
        if ended.how is How.REFUSED:
            self._taken = 0
            return self._refuse(str(ended))
        short = lived_s < _TAKEN_WITHIN_S
        self._taken = self._taken + 1 if ended.how is How.ENDED and logged_in and short else 0
        if self._taken >= _TAKEN_TIMES:
            return self._refuse("another client takes the line on the same token; stop one of the two")
        if lived_s >= _TAKEN_WITHIN_S:
            self._refused = 0
        self._failed = 0 if lived_s >= _GOOD_S else self._failed + 1
        return Wait(self._grown(_FIRST_S, self._failed, _LONGEST_S), Connection.CONNECTING, str(ended))

    def _refuse(self, problem: str) -> Wait:
        seconds = self._grown(_REFUSED_FIRST_S, self._refused, _REFUSED_LONGEST_S)
        self._refused += 1
        return Wait(seconds, Connection.REFUSED, problem)

    def _grown(self, first_s: float, times: int, longest_s: float) -> float:
        return min(longest_s, first_s * float(1 << min(times, 10))) * self._jitter()
