"""Token buckets, one for each key: what is let through now, and when the next may go. Pure."""

from __future__ import annotations

from collections import OrderedDict
from typing import Final, Self

#: Keys that are remembered; of more, those that were idle for longest are forgotten and start anew.
MOST_KEYS: Final = 10_000


class Buckets:
    """For each key, `burst` at once and `per_s` a second after that.

    Times are seconds of a monotonic clock, given by the caller. Memory is bounded by MOST_KEYS.
    """

    def __init__(self, burst: int, per_s: float) -> None:
        self.burst = burst
        self._per_s = per_s
        self._rows: OrderedDict[str, tuple[float, float]] = OrderedDict()

    @classmethod
    def average(cls, per_minute: int) -> Self:
        """All of a minute at once, then as many a minute."""
        return cls(per_minute, per_minute / 60.0)

    @classmethod
    def strict(cls, per_minute: int) -> Self:
        """Never more than so many in any minute, half of them at once."""
        burst = max(1, per_minute // 2)
        return cls(burst, max(per_minute - burst - 1, 1) / 60.0)

    def __len__(self) -> int:
        return len(self._rows)

    @property
    def interval_s(self) -> float:
        """Seconds between two, once the burst is used up."""
        return 1.0 / self._per_s

    def wait_s(self, key: str, now_s: float, count: int = 1) -> float:
        """Return in how many seconds so many may go at once, or as many as ever may; 0 when they may now."""
        return max(0.0, (min(count, self.burst) - self._tokens(key, now_s)) / self._per_s)

    def take(self, key: str, now_s: float) -> float:
        """Take the next place, also one that is not yet due; return in how many seconds it is."""
        tokens = self._tokens(key, now_s)
        self._rows[key] = (tokens - 1.0, max(now_s, self._rows.get(key, (0.0, now_s))[1]))
        self._rows.move_to_end(key)
        if len(self._rows) > MOST_KEYS:
            self._rows.popitem(last=False)
        return max(0.0, (1.0 - tokens) / self._per_s)

    def full(self, key: str, now_s: float) -> bool:
        """Tell whether a key has been quiet for so long that it has all its tokens again."""
        return self._tokens(key, now_s) >= self.burst

    def _tokens(self, key: str, now_s: float) -> float:
        row = self._rows.get(key)
        if row is None:
            return self.burst
        tokens, at_s = row
        return min(self.burst, tokens + max(0.0, now_s - at_s) * self._per_s)
