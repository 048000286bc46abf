"""What a search found and what it cost."""

from __future__ import annotations

from typing import NamedTuple, Protocol

from daemon.inference.association.search.query import Query


class Found(NamedTuple):
    """What came of one query.

    rows: of the view, taken to be the target, oldest first, the query's own left out. compared: detections whose
    vectors were compared. rounds: of windows read together. cpu_s: of the thread that searched.
    """

    rows: tuple[int, ...]
    compared: int
    rounds: int
    cpu_s: float


class Searcher(Protocol):
    """A way to search one view, ready to be asked."""

    def find(self, query: Query) -> Found:
        """Return the later sightings of a target within the query's horizon."""
