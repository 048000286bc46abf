"""What is forgotten of searches is nowhere any more, in the store, its log or stores set aside, and never returns."""

from __future__ import annotations

import random
import shutil
import sqlite3
from contextlib import closing
from datetime import timedelta
from pathlib import Path

import pytest
from msgspec.structs import replace

from daemon.adapters.sql import SqlStores, erasing, open_stores, versions
from daemon.adapters.sql.backup import back_up, restore
from daemon.adapters.sql.database import prepare_writer
from daemon.adapters.sql.statements import Session
from daemon.errors import NotFound
from daemon.ports import Case, Search, SearchState
from daemon.products.ids import new_id
from tests.contract.makers import NOW, audit, batch, later

OLD, CUT = NOW - timedelta(days=40), NOW - timedelta(days=30)


class Secrets:
    """Bytes and words that stand nowhere else."""

    def __init__(self, seed: int) -> None:
        self._rng = random.Random(seed)
        self.vectors: list[bytes] = []
        self.words: list[str] = []

    def vector(self, size: int) -> bytes:
        self.vectors.append(self._rng.randbytes(size))
        return self.vectors[-1]

    def word(self, size: int) -> str:
        self.words.append("".join(self._rng.choices("abcdefghijklmnopqrstuvwxyz", k=size)))
        return self.words[-1]

    def traces(self, folder: Path) -> list[str]:
        """Return which files hold any 12 bytes of what was secret, taken every 40."""
        secret = (*self.vectors, *(word.encode() for word in self.words))
        pieces = {whole[n : n + 12] for whole in secret for n in range(0, max(1, len(whole) - 12), 40)}
        found = []
        for path in (path for path in folder.rglob("*") if path.is_file()):
            held = path.read_bytes()
            found += [f"{path.name} at {n}" for n in range(len(held)) if held[n : n + 12] in pieces]
        return found


async def opened_case(stores: SqlStores, word: str, **fields: object) -> Case:
    case = Case(
        id=new_id(), title=word, purpose=word, owner="mei", created_at=OLD, expires_at=later(days=7), quota=1000,
    )  # fmt: skip
    return await stores.cases.add_case(replace(case, **fields), audit())


async def searched(stores: SqlStores, case: Case, secrets: Secrets, ended: object, size: int) -> Search:
    """Search from beginning to end, with progress and results that change on the way."""
    search = Search(
        id=new_id(), case_id=case.id, purpose=secrets.word(30), searcher="mei", created_at=OLD,
        state=SearchState.QUEUED, asked={"text": secrets.word(100)},
    )  # fmt: skip
    await stores.cases.begin_search(search, audit(), [secrets.vector(size), secrets.vector(128)])
    for step in range(3):
        search = replace(
            search,
            state=SearchState.RUNNING,
            progress={"rounds": step},
            result={"hops": secrets.word(size * (step + 1))},
        )
        await stores.cases.change_search(search)
    search = replace(search, state=SearchState.DONE, ended_at=ended, result={"hops": secrets.word(size * 2)})
    await stores.cases.change_search(search)
    return search


async def test_what_is_forgotten_is_in_no_file_of_the_state_directory(path: Path) -> None:
    gone, kept = Secrets(1), Secrets(2)
    rng = random.Random(3)
    async with open_stores(path) as stores:
        cases = [await opened_case(stores, gone.word(60), expires_at=OLD + timedelta(days=1)),
                 await opened_case(stores, kept.word(60))]  # fmt: skip
        stays = []
        for _ in range(24):
            size = rng.choice([64, 512, 3000, 9000])
            if rng.random() < 0.5:
                stays.append(await searched(stores, cases[1], kept, NOW, size))
            else:
                await searched(stores, cases[rng.random() < 0.5], gone, OLD, size)
            await stores.incidents.commit(batch(audits=[audit()]))
        assert gone.traces(path.parent)
        # a case is opened at a time that is over by then: it is gone with its searches
        assert await stores.cases.forget(CUT) == 25 - len(stays)
        assert gone.traces(path.parent) == []
        assert {search.id for search in (await stores.cases.searches(100)).items} == {s.id for s in stays}
        for search in stays:
            assert await stores.cases.search(search.id) == search
            assert len(await stores.cases.query_vectors(search.id)) == 2
    assert gone.traces(path.parent) == []
    assert kept.traces(path.parent)


