"""The audit log's chain: each entry's MAC covers the one before it, so that none can be changed or taken out. Pure.

MAC = HMAC-SHA256(key, previous MAC || number as 8 bytes, big-endian || entry as it is stored) (RFC 2104). The idea is
that of Schneier and Kelsey, "Secure Audit Logs to Support Computer Forensics" (1999), without their evolving keys.
Who lacks the key can make no entry that fits; that the end was cut off shows beside a head that was noted elsewhere.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Final, NamedTuple, Self

#: Stands before the first entry.
GENESIS: Final = bytes(32)
#: The entry that vouches for all that were kept before there was a chain.
CHAINED: Final = "audit.chained"
#: The first entry of a new key.
KEY_CHANGED: Final = "audit.key_changed"
_ID_BYTES: Final = 8


@dataclass(frozen=True, slots=True)
class AuditKey:
    """A key and the name that it goes by, which tells nothing of it."""

    id: str
    secret: bytes = field(repr=False)

    @classmethod
    def of(cls, secret: bytes) -> Self:
        """Make it from its bytes."""
        return cls(hmac.digest(secret, b"zhiban audit key", "sha256")[:_ID_BYTES].hex(), secret)

    def mac(self, previous: bytes, seq: int, body: bytes) -> bytes:
        """Return the MAC of the entry of a number, after one of that MAC."""
        return hmac.digest(self.secret, previous + seq.to_bytes(8, "big") + body, "sha256")


#: Of stores that nobody gave a key: it finds slips, and no ill will.
UNKEYED: Final = AuditKey.of(b"")


@dataclass(frozen=True, slots=True)
class AuditKeys:
    """The key that is written with, and those that were.

    lost: ids of keys that nobody has any more. strict: the chain goes on only from a key of these.
    """

    current: AuditKey = UNKEYED
    former: tuple[AuditKey, ...] = ()
    lost: frozenset[str] = frozenset()
    strict: bool = False

    def follows(self, key_id: str) -> bool:
        """Tell whether the chain may go on from an entry of a key."""
        return not self.strict or key_id in self.lost or key_id in self.by_id()

    def by_id(self) -> dict[str, AuditKey]:
        """Return all keys by their ids."""
        return {key.id: key for key in (UNKEYED, *self.former, self.current)}


class Head(NamedTuple):
    """The last entry of the chain; number 0 and GENESIS where there is none."""

    seq: int = 0
    mac: bytes = GENESIS
    key_id: str = ""


class Link(NamedTuple):
    """An entry as it is stored. action, detail: of its body. key_id, mac: None of one from before the chain."""

    seq: int
    id: str
    target: str
    body: bytes
    key_id: str | None
    mac: bytes | None


class EarlierEntries:
    """The digest of all entries of before the chain."""

    def __init__(self) -> None:
        self._sha256 = hashlib.sha256()
        self.count = 0

    def add(self, links: Iterable[Link]) -> None:
        """Take entries in, oldest first."""
        for link in links:
            for part in (str(link.seq).encode(), link.id.encode(), link.target.encode(), link.body):
                self._sha256.update(len(part).to_bytes(8, "big") + part)
            self.count += 1

    def detail(self) -> dict[str, str]:
        """Return what the entry that vouches for them says."""
        return {"entries": str(self.count), "sha256": self._sha256.hexdigest()}
