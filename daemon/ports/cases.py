"""Why somebody may search, and what was searched: cases, approvals, searches."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from enum import StrEnum
from typing import Any, Final, Protocol

import msgspec

from daemon.ports.basics import Page
from daemon.ports.people import AuditEntry


class Case(msgspec.Struct, frozen=True, kw_only=True):
    """What searches are made for. cameras: ids of its group; empty: all. quota: searches in all.

    revision: 0 of a new case, then 1 and up; begun searches leave it.
    """

    id: str  # UUIDv7
    title: str
    purpose: str
    owner: str  # principal id
    created_at: datetime
    expires_at: datetime
    quota: int
    cameras: tuple[str, ...] = ()
    members: tuple[str, ...] = ()  # principal ids that may search in it beside the owner
    searches: int = 0  # that were begun
    closed_at: datetime | None = None
    revision: int = 0

    def is_of(self, principal_id: str) -> bool:
        """Tell whether somebody owns it or is a member of it."""
        return principal_id == self.owner or principal_id in self.members

    def over(self, at: datetime) -> str:
        """Return why nothing is shown of it at a time: "closed", "expired", or "" while it is live."""
        if self.closed_at is not None:
            return "closed"
        return "expired" if self.expires_at <= at else ""

    def unsearchable(self, at: datetime) -> str:
        """Return why no search can begin in it at a time: as `over`, or "quota"; "" where one can."""
        return self.over(at) or ("quota" if self.searches >= self.quota else "")


class Approval(msgspec.Struct, frozen=True, kw_only=True):
    """A second person's leave to search by face in a case. decided_by is never asked_by."""

    id: str  # UUIDv7
    case_id: str
    asked_by: str
    asked_at: datetime
    reason: str
    decided_by: str = ""
    decided_at: datetime | None = None
    granted: bool = False
    expires_at: datetime | None = None

    def stands(self, at: datetime) -> bool:
        """Tell whether it gives leave at a time."""
        return self.granted and self.expires_at is not None and at < self.expires_at


class SearchState(StrEnum):
    """Where a search is."""

    QUEUED = "queued"
    RUNNING = "running"
    DONE = "done"
    CANCELLED = "cancelled"
    INTERRUPTED = "interrupted"  # by the end of the daemon; it says so, and can be started again
    FAILED = "failed"


#: Those in which a search changes no more.
ENDED: Final = frozenset({SearchState.DONE, SearchState.CANCELLED, SearchState.INTERRUPTED, SearchState.FAILED})


class Search(msgspec.Struct, frozen=True, kw_only=True):
    """One search. asked: what it was given, without pictures; result: trajectory as JSON, None before the first."""

    id: str  # UUIDv7
    case_id: str
    purpose: str
    searcher: str  # principal id
    created_at: datetime
    state: SearchState
    asked: Mapping[str, Any]
    by_face: bool = False
    approval_id: str = ""
    started_at: datetime | None = None
    ended_at: datetime | None = None
    progress: Mapping[str, Any] = msgspec.field(default_factory=dict)  # rounds, compared, found, unexplored
    result: Mapping[str, Any] | None = None
    problem: str = ""

    @property
    def ended(self) -> datetime | None:
        """Return when it ended, None while it is queued or running."""
        return (self.ended_at or self.created_at) if self.state in ENDED else None


class CaseStore(Protocol):
    """Cases, approvals and searches. Each change that takes an audit entry keeps both or neither.

    What is forgotten, or replaced, is overwritten where it stood.
    """

    async def add_case(self, case: Case, entry: AuditEntry) -> Case:
        """Keep a new case, at revision 1; return it. Raises Conflict."""

    async def change_case(self, case: Case, entry: AuditEntry) -> Case:
        """Replace a case as it was read, but for its count of searches; return it at its next revision.

        Raises NotFound, Conflict when it was changed since it was read.
        """

    async def case(self, case_id: str) -> Case:
        """Return one. Raises NotFound."""

    async def cases(self, limit: int, cursor: str | None = None, *, whose: str | None = None) -> Page:
        """Return a page of cases, newest first. whose: only those that a principal owns or is a member of."""

    async def ask_approval(self, approval: Approval, entry: AuditEntry) -> None:
        """Keep what was asked for. Raises NotFound without its case, Conflict."""

    async def decide_approval(self, approval: Approval, entry: AuditEntry) -> None:
        """Keep the decision. Raises NotFound, Conflict when it was decided already."""

    async def approvals(self, case_id: str) -> Sequence[Approval]:
        """Return those of a case, oldest first."""

    async def begin_search(self, search: Search, entry: AuditEntry, vectors: Sequence[bytes] = ()) -> Case:
        """Keep a search with its query vectors and count it in its case, at once; return the case.

        Raises NotFound; Conflict when the case is closed, has expired when the search was made, or its quota is used
        up (read in the same transaction).
        """

    async def change_search(self, search: Search, entry: AuditEntry | None = None) -> None:
        """Replace a search. Raises NotFound; Conflict when the stored one has ended already."""

    async def search(self, search_id: str) -> Search:
        """Return one. Raises NotFound."""

    async def query_vectors(self, search_id: str) -> Sequence[bytes]:
        """Return the vectors that a search began with."""

    async def searches(self, limit: int, cursor: str | None = None, *, case_id: str | None = None) -> Page:
        """Return a page of searches without their results, newest first."""

    async def unended(self) -> Sequence[Search]:
        """Return those that are queued or running, oldest first."""

    async def forget(self, before: datetime) -> int:
        """Delete for good searches that ended before a time, and cases that closed or expired before it.

        A case stays for as long as one of its searches does. Returns how many searches and cases went.
        """
