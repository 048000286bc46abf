"""The change feed of a catalogue in memory."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Sequence

from daemon.products.ids import new_id


class ChangeFeed:
    """Ids in the order of their last change.

    A mark names the feed that it came from: one of another feed (another process, a restored store) says nothing
    here, and reading goes on from the beginning.
    """

    def __init__(self) -> None:
        self._epoch = new_id()
        self._places: list[int] = []
        self._ids: list[str] = []
        self._last: dict[str, int] = {}
        self._head = 0

    def head(self) -> str:
        """Return the mark behind which there is nothing yet."""
        return f"{self._epoch}:{self._head}"

    def move(self, ids: Iterable[str]) -> None:
        """Move ids to the head, in the order given."""
        for moved in ids:
            self._head += 1
            self._places.append(self._head)
            self._ids.append(moved)
            self._last[moved] = self._head
        if len(self._ids) > 2 * len(self._last) + 1000:
            self._forget_overtaken()

    def after(self, since: str | None, limit: int) -> tuple[Sequence[str], str]:
        """Return up to `limit` ids after a mark, and the mark to go on from."""
        found: list[str] = []
        start = bisect_right(self._places, self._position(since))
        for index in range(start, len(self._ids)):
            place, changed = self._places[index], self._ids[index]
            if self._last[changed] != place:
                continue
            found.append(changed)
            if len(found) == limit:
                return found, f"{self._epoch}:{place}"
        return found, self.head()

    def _position(self, since: str | None) -> int:
        epoch, _, place = (since or "").partition(":")
        return int(place) if epoch == self._epoch and place.isdecimal() else 0

    def _forget_overtaken(self) -> None:
        current = sorted((place, changed) for changed, place in self._last.items())
        self._places = [place for place, _ in current]
        self._ids = [changed for _, changed in current]
