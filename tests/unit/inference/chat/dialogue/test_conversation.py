import asyncio
from collections.abc import Sequence
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from daemon.errors import Unavailable
from daemon.inference.chat.dialogue.answers import Answer
from daemon.inference.chat.films.adviser import Adviser
from daemon.inference.chat.films.suggestions import Suggestions
from daemon.inference.chat.replies import Candidate
from daemon.ports.films import Verdict
from daemon.products.phrases import Language
from tests.house import Inline
from tests.unit.inference.chat.dialogue.talk_kit import Scripted, recommender, saying, talk
from tests.unit.inference.chat.dialogue.test_transcripts import by, note


class Never:
    """A speaker that never has done."""

    async def candidates(self, turns: Sequence[str], language: Language) -> Sequence[Candidate]:
        await asyncio.Event().wait()
        return []


class Busy:
    async def candidates(self, turns: Sequence[str], language: Language) -> Sequence[Candidate]:
        raise Unavailable("busy")


class Broken:
    async def candidates(self, turns: Sequence[str], language: Language) -> Sequence[Candidate]:
        raise RuntimeError("of no concern to whoever talks")


@pytest.mark.parametrize(
    ("text", "key"),
    [
        ("", "empty"), (" \t\n", "empty"), ("😀", "wordless"), ("👨‍👩‍👧‍👦🏳️‍🌈", "wordless"), ("???", "wordless"),
        ("。。。", "wordless"),
        ("こんにちは", "other_language"), ("Привет, как дела", "other_language"), ("a" * 100_000, "too_long"),
        ("好" * 100_000, "too_long"), ("\u0301" * 5_000, "too_long"),
    ],
)  # fmt: skip
async def test_what_cannot_be_read_has_an_answer(text: str, key: str) -> None:
    assert by(await talk(saying("yes")).say(text)) == f"phrase:{key}"


@pytest.mark.parametrize(
    "text",
    [
        "\ud800",
        "a\udfffb",
        "<script>alert(1)</script>",
        "{name} {0} %s",
        "\x00\x1b[2J",
        "@all",
        "[](x)",
        "你好\ud83dworld",
    ],
)
async def test_odd_text_has_an_answer_that_can_be_sent(text: str) -> None:
    answer = await talk().say(text)
    assert answer.text.encode()


@given(st.text(max_size=300), st.sampled_from(["chat", "question", "films"]))
@settings(max_examples=150, deadline=None)
async def test_any_text_in_any_state_has_an_answer(text: str, state: str) -> None:
    house = talk(saying("indeed"))
    if state != "chat":
        await house.say("I want to watch something" if state == "question" else "Recommend me a movie")
    answer = await house.say(text)
    assert answer.text.strip()
    assert len(answer.text) < 2_000


async def test_without_any_part_there_are_answers_that_vary() -> None:
    house = talk(films=False, detect=None)
    said = [(await house.say(f"the weather is number {number}")).text for number in range(12)]
    assert all(first != second for first, second in pairwise(said))
    assert len(set(said)) >= 6


async def test_no_reply_is_said_twice_in_a_row() -> None:
    house = talk(saying("I am fine"))
    assert (await house.say("how are you today")).source == "retrieval"
    assert (await house.say("and how are you now")).source == "fallback"


async def test_nobody_repeats_what_was_just_said_to_them() -> None:
    house = talk(Scripted(lambda turns: [Candidate(text=turns[-1].upper() + "!", score=1.0, speaker="retrieval")]))
    assert (await house.say("the grass is green")).source == "fallback"


async def test_speakers_are_given_the_turns_before() -> None:
    speaker = saying("indeed")
    house = talk(speaker, turns=4)
    for text in ("one house", "two houses", "three houses"):
        await house.say(text)
    assert speaker.heard[0] == ("one house",)
    assert speaker.heard[-1][-1] == "three houses"
    assert len(speaker.heard[-1]) == 4


