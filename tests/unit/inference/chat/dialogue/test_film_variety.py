"""Not everybody is shown the same films, nor one person every day; and shown films come back after a while."""

from __future__ import annotations

from daemon.inference.chat.dialogue.answers import Answer
from daemon.inference.chat.films.seed import seed_films
from tests.unit.inference.chat.dialogue.talk_kit import talk

ASKED = "recommend me a film"
DAY_S = 86_400.0


def ids(answer: Answer) -> list[str]:
    return [one.film.id for one in answer.films]


async def test_strangers_are_shown_different_films_and_each_the_same_when_asked_afresh() -> None:
    shown = {person: ids(await talk().say(ASKED, key=person)) for person in ("ann", "bo", "chi", "dan")}
    assert len({tuple(films) for films in shown.values()}) == 4
    for person, films in shown.items():
        assert ids(await talk().say(ASKED, key=person)) == films


async def test_tomorrow_other_films_are_shown() -> None:
    today, tomorrow = talk(), talk()
    tomorrow.clock.advance(DAY_S)
    assert ids(await today.say(ASKED)) != ids(await tomorrow.say(ASKED))


async def test_a_film_that_was_shown_only_may_come_again_after_a_month_and_one_that_was_seen_never() -> None:
    house = talk()
    everything = {film.id for film in seed_films()}
    first = ids(await house.say(ASKED))
    assert "seed:" in first[0]
    await house.say("seen the first one")
    while ids(answer := await house.say("another one")):
        assert answer.films
    house.clock.advance(29 * DAY_S)
    assert not ids(await house.say(ASKED))
    house.clock.advance(2 * DAY_S)
    again: set[str] = set()
    while found := ids(await house.say("another one" if again else ASKED)):
        assert not again & set(found)
        again |= set(found)
    assert again == everything - {first[0]}
