"""Answers to questions about films: those shown last, the one that was chosen, or one that is named."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Final

from daemon.inference.chat.dialogue.answers import Answer
from daemon.inference.chat.dialogue.film_facts import facts_told
from daemon.inference.chat.dialogue.film_questions import Question, question_in, titles_asked_about
from daemon.inference.chat.dialogue.film_words import film_phrase
from daemon.inference.chat.dialogue.parts import FilmAdviser
from daemon.inference.chat.dialogue.turns import Turn
from daemon.inference.chat.wishes import Slots
from daemon.ports.films import Film

#: Turns for which "it" means a film that was asked about or chosen.
_REMEMBERED: Final = 4
#: Films of one title that are told of.
_NAMESAKES: Final = 3
#: Kinds of questions that nothing known answers, whatever the film.
_NOT_KNOWN: Final = ("opinion", "where")


def answered(turn: Turn, adviser: FilmAdviser | None, slots_in: Callable[[str], Slots]) -> Answer | None:
    """Answer a question from what is known, None for a turn that asks nothing about films. slots_in: as in Parts."""
    session = turn.session
    shown = [one.film for one in session.shown]
    recent = session.focus if session.count - session.focus_at <= _REMEMBERED else ()
    known = shown or list(recent)
    question = question_in(turn.text, known, slots_in) if known else None
    films: Sequence[Film] = (question.films or recent or known) if question else ()
    if question is None or not films:
        question, films = _by_title(turn, adviser, slots_in)
    if question is None:
        return None
    session.away = 0
    session.focus, session.focus_at = tuple(films), session.count
    for kind in _NOT_KNOWN:
        if kind in question.kinds:
            return _answer(turn, kind, film_phrase(turn, kind))
    return _answer(turn, "_".join(question.kinds), facts_told(question, films, turn.language))


def _by_title(
    turn: Turn, adviser: FilmAdviser | None, slots_in: Callable[[str], Slots]
) -> tuple[Question | None, Sequence[Film]]:
    """Return a question about a film that it names by its whole title, and the films of that title."""
    if adviser is None:
        return None, ()
    for title in titles_asked_about(turn.text, among_films=turn.session.mode == "films"):
        films = adviser.named(title)[:_NAMESAKES]
        if films and (question := question_in(turn.text, films, slots_in)):
            return question, question.films or films
    return None, ()


def _answer(turn: Turn, kind: str, text: str) -> Answer:
    turn.notes.append(f"phrase: film_{kind}")
    return turn.answer(text)
