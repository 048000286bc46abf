"""The gallery's database: how it comes to have its schema."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import create_engine

from daemon.adapters.gallery import schema
from daemon.adapters.sql import versions
from daemon.errors import StoreCorrupt
from tests.contract.sighted import files_of
from tests.unit.adapters.sql.test_versions import connected, shape


def test_a_migrated_database_has_the_same_schema_as_a_new_one(tmp_path: Path) -> None:
    with closing(connected()) as new, closing(connected(tmp_path / "x.db")) as migrated:
        versions.bring_up_to_date(new, schema.DECLARED)
        versions._migrate(migrated, schema.DECLARED)
        assert shape(migrated) == shape(new)
        found = versions.version_of(migrated, schema.DECLARED)
        assert found == versions.version_of(new, schema.DECLARED) == schema.DECLARED.revisions[-1]
    engine = create_engine(f"sqlite:///{tmp_path / 'x.db'}")
    with engine.connect() as connection:
        assert compare_metadata(MigrationContext.configure(connection), schema.metadata) == []
    engine.dispose()


async def test_another_programs_database_and_a_newer_one_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "association.sqlite3"
    for statement, why in (
        ("CREATE TABLE theirs (x)", "another program"),
        ("CREATE TABLE alembic_version (version_num TEXT)", "of no version"),
        ("INSERT INTO alembic_version VALUES ('9999')", "newer program"),
    ):
        with closing(sqlite3.connect(path)) as connection:
            connection.execute(statement)
            connection.commit()
        with pytest.raises(StoreCorrupt, match=why):
            async with files_of(tmp_path):
                pass
        if why == "another program":
            path.unlink()
