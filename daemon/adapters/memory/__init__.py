"""Every store in memory: for trying things out, for checks without a daemon, and for tests."""

from __future__ import annotations

from dataclasses import dataclass, field

from daemon.adapters.memory.bot import MemoryBotStore
from daemon.adapters.memory.cases import MemoryCaseStore
from daemon.adapters.memory.catalogue import MemoryCatalogue
from daemon.adapters.memory.clock import FakeClock
from daemon.adapters.memory.evidence import MemoryEvidenceStore
from daemon.adapters.memory.films import MemoryFilmStore
from daemon.adapters.memory.incidents import MemoryIncidentStore
from daemon.adapters.memory.outbox import MemoryOutbox
from daemon.adapters.memory.people import MemoryAuditLog, MemoryPrincipals
from daemon.adapters.memory.state import MemoryState

__all__ = [
    "FakeClock",
    "MemoryAuditLog",
    "MemoryBotStore",
    "MemoryCaseStore",
    "MemoryCatalogue",
    "MemoryEvidenceStore",
    "MemoryFilmStore",
    "MemoryIncidentStore",
    "MemoryOutbox",
    "MemoryPrincipals",
    "MemoryStores",
]


@dataclass(slots=True)
class MemoryStores:
    """All stores over one state, as adapters.sql.SqlStores gives them over one database."""

    catalogue: MemoryCatalogue = field(init=False)
    incidents: MemoryIncidentStore = field(init=False)
    outbox: MemoryOutbox = field(init=False)
    evidence: MemoryEvidenceStore = field(init=False)
    principals: MemoryPrincipals = field(init=False)
    audit: MemoryAuditLog = field(init=False)
    bot: MemoryBotStore = field(init=False)
    films: MemoryFilmStore = field(init=False)
    cases: MemoryCaseStore = field(init=False)

    def __post_init__(self) -> None:
        state = MemoryState()
        self.catalogue = MemoryCatalogue()
        self.incidents = MemoryIncidentStore(state)
        self.outbox = MemoryOutbox(state)
        self.evidence = MemoryEvidenceStore()
        self.principals = MemoryPrincipals()
        self.audit = MemoryAuditLog(state)
        self.bot = MemoryBotStore(self.principals)
        self.films = MemoryFilmStore()
        self.cases = MemoryCaseStore(state)
