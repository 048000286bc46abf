"""What holds for every recommendation, whatever the wish and whoever asks."""

from __future__ import annotations

import random
import re
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any, TypeAlias

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from daemon.inference.chat.films.names import folded
from daemon.inference.chat.films.recommender import Recommender
from daemon.inference.chat.films.seed import seed_films
from daemon.inference.chat.films.suggestions import Suggestion, Suggestions
from daemon.inference.chat.films.words import country_word, genre_word, moods_of
from daemon.inference.chat.wishes import GENRES, MOODS, Slots
from daemon.ports.films import Feedback, Film, Verdict
from daemon.products.phrases import Language
from tests.unit.inference.chat.films.film_makers import NOW, feedback, film, said

Fits: TypeAlias = Callable[[Film], bool]
FILMS = seed_films()
BY_ID = {one.id: one for one in FILMS}
CROWD = [
    Feedback(person=f"crowd:{n}", film=one.id, verdict=Verdict.LIKED, at=NOW)
    for n in range(40)
    for one in random.Random(n).sample(FILMS, 12)
]
RECOMMENDER = Recommender.fitted(FILMS, CROWD)

GENRE, MOOD = st.sampled_from(GENRES), st.sampled_from(MOODS)
NAMES = [person.en for one in FILMS for person in (*one.directors, *one.cast)]
PERSON = st.sampled_from([*NAMES, "Nolan", "王家卫", "Nobody Anywhere", "", "\ud800"])
COUNTRY = st.sampled_from(["CN", "HK", "US", "JP", "FR", "XX", ""])
TITLE = st.sampled_from([*(one.title_en for one in FILMS), *(one.title_zh for one in FILMS), "Nothing Whatever", "\0"])
YEAR = st.integers(-10, 2100)
MINUTES = st.integers(-10, 700)
FEW: dict[str, Any] = {"max_size": 2}
WISH = st.builds(
    Slots,
    genres=st.lists(GENRE, **FEW).map(tuple), not_genres=st.lists(GENRE, **FEW).map(tuple),
    moods=st.lists(MOOD, **FEW).map(tuple), not_moods=st.lists(MOOD, **FEW).map(tuple),
    years=st.none() | st.tuples(YEAR, YEAR), minutes=st.none() | st.tuples(MINUTES, MINUTES),
    people=st.lists(PERSON, max_size=1).map(tuple),
    not_people=st.lists(PERSON, max_size=1).map(tuple), countries=st.lists(COUNTRY, **FEW).map(tuple),
    not_countries=st.lists(COUNTRY, max_size=1).map(tuple), like=st.lists(TITLE, **FEW).map(tuple),
    not_like=st.lists(TITLE, max_size=1).map(tuple), newer=st.booleans(), older=st.booleans(), seen=st.booleans(),
)  # fmt: skip
IDS = st.sampled_from([*BY_ID, "movielens:404"])
SAID = st.dictionaries(IDS, st.sampled_from(list(Verdict)), max_size=6).map(
    lambda verdicts: {of: said(of, verdict) for of, verdict in verdicts.items()}
)
ASKED = {"said": SAID, "wish": WISH, "language": st.sampled_from(["en", "zh"]), "shown": st.lists(IDS, max_size=4)}


def advice(wish: Slots = Slots(), liked: tuple[str, ...] = (), **more: Any) -> Suggestions:  # noqa: B008 frozen
    return RECOMMENDER.recommend(feedback(liked), wish, more.get("language", "en"), 3, more.get("shown", ()))


def titles(found: Suggestions) -> list[str]:
    return [one.film.title_en for one in found.films]