async def test_the_better_of_two_speakers_speaks_and_is_counted() -> None:
    house = talk(saying("by heart", 1.0), saying("made up", 2.0, "generator"))
    answer = await house.say("the grass is green")
    assert (answer.text, answer.source) == ("made up", "generator")
    assert house.counted == {"generator": 1}
    assert any("by heart" in one for one in answer.notes)


async def test_a_busy_speaker_leaves_the_word_to_the_other() -> None:
    assert (await talk(Busy(), saying("by heart")).say("the grass is green")).text == "by heart"


async def test_where_all_are_busy_that_is_said_and_the_turn_is_not_remembered() -> None:
    house = talk(Busy())
    with pytest.raises(Unavailable):
        await house.say("the grass is green")
    assert not house.sessions.of("k", "k").turns


async def test_a_broken_speaker_harms_nobody() -> None:
    assert (await talk(Broken(), saying("by heart")).say("the grass is green")).text == "by heart"
    assert (await talk(Broken()).say("the grass is green")).source == "fallback"


async def test_whoever_is_late_is_not_waited_for() -> None:
    await talk(saying("by heart")).say(
        "the grass is green"
    )  # reads all words, which may take longer than this deadline
    assert (await talk(Never(), saying("by heart"), deadline_s=0.5).say("the grass is green")).text == "by heart"
    assert by(await talk(Never(), deadline_s=0.5).say("the grass is green")) == "phrase:slow"


async def test_whoever_waits_for_their_own_turn_before_is_told_in_time() -> None:
    house = talk(saying("indeed"), deadline_s=0.5)
    async with house.sessions.of("k", "k").lock:
        assert by(await house.say("the grass is green")) == "phrase:slow"
    assert (await house.say("the grass is green")).text == "indeed"


async def test_what_must_not_be_said_is_neither_said_nor_remembered() -> None:
    speaker = saying("you idiot, shut up", 2.0)
    house = talk(speaker, saying("something nice", 1.0, "generator"))
    assert (await house.say("the grass is green")).text == "something nice"
    answer = await house.say("you are a fucking idiot")
    assert answer.source == "phrase"
    assert any(note.startswith("found: ") for note in answer.notes)
    await house.say("the sky is blue")
    assert not any("idiot" in turn for turn in speaker.heard[-1])


async def test_whoever_is_in_despair_is_sent_to_people_who_can_help() -> None:
    assert "emergency" in (await talk().say("I want to kill myself")).text
    assert "热线" in (await talk().say("我不想活了")).text


async def test_personal_data_are_not_remembered() -> None:
    speaker = saying("indeed")
    house = talk(speaker)
    await house.say("my phone number is 13812345678 if you need it")
    assert "13812345678" not in "".join(speaker.heard[-1])
    assert "13812345678" not in "".join(house.sessions.of("k", "k").turns)


async def test_fifty_people_at_once_keep_their_own_histories() -> None:
    class Slowly(Scripted):
        async def candidates(self, turns: Sequence[str], language: Language) -> Sequence[Candidate]:
            for _ in range(len(turns[-1]) % 5):
                await asyncio.sleep(0)
            return await super().candidates(turns, language)

    house = talk(Slowly(lambda turns: [Candidate(text="; ".join(("I know", *turns)), score=1.0, speaker="retrieval")]))

    async def person(number: int) -> None:
        for turn in range(4):
            answer = await house.say(f"person {number} has {turn} of them", key=f"room:{number}")
            assert answer.source == "retrieval"
            assert {part.split()[1] for part in answer.text.split("; ")} - {"know"} == {str(number)}

    await asyncio.gather(*(person(number) for number in range(50)))


async def test_films_are_never_shown_twice() -> None:
    house = talk()
    shown: list[str] = []
    for text in ("Recommend me a movie", *["another"] * 30):
        shown += [one.film.id for one in (await house.say(text)).films]
    assert len(shown) == len(set(shown)) > 80


