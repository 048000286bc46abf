"""What is brought from URLs, and kept of it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Protocol

import msgspec

from daemon.products.evidence import Evidence


class EvidenceStore(Protocol):
    """What was last found at URLs."""

    async def evidence(self, urls: Sequence[str]) -> dict[str, Evidence]:
        """Return the last evidence of those URLs that have any, with the one before it as `previous`."""

    async def keep(self, evidence: Sequence[Evidence]) -> None:
        """Keep new evidence; what was last becomes its `previous`."""

    async def forget(self, before: datetime) -> int:
        """Delete evidence that was last brought before a time; return of how many URLs."""


class PageFetcher(Protocol):
    """Brings evidence from URLs that come from data: under the address policy, bounded, polite."""

    async def image(self, url: str) -> Evidence:
        """Fetch as much of an image as its facts need. Never raises for what the target does."""

    async def page(self, url: str) -> Evidence:
        """Fetch a landing page and read its facts. Never raises for what the target does."""


class Download(msgspec.Struct, frozen=True, kw_only=True):
    """A source's file, in a temporary file on disk; the caller deletes it. path None: not modified."""

    path: str | None
    etag: str | None = None
    last_modified: str | None = None
    content_type: str | None = None


class SourceReader(Protocol):
    """Brings the files of [[sources]], which the operator configured, so any address may be named."""

    async def download(self, url: str, etag: str | None, last_modified: str | None, max_bytes: int) -> Download:
        """Fetch with a conditional request. Raises Unavailable with the reason."""