@settings(max_examples=300, deadline=None)
@given(**ASKED)
def test_what_is_recommended_fits_all_that_is_not_named_as_dropped(
    said: dict[str, Feedback], wish: Slots, language: Language, shown: list[str]
) -> None:
    found = RECOMMENDER.recommend(said, wish, language, 3, shown)
    for suggestion in found.films:
        kept = [part for part in parts_of(wish, shown) if part[0] not in found.dropped]
        assert [name for name, fits in kept if not fits(suggestion.film)] == []
    assert len(found.films) <= 3
    assert found.wish == wish
    assert set(found.unknown) <= set(found.dropped)
    if found.used_up:
        assert any(all(fits(one) for _, fits in parts_of(wish, shown)) for one in FILMS)


def parts_of(wish: Slots, shown: list[str]) -> Iterator[tuple[str, Fits]]:
    """Yield the parts of a wish as `dropped` names them, each with what tells of a film whether it fits."""
    for genre in wish.genres:
        yield f"genres:{genre}", partial(lambda genre, one: genre in one.genres, genre)
    for genre in wish.not_genres:
        yield f"not_genres:{genre}", partial(lambda genre, one: genre not in one.genres, genre)
    for mood in wish.moods:
        yield f"moods:{mood}", partial(lambda mood, one: mood in moods_of(one), mood)
    for mood in wish.not_moods:
        yield f"not_moods:{mood}", partial(lambda mood, one: mood not in moods_of(one), mood)
    for name in wish.people:
        yield f"people:{name}" if name else "people", partial(made_by, name)
    for name in wish.not_people:
        yield f"not_people:{name}", partial(lambda name, one: not bears(name, one), name)
    yield from parts_of_place_and_time(wish, [BY_ID[of].year or 0 for of in shown[-3:] if of in BY_ID])


def parts_of_place_and_time(wish: Slots, years: list[int]) -> Iterator[tuple[str, Fits]]:
    if wish.years:
        low, high = min(wish.years), max(wish.years)
        yield f"years:{low}-{high}", lambda one: low <= (one.year or 0) <= high
    if wish.minutes:
        least, most = min(wish.minutes), max(wish.minutes)
        yield f"minutes:{least}-{most}", lambda one: max(1, least) <= (one.minutes or 0) <= most
    named, unnamed = ",".join(wish.countries), ",".join(wish.not_countries)
    if wish.countries:
        yield f"countries:{named}" if named else "countries", lambda one: bool({*one.countries} & {*wish.countries})
    if wish.not_countries:
        yield f"not_countries:{unnamed}", lambda one: not {*one.countries} & {*wish.not_countries}
    if wish.newer and years:
        yield "newer", lambda one: (one.year or 0) > max(years)
    if wish.older and years:
        yield "older", lambda one: (one.year or 0) < min(years)


def made_by(name: str, one: Film) -> bool:
    """Tell by plain comparison whether a name of the tests is, or is part of, that of somebody who made a film."""
    return any(folded(name) in folded(known) for known in names_of(one))


def bears(name: str, one: Film) -> bool:
    return bool(name) and name in names_of(one)


def names_of(one: Film) -> set[str]:
    return {known for person in (*one.directors, *one.cast) for known in (person.en, person.zh)}


@settings(max_examples=200, deadline=None)
@given(**ASKED)
def test_nothing_is_recommended_that_was_shown_or_spoken_of(
    said: dict[str, Feedback], wish: Slots, language: Language, shown: list[str]
) -> None:
    found = [one.film.id for one in RECOMMENDER.recommend(said, wish, language, 5, shown).films]
    assert len(set(found)) == len(found)
    assert not set(found) & {*said, *shown}


def test_a_person_may_go_through_the_whole_catalogue_and_sees_each_film_once() -> None:
    shown: list[str] = []
    while found := RECOMMENDER.recommend({}, Slots(), "en", 7, shown).films:
        shown += [one.film.id for one in found]
    assert sorted(shown) == sorted(BY_ID)


@settings(max_examples=300, deadline=None)
@given(**ASKED)
def test_every_reason_is_true(said: dict[str, Feedback], wish: Slots, language: Language, shown: list[str]) -> None:
    for suggestion in RECOMMENDER.recommend(said, wish, language, 3, shown).films:
        check_reason(suggestion, wish, said, language)


