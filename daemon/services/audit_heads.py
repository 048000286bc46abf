"""The head of the audit log's chain, noted in the log: whoever cuts the end off cannot cut it off there too."""

from __future__ import annotations

from typing import Final

import structlog

from daemon.ports import AuditLog

_log = structlog.get_logger()
#: The event that notes a head; `zhiban audit verify` looks for it in the journal.
NOTED: Final = "audit.head_noted"


async def note_head(audit: AuditLog) -> None:
    """Note the last entry's number and MAC."""
    head = await audit.head()
    _log.info("audit.head_noted", seq=head.seq, mac=head.mac.hex(), key_id=head.key_id)
