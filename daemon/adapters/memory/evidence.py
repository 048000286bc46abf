"""What was last found at URLs, in memory."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from daemon.products.evidence import Evidence
from daemon.products.records import succeed


class MemoryEvidenceStore:
    """A ports.EvidenceStore that is gone with the process."""

    def __init__(self) -> None:
        self._evidence: dict[str, Evidence] = {}

    async def evidence(self, urls: Sequence[str]) -> dict[str, Evidence]:
        """Return the last evidence of those URLs that have any, with the one before it as `previous`."""
        return {url: self._evidence[url] for url in urls if url in self._evidence}

    async def keep(self, evidence: Sequence[Evidence]) -> None:
        """Keep new evidence; what was last becomes its `previous`."""
        for found in evidence:
            last = self._evidence.get(found.url)
            self._evidence[found.url] = succeed(last, found)

    async def forget(self, before: datetime) -> int:
        """Delete evidence that was last brought before a time; return of how many URLs."""
        gone = [url for url, found in self._evidence.items() if found.fetched_at < before]
        for url in gone:
            del self._evidence[url]
        return len(gone)