SHAPES = {
    "en": {
        "director": r"Directed by (?P<person>[^:]+): (?P<facts>.+)\.",
        "actor": r"With (?P<person>[^:]+): (?P<facts>.+)\.",
        "like_director": r'Like "(?P<like>.+)", it is directed by (?P<director>.+)\.',
        "like": r'Like "(?P<like>.+)", it is (?P<genres>.+)\.',
        "liked_director": r'Because you liked "(?P<liked>.+)", also by (?P<director>.+)\.',
        "liked": r'Because you liked "(?P<liked>.+)"; this too is (?P<genres>.+)\.',
        "facts": r"(?P<facts>An? .+)\.",
    },
    "zh": {
        "director": r"(?P<person>[^：]+)导演：(?P<facts>.+)。",
        "actor": r"(?P<person>[^：]+)出演：(?P<facts>.+)。",
        "like_director": r"和《(?P<like>.+)》一样，导演是(?P<director>.+)。",
        "like": r"和《(?P<like>.+)》一样，是(?P<genres>.+)。",
        "liked_director": r"因为你喜欢同样由(?P<director>.+)导演的《(?P<liked>.+)》。",
        "liked": r"因为你喜欢《(?P<liked>.+)》，这部也是(?P<genres>.+)。",
        "facts": r"(?P<facts>.+)。",
    },
}


def check_reason(suggestion: Suggestion, wish: Slots, said: dict[str, Feedback], language: Language) -> None:
    """Read a reason as a person would, and hold every part of it against the film, the wish and the feedback."""
    one, reason = suggestion.film, suggestion.reason
    kind, found = next((k, m) for k, shape in SHAPES[language].items() if (m := re.fullmatch(shape, reason)))
    told = found.groupdict()
    if person := told.get("person"):
        made = one.directors if kind == "director" else one.cast
        assert person in {getattr(known, language) for known in made}
        assert any(folded(name) in folded(f"{known.en} {known.zh}") for known in made for name in wish.people)
    if other := told.get("like") or told.get("liked"):
        others = [known for known in FILMS if known.title(language) == other]
        assert len(others) == 1
        if "liked" in told:
            assert said[others[0].id].verdict is Verdict.LIKED
        else:
            row = RECOMMENDER.library.shelf.rows[others[0].id]
            assert any(row in RECOMMENDER.library.titles.find(title) for title in wish.like)
        if director := told.get("director"):
            assert all(director in {getattr(p, language) for p in known.directors} for known in (one, others[0]))
        if genres := told.get("genres"):
            named = genres_named(genres, language)
            assert named
            assert named <= set(one.genres) & set(others[0].genres)
    if facts := told.get("facts"):
        check_facts(facts, one, language)


def genres_named(text: str, language: Language) -> set[str]:
    parts = text.split("、" if language == "zh" else " and ")
    words = {genre_word(genre, language): genre for genre in GENRES}
    return {words[part[:1].lower() + part[1:]] for part in parts}


def check_facts(facts: str, one: Film, language: Language) -> None:
    assert one.year
    decade = one.year // 10 * 10
    if language == "en":
        kinds, place, when = re.fullmatch(r"(.+) from (.+), (\d+)s", facts).groups()  # type: ignore[union-attr]
    else:
        place = next(country_word(country, "zh") for country in one.countries)
        when, kinds = re.fullmatch(rf"(\d+)年代的{place}(.+)", facts).groups()  # type: ignore[union-attr]
    assert int(when) == decade
    assert place in {country_word(country, language) for country in one.countries}
    assert genres_named(kinds, language) <= set(one.genres)


