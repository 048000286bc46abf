"""How a file comes to have this program's schema, and which files are refused."""

from __future__ import annotations

import os
import sqlite3
import stat
import subprocess
import sys
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import create_engine

from daemon.adapters.sql import open_stores, schema, versions
from daemon.adapters.sql.mirror import Intent, Known, Observed, Seen
from daemon.adapters.sql.values import micros, storable
from daemon.errors import StoreCorrupt, Unavailable
from daemon.forum.principals import Principal, Role
from daemon.forum.rooms import BindingCode, SentNotice
from daemon.products.documents import to_json
from daemon.products.evidence import Evidence, Reach
from daemon.products.imports import EditRecord
from daemon.products.product import Product

NOW = datetime(2026, 11, 25, 8, 30, tzinfo=UTC)
ANN = Principal(id="u1", name="ann", role=Role.OPERATOR, created_at=NOW)


def connected(path: Path | str = ":memory:") -> sqlite3.Connection:
    return sqlite3.connect(path, isolation_level=None)


def shape(connection: sqlite3.Connection) -> dict[str, object]:
    """Return tables with their columns and keys, and indexes with their columns and conditions, whatever their text."""
    tables = [n for (n,) in connection.execute("SELECT name FROM sqlite_schema WHERE type = 'table' ORDER BY name")]
    found: dict[str, object] = {}
    for table in tables:
        (without_rowid,) = connection.execute("SELECT wr FROM pragma_table_list WHERE name = ?", (table,)).fetchone()
        columns = connection.execute(f"PRAGMA table_info({table})").fetchall()
        foreign = sorted(row[2:] for row in connection.execute(f"PRAGMA foreign_key_list({table})"))
        found[table] = (without_rowid, columns, foreign)
        for _, index, unique, origin, partial in connection.execute(f"PRAGMA index_list({table})").fetchall():
            names = [row[2] for row in connection.execute(f"PRAGMA index_info({index})")]
            key = index if origin == "c" else (table, *names)
            found[str(key)] = (table, unique, origin, partial, names)
    return found


def conditions(connection: sqlite3.Connection) -> dict[str, str]:
    rows = connection.execute("SELECT name, sql FROM sqlite_schema WHERE type = 'index' AND sql LIKE '% WHERE %'")
    return {name: sql.partition(" WHERE ")[2] for name, sql in rows}


def test_a_migrated_store_has_the_same_schema_as_a_new_one() -> None:
    with closing(connected()) as new, closing(connected()) as migrated:
        versions.bring_up_to_date(new)
        versions._migrate(migrated)
        assert shape(migrated) == shape(new)
        assert conditions(migrated) == conditions(new)
        assert versions.version_of(migrated) == versions.version_of(new) == versions.HEAD


def test_the_migrations_lead_to_the_declared_tables(tmp_path: Path) -> None:
    with closing(connected(tmp_path / "x.db")) as connection:
        versions._migrate(connection)
    engine = create_engine(f"sqlite:///{tmp_path / 'x.db'}")
    with engine.connect() as connection_:
        context = MigrationContext.configure(connection_)
        assert compare_metadata(context, schema.metadata) == []
    engine.dispose()


def test_the_revisions_are_those_of_the_migrations() -> None:
    config = Config()
    config.set_main_option("script_location", str(versions.MIGRATIONS))
    found = [script.revision for script in ScriptDirectory.from_config(config).walk_revisions()]
    assert tuple(reversed(found)) == schema.REVISIONS


def test_a_migration_that_fails_leaves_the_store_as_it_was(monkeypatch: pytest.MonkeyPatch) -> None:
    with closing(connected()) as connection:
        connection.execute("CREATE TABLE audit (x)")  # in the way of the first migration
        with pytest.raises(Exception, match="audit"):
            versions._migrate(connection)
        assert not connection.in_transaction
        assert [n for (n,) in connection.execute("SELECT name FROM sqlite_schema")] == ["audit"]


