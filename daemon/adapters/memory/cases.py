"""Cases, approvals and searches in memory."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from msgspec.structs import replace

from daemon.adapters.memory.ledger import Ledger
from daemon.adapters.memory.state import MemoryState
from daemon.errors import Conflict
from daemon.ports import Approval, AuditEntry, Case, Page, Search


class MemoryCaseStore:
    """A ports.CaseStore that is gone with the process."""

    def __init__(self, state: MemoryState) -> None:
        self._state = state
        self._cases: Ledger[Case] = Ledger("case")
        self._approvals: Ledger[Approval] = Ledger("approval")
        self._searches: Ledger[Search] = Ledger("search")
        self._vectors: dict[str, tuple[bytes, ...]] = {}

    async def add_case(self, case: Case, entry: AuditEntry) -> Case:
        """Keep a new case, at revision 1; return it. Raises Conflict."""
        if case.id in self._cases:
            raise Conflict(f"there is a case {case.id!r} already")
        self._state.check_new_audits([entry])
        kept = replace(case, revision=1, searches=0)
        self._cases.put(case.id, kept)
        self._state.note([entry])
        return kept

    async def change_case(self, case: Case, entry: AuditEntry) -> Case:
        """Replace a case as it was read, but for its count; return it. Raises NotFound, Conflict."""
        held = self._cases.get(case.id)
        if held.revision != case.revision:
            raise Conflict(f"case {case.id} was changed meanwhile")
        self._state.check_new_audits([entry])
        kept = replace(case, revision=case.revision + 1, searches=held.searches)
        self._cases.put(case.id, kept)
        self._state.note([entry])
        return kept

    async def case(self, case_id: str) -> Case:
        """Return one. Raises NotFound."""
        return self._cases.get(case_id)

    async def cases(self, limit: int, cursor: str | None = None, *, whose: str | None = None) -> Page:
        """Return a page of cases, newest first. whose: only those that a principal owns or is a member of."""
        return self._cases.page(limit, cursor, lambda case: whose in {None, case.owner, *case.members})

    async def ask_approval(self, approval: Approval, entry: AuditEntry) -> None:
        """Keep what was asked for. Raises NotFound without its case, Conflict."""
        self._cases.get(approval.case_id)
        if approval.id in self._approvals:
            raise Conflict(f"there is an approval {approval.id!r} already")
        self._state.check_new_audits([entry])
        self._approvals.put(approval.id, approval)
        self._state.note([entry])

    async def decide_approval(self, approval: Approval, entry: AuditEntry) -> None:
        """Keep the decision. Raises NotFound, Conflict when it was decided already."""
        if self._approvals.get(approval.id).decided_at is not None:
            raise Conflict(f"approval {approval.id} was decided already")
        self._state.check_new_audits([entry])
        self._approvals.put(approval.id, approval)
        self._state.note([entry])

    async def approvals(self, case_id: str) -> Sequence[Approval]:
        """Return those of a case, oldest first."""
        return [approval for approval in self._approvals if approval.case_id == case_id]

    async def begin_search(self, search: Search, entry: AuditEntry, vectors: Sequence[bytes] = ()) -> Case:
        """Keep a search and count it in its case. Raises NotFound; Conflict when the case lets nobody search."""
        case = self._cases.get(search.case_id)
        if search.id in self._searches:
            raise Conflict(f"there is a search {search.id!r} already")
        if problem := case.unsearchable(search.created_at):
            raise Conflict(f"nothing can be searched in case {case.id}: {problem}")
        self._state.check_new_audits([entry])
        counted = replace(case, searches=case.searches + 1)
        self._cases.put(case.id, counted)
        self._searches.put(search.id, search)
        self._vectors[search.id] = tuple(vectors)
        self._state.note([entry])
        return counted

    async def change_search(self, search: Search, entry: AuditEntry | None = None) -> None:
        """Replace a search. Raises NotFound; Conflict when the stored one has ended already."""
        if self._searches.get(search.id).ended:
            raise Conflict(f"search {search.id} has ended already")
        entries = [entry] if entry else []
        self._state.check_new_audits(entries)
        self._searches.put(search.id, search)
        self._state.note(entries)

    async def search(self, search_id: str) -> Search:
        """Return one. Raises NotFound."""
        return self._searches.get(search_id)

    async def query_vectors(self, search_id: str) -> Sequence[bytes]:
        """Return the vectors that a search began with."""
        return self._vectors.get(search_id, ())

    async def searches(self, limit: int, cursor: str | None = None, *, case_id: str | None = None) -> Page:
        """Return a page of searches without their results, newest first."""
        found = self._searches.page(limit, cursor, lambda search: case_id in {None, search.case_id})
        return Page(tuple(replace(search, result=None) for search in found.items), found.cursor)

    async def unended(self) -> Sequence[Search]:
        """Return those that are queued or running, oldest first."""
        return [search for search in self._searches if not search.ended]

    async def forget(self, before: datetime) -> int:
        """Delete searches that ended before a time, and cases that closed or expired before it; return how many."""
        gone = self._searches.forget(lambda s: s.ended is not None and s.ended < before)
        self._vectors = {search: held for search, held in self._vectors.items() if search in self._searches}
        used = {search.case_id for search in self._searches}
        gone += self._cases.forget(lambda c: (c.closed_at or c.expires_at) < before and c.id not in used)
        self._approvals.forget(lambda approval: approval.case_id not in self._cases)
        return gone
