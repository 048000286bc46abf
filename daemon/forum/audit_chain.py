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

    lost: ids of keys that nobody has any more. strict: the chain goes on only from a key of these, and to one that it
    never had before; else a key that is found beside the store takes over from whatever was there.
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
        return {key.id: key for key in (*self.former, self.current)}


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


class Fault(NamedTuple):
    """What does not hold, at which entry."""

    seq: int
    what: str


class NotedHead(NamedTuple):
    """A head as it was noted elsewhere. where: such as the time of a line of the log."""

    seq: int
    mac: bytes
    where: str = ""


class Findings(NamedTuple):
    """What a chain was found to be. keys: entries by key id. earlier: entries of before the chain.

    faults: by number, the first bad entry first; unproven: entries whose key is lost. heads: that were compared.
    """

    head: Head
    entries: int
    earlier: int
    keys: dict[str, int]
    unproven: int
    heads: int
    faults: tuple[Fault, ...]


class Verifier:
    """Goes along a chain and finds what does not hold. heads: as they were noted elsewhere."""

    def __init__(self, keys: AuditKeys, heads: Iterable[NotedHead] = ()) -> None:
        self._keys, self._by_id = keys, keys.by_id()
        self._heads: dict[int, list[NotedHead]] = {}
        for head in heads:
            self._heads.setdefault(head.seq, []).append(head)
        self._head, self._last = Head(), 0
        self._earlier = EarlierEntries()
        self._counts: dict[str, int] = {}
        self._unproven, self._compared = 0, 0
        self._faults: list[Fault] = []

    def add(self, link: Link, action: str, detail: dict[str, str], *, same: bool) -> None:
        """Take the next entry. action, detail: of its body; same: whether id and target stand in it as beside it."""
        if link.mac is None or link.key_id is None:
            self._before_the_chain(link)
        else:
            self._of_the_chain(link, link.mac, link.key_id, action, detail)
        if not same:
            self._fault(link.seq, "its id or target is not what the entry itself says")
        self._last = link.seq

    def findings(self) -> Findings:
        """Return what was found, at the end of the chain."""
        entries = sum(self._counts.values())
        if self._earlier.count and not entries:
            self._fault(self._last, "nothing vouches for the entries: the chain has been taken out")
        if entries and self._head.key_id != self._keys.current.id:
            self._fault(self._head.seq, f"the end is of the key {self._head.key_id}, not {self._keys.current.id}")
        for seq, noted in self._heads.items():
            if seq > self._last:
                self._compared += len(noted)
                self._fault(self._last + 1, f"the log ends at {self._last}; {seq} was there{noted[0].where}")
        return Findings(
            self._head, entries, self._earlier.count, self._counts, self._unproven, self._compared,
            tuple(sorted(self._faults)),
        )  # fmt: skip

    def _before_the_chain(self, link: Link) -> None:
        if self._head.seq:
            self._fault(link.seq, "it is not in the chain")
        else:
            self._earlier.add([link])

    def _of_the_chain(self, link: Link, mac: bytes, key_id: str, action: str, detail: dict[str, str]) -> None:
        if not self._head.seq:
            self._check_first(action, detail)
        if link.seq != self._last + 1:
            self._fault(self._last + 1, f"the entries up to {link.seq - 1} are missing")
        if self._head.seq and key_id != self._head.key_id and action != KEY_CHANGED:
            self._fault(link.seq, f"the key changes from {self._head.key_id} to {key_id}, and nothing says so")
        self._check_mac(link, mac, key_id)
        for head in self._heads.get(link.seq, ()):
            self._compared += 1
            if not hmac.compare_digest(head.mac, mac):
                self._fault(link.seq, f"another entry was there{head.where}")
        self._counts[key_id] = self._counts.get(key_id, 0) + 1
        self._head = Head(link.seq, mac, key_id)

    def _check_first(self, action: str, detail: dict[str, str]) -> None:
        if self._earlier.count and (action != CHAINED or detail != self._earlier.detail()):
            self._fault(1, "the entries of before the chain are not those that it began with")
        if not self._earlier.count and action == CHAINED:
            self._fault(1, "the entries of before the chain are missing")

    def _check_mac(self, link: Link, mac: bytes, key_id: str) -> None:
        key = self._by_id.get(key_id)
        if key is None and key_id in self._keys.lost:
            self._unproven += 1
        elif key is None:
            self._fault(link.seq, f"it is of the key {key_id}, which is not at hand")
        elif not hmac.compare_digest(key.mac(self._head.mac, link.seq, link.body), mac):
            self._fault(link.seq, "it does not fit the key and the entry before it: changed, or something is missing")

    def _fault(self, seq: int, what: str) -> None:
        self._faults.append(Fault(seq, what))
