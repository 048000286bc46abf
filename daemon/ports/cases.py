"""Why somebody may search, and what was searched: cases, approvals, searches."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from enum import StrEnum
from typing import Any, Protocol

import msgspec

from daemon.ports.basics import Page
from daemon.ports.people import AuditEntry


class Case(msgspec.Struct, frozen=True, kw_only=True):
    """What searches are made for. cameras: ids of its group; empty: all. quota: searches in all."""

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


class SearchState(StrEnum):
    """Where a search is."""

    QUEUED = "queued"
    RUNNING = "running"
    DONE = "done"
    CANCELLED = "cancelled"
    INTERRUPTED = "interrupted"  # by the end of the daemon; it says so, and can be started again
    FAILED = "failed"


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


class CaseStore(Protocol):
    """Cases, approvals and searches. Each change that takes an audit entry keeps both or neither."""

    async def add_case(self, case: Case, entry: AuditEntry) -> None:
        """Keep a new case. Raises Conflict."""

    async def change_case(self, case: Case, entry: AuditEntry) -> None:
        """Replace a case but for its count of searches. Raises NotFound."""

    async def case(self, case_id: str) -> Case:
        """Return one. Raises NotFound."""

    async def cases(self, limit: int, cursor: str | None = None) -> Page:
        """Return a page of cases, newest first."""

    async def ask_approval(self, approval: Approval, entry: AuditEntry) -> None:
        """Keep what was asked for."""

    async def decide_approval(self, approval: Approval, entry: AuditEntry) -> None:
        """Keep the decision. Raises NotFound, Conflict when it was decided already."""

    async def approvals(self, case_id: str) -> Sequence[Approval]:
        """Return those of a case, oldest first."""

    async def begin_search(self, search: Search, entry: AuditEntry, vectors: Sequence[bytes] = ()) -> Case:
        """Keep a search with its query vectors and count it in its case, at once.

        Raises NotFound, Conflict when the case is closed or its quota is used up (read in the same transaction).
        """

    async def change_search(self, search: Search, entry: AuditEntry | None = None) -> None:
        """Replace a search. Raises NotFound; Conflict when the stored one has ended already."""

    async def search(self, search_id: str) -> Search:
        """Return one. Raises NotFound."""

    async def query_vectors(self, search_id: str) -> Sequence[bytes]:
        """Return the vectors that a search began with."""

    async def searches(self, limit: int, cursor: str | None = None, *, case_id: str | None = None) -> Page:
        """Return a page of searches, newest first."""

    async def unended(self) -> Sequence[Search]:
        """Return those that are queued or running, oldest first."""

    async def forget(self, before: datetime) -> int:
        """Delete for good searches that ended, and cases that closed or expired, before a time; return how many."""