def old_store(path: Path, revision: str) -> None:
    """Make a store as a program of that schema left it."""
    path.parent.mkdir(mode=0o700)
    config = Config()
    config.set_main_option("script_location", str(versions.MIGRATIONS))
    engine = create_engine(f"sqlite:///{path}")
    with engine.begin() as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, revision)
    engine.dispose()


async def test_a_store_of_the_first_schema_keeps_what_it_holds_and_gets_the_bots_tables(path: Path) -> None:
    old_store(path, "0001")
    with closing(connected(path)) as old:
        assert versions.version_of(old) == "0001"
        assert "contacts" not in shape(old)
        old.execute("INSERT INTO principals (id, name, body) VALUES (?, ?, ?)", (ANN.id, ANN.name, to_json(ANN)))

    async with open_stores(path) as stores:
        assert await stores.principals.all() == [ANN]
        await stores.bot.add_code(BindingCode(code_sha256="x", principal_id=ANN.id, expires_at=NOW + timedelta(1)))
        await stores.bot.bind("x", "c1", NOW)
    async with open_stores(path) as stores:
        assert await stores.bot.contact("c1") == ANN
    with closing(connected(path)) as migrated:
        assert versions.version_of(migrated) == versions.HEAD


async def test_a_store_of_the_second_schema_keeps_its_notices_and_learns_which_rooms_were_told(path: Path) -> None:
    old_store(path, "0002")
    notice = SentNotice(message_id="n1", conversation_id="r1", incident_ids=("i1",), sent_at=NOW)
    with closing(connected(path)) as old:
        old.execute(
            "INSERT INTO sent_notices (conversation_id, sent_at, body) VALUES ('r1', ?, ?)",
            (micros(NOW), to_json(notice)),
        )

    async with open_stores(path) as stores:
        await stores.bot.remember_told([("e1", "r1")], NOW)
    async with open_stores(path) as stores:
        assert await stores.bot.notices("r1", NOW) == [notice]
        assert await stores.bot.told(["e1"]) == {("e1", "r1")}
    with closing(connected(path)) as migrated:
        assert versions.version_of(migrated) == versions.HEAD


async def test_a_store_of_the_third_schema_learns_when_its_edits_and_evidence_were_made(path: Path) -> None:
    old_store(path, "0003")
    found = Evidence(url="https://a/\ud83d", fetched_at=NOW, reach=Reach.FETCHED, problem="\ud83d")
    changes = {"title": ('"\ud83d"', '"b"')}
    edits = [
        EditRecord(product_id="p", revision=2, at=NOW, actor="ann", changes=changes),
        EditRecord(product_id="p", revision=3, at=NOW, actor="ann", changes={"status": ('"listed"', '"unlisted"')}),
        EditRecord(product_id="p", revision=4, at=NOW + timedelta(days=2), actor="ann", changes=changes),
    ]
    with closing(connected(path)) as old:
        old.execute("INSERT INTO evidence (url, body) VALUES (?, ?)", (storable(found.url), to_json(found)))
        old.executemany(
            "INSERT INTO edits (product_id, revision, body) VALUES ('p', ?, ?)",
            [(edit.revision, to_json(edit)) for edit in edits],
        )

    async with open_stores(path) as stores:
        assert await stores.evidence.forget(NOW) == 0
        assert await stores.evidence.evidence([found.url]) == {found.url: found}
        assert await stores.evidence.forget(NOW + timedelta(seconds=1)) == 1
        assert await stores.catalogue.forget_edits(NOW) == 0
        assert await stores.catalogue.forget_edits(NOW + timedelta(days=1)) == 1
        assert list((await stores.catalogue.edits("p", 10)).items) == [edits[2], edits[1]]


