"""The audit log's chain in a store: keys that follow each other, entries of before it, and what is done to the file."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Sequence
from contextlib import closing
from pathlib import Path

import pytest
from alembic import command
from alembic.config import Config
from sqlalchemy import create_engine

from daemon.adapters.sql import open_stores, schema, versions
from daemon.adapters.sql.audit_reading import verified
from daemon.errors import ConfigError, Conflict, NotFound, StoreCorrupt
from daemon.forum.audit_chain import CHAINED, KEY_CHANGED, UNKEYED, AuditKey, AuditKeys, Findings, NotedHead, Verifier
from daemon.ports import AuditEntry
from daemon.products.documents import to_json
from tests.contract.makers import audit, batch, incident

KEY, NEXT, OTHER = (AuditKey.of(secret * 32) for secret in (b"k", b"n", b"x"))


async def filled(path: Path, keys: AuditKeys, count: int = 3) -> NotedHead:
    """Write entries by every way there is; return the head."""
    async with open_stores(path, keys) as stores:
        await stores.audit.append(audit(action="first", detail={"text": "\ud800\0"}))
        await stores.incidents.commit(batch(audits=[audit() for _ in range(count)]))
        await stores.audit.append(audit(target="case:\0"))
        head = await stores.audit.head()
    return NotedHead(head.seq, head.mac)


def proven(path: Path, keys: AuditKeys, *heads: NotedHead) -> Findings:
    return verified(path, Verifier(keys, heads))


async def actions(path: Path, keys: AuditKeys) -> list[str]:
    async with open_stores(path, keys) as stores:
        return [entry.action for entry in reversed((await stores.audit.entries(100)).items)]


async def test_a_store_proves_itself_while_it_is_open_and_after(path: Path) -> None:
    keys = AuditKeys(KEY, strict=True)
    head = await filled(path, keys)
    assert proven(path, keys, head).faults == ()
    async with open_stores(path, keys) as stores:
        await stores.audit.append(audit())
        found = proven(path, keys, head)
    assert (found.faults, found.entries, found.heads) == ((), 6, 1)
    assert found.head.key_id == KEY.id


async def test_an_entry_that_cannot_be_kept_leaves_the_chain_as_it_was(path: Path) -> None:
    async with open_stores(path, AuditKeys(KEY)) as stores:
        await stores.audit.append(known := audit())
        head = await stores.audit.head()
        with pytest.raises(Conflict):
            await stores.incidents.commit(batch(audits=[audit(), known]))
        assert await stores.audit.head() == head
        await stores.audit.append(audit())
    assert proven(path, AuditKeys(KEY)).entries == 2


#: What somebody without the key may do to the file, and the first entry that tells of it.
TAMPERING: dict[str, tuple[Sequence[str], int]] = {
    "changed": (["UPDATE audit SET body = replace(CAST(body AS TEXT), 'acknowledged', 'closed') WHERE seq = 3"], 3),
    "removed": (["DELETE FROM audit WHERE seq = 3"], 3),
    "removed and renumbered": (
        ["DELETE FROM audit WHERE seq = 2", *(f"UPDATE audit SET seq = {n - 1} WHERE seq = {n}" for n in (3, 4, 5))], 2,
    ),
    "shortened": (["DELETE FROM audit WHERE seq > 2"], 3),
    "emptied": (["DELETE FROM audit"], 1),
    "hidden from lists": (["UPDATE audit SET target = 'other' WHERE seq = 4"], 4),
    "another id": (["UPDATE audit SET id = 'other' WHERE seq = 4"], 4),
    "body that is none": (["UPDATE audit SET body = x'ff00' WHERE seq = 2"], 2),
    "text for bytes": (["UPDATE audit SET mac = 'text', key_id = x'00' WHERE seq = 2"], 2),
    "nothing for bytes": (["UPDATE audit SET body = 7, target = x'ff' WHERE seq = 2"], 2),
    "mac lost": (["UPDATE audit SET mac = NULL, key_id = NULL WHERE seq = 5"], 5),
    "first taken out": (["DELETE FROM audit WHERE seq = 1"], 1),
    "inserted": (["INSERT INTO audit SELECT 6, 'x', target, body, key_id, mac FROM audit WHERE seq = 5"], 6),
}  # fmt: skip


@pytest.mark.parametrize("what", list(TAMPERING))
async def test_whatever_is_done_to_the_file_is_found_at_the_first_bad_entry(path: Path, what: str) -> None:
    keys = AuditKeys(KEY, strict=True)
    head = await filled(path, keys)
    statements, first = TAMPERING[what]
    with closing(sqlite3.connect(path)) as connection, connection:
        for statement in statements:
            connection.execute(statement)
    assert proven(path, keys, head).faults[0].seq == first


@pytest.mark.parametrize("key", [UNKEYED, OTHER, AuditKey(KEY.id, b"a guess")])
async def test_a_log_written_anew_without_the_key_is_found_also_after_the_daemon_went_on(
    path: Path, key: AuditKey
) -> None:
    keys = AuditKeys(KEY, strict=True)
    head = await filled(path, keys)
    _write_anew(path, key)
    assert proven(path, keys).faults
    assert proven(path, keys, head).faults
    if key.id != KEY.id:
        with pytest.raises(ConfigError, match="cannot follow"):
            await filled(path, keys)
    else:
        await filled(path, keys)
    assert proven(path, keys, head).faults


def _write_anew(path: Path, key: AuditKey) -> None:
    """Change an entry and make all MACs again, as one would who knows how and has no key."""
    with closing(sqlite3.connect(path)) as connection, connection:
        rows = connection.execute("SELECT seq, body FROM audit ORDER BY seq").fetchall()
        mac = bytes(32)
        for seq, body in rows:
            new = body.replace(b"acknowledged", b"opened") if seq == 3 else body
            mac = key.mac(mac, seq, new)
            connection.execute("UPDATE audit SET body = ?, mac = ?, key_id = ? WHERE seq = ?", (new, mac, key.id, seq))


async def test_a_new_key_follows_the_one_before_where_both_are_at_hand(path: Path) -> None:
    beside, named = AuditKeys(KEY), AuditKeys(NEXT, (KEY,), strict=True)
    await filled(path, beside)
    await filled(path, named)
    assert (await actions(path, named)).count(KEY_CHANGED) == 1
    found = proven(path, named)
    assert (found.faults, found.keys) == ((), {KEY.id: 5, NEXT.id: 6})
    with pytest.raises(ConfigError, match="not taken again"):
        await filled(path, AuditKeys(KEY, (NEXT,), strict=True))


async def test_a_key_that_is_not_at_hand_is_not_followed_unless_it_is_lost_or_the_new_one_stands_beside(
    path: Path,
) -> None:
    await filled(path, AuditKeys(KEY))
    before = path.read_bytes()
    with pytest.raises(ConfigError, match=KEY.id):
        await filled(path, AuditKeys(NEXT, strict=True))
    assert path.read_bytes() == before
    lost = AuditKeys(NEXT, lost=frozenset({KEY.id}), strict=True)
    await filled(path, lost)
    found = proven(path, lost)
    assert (found.faults, found.unproven) == ((), 5)
    await filled(path, AuditKeys(OTHER))  # a key in another machine's state directory
    assert proven(path, AuditKeys(OTHER)).faults[0].seq == 1
    assert proven(path, AuditKeys(OTHER, (NEXT, KEY))).faults == ()


async def test_who_has_no_key_writes_nothing_into_a_log_that_has_one(path: Path) -> None:
    await filled(path, AuditKeys(KEY))
    async with open_stores(path) as stores:
        assert len((await stores.audit.entries(9)).items) == 5
        with pytest.raises(ConfigError):
            await stores.audit.append(audit())
        with pytest.raises(ConfigError):
            await stores.incidents.commit(batch(audits=[audit()], incidents=[made := incident()]))
        with pytest.raises(NotFound):
            await stores.incidents.incident(made.id)
    assert proven(path, AuditKeys(KEY)).faults == ()


async def test_a_key_beside_the_store_takes_over_also_from_one_that_followed_it(path: Path) -> None:
    for key in (KEY, OTHER, KEY):
        await filled(path, AuditKeys(key))
    assert proven(path, AuditKeys(KEY, (OTHER,))).faults == ()


async def test_entries_of_an_older_program_are_vouched_for_from_then_on(path: Path) -> None:
    path.parent.mkdir(mode=0o700)
    config = Config()
    config.set_main_option("script_location", str(versions.MIGRATIONS))
    engine = create_engine(f"sqlite:///{path}")
    with engine.begin() as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, schema.REVISIONS[schema.REVISIONS.index("0008") - 1])
    engine.dispose()
    old = [audit(action=f"old{n}", detail={"text": "\ud800"}) for n in range(2500)]
    with closing(sqlite3.connect(path)) as made, made:
        made.executemany(
            "INSERT INTO audit (id, target, body) VALUES (?, ?, ?)", [(e.id, e.target, to_json(e)) for e in old]
        )
    keys = AuditKeys(KEY, strict=True)
    await filled(path, keys)
    found = proven(path, keys)
    assert (found.faults, found.earlier, found.entries) == ((), 2500, 6)
    async with open_stores(path, keys) as stores:
        first = await _entry(stores.audit.entries, CHAINED)
    assert first.detail["entries"] == "2500"
    with closing(sqlite3.connect(path)) as tampered, tampered:
        tampered.execute("UPDATE audit SET target = 'x' WHERE seq = 17")
    assert [fault.seq for fault in proven(path, keys).faults] == [1, 17]


async def _entry(entries: Callable[..., object], action: str) -> AuditEntry:
    page = await entries(50)  # type: ignore[misc]  # of a store
    found: AuditEntry = next(entry for entry in page.items if entry.action == action)
    return found


def test_what_is_no_store_of_this_schema_is_told_so(tmp_path: Path) -> None:
    with pytest.raises(NotFound):
        proven(tmp_path / "none", AuditKeys())
    with closing(sqlite3.connect(tmp_path / "empty.db")) as connection, connection:
        connection.execute("CREATE TABLE alembic_version (version_num)")
        connection.execute("INSERT INTO alembic_version VALUES ('0007')")
    with pytest.raises(StoreCorrupt, match="0007"):
        proven(tmp_path / "empty.db", AuditKeys())