@settings(max_examples=5, deadline=None)
@given(seed=st.integers(0, 10_000), wish=WISH)
def test_the_order_of_films_feedback_and_history_changes_nothing(seed: int, wish: Slots) -> None:
    drawn = random.Random(seed)
    films, crowd = list(FILMS), list(CROWD)
    mine = {of: said(of, Verdict.LIKED) for of in drawn.sample(sorted(BY_ID), 5)}
    drawn.shuffle(films)
    drawn.shuffle(crowd)
    turned = dict(drawn.sample(list(mine.items()), 5))
    other = Recommender.fitted(films, crowd)
    assert other.recommend(turned, wish, "en", 5) == RECOMMENDER.recommend(mine, wish, "en", 5)


@pytest.mark.parametrize(("wish", "dropped"), [
    (Slots(people=("Nobody Anywhere",)), "people:Nobody Anywhere"),
    (Slots(like=("No Such Film At All",)), "like:No Such Film At All"),
    (Slots(not_like=("No Such Film At All",)), "not_like:No Such Film At All"),
    (Slots(genres=("western",), countries=("KR",)), "countries:KR"),
    (Slots(years=(1800, 1801)), "years:1800-1801"),
    (Slots(genres=("no such genre",)), "genres:no such genre"),
])  # fmt: skip
def test_what_fits_nothing_ends_in_the_nearest_and_an_honest_note(wish: Slots, dropped: str) -> None:
    found = advice(wish)
    assert found.films
    assert found.dropped == (dropped,)
    assert bool(found.unknown) == ("No" in dropped)
    assert not found.used_up


def test_where_years_fit_nothing_the_nearest_years_do() -> None:
    assert all(one.film.year and one.film.year <= 1937 for one in advice(Slots(years=(1900, 1910))).films)


def test_people_are_known_in_both_languages() -> None:
    for name in ("Wong Kar-wai", "王家卫", "王家衛", "wong karwai"):
        assert "Days of Being Wild" in titles(advice(Slots(people=(name,)), ("seed:happy-together-1997",)))


def test_films_like_another_share_something_with_it_and_are_not_it() -> None:
    found = advice(Slots(like=("千与千寻",)))
    assert "Spirited Away" not in titles(found)
    assert {"Princess Mononoke", "My Neighbor Totoro"} & set(titles(found))


def test_what_somebody_likes_weighs_more_the_more_is_known() -> None:
    stranger, one, four = (
        advice(liked=tuple(f"seed:{name}" for name in names))
        for names in (
            (),
            ("in-the-mood-for-love-2000",),
            ("in-the-mood-for-love-2000", "chungking-express-1994", "happy-together-1997", "the-grandmaster-2013"),
        )
    )
    assert titles(stranger) != titles(four)
    assert "Days of Being Wild" in titles(one) + titles(four)


def test_critiques_go_by_what_was_shown_last() -> None:
    shown = ["seed:parasite-2019", "seed:casablanca-1942"]
    for count, least in ((1, 1942), (2, 2019)):
        found = RECOMMENDER.recommend({}, Slots(newer=True), "en", count, shown).films
        assert all(one.film.year and one.film.year > least for one in found)
        assert len(found) == count
    assert all(one.film.year and one.film.year < 1942 for one in advice(Slots(older=True), shown=shown).films)
    assert not advice(Slots(newer=True)).dropped


def test_a_disliked_film_makes_films_like_it_worse() -> None:
    rows = RECOMMENDER.library.shelf.rows
    other = rows["seed:days-of-being-wild-1990"]
    before = RECOMMENDER.scores(feedback(["seed:toy-story-1995"]))
    mixed = feedback(["seed:toy-story-1995"]) | feedback(["seed:in-the-mood-for-love-2000"], Verdict.DISLIKED)
    after = RECOMMENDER.scores(mixed)
    place = rows["seed:toy-story-1995"]
    assert after[other] - after[place] < before[other] - before[place]


def test_showing_alone_says_nothing_of_taste() -> None:
    shown = feedback(["seed:toy-story-1995"], Verdict.SHOWN)
    assert (RECOMMENDER.scores(shown) == RECOMMENDER.scores({})).all()