async def test_what_was_said_of_films_is_kept_for_the_person_and_forgotten_on_request() -> None:
    house = talk()
    first = (await house.say("Recommend me a movie", key="r1:mei", person="mei")).films
    await house.say("seen it", key="r1:mei", person="mei")
    kept = await house.stores.films.feedback("mei")
    assert kept[first[0].film.id].verdict is Verdict.SEEN
    assert kept[first[1].film.id].verdict is Verdict.SHOWN
    elsewhere = (await house.say("Recommend me a movie", key="r2:mei", person="mei")).films
    assert not {one.film.id for one in elsewhere} & set(kept)
    assert not await house.stores.films.feedback("li")
    assert by(await house.say("forget me", key="r2:mei", person="mei")) == "phrase:forgotten"
    assert not await house.stores.films.feedback("mei")
    assert len(house.sessions) == 0


async def test_a_reply_that_is_being_made_while_its_person_is_forgotten_leaves_nothing_behind() -> None:
    begun, go_on = asyncio.Event(), asyncio.Event()

    class Slow(Adviser):
        async def recommend(self, *wish: Any) -> Suggestions:
            begun.set()
            await go_on.wait()
            return await super().recommend(*wish)

    house = talk(adviser=Slow(recommender(), Inline()))
    under_way = asyncio.create_task(house.say("Recommend me a movie"))
    await begun.wait()
    assert await house.conversation.forget("k", "k")
    go_on.set()
    assert (await under_way).films
    assert not await house.stores.films.feedback("k")
    assert not house.sessions.of("k", "k").turns
    assert not await house.conversation.forget("other", "other")


async def test_a_title_or_a_place_in_the_list_says_which_film_was_meant() -> None:
    house = talk()
    first = (await house.say("Recommend me a movie")).films
    second = (await house.say("I've seen the second one")).films
    await house.say(f"I have seen {second[2].film.title_en}")
    kept = await house.stores.films.feedback("k")
    assert {film for film, said in kept.items() if said.verdict is Verdict.SEEN} == {
        first[1].film.id,
        second[2].film.id,
    }


async def test_others_are_shown_others_tomorrow_is_another_day_and_the_same_day_is_the_same() -> None:
    def shown(answer: Answer) -> tuple[str, ...]:
        return tuple(one.film.id for one in answer.films)

    house, again = talk(), talk()
    first = [shown(await house.say("Recommend me a movie", key=f"p{number}")) for number in range(8)]
    assert first == [shown(await again.say("Recommend me a movie", key=f"p{number}")) for number in range(8)]
    assert len(set(first)) > 4
    tomorrow = talk()
    tomorrow.clock.advance(86_400)
    assert first != [shown(await tomorrow.say("Recommend me a movie", key=f"p{number}")) for number in range(8)]


async def test_newer_means_newer_than_what_was_shown() -> None:
    house = talk()
    before = (await house.say("Recommend me an old western")).films or (await house.say("Recommend me a western")).films
    newest = max(one.film.year or 0 for one in before)
    answer = await house.say("something newer")
    assert f"from {newest + 1} to" in note(answer, "wish")


async def test_a_wish_that_nothing_fits_is_answered_honestly() -> None:
    house = talk()
    answer = await house.say("Recommend me a western with Jackie Chan from 1925")
    assert answer.source == "films"
    assert by(await talk(films=False).say("Recommend me a movie")) == "phrase:no_films_here"


async def test_a_store_that_is_away_keeps_nobody_from_films() -> None:
    house = talk()

    async def away(*_: object) -> None:
        raise Unavailable("away")

    house.stores.films.feedback = house.stores.films.give = house.stores.films.forget = away  # type: ignore[assignment]
    assert (await house.say("Recommend me a movie")).films
    assert by(await house.say("forget me")) == "phrase:not_forgotten"


async def test_after_a_restart_the_talk_is_gone_and_nobody_hears_of_it() -> None:
    speaker = saying("indeed")
    await talk(speaker).say("my secret is 42")
    await talk(speaker).say("what did I say")
    assert speaker.heard[-1] == ("what did I say",)
