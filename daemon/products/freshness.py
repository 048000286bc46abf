"""When what was found at a URL is to be looked at again, and when it is news."""

from __future__ import annotations

from datetime import datetime
from typing import Final

from daemon.products.evidence import Evidence, Reach

_FACTS: Final = ("reach", "status", "hops", "loop", "image", "page")
_CLOSED: Final = frozenset({401, 403, 429})


def is_due(last: Evidence | None, now: datetime, *, interval_s: float, retry_s: float, watched: bool) -> bool:
    """Tell whether it is time for another look.

    After `interval_s` seconds it always is. What gave no clear answer is asked again after `retry_s`, and while it
    stays so after twice the time that it was last left alone. watched: a verdict or an incident waits for it, so
    `retry_s` it is. A host that asked for more time (Retry-After) gets it.
    """
    if last is None:
        return True
    wait_s = interval_s
    if is_unclear(last):
        wait_s = min(wait_s, max(retry_s, 2 * _standing_s(last)))
    if watched:
        wait_s = min(wait_s, retry_s)
    return (now - last.fetched_at).total_seconds() >= max(wait_s, last.retry_after_s or 0.0)


def is_unclear(evidence: Evidence) -> bool:
    """Tell whether a fetch said nothing of what stands at the URL: no answer, no admission, or an error."""
    if evidence.reach is not Reach.FETCHED:
        return evidence.reach is not Reach.INVALID_URL
    return evidence.status is None or evidence.status in _CLOSED or evidence.status >= 500


def _standing_s(last: Evidence) -> float:
    before = last.previous
    return (last.fetched_at - before.fetched_at).total_seconds() if before and is_unclear(before) else 0.0


def differs(before: Evidence | None, after: Evidence) -> bool:
    """Tell whether two looks at a URL found something else; times and lengths are nothing else."""
    return before is None or any(getattr(before, name) != getattr(after, name) for name in _FACTS)
