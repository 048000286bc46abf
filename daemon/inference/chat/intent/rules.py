"""The rules, in the order in which they are asked: the first that holds for a clause decides what it is."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from collections.abc import Set as AbstractSet
from typing import Final, NamedTuple, TypeAlias

from daemon.inference.chat.wishes import Label

Features: TypeAlias = AbstractSet[str]


class Rule(NamedTuple):
    """A named rule for one clause.

    strong: its "not" also weighs against films that other clauses only mention, and against wishes that are weak: a
    bare noun, which is a wish only where nothing else is said.
    """

    name: str
    label: Label
    holds: Callable[[Features], bool]
    strong: bool = False
    weak: bool = False


def _has(*names: str) -> Callable[[Features], bool]:
    """Return a rule that holds for clauses with one of some features."""
    return lambda features: any(name in features for name in names)


def _film(features: Features) -> bool:
    return not _FILM.isdisjoint(features)


def _which_film(features: Features) -> bool:
    """Somebody cannot tell which film to take."""
    return "which_unknown" in features and _film(features)


def _negated(features: Features) -> bool:
    """Films are refused; not by somebody else, for whom one is asked: "a film for someone who never watches any"."""
    asked = not {"recommends_film", "asks_film", "asks_bare"}.isdisjoint(features)
    return "negated" in features and not (asked and "of_somebody" in features)


def _exclusion(features: Features) -> bool:
    """A kind of film is not wanted, and nothing else is said."""
    return "negated_kind" in features and not _has("recommends_film", "asks_film", "wishes_film", "gives_film")(
        features
    )


def _disliked(features: Features) -> bool:
    """Somebody says what kind of films is not liked, which is no wish for others."""
    return "kind_disliked" in features and _exclusion(features | {"negated_kind"})


def _reported(features: Features) -> bool:
    return "reported_question" in features or ("reported" in features and "asks_film" not in features)


def _given(features: Features) -> bool:
    return "given" in features and {"asks_film", "asked_of_you"}.isdisjoint(features)


def _thing_recommended(features: Features) -> bool:
    return "recommends_other" in features or ("recommends_thing" in features and "recommends_film" not in features)


def _for_somebody(features: Features) -> bool:
    """A recommendation is asked for with a film, for somebody of whom more is said."""
    return {"recommends", "of_those_who", "film"} <= features


def _fact(features: Features) -> bool:
    return "fact" in features and "recommends_film" not in features


def _shop(features: Features) -> bool:
    return "shop" in features and not {"recommends_film", "wishes_film"} & set(features)


def _past(features: Features) -> bool:
    return "past" in features and (
        "wanted" in features or not {"recommends_film", "wishes_film", "gives_film"} & set(features)
    )


def _past_day(features: Features) -> bool:
    return "past_time" in features and "gives_film" not in features


def _watches_thing(features: Features) -> bool:
    wishes = {"wishes_film", "gives_film", "asks_film", "what_to_watch"}
    return "watches_thing" in features and wishes.isdisjoint(features)


def _names_kind(features: Features) -> bool:
    """A wish to watch, or for a recommendation, with a genre, a person or a film to be like."""
    wish = not {"wishes_watch", "recommends"}.isdisjoint(features)
    return "watches_kind" in features or (wish and not {"genre", "like", "watched_title", "maker"}.isdisjoint(features))


def _asks_by_maker(features: Features) -> bool:
    """Anything with or by somebody who makes films is asked for, and nothing else is spoken of."""
    return {"maker", "anything"} <= features and features.isdisjoint({"thing", "shop", "fact", "specific"})


def _like(features: Features) -> bool:
    return "like" in features and not {"like_that", "film", "wishes_watch", "recommends"}.isdisjoint(features)


def _wishes_watch(features: Features) -> bool:
    return "wishes_watch" in features and not _watches_thing(features)


def _asks_bare(features: Features) -> bool:
    return "asks_bare" in features


def _asks_loosely(features: Features) -> bool:
    return "asks_loosely" in features and "films_used" not in features


def _beside(features: Features) -> bool:
    """Films are what a thing is good for, or what somebody else has to do with."""
    return "beside_thing" in features and {"asks_film", "asks_advice", "wishes_film"}.isdisjoint(features)


def _which_one(features: Features) -> bool:
    """A choice is asked for, of what another clause has to tell."""
    return not {"asks_which", "asks_begin", "asks_next"}.isdisjoint(features) and {
        "recommends",
        "wishes_watch",
        "wishes_something",
    }.isdisjoint(features)


def _asks_by_mark(features: Features) -> bool:
    """A question about films in no particular form: which is told by its mark alone."""
    return {"asks_if_marked", "question"} <= features and "watches_thing" not in features


def _described(features: Features) -> bool:
    return "described" in features and "shop" not in features and ("film" in features or "thing" not in features)


def _described_in_a_question(features: Features) -> bool:
    return _described(features) and "sentence_asks" in features


def _praised(features: Features) -> bool:
    """A film is praised, or films are run down, and nothing is asked."""
    return not {"praised", "judged"}.isdisjoint(features) and "question" not in features


def _recommends(features: Features) -> bool:
    return "recommends" in features


def _wishes_something(features: Features) -> bool:
    return "wishes_something" in features


_FILM: Final = frozenset({"film", "genre_film"})

#: What a clause is, by the first rule that holds.
RULES: Final[Sequence[Rule]] = (
    Rule("wish_refused", "not", _has("refused"), strong=True),
    Rule("reported_speech", "not", _reported, strong=True),
    Rule("recommendation_given", "not", _given, strong=True),
    Rule("which_film_unknown", "recommend", _which_film),
    Rule("film_missed_for_long", "unsure", _has("long_without")),
    Rule("film_to_choose", "recommend", _has("film_unknown")),
    Rule("film_not_wanted", "not", _negated, strong=True),
    Rule("kind_disliked", "not", _disliked, strong=True),
    Rule("kind_not_wanted", "unsure", _exclusion),
    Rule("other_thing_recommended", "not", _thing_recommended, strong=True),
    Rule("film_recommendation_asked", "recommend", _has("recommends_film")),
    Rule("film_for_somebody", "recommend", _for_somebody),
    Rule("film_beside_a_thing", "not", _beside, strong=True),
    Rule("hypothetical", "not", _has("hypothetical"), strong=True),
    Rule("film_advice_asked", "recommend", _has("asks_advice")),
    Rule("fact_asked", "not", _fact, strong=True),
    Rule("shop_talk", "not", _shop, strong=True),
    Rule("film_had_already", "not", _has("has_one"), strong=True),
    Rule("recent_films_asked", "recommend", _has("asks_recent")),
    Rule("film_of_the_past", "not", _past, strong=True),
    Rule("film_being_watched", "not", _has("progressive"), strong=True),
    Rule("film_talked_about", "unsure", _has("talk_film")),
    Rule("simile", "not", _has("simile"), strong=True),
    Rule("film_asked_for", "recommend", _has("asks_film")),
    Rule("film_of_a_past_day", "not", _past_day, strong=True),
    Rule("film_wished_for", "recommend", _has("wishes_film", "gives_film")),
    Rule("like_a_film", "recommend", _like),
    Rule("choice_of_films", "recommend", _has("choice")),
    Rule("film_asked_for_with_more_said", "recommend", _described_in_a_question),
    Rule("film_with_more_said", "recommend", _described, weak=True),
    Rule("film_in_a_question", "recommend", _asks_by_mark),
    Rule("film_asked_for_in_a_word", "recommend", _asks_bare, weak=True),
    Rule("kind_wished_for", "recommend", _names_kind),
    Rule("film_asked_for_loosely", "recommend", _asks_loosely),
    Rule("somebodys_films_asked_for", "recommend", _asks_by_maker),
    Rule("choice_left_open", "unsure", _has("choice_left")),
    Rule("which_one", "not", _which_one),
    Rule("other_thing_watched", "not", _watches_thing, strong=True),
    Rule("nothing_named", "unsure", _recommends),
    Rule("something_to_watch", "unsure", _wishes_watch),
    Rule("mood_alone", "unsure", _wishes_something),
    Rule("favourite_film_named", "not", _has("taste_named")),
    Rule("film_of_taste", "unsure", _has("my_taste")),
    Rule("film_praised", "not", _praised),
    Rule("film_mentioned", "unsure", _has("mention", "genre_alone")),
    Rule("film_in_other_talk", "not", _has("film")),
    Rule("like_what_was_named", "not", _has("like_that")),
    Rule("one_film", "not", _has("specific")),
    Rule("other_thing", "not", _has("thing")),
)
#: Rules of clauses that say half of what a wish says, the other half of which may stand in another clause.
HALF_WISHES: Final = frozenset(
    {
        "nothing_named",
        "something_to_watch",
        "mood_alone",
        "like_what_was_named",
        "which_one",
        "kind_not_wanted",
        "choice_left_open",
    }
)


def decide(features: Features) -> Rule | None:
    """Return the rule that decides what a clause is, None for one that is about something else."""
    return next((rule for rule in RULES if rule.holds(features)), None)