def moved_about(path: Path, seed: int) -> tuple[sqlite3.Connection, dict[str, bytes]]:
    """Return a store whose rows grew and shrank until SQLite moved them, and what marks those that shall go."""
    rng, connection, gone = random.Random(seed), sqlite3.connect(path, isolation_level=None), dict[str, bytes]()
    prepare_writer(connection)
    versions.bring_up_to_date(connection)
    for number in range(300):
        mark = rng.randbytes(16)
        if rng.random() < 0.5:
            gone[f"s{number}"] = mark
        body = mark + rng.randbytes(rng.choice([50, 200, 900]))
        connection.execute("INSERT INTO searches VALUES (?, ?, 'c', NULL, ?, NULL)", (number + 1, f"s{number}", body))
        for _ in range(3):
            seq = rng.randrange(number + 1) + 1
            (mark,) = connection.execute("SELECT substr(body, 1, 16) FROM searches WHERE seq = ?", (seq,)).fetchone()
            body = mark + rng.randbytes(rng.choice([40, 300, 2000]))
            result = mark + rng.randbytes(rng.choice([100, 1500, 4000, 7000]))
            change = (body, result, rng.randrange(1000), seq)
            connection.execute("UPDATE searches SET body = ?, result = ?, ended_at = ? WHERE seq = ?", change)
    return connection, gone


def test_rows_that_sqlite_moved_about_leave_no_copy_where_they_lay(tmp_path: Path) -> None:
    path = tmp_path / "store"
    connection, gone = moved_about(path, seed=13)  # of which a mere DELETE by SQLite 3.40 leaves a copy
    with closing(connection):
        connection.execute("BEGIN")
        erasing._erase(Session(connection), set(gone))
        connection.execute("COMMIT")
        (left,) = connection.execute("SELECT count(*) FROM searches").fetchone()
        assert erasing.cut_log(connection)
    assert left == 300 - len(gone)
    content = path.read_bytes()
    assert not any(mark in content for mark in gone.values())


async def test_a_reader_in_the_way_delays_the_last_traces_to_the_next_time(path: Path) -> None:
    gone = Secrets(1)
    async with open_stores(path) as stores:
        case = await opened_case(stores, "case")
        await searched(stores, case, gone, OLD, 500)
        database = stores.cases._database
        reader = database._readers[0]
        await database._writer.run(lambda connection: connection.execute("PRAGMA busy_timeout=20").fetchall())
        await reader.run(lambda connection: connection.execute("BEGIN").execute("SELECT * FROM cases").fetchall())
        assert await stores.cases.forget(CUT) == 1
        assert gone.traces(path.parent), "the write-ahead log holds what the reader may still see"
        await reader.run(lambda connection: connection.execute("ROLLBACK").fetchall())
        assert await stores.cases.forget(CUT) == 0
        assert gone.traces(path.parent) == []


async def test_an_older_copy_that_is_put_back_loses_the_same_again(path: Path, tmp_path: Path) -> None:
    gone = Secrets(1)
    copy = tmp_path / "elsewhere" / "copy.db"
    copy.parent.mkdir()
    async with open_stores(path) as stores:
        case = await opened_case(stores, "case")
        old = await searched(stores, case, gone, OLD, 3000)
        new = await searched(stores, case, Secrets(2), NOW, 3000)
        back_up(path, copy)
        await stores.cases.forget(CUT)
    restore(copy, path)
    assert gone.traces(path.parent)
    async with open_stores(path) as stores:
        with pytest.raises(NotFound):
            await stores.cases.search(old.id)
        assert await stores.cases.search(new.id) == new
        assert gone.traces(path.parent) == []
    assert old.id not in erasing.tombstones_of(path).read_text()
    assert erasing.tombstones_of(path).stat().st_mode & 0o777 == 0o600


async def test_stores_that_a_restore_set_aside_lose_the_same(path: Path, tmp_path: Path) -> None:
    gone, kept = Secrets(1), Secrets(2)
    empty = tmp_path / "elsewhere" / "empty.db"
    empty.parent.mkdir()
    async with open_stores(path):
        back_up(path, empty)
    async with open_stores(path) as stores:
        case = await opened_case(stores, "case")
        await searched(stores, case, gone, OLD, 3000)
        new = await searched(stores, case, kept, NOW, 3000)
        for suffix in ("", "-wal"):  # as one that died
            shutil.copy(f"{path}{suffix}", f"{tmp_path}/elsewhere/dead{suffix}")
    for suffix in ("", "-wal"):
        shutil.copy(f"{tmp_path}/elsewhere/dead{suffix}", f"{path}{suffix}")
    _, aside = restore(empty, path)
    assert aside is not None
    async with open_stores(path) as stores:
        assert gone.traces(path.parent)
        assert await stores.cases.forget(CUT) == 0
        assert gone.traces(path.parent) == []
        assert kept.traces(path.parent)
    async with open_stores(aside) as stores:
        assert await stores.cases.search(new.id) == new


async def test_a_line_that_a_crash_cut_off_is_passed_over(path: Path) -> None:
    async with open_stores(path) as stores:
        case = await opened_case(stores, "case")
        old = await searched(stores, case, Secrets(1), OLD, 100)
        tombstones = erasing.tombstones_of(path)
        tombstones.write_bytes(b"\xff\xfe0123")
        await stores.cases.forget(CUT)
    assert erasing._digest(old.id) in erasing._remembered(tombstones)
