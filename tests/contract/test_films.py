"""Films and feedback on them."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from daemon.adapters.memory import MemoryFilmStore
from daemon.adapters.sql import open_stores
from daemon.ports import FilmStore
from daemon.ports.films import Feedback, Film, Person, Verdict
from tests.contract.makers import later


@pytest.fixture(params=["memory", "sqlite"])
async def store(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[FilmStore]:
    if request.param == "memory":
        yield MemoryFilmStore()
        return
    async with open_stores(tmp_path / "state" / "zhiban.db") as stores:
        yield stores.films


def film(film_id: str, **fields: Any) -> Film:
    return Film(id=film_id, **({"title_en": film_id} | fields))


def said(person: str, of: str, verdict: Verdict, hours: float = 0) -> Feedback:
    return Feedback(person=person, film=of, verdict=verdict, at=later(hours=hours))


async def listed(pages: AsyncIterator[Any]) -> list[Any]:
    return [item async for page in pages for item in page]


async def test_films_come_back_equal_in_the_order_of_their_ids_whatever_the_page(store: FilmStore) -> None:
    whole = Film(
        id="seed:b", title_en="B", title_zh="乙", other_titles=("Bé",), year=1999, genres=("drama",), moods=("dark",),
        countries=("CN",), directors=(Person(en="A B", zh="甲"),), cast=(Person(zh="丙"),), summary_en="x\0y",
        summary_zh="一\ud800", minutes=99,
    )  # fmt: skip
    others = [film(f"csv:{n:03}") for n in range(11)]
    assert await store.put_films([whole, *reversed(others)]) == 12
    for size in (1, 5, 12, 100):
        assert await listed(store.films(size)) == [*others, whole]


async def test_a_film_put_again_takes_the_place_of_the_former(store: FilmStore) -> None:
    assert await store.put_films([]) == 0
    assert await store.put_films([film("a:1"), film("a:1", year=1950)]) == 1
    assert await store.put_films([film("a:1", year=1951), film("a:2")]) == 1
    assert await listed(store.films(10)) == [film("a:1", year=1951), film("a:2")]


async def test_a_source_is_forgotten_and_no_other_whose_name_begins_alike(store: FilmStore) -> None:
    await store.put_films([film(name) for name in ("csv:", "csv2:a", "cs:a", "csv;a")])
    await store.put_films([film(f"csv:{n}") for n in range(1_203)])
    assert await store.forget_films("csv") == 1_204
    assert await store.forget_films("csv%") == 0
    assert {kept.id for kept in await listed(store.films(10))} == {"csv2:a", "cs:a", "csv;a"}


async def test_the_latest_word_counts_and_showing_is_no_word(store: FilmStore) -> None:
    await store.give([said("p", "f", Verdict.SHOWN)])
    await store.give([said("p", "f", Verdict.LIKED, 1), said("p", "f", Verdict.SHOWN, 2)])
    assert await store.feedback("p") == {"f": said("p", "f", Verdict.LIKED, 1)}
    await store.give([said("p", "f", Verdict.DISLIKED, 3), said("p", "f", Verdict.SEEN, 2)])
    assert await store.feedback("p") == {"f": said("p", "f", Verdict.DISLIKED, 3)}
    await store.give([said("p", "g", Verdict.SHOWN, 5), said("p", "g", Verdict.SEEN, 1)])
    assert (await store.feedback("p"))["g"] == said("p", "g", Verdict.SEEN, 1)
    assert await store.feedback("q") == {}


async def test_forgetting_a_person_leaves_the_others(store: FilmStore) -> None:
    mine = [said("p\0", f"f{n}", Verdict.SEEN) for n in range(1_001)]
    await store.give([*mine, said("p", "f1", Verdict.LIKED)])
    assert await store.forget("p\0") == 1_001
    assert await store.forget("p\0") == 0
    assert await listed(store.all_feedback(10)) == [said("p", "f1", Verdict.LIKED)]


async def test_everybodys_feedback_is_walked_by_person_whatever_the_page(store: FilmStore) -> None:
    given_ = [said(f"p{n % 7}", f"f{n}", Verdict.LIKED) for n in range(40)]
    await store.give(given_)
    for size in (1, 3, 40, 41):
        walked = await listed(store.all_feedback(size))
        assert walked == sorted(given_, key=lambda one: (one.person, one.film))
    assert await listed(MemoryFilmStore().all_feedback(3)) == []


async def test_many_at_once_lose_nothing(store: FilmStore) -> None:
    jobs: Iterable[Any] = [store.give([said(f"p{n}", "f", Verdict.SEEN)]) for n in range(20)]
    counts = await asyncio.gather(*(store.put_films([film(f"a:{n % 5}")]) for n in range(20)), *jobs)
    assert sum(count for count in counts if count) == 5
    assert len(await listed(store.all_feedback(7))) == 20


ONE = st.builds(
    said, st.sampled_from("pq"), st.sampled_from("fg"), st.sampled_from(list(Verdict)), st.integers(0, 3)
)  # fmt: skip


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(batches=st.lists(st.lists(ONE, max_size=6), max_size=4))
async def test_both_stores_hold_the_same_after_any_words(tmp_path: Path, batches: list[list[Feedback]]) -> None:
    memory = MemoryFilmStore()
    async with open_stores(tmp_path / "zhiban.db") as stores:
        for person in "pq":
            await stores.films.forget(person)
        for batch in batches:
            await memory.give(batch)
            await stores.films.give(batch)
        assert await listed(stores.films.all_feedback(3)) == await listed(memory.all_feedback(3))
