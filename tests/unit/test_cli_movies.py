from __future__ import annotations

import asyncio
import os
import sys
from pathlib import Path

import pytest

from daemon.adapters.sql import open_stores
from daemon.main.assembly import DATABASE
from daemon.ports.films import Feedback, Film, Verdict
from tests.unit.inference.chat.films.film_makers import NOW

ROOT = Path(__file__).parents[2]


@pytest.fixture
def state(tmp_path: Path) -> Path:
    folder = tmp_path / "state"
    folder.mkdir(mode=0o700)
    return folder


async def begun(state: Path, *arguments: str) -> asyncio.subprocess.Process:
    return await asyncio.create_subprocess_exec(
        sys.executable, "-m", "daemon", "movies", *arguments,
        stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE, cwd=ROOT,
        env={"PATH": os.environ["PATH"], "STATE_DIRECTORY": str(state), "PYTHONUTF8": "1"},
    )  # fmt: skip


async def zhiban(state: Path, *arguments: str) -> tuple[int, str, str]:
    process = await begun(state, *arguments)
    out, errors = await process.communicate()
    return process.returncode or 0, out.decode(), errors.decode()


async def kept(state: Path) -> tuple[list[Film], list[Feedback]]:
    async with open_stores(state / DATABASE) as stores:
        films = [film async for page in stores.films.films(1_000) for film in page]
        return films, [said async for page in stores.films.all_feedback(1_000) for said in page]


def movielens(folder: Path, films: int) -> Path:
    folder.mkdir()
    lines = "".join(f"{n},Film {n} (1990),War\n" for n in range(films))
    (folder / "movies.csv").write_text(f"movieId,title,genres\n{lines}")
    ratings = "".join(f"{n % 9},{n},4.5,1\n" for n in range(films))
    (folder / "ratings.csv").write_text(f"userId,movieId,rating,timestamp\n{ratings}1,x,4,1\n")
    return folder


async def test_films_are_imported_listed_and_forgotten(state: Path, tmp_path: Path) -> None:
    folder = movielens(tmp_path / "lens", 3)
    status, out, errors = await zhiban(state, "import", str(folder), "--dry-run")
    assert (status, errors) == (0, "")
    assert "3 films would be kept; 3 ratings" in out
    assert not (state / DATABASE).exists()
    for new in (3, 0):
        status, out, errors = await zhiban(state, "import", str(folder))
        assert (status, errors) == (0, "")
        assert f"3 films kept, {new} of them new; 3 ratings" in out
        assert "ratings.csv, 5: the film 'x' is not in movies.csv" in out
    assert await zhiban(state, "list") == (0, "".join(f"movielens:{n}\t1990\tFilm {n}\n" for n in range(3)), "")
    assert await zhiban(state, "list", "--source", "csv") == (0, "", "")
    async with open_stores(state / DATABASE) as stores:
        await stores.films.give([Feedback(person="mei", film="movielens:1", verdict=Verdict.SEEN, at=NOW)])
    status, out, _ = await zhiban(state, "forget", "movielens")
    assert (status, out) == (0, "forgotten: 3 films, feedback of 3 anonymous people\n")
    films, feedback = await kept(state)
    assert films == []
    assert [said.person for said in feedback] == ["mei"]


async def test_films_that_come_along_can_be_listed(state: Path) -> None:
    status, out, errors = await zhiban(state, "list", "--source", "seed")
    assert (status, errors) == (0, "")
    assert "seed:spirited-away-2001\t2001\tSpirited Away / 千与千寻\n" in out


async def test_an_import_that_is_killed_loses_nothing_and_the_next_makes_it_whole(state: Path, tmp_path: Path) -> None:
    first = movielens(tmp_path / "first", 5)
    assert (await zhiban(state, "import", str(first)))[0] == 0
    large = movielens(tmp_path / "large", 6_000)
    for patience in (0.6, 0.9, 1.2):
        process = await begun(state, "import", str(large))
        try:
            await asyncio.wait_for(process.wait(), patience)
        except TimeoutError:
            process.kill()
        await process.communicate()
        films, _ = await kept(state)
        assert {f"movielens:{n}" for n in range(5)} <= {film.id for film in films}
    assert (await zhiban(state, "import", str(large)))[0] == 0
    films, feedback = await kept(state)
    assert (len(films), len(feedback)) == (6_000, 6_000)


async def test_of_two_imports_at_once_one_is_told_of_the_other_and_both_can_be_done(
    state: Path, tmp_path: Path
) -> None:
    first, second = movielens(tmp_path / "first", 3_000), movielens(tmp_path / "second", 3_500)
    begun_at_once = [await begun(state, "import", str(folder)) for folder in (first, second)]
    for process in begun_at_once:
        _, errors = await process.communicate()
        assert process.returncode == 0 or "is zhiban running there?" in errors.decode()
    assert 0 in {process.returncode for process in begun_at_once}
    assert (await zhiban(state, "import", str(second)))[0] == 0
    assert len((await kept(state))[0]) == 3_500


@pytest.mark.parametrize(("arguments", "told"), [
    (["import", "/nowhere/films.csv"], "No such file"),
    (["import", "/nowhere", "--format", "xml"], "xml"),
    (["forget", "movielens:1"], "no catalogue"),
    (["forget"], "SOURCE"),
])  # fmt: skip
async def test_wrong_usage_is_told(state: Path, arguments: list[str], told: str) -> None:
    status, out, errors = await zhiban(state, *arguments)
    assert (status, out) == (2, "")
    assert told in errors
