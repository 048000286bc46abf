"""Small units of work over aiosqlite as its documentation shows it: one call, one thread hop, for each statement."""

from __future__ import annotations

from pathlib import Path

import aiosqlite


async def prepared(path: Path, body: bytes) -> aiosqlite.Connection:
    """Open a store of one row, with the same pragmas as ours."""
    connection = await aiosqlite.connect(path, isolation_level=None)
    for pragma in ("journal_mode=WAL", "synchronous=NORMAL", "foreign_keys=ON"):
        await connection.execute(f"PRAGMA {pragma}")
    await connection.execute("CREATE TABLE progress (name TEXT PRIMARY KEY, value TEXT) WITHOUT ROWID")
    await connection.execute("CREATE TABLE products (id TEXT PRIMARY KEY, body BLOB)")
    await connection.execute("INSERT INTO products VALUES ('1', ?)", (body,))
    return connection


async def read(connection: aiosqlite.Connection) -> bytes:
    """Return the row's body."""
    async with connection.execute("SELECT body FROM products WHERE id = :id", {"id": "1"}) as cursor:
        row = await cursor.fetchone()
    if row is None:
        raise LookupError("the row is gone")
    return bytes(row[0])


async def write(connection: aiosqlite.Connection, value: str) -> None:
    """Set one named value."""
    await connection.execute("BEGIN IMMEDIATE")
    await connection.execute(
        "INSERT INTO progress VALUES (:name, :value) ON CONFLICT (name) DO UPDATE SET value = excluded.value",
        {"name": "mark", "value": value},
    )
    await connection.commit()
