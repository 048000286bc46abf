"""What the stores in memory share, so that one commit can change all of it or nothing."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime

from daemon.adapters.memory.ledger import Ledger
from daemon.ports import AuditEntry
from daemon.products.incidents import Incident, Silence
from daemon.products.notices import Entry
from daemon.products.passes import PassRecord
from daemon.products.remedies import Override, Remedy


@dataclass(slots=True)
class MemoryState:
    """Incidents with all that hangs on them, the outbox and the audit log."""

    incidents: Ledger[Incident] = field(default_factory=lambda: Ledger("incident"))
    remedies: Ledger[Remedy] = field(default_factory=lambda: Ledger("remedy"))
    overrides: dict[tuple[str, str], Override] = field(default_factory=dict)
    silences: Ledger[Silence] = field(default_factory=lambda: Ledger("silence"))
    passes: Ledger[PassRecord] = field(default_factory=lambda: Ledger("pass"))
    rechecks: dict[str, datetime] = field(default_factory=dict)
    progress: dict[str, str] = field(default_factory=dict)
    entries: Ledger[Entry] = field(default_factory=lambda: Ledger("entry"))
    entries_ended: dict[str, datetime] = field(default_factory=dict)
    audits: Ledger[AuditEntry] = field(default_factory=lambda: Ledger("audit entry"))
