"""The ledger of passes: what each one saw and did."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

import msgspec


class PassKind(StrEnum):
    """What a pass takes."""

    CHANGED = "changed"  # what changed, what is due, what depends on either
    FULL = "full"  # everything
    SINGLE = "single"  # named products, on a person's request


class PassState(StrEnum):
    """How a pass stands or ended."""

    QUEUED = "queued"  # asked for by a person, not begun
    RUNNING = "running"
    FINISHED = "finished"
    FAILED = "failed"
    TIMED_OUT = "timed_out"
    INTERRUPTED = "interrupted"  # the daemon stopped or died meanwhile


class PassRecord(msgspec.Struct, frozen=True, kw_only=True):
    """One pass. Durations in seconds."""

    id: str  # UUIDv7
    kind: PassKind
    state: PassState
    started_at: datetime
    finished_at: datetime | None = None
    seen: int = 0  # products in the catalogue
    checked: int = 0
    skipped: int = 0  # unchanged, or missing from their source
    failed: int = 0  # a rule raised on them
    abnormal: int = 0  # products with at least one bad verdict
    opened: int = 0
    recovered: int = 0
    unknown: int = 0  # unknown verdicts
    duration_s: float = 0.0
    cpu_s: float = 0.0
    canary_found: bool | None = None  # None: the pass did not look for it
    error: str = ""
    requested_by: str = ""  # principal id, "" for a pass of the timer
    product_ids: tuple[str, ...] = ()  # of a single pass
