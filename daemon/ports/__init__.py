"""What the daemon needs from the world, as Protocols; adapters/ holds what answers them.

Contracts that every adapter keeps, proven by tests/contract:
- values come back equal to what went in; times are aware UTC;
- a method either does all of what it says or raises and did nothing; what forgets records does so a few at a time,
  so that nobody waits for long, and may stop between them;
- only errors of daemon.errors are raised: Unavailable when the store or peer cannot be reached, Conflict when a
  compare-and-set finds something else, StoreFull when nothing can be written any more;
- cancelling a call leaves no transaction open and no connection lost.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from daemon.ports.basics import Clock, Offload, Page
from daemon.ports.cases import Approval, Case, CaseStore, Search, SearchState
from daemon.ports.catalogue import Catalogue, ImportedPage
from daemon.ports.evidence import Download, EvidenceStore, PageFetcher, SourceReader
from daemon.ports.films import FilmStore
from daemon.ports.incidents import Batch, IncidentFilter, IncidentStore
from daemon.ports.notices import Notifier, Outbox, Resumable
from daemon.ports.people import Actor, AuditEntry, AuditLog, Principals
from daemon.ports.rooms import BotStore, Dialogue, Messenger, OpenRooms
from daemon.ports.sightings import (
    Camera,
    CarriedThing,
    Detection,
    Embedder,
    Gallery,
    Ingested,
    Sighting,
    SightingsView,
    Way,
    Window,
)
from daemon.ports.upstream import Followed, Upstream

__all__ = [
    "Actor",
    "Approval",
    "AuditEntry",
    "AuditLog",
    "Batch",
    "BotStore",
    "Camera",
    "CarriedThing",
    "Case",
    "CaseStore",
    "Catalogue",
    "Clock",
    "Detection",
    "Dialogue",
    "Download",
    "Embedder",
    "EvidenceStore",
    "FilmStore",
    "Followed",
    "Gallery",
    "ImportedPage",
    "IncidentFilter",
    "IncidentStore",
    "Ingested",
    "Messenger",
    "Notifier",
    "Offload",
    "OpenRooms",
    "Outbox",
    "Page",
    "PageFetcher",
    "Ports",
    "Principals",
    "Resumable",
    "Search",
    "SearchState",
    "Sighting",
    "SightingsView",
    "SourceReader",
    "Upstream",
    "Way",
    "Window",
]


@dataclass(frozen=True, slots=True, kw_only=True)
class Ports:
    """Every port of a running daemon, opened. notifiers: by channel name."""

    catalogue: Catalogue
    incidents: IncidentStore
    outbox: Outbox
    evidence: EvidenceStore
    fetcher: PageFetcher
    reader: SourceReader
    principals: Principals
    audit: AuditLog
    clock: Clock
    offload: Offload
    notifiers: Mapping[str, Notifier]
    messenger: Messenger | None = None
    bot: BotStore | None = None
    dialogue: Dialogue | None = None
    rooms: OpenRooms | None = None
    followed: Followed | None = None
    films: FilmStore | None = None
    gallery: Gallery | None = None
    cases: CaseStore | None = None
