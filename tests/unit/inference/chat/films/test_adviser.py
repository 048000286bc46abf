from __future__ import annotations

import threading

from daemon.adapters.memory import MemoryFilmStore
from daemon.inference.chat.films.adviser import Adviser
from daemon.inference.chat.films.seed import seed_films
from daemon.inference.chat.wishes import Slots
from daemon.inference.executor import ThreadOffload
from daemon.ports.films import Verdict
from tests.unit.inference.chat.films.film_makers import feedback, film, said


async def test_without_a_store_the_films_that_come_along_are_recommended_in_a_thread() -> None:
    offload = ThreadOffload(1, 4)
    before = threading.active_count()
    adviser = await Adviser.prepared(None, offload)
    found = await adviser.recommend(Slots(genres=("war",)), {}, set(), "zh", 2)
    assert len(found.films) == 2
    assert all("war" in one.film.genres for one in found.films)
    assert threading.active_count() > before
    await offload.close(5.0)


async def test_films_and_feedback_of_the_store_count() -> None:
    store, offload = MemoryFilmStore(), ThreadOffload(1, 4)
    new = film("csv:new", title_zh="新片", genres=("war",), year=2026)
    same = film("movielens:1", title_en="Casablanca", year=1942)
    await store.put_films([new, same])
    await store.give([said("csv:new", person=f"movielens:{n}") for n in range(100)])
    adviser = await Adviser.prepared(store, offload)
    assert len(adviser.recommender.library.films) == len(seed_films()) + 1
    found = await adviser.recommend(Slots(genres=("war",)), {}, (), "zh", 1)
    assert found.films[0].film == new
    seen = feedback(["movielens:1"], Verdict.SEEN)
    shown = await adviser.recommend(Slots(people=("Bogart",)), seen, (), "en", 5)
    assert "Casablanca" not in {one.film.title_en for one in shown.films}
    await offload.close(5.0)
