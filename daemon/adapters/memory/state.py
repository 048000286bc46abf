"""What the stores in memory share, so that one commit can change all of it or nothing."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime

from daemon.adapters.memory.ledger import Ledger
from daemon.errors import Conflict
from daemon.forum.audit_chain import UNKEYED, Head
from daemon.ports import AuditEntry
from daemon.products.documents import to_json
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
    head: Head = field(default_factory=Head)

    def check_new_audits(self, entries: Sequence[AuditEntry]) -> None:
        """Raise Conflict where one of them, or two, have an id that is taken."""
        ids = [entry.id for entry in entries]
        if len(set(ids)) < len(ids) or any(entry_id in self.audits for entry_id in ids):
            raise Conflict("there is an audit entry of that id already")

    def note(self, entries: Sequence[AuditEntry]) -> None:
        """Keep audit entries that were checked."""
        for entry in entries:
            self.audits.put(entry.id, entry)
            seq = self.head.seq + 1
            self.head = Head(seq, UNKEYED.mac(self.head.mac, seq, to_json(entry)), UNKEYED.id)
