"""Whether somebody wants a film recommended: what the clauses of an utterance come to together."""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import islice
from typing import Final, NamedTuple

from daemon.inference.chat.intent.clauses import QUESTION_MARKS, clauses
from daemon.inference.chat.intent.head import PHRASES
from daemon.inference.chat.intent.patterns import features_of
from daemon.inference.chat.intent.rules import HALF_WISHES, Rule, decide
from daemon.inference.chat.intent.slots import has_like, has_maker, slots_of
from daemon.inference.chat.intent.tokens import tokens
from daemon.inference.chat.languages import language_of
from daemon.inference.chat.normalisation import normalised
from daemon.inference.chat.wishes import Intent, Label

#: Clauses that are looked at; whoever says more is not asking for a film.
_MOST_CLAUSES: Final = 80
#: Behind a clause: the sentence that it is of ends as a question.
_ASKED: Final = re.compile(r"[^.!。！\n?？]*[?？]")
#: Features of a clause that can be the other half of a wish.
_OTHER_HALF: Final = frozenset({"film", "yourfilm", "genre", "like", "specific", "my_taste", "watches_kind"})
#: Features that can be it beside a wish to watch.
_WATCHED_HALF: Final = frozenset({"kind", "person", "maker", "choice_of_names"})
#: Features that can be it beside a question where to begin: "Kurosawa: where do I start?"
_BEGUN_WITH: Final = frozenset({"person", "maker", "kind", "spec"})
#: Features that can be it beside "What next?".
_MADE_BY_SOMEBODY: Final = frozenset({"title", "person", "maker"})
#: Halves of a wish that a film which somebody has just seen makes whole: "I loved Dune. More like that?"
_MORE_OF_IT: Final = frozenset({"like_what_was_named", "something_to_watch", "nothing_named", "mood_alone"})


#: Words that a clause must have more of to be a reason for a film.
_REASON: Final = 2
#: Rules whose clauses are no half of a wish, whatever they name.
_REFUSED: Final = frozenset({"film_not_wanted", "shop_talk"})


class _Judged(NamedTuple):
    rule: Rule | None
    features: frozenset[str]
    words: int


def detect(text: str, *, this_year: int | None = None) -> Intent:
    """Tell what an utterance is taken for. Never raises; time is linear in its first 2,000 characters, and no more.

    this_year: from which "last year" is told; that of today in UTC by default.
    """
    plain = normalised(text).replace("\u2019", "'").replace("\u2018", "'")
    language = language_of(plain)
    words = tokens(plain, language)
    if not words:
        return Intent(label="not", lang=language, rule="nothing_said")
    parts = list(islice(clauses(words), _MOST_CLAUSES))
    judged = []
    for part in parts:
        features = features_of(PHRASES[language](part), language)
        if part[-1].text in QUESTION_MARKS:
            features |= {"question"}
        if has_like(part, language):
            features |= {"like"}
        if _ASKED.match(plain, part[-1].end):
            features |= {"sentence_asks"}
        if has_maker(part, language):
            features |= {"maker"}
        judged.append(_Judged(decide(features), features, len(part)))
    label, rule = _together(judged)
    return Intent(label=label, lang=language, rule=rule, slots=slots_of(parts, plain, language, this_year=this_year))


def _together(judged: Sequence[_Judged]) -> tuple[Label, str]:
    """Return what clauses come to: a wish anywhere; its halves; what speaks against it; a film that is mentioned."""
    rules = [one.rule for one in judged if one.rule]
    against = next((rule for rule in rules if rule.strong), None)
    wish = next((rule for rule in rules if rule.label == "recommend" and not (rule.weak and against)), None)
    if wish:
        return "recommend", wish.name
    halves = [one for one in judged if one.rule and one.rule.name in HALF_WISHES]
    if any(one is not half and _other_half(one, half) for half in halves for one in judged):
        return "recommend", "wish_and_film_apart"
    if halves:
        half = halves[0]
        if half.rule and half.rule.name == "nothing_named" and any(_of_other_things(one) for one in judged):
            return "not", "other_thing_wished_for"
        if half.rule and half.rule.label == "unsure":
            return "unsure", half.rule.name
    unsure = next((rule for rule in rules if rule.label == "unsure"), None)
    if unsure and not against and unsure.name == "film_mentioned" and _asked_for_in_pieces(judged):
        return "recommend", "film_asked_for_in_pieces"
    if unsure and not against:
        return "unsure", unsure.name
    if against:
        return "not", against.name
    return "not", rules[0].name if rules else "no_film"


def _asked_for_in_pieces(judged: Sequence[_Judged]) -> bool:
    """Tell whether clauses beside films that are only named say what they are to be like, or why one is wanted now.

    "Horror, not too bloody", "a comedy, quick!", "I want to be cheered up. Movie?"
    """
    last = judged[-1]
    if {"mention", "question"} <= last.features and any(one.words > _REASON and not one.rule for one in judged[:-1]):
        return True
    if any("anybody" in one.features for one in judged) and any(_more_than_a_film(one) for one in judged):
        return True
    return any(
        not {"urged", "spec"}.isdisjoint(one.features) and one.features.isdisjoint({"mention", "genre_alone"})
        for one in judged
    )


def _more_than_a_film(one: _Judged) -> bool:
    """Tell whether a clause says what film it is of, so that "anyone?" behind it asks for one."""
    return "mention" in one.features and one.words > 1


def _of_other_things(one: _Judged) -> bool:
    """Tell whether a clause gives a recommendation that is asked for beside it something else to be about."""
    if "asks_thing" in one.features:
        return True
    return not {"wishes_thing", "thing", "shop"}.isdisjoint(one.features) and {"recommends", "film"}.isdisjoint(
        one.features
    )


def _other_half(one: _Judged, half: _Judged) -> bool:
    name = half.rule.name if half.rule else ""
    refused = one.rule is not None and (one.rule.name in _REFUSED or "shop" in one.features)
    refused = (
        refused or "asks_thing" in one.features or ("asks_begin" in half.features and "films_used" in one.features)
    )
    watched = name in {"something_to_watch", "nothing_named"} or "which_film" in half.features
    if "asks_begin" in half.features and not _BEGUN_WITH.isdisjoint(one.features):
        return not refused
    if "asks_next" in half.features and "asks_which" not in half.features:
        liked = one.rule is not None and one.rule.label == "unsure" and not _OTHER_HALF.isdisjoint(one.features)
        return not refused and (liked or not _MADE_BY_SOMEBODY.isdisjoint(one.features))
    if name == "which_one" and "choice_of_names" in one.features and not {"title", "kind"}.isdisjoint(one.features):
        return not refused
    if name == "which_one" and "specific" in one.features:
        return not refused
    seen = one.features >= {"watched_named", "title"} if name == "nothing_named" else "watched_named" in one.features
    if name in _MORE_OF_IT and (seen or ("like_that" in half.features and "watched_title" in one.features)):
        return not refused
    halves = _OTHER_HALF | _WATCHED_HALF if watched else _OTHER_HALF
    return not refused and not halves.isdisjoint(one.features)
