"""Which schema a store has, and how it comes to have this program's.

A new store is made from its declared tables at once; Alembic is only imported for one that an older program left
behind. The functions are about the house's main store unless another is named.
"""

from __future__ import annotations

import sqlite3
from pathlib import Path
from typing import Final, NamedTuple

from sqlalchemy import MetaData
from sqlalchemy.dialects import sqlite
from sqlalchemy.schema import CreateIndex, CreateTable

from daemon.adapters.sql import schema
from daemon.adapters.sql.faults import translated
from daemon.errors import StoreCorrupt
from daemon.products.ids import new_id

MIGRATIONS: Final = Path(__file__).parent / "migrations"
HEAD: Final = schema.REVISIONS[-1]


class Declared(NamedTuple):
    """A store's schema. revisions: of Alembic, oldest first. migrations: the folder with them and `env.py`."""

    metadata: MetaData
    revisions: tuple[str, ...]
    migrations: Path


MAIN: Final = Declared(schema.metadata, schema.REVISIONS, MIGRATIONS)


def bring_up_to_date(connection: sqlite3.Connection, declared: Declared = MAIN) -> None:
    """Make or migrate the schema. Raises StoreCorrupt when it is newer than this program, or no schema of ours."""
    try:
        found = version_of(connection, declared)
        if found == declared.revisions[-1]:
            return
        if found is None:
            _create(connection, declared)
        else:
            _migrate(connection, declared)
    except sqlite3.Error as error:
        raise translated(error) from error


def version_of(connection: sqlite3.Connection, declared: Declared = MAIN) -> str | None:
    """Return the schema's version, None for an empty file. Raises StoreCorrupt when it is not ours to read."""
    tables = {name for (name,) in connection.execute("SELECT name FROM sqlite_schema WHERE type = 'table'")}
    if not tables:
        return None
    if "alembic_version" not in tables:
        raise StoreCorrupt("the file holds another program's tables")
    row = connection.execute("SELECT version_num FROM alembic_version").fetchone()
    if row is None or row[0] not in declared.revisions:
        raise StoreCorrupt(
            f"the store has schema {row[0] if row else 'of no version'!r}, this program knows up to "
            f"{declared.revisions[-1]!r}: a newer program wrote it; use that one, or restore a backup of before"
        )
    return str(row[0])


def feed_name(connection: sqlite3.Connection) -> str:
    """Return the name of this store's change feed, which it is given when it is first asked."""
    try:
        connection.execute("INSERT OR IGNORE INTO facts (name, value) VALUES ('feed', ?)", (new_id(),))
        return str(connection.execute("SELECT value FROM facts WHERE name = 'feed'").fetchone()[0])
    except sqlite3.Error as error:
        raise translated(error) from error


def _create(connection: sqlite3.Connection, declared: Declared) -> None:
    connection.execute("BEGIN IMMEDIATE")
    try:
        if version_of(connection, declared) is None:  # nobody else made it meanwhile
            for statement in creation(declared):
                connection.execute(statement)
            connection.execute("INSERT INTO alembic_version (version_num) VALUES (?)", declared.revisions[-1:])
        connection.execute("COMMIT")
    finally:
        if connection.in_transaction:
            connection.execute("ROLLBACK")


def creation(declared: Declared = MAIN) -> list[str]:
    """Return the statements that make the schema in an empty file, Alembic's own table included."""
    dialect = sqlite.dialect()
    made = [
        "CREATE TABLE alembic_version (version_num VARCHAR(32) NOT NULL CONSTRAINT alembic_version_pkc PRIMARY KEY)"
    ]
    for table in declared.metadata.sorted_tables:
        made.append(str(CreateTable(table).compile(dialect=dialect)))
        indexes = sorted(table.indexes, key=lambda index: str(index.name))
        made.extend(str(CreateIndex(index).compile(dialect=dialect)) for index in indexes)
    return made


def _migrate(connection: sqlite3.Connection, declared: Declared = MAIN) -> None:
    # Only stores of an older program need Alembic, a quarter of a second and 37 MB.
    from alembic import command  # noqa: PLC0415
    from alembic.config import Config  # noqa: PLC0415
    from sqlalchemy import create_engine, event  # noqa: PLC0415
    from sqlalchemy.pool import StaticPool  # noqa: PLC0415

    engine = create_engine("sqlite://", creator=lambda: connection, poolclass=StaticPool)

    @event.listens_for(engine, "begin")
    def _begin(begun: object) -> None:
        begun.exec_driver_sql("BEGIN IMMEDIATE")  # type: ignore[attr-defined]  # the driver begins nothing by itself

    config = Config()
    config.set_main_option("script_location", str(declared.migrations).replace("%", "%%"))
    with engine.begin() as begun:
        config.attributes["connection"] = begun
        command.upgrade(config, "head")