async def test_a_store_of_before_the_mirror_keeps_its_products_and_can_mirror_them(path: Path) -> None:
    old_store(path, schema.REVISIONS[schema.REVISIONS.index("0006") - 1])
    kept = Product(id="a", source="shop", revision=3, title="Lamp")
    intent = Intent(after=kept, actor="ann", at=NOW)
    with closing(connected(path)) as old:
        assert "mirrored" not in shape(old)
        old.execute(
            "INSERT INTO products (id, source, status, missing, revision, change_seq, search, body) "
            "VALUES ('a', 'shop', 'listed', 0, 3, 1, 'a', ?)",
            (to_json(kept),),
        )

    async with open_stores(path) as stores:
        assert await stores.mirror.known(["a"]) == {"a": Known(kept)}
        seen = Seen(product=kept, place=b"p", digest=b"d", revision=3)
        assert await stores.mirror.observe("shop", [seen], NOW) == Observed(unchanged=("a",))
        await stores.mirror.intend(kept, intent)
    async with open_stores(path) as stores:
        assert await stores.mirror.known(["a"]) == {"a": Known(kept, b"p", b"d", intent)}
    with closing(connected(path)) as migrated:
        assert versions.version_of(migrated) == versions.HEAD


async def refused(path: Path, match: str, error: type[Exception] = StoreCorrupt) -> None:
    before = path.read_bytes()
    with pytest.raises(error, match=match):
        async with open_stores(path):
            pass
    assert path.read_bytes() == before


async def test_a_newer_schema_is_refused_and_left_alone(path: Path) -> None:
    async with open_stores(path):
        pass
    with closing(connected(path)) as connection:
        connection.execute("UPDATE alembic_version SET version_num = '9999'")
    await refused(path, "'9999'.*newer program")


async def test_another_programs_database_is_refused(path: Path) -> None:
    path.parent.mkdir()
    with closing(connected(path)) as connection:
        connection.execute("PRAGMA journal_mode=WAL")
        connection.execute("CREATE TABLE theirs (x)")
    await refused(path, "another program's")


async def test_a_file_that_is_no_database_is_refused(path: Path) -> None:
    path.parent.mkdir()
    path.write_bytes(b"id,title\n1,Lamp\n" * 1000)
    await refused(path, "damaged")


async def test_a_folder_in_the_way_is_unavailable(tmp_path: Path) -> None:
    with pytest.raises(Unavailable, match=str(tmp_path)):
        async with open_stores(tmp_path):
            pass


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write anywhere")
async def test_a_folder_that_cannot_be_written_is_unavailable(tmp_path: Path) -> None:
    tmp_path.chmod(0o500)
    with pytest.raises(Unavailable):
        async with open_stores(tmp_path / "zhiban.db"):
            pass


async def test_only_the_owner_can_read_the_store(path: Path) -> None:
    old = os.umask(0)
    try:
        async with open_stores(path):
            modes = {p.name: stat.S_IMODE(p.stat().st_mode) for p in (path.parent, *path.parent.iterdir())}
    finally:
        os.umask(old)
    assert modes == {"state": 0o700, "zhiban.db": 0o600, "zhiban.db-wal": 0o600, "zhiban.db-shm": 0o600}


async def test_a_reopened_store_keeps_its_feed(path: Path) -> None:
    async with open_stores(path) as stores:
        mark = await stores.catalogue.mark()
    async with open_stores(path) as stores:
        assert await stores.catalogue.mark() == mark


def test_opening_a_store_does_not_import_alembic(path: Path) -> None:
    program = (
        "import asyncio, sys, pathlib\n"
        "from daemon.adapters.sql import open_stores\n"
        "async def main():\n"
        "    for _ in range(2):\n"
        "        async with open_stores(pathlib.Path(sys.argv[1])): pass\n"
        "asyncio.run(main())\n"
        "print('alembic' in sys.modules, 'sqlalchemy.orm' in sys.modules)\n"
    )
    run = subprocess.run([sys.executable, "-c", program, str(path)], capture_output=True, text=True, check=True)
    assert run.stdout.split() == ["False", "False"]
