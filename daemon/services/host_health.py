"""Which hosts are left alone for a while, since nothing there answers."""

from __future__ import annotations

from collections.abc import Collection
from typing import Final

from daemon.products.evidence import Reach

#: Fetches in a row that reach nothing before a host counts as down.
DOWN_AFTER: Final = 5


class HostHealth:
    """What one run learns of hosts. suspects: hosts that were down before, given up at the first failure."""

    def __init__(self, suspects: Collection[str] = (), resting: Collection[str] = ()) -> None:
        self._failures = dict.fromkeys(suspects, DOWN_AFTER - 1)
        self._resting = frozenset(resting)
        self._answered: set[str] = set()

    def is_left(self, host: str) -> bool:
        """Tell whether a host is not to be asked now."""
        return host in self._resting or self._failures.get(host, 0) >= DOWN_AFTER

    def saw(self, host: str, reach: Reach) -> None:
        """Count what a fetch came to. What we refused or did not get to says nothing of the host."""
        if reach is Reach.UNREACHABLE:
            self._failures[host] = self._failures.get(host, 0) + 1
        elif reach in {Reach.FETCHED, Reach.TOO_LARGE}:
            self._failures.pop(host, None)
            self._answered.add(host)

    @property
    def down(self) -> list[str]:
        """Hosts found down by this run, in order of their names."""
        return sorted(host for host, failures in self._failures.items() if failures >= DOWN_AFTER)

    def answers(self, host: str) -> bool:
        """Tell whether a host answered in this run and is not down since."""
        return host in self._answered and self._failures.get(host, 0) < DOWN_AFTER