def test_a_wish_of_any_size_is_answered() -> None:
    names = tuple(f"name {n}" for n in range(5_000))
    found = RECOMMENDER.recommend({}, Slots(people=names, like=("x" * 100_000,)), "en", 3)
    assert len(found.films) == 3


@pytest.mark.parametrize("films", [[], [film("csv:1")], [film("csv:1"), film("csv:2", year=2001)]])
def test_few_films_that_nothing_is_known_of_are_enough(films: list[Film]) -> None:
    found = Recommender.fitted(films).recommend({}, Slots(genres=("war",)), "zh", 3)
    assert len(found.films) == len(films)
    for one in found.films:
        assert one.reason in {"电影。", "2000年代的电影。"}


@pytest.mark.parametrize("count", [0, -1])
def test_asked_for_none_it_returns_none(count: int) -> None:
    assert RECOMMENDER.recommend({}, Slots(), "en", count).films == ()


@settings(max_examples=50, deadline=None)
@given(wish=WISH, shown=st.lists(IDS, max_size=3))
def test_equal_questions_have_equal_answers(wish: Slots, shown: list[str]) -> None:
    assume(wish != Slots())
    first, second = (RECOMMENDER.recommend({}, wish, "en", 4, shown) for _ in range(2))
    assert first == second


def test_chance_moves_films_that_are_about_as_good_and_no_others() -> None:
    drawn = [tuple(titles(RECOMMENDER.recommend({}, Slots(), "en", 3, seed=f"p{n}"))) for n in range(20)]
    assert len(set(drawn)) > 10
    assert drawn[0] == tuple(titles(RECOMMENDER.recommend({}, Slots(), "en", 3, seed="p0")))
    liked = feedback(["seed:in-the-mood-for-love-2000", "seed:happy-together-1997", "seed:the-grandmaster-2013"])
    scores = {one.id: float(score) for one, score in zip(FILMS, RECOMMENDER.scores(liked), strict=True)}
    best = sorted((score for of, score in scores.items() if of not in liked), reverse=True)[:3]
    for n in range(20):
        found = RECOMMENDER.recommend(liked, Slots(), "en", 1, seed=f"p{n}").films[0]
        assert scores[found.film.id] >= best[0] - 0.05


def test_what_was_named_last_is_given_up_last_but_for_what_is_not_wanted() -> None:
    wish = Slots(genres=("western",), countries=("KR",), not_moods=("scary",))
    assert RECOMMENDER.recommend({}, wish, "en", 3).dropped == ("countries:KR",)
    found = RECOMMENDER.recommend({}, wish, "en", 3, latest=Slots(countries=("KR",)))
    assert found.dropped == ("genres:western",)
    assert all("KR" in one.film.countries and "scary" not in moods_of(one.film) for one in found.films)
    young = Slots(genres=("children",), countries=("KR",))
    assert RECOMMENDER.recommend({}, young, "en", 3, latest=Slots(countries=("KR",))).dropped == ("countries:KR",)


def test_films_that_fit_and_were_shown_are_told_from_films_that_never_fitted() -> None:
    wish = Slots(genres=("musical",), countries=("FR",))
    fitting = [one.film.id for one in RECOMMENDER.recommend({}, wish, "en", 10).films]
    again = RECOMMENDER.recommend({}, wish, "en", 3, fitting)
    assert again.dropped
    assert again.used_up


def test_a_film_is_named_by_its_whole_title_only() -> None:
    assert [one.id for one in RECOMMENDER.named("《千与千寻》")] == ["seed:spirited-away-2001"]
    assert [one.id for one in RECOMMENDER.named("shawshank redemption")] == ["seed:the-shawshank-redemption-1994"]
    assert RECOMMENDER.named("Spirited") == RECOMMENDER.named("") == ()
