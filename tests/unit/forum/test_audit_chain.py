"""The chain of the audit log: whatever is done to it without the key is found, and at which entry."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from daemon.forum.audit_chain import (
    CHAINED,
    GENESIS,
    KEY_CHANGED,
    UNKEYED,
    AuditKey,
    AuditKeys,
    EarlierEntries,
    Findings,
    Link,
    NotedHead,
    Verifier,
)

KEY, OLD, OTHER = (AuditKey.of(secret * 32) for secret in (b"k", b"o", b"x"))
KEYS = AuditKeys(KEY, (OLD,), strict=True)


def chained(bodies: Sequence[bytes], key: AuditKey = KEY, *, first: int = 1, previous: bytes = GENESIS) -> list[Link]:
    made = []
    for seq, body in enumerate(bodies, first):
        previous = key.mac(previous, seq, body)
        made.append(Link(seq, f"e{seq}", "t", body, key.id, previous))
    return made


def verified(
    links: Sequence[Link], keys: AuditKeys = KEYS, heads: Sequence[NotedHead] = (), action: str = ""
) -> Findings:
    """action: of the entries whose body says nothing else."""
    verifier = Verifier(keys, heads)
    for link in links:
        name, _, detail = link.body.partition(b"|")
        known = name.decode() in {CHAINED, KEY_CHANGED}
        verifier.add(link, name.decode() if known else action, _detail(detail) if known else {}, same=True)
    return verifier.findings()


def _detail(text: bytes) -> dict[str, str]:
    return dict(part.split("=") for part in text.decode().split() if "=" in part)


BODIES = [b"%d" % n for n in range(8)]


def test_a_chain_holds_with_its_key_and_beside_its_heads() -> None:
    links = chained(BODIES)
    heads = [NotedHead(link.seq, link.mac or b"") for link in links]
    found = verified(links, heads=heads)
    assert (found.faults, found.entries, found.heads, found.keys) == ((), 8, 8, {KEY.id: 8})
    assert (found.head.seq, found.head.mac) == (8, links[-1].mac)
    assert verified([]).faults == ()


def test_the_mac_is_the_one_that_is_written_down() -> None:
    by_hand = hmac.new(b"k" * 32, GENESIS + (1).to_bytes(8, "big") + b"0", hashlib.sha256).digest()
    assert chained(BODIES)[0].mac == by_hand


@given(at=st.integers(0, 7), what=st.sampled_from(["body", "mac", "seq", "key"]))
def test_an_entry_that_is_changed_is_the_first_bad_one(at: int, what: str) -> None:
    links = chained(BODIES)
    link = links[at]
    links[at] = {
        "body": link._replace(body=link.body + b"!"),
        "mac": link._replace(mac=bytes(32)),
        "seq": link._replace(seq=link.seq + 100),
        "key": link._replace(key_id=OLD.id),
    }[what]
    assert verified(links).faults[0].seq == link.seq


@given(at=st.integers(0, 6), count=st.integers(1, 7))
def test_entries_taken_out_before_the_end_are_missed_where_they_were(at: int, count: int) -> None:
    links = chained(BODIES)
    left = links[:at] + links[min(at + count, 7) :]
    assert verified(left).faults[0].seq == at + 1
    renumbered = [link._replace(seq=seq) for seq, link in enumerate(left, 1)]
    assert verified(renumbered).faults[0].seq == at + 1


@given(left=st.integers(0, 7))
def test_an_end_cut_off_shows_beside_a_head_that_was_noted(left: int) -> None:
    links = chained(BODIES)
    head = NotedHead(8, links[-1].mac or b"", ", as noted at noon")
    assert verified(links[:left]).faults == ()
    (fault,) = verified(links[:left], heads=[head]).faults
    assert (fault.seq, "at noon" in fault.what) == (left + 1, True)


@pytest.mark.parametrize("key", [UNKEYED, OTHER, OLD, AuditKey(KEY.id, b"a guess")])
@pytest.mark.parametrize("first", [1, 4])
def test_a_chain_made_anew_without_the_key_is_found(key: AuditKey, first: int) -> None:
    links = chained(BODIES)
    kept = links[: first - 1]
    bodies = [b"other", *BODIES[first:]]
    anew = kept + chained(bodies, key, first=first, previous=kept[-1].mac or b"" if kept else GENESIS)
    found = verified(anew)
    assert found.faults
    if first > 1 or key is not OLD:
        assert found.faults[0].seq == first


def test_a_chain_of_the_right_key_that_is_another_one_shows_beside_a_head() -> None:
    links = chained(BODIES)
    heads = [NotedHead(4, links[3].mac or b"")]
    other = chained([*BODIES[:2], b"changed", *BODIES[3:]])
    assert verified(other).faults == ()
    assert [fault.seq for fault in verified(other, heads=heads).faults] == [4]


def test_the_wrong_key_proves_nothing() -> None:
    links = chained(BODIES)
    for keys in (AuditKeys(OTHER), AuditKeys(), AuditKeys(AuditKey(KEY.id, b"wrong"))):
        assert verified(links, keys).faults[0].seq == 1
    assert "not at hand" in verified(links, AuditKeys(OTHER)).faults[0].what


def test_a_key_follows_another_where_an_entry_says_so() -> None:
    first = chained(BODIES[:3], OLD)
    moved = chained([KEY_CHANGED.encode() + b"|from=a to=b", b"x"], first=4, previous=first[-1].mac or b"")
    assert verified(first + moved).faults == ()
    assert verified(first).faults[0].seq == 3  # it ends with a key that was given up
    silent = chained([b"x"], first=4, previous=first[-1].mac or b"")
    assert verified(first + silent).faults[0].seq == 4
    lost = AuditKeys(KEY, lost=frozenset({OLD.id}))
    found = verified(first + moved, lost)
    assert (found.faults, found.unproven) == ((), 3)
    assert verified(first + moved, AuditKeys(KEY)).faults[0].seq == 1


def test_entries_of_before_the_chain_are_vouched_for_by_its_first() -> None:
    earlier = [Link(seq, f"e{seq}", "t", b"old", None, None) for seq in (2, 3, 7)]
    digest = EarlierEntries()
    digest.add(earlier)
    detail = " ".join(f"{name}={value}" for name, value in digest.detail().items()).encode()
    links = [*earlier, *chained([CHAINED.encode() + b"|" + detail, b"new"], first=8)]
    found = verified(links)
    assert (found.faults, found.earlier, found.entries) == ((), 3, 2)
    for changed in (
        [links[0]._replace(body=b"other"), *links[1:]],
        [links[0]._replace(target="u"), *links[1:]],
        [links[0]._replace(seq=1), *links[1:]],
        [*links[:2], *links[3:]],
        links[3:],
        links[:3],
        [*links[:3], *links[4:]],
        [*links, Link(10, "e10", "t", b"late", None, None)],
    ):
        assert verified(changed).faults


def test_an_id_or_a_target_that_the_entry_does_not_have_is_found() -> None:
    verifier = Verifier(KEYS)
    for link in chained(BODIES):
        verifier.add(link, "", {}, same=link.seq != 3)
    assert [fault.seq for fault in verifier.findings().faults] == [3]


def test_a_key_tells_nothing_of_itself() -> None:
    assert b"k" * 32 not in repr(KEY).encode()
    assert KEY.id not in {OLD.id, UNKEYED.id}
    assert len(KEY.id) == 16
