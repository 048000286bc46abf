"""The mode in which films are talked about: offered when half is said, recommended, judged, and left again."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Final

import msgspec
import structlog

from daemon.errors import Unavailable, ZhibanError
from daemon.inference.chat.dialogue import cues
from daemon.inference.chat.dialogue.answers import Answer
from daemon.inference.chat.dialogue.film_answers import answered
from daemon.inference.chat.dialogue.film_changes import by_same_people, cannot_tell, for_children, heard, without_less
from daemon.inference.chat.dialogue.film_words import cannot_words, film_phrase, list_of, with_suggestions
from daemon.inference.chat.dialogue.merging import begun_anew, merged, news, resolved, without_parts, without_those_of
from daemon.inference.chat.dialogue.parts import Parts
from daemon.inference.chat.dialogue.phrases import told
from daemon.inference.chat.dialogue.sessions import Session
from daemon.inference.chat.dialogue.turns import Turn
from daemon.inference.chat.films.suggestions import Suggestion
from daemon.inference.chat.wishes import Intent, Slots
from daemon.ports import Clock, FilmStore
from daemon.ports.films import Feedback, Verdict

_log = structlog.get_logger()

#: Films that are shown at once.
SHOWN: Final = 3
#: Turns about something else after which films are no longer what is talked about.
_AWAY: Final = 3
#: Turns after "no" in which films are not offered again.
_DECLINED: Final = 5
_FILMS: Final = Slots()
#: After this a film that was shown, and that nothing was said of, may be shown again.
_AGAIN: Final = timedelta(days=30)


class FilmTalk:
    """Talk about films. store: None where feedback is not kept."""

    def __init__(self, parts: Parts, store: FilmStore | None, clock: Clock) -> None:
        self._adviser, self._slots_in = parts.adviser, parts.slots_in
        self._store, self._clock = store, clock

    async def answer(self, turn: Turn, intent: Intent) -> Answer | None:
        """Answer a turn that is about films, None for one that is not."""
        session = turn.session
        session.declined = max(0, session.declined - 1)
        if answer := answered(turn, self._adviser, self._slots_in):
            return answer
        if session.question is not None and (answer := await self._settled(turn, intent)):
            return answer
        if session.mode == "films" and (answer := await self._judged(turn, intent)):
            return answer
        if intent.label == "recommend" or (for_children(turn.text) and not session.declined):
            slots = self._named(turn, intent)
            return await self._recommended(turn, begun_anew(session.wish, self._resolved(turn, slots)))
        if intent.label == "unsure" and not session.declined:
            return self._offered(turn, intent.slots)
        session.away += session.mode == "films"
        if session.away > _AWAY:
            session.leave_films()
        return None

    async def forget(self, person: str) -> int | None:
        """Delete what a person said of films; return how much it was, None where that cannot be done now."""
        try:
            return await self._store.forget(person) if self._store is not None else 0
        except ZhibanError as exc:
            _log.warning("chat.forget_failed", code=exc.code, reason=str(exc))
            return None

    def _offered(self, turn: Turn, wish: Slots) -> Answer:
        if self._adviser is None:
            return turn.answer_phrase("no_films_here")
        turn.session.question = wish
        what = told(wish, turn.language)
        return turn.answer_phrase("offer_that", what=what) if what else turn.answer_phrase("offer")

    async def _settled(self, turn: Turn, intent: Intent) -> Answer | None:
        """Answer what answers the question that is open; any other topic drops it."""
        session = turn.session
        question, session.question = session.question or _FILMS, None
        leaning = cues.leaning(turn.text)
        slots = self._named(turn, intent)
        turn.notes.append(f"question: {leaning or 'neither yes nor no'}")
        if intent.label == "recommend" or slots != _FILMS:
            return await self._recommended(turn, merged(question, self._resolved(turn, slots)))
        if leaning == "yes":
            return await self._recommended(turn, question)
        if leaning == "no":
            session.declined = _DECLINED
            return turn.answer_phrase("no_film")
        if turn.says("puzzled"):
            session.question = question
            return turn.answer_phrase("asked_again")
        session.declined = 2  # they went on to something else: not the same question at once
        return None

    async def _judged(self, turn: Turn, intent: Intent) -> Answer | None:
        """Answer what is said of the films shown last, or of the wish for them."""
        session, slots, meant = turn.session, self._named(turn, intent), self._meant(turn)
        if turn.says("stop"):
            session.leave_films()
            return turn.answer_phrase("left_films")
        if turn.says("thanks") or turn.says("accept"):
            session.focus, session.focus_at = tuple(one.film for one in meant or session.shown), session.count
            session.leave_films()
            return turn.answer_phrase("enjoy")
        if not (turn.short or meant or slots != _FILMS):
            return None
        verdict = _verdict(turn, slots)
        if verdict and session.shown:
            await self._give(session, verdict, meant or session.shown[:1])
        if verdict is Verdict.LIKED:
            liked = (meant or session.shown)[:1]
            session.question = Slots(like=tuple(one.film.title(turn.language) for one in liked))
            return turn.answer_phrase("liked")
        wish = self._changed(turn, slots, meant)
        if verdict or wish != session.wish or turn.says("another"):
            return await self._recommended(turn, wish, again=True)
        if untold := cannot_tell(turn.text):
            turn.notes.append("phrase: cannot_tell")
            return turn.answer(film_phrase(turn, "cannot", what=cannot_words(untold, turn.language)))
        if intent.label != "recommend" and cues.leaning(turn.text) == "no" and len(cues.plain(turn.text)) <= 4:
            return await self._recommended(turn, wish, again=True)
        return None

    def _named(self, turn: Turn, intent: Intent) -> Slots:
        """Return what a turn names, also one that is no wish by itself, where it answers what was said of films."""
        shown = [one.film for one in turn.session.shown]
        if intent.slots != _FILMS or intent.label == "recommend":
            return heard(turn.text, intent.slots, shown, turn.session.focus)
        answers = intent.label == "unsure" or cues.leaning(turn.text) == "yes" or turn.short
        beside = heard(turn.text, _FILMS, shown, turn.session.focus)
        if beside == _FILMS and (not answers or turn.says("telling")):
            return _FILMS
        texts = (turn.text, without_less(turn.text)) if answers else ()
        named = next((found for text in texts if (found := self._slots_in(text)) != _FILMS), _FILMS)
        return heard(turn.text, named, shown, turn.session.focus)

    def _changed(self, turn: Turn, slots: Slots, meant: Sequence[Suggestion]) -> Slots:
        """Return the wish with what a turn changes of it."""
        intent, session = turn.intent, turn.session
        whole = intent and intent.label == "recommend" and not (slots.newer or slots.older) and slots != _FILMS
        anew = whole or by_same_people(turn.text)
        wish = begun_anew(session.wish, slots) if anew else merged(session.wish, slots)
        if turn.says("not_him") and session.shown:
            wish = without_those_of(wish, (meant or session.shown)[0].film, session.wish.people, turn.language)
        return self._resolved(turn, wish, slots)

    def _resolved(self, turn: Turn, wish: Slots, slots: Slots | None = None) -> Slots:
        named = slots or wish
        in_films = turn.session.mode == "films" and turn.short and named.years is None
        return resolved(
            _with_flags_off(wish), turn.session.shown, this_year=self._clock.now().year,
            newer=named.newer or (in_films and turn.says("newer")),
            older=named.older or (in_films and turn.says("older")),
        )  # fmt: skip

    def _meant(self, turn: Turn) -> tuple[Suggestion, ...]:
        """Return the films of those shown last that a turn names, by place or title; () where it names none."""
        shown = turn.session.shown
        place = cues.place_named(turn.text, len(shown))
        if place is not None:
            return (shown[place],)
        bare = cues.plain(turn.text)
        titled = tuple(one for one in shown if any(title in bare for title in _plain_titles(one)))
        return titled or (shown if turn.short and turn.says("all") else ())

    async def _recommended(self, turn: Turn, wish: Slots, *, again: bool = False) -> Answer:
        session = turn.session
        if self._adviser is None:
            session.leave_films()
            return turn.answer_phrase("no_films_here")
        feedback, latest = await self._feedback(session.person), news(session.wish, wish)
        seed = f"{session.person} {self._clock.now().date()}"  # others see others, and tomorrow is another day
        try:
            found = await self._adviser.recommend(
                wish, feedback, tuple(session.films), turn.language, SHOWN, seed, latest
            )
        except Unavailable:
            return turn.answer_phrase("films_busy")
        without = tuple(name for name in wish.not_people if name not in session.wish.not_people)
        session.mode, session.question, session.away, session.focus = "films", None, 0, ()
        session.wish = without_parts(wish, found.dropped)  # what was said to be left aside is not said again
        turn.notes.append(f"wish: {told(wish, turn.language) or 'anything'}")
        if not found.films:
            return turn.answer_phrase("nothing")
        turn.notes.extend(f"film: {one.film.id} {one.score:.3f}" for one in found.films)
        session.shown = found.films
        session.films.extend(one.film.id for one in found.films)
        await self._give(session, Verdict.SHOWN, found.films)
        return with_suggestions(
            turn, found, list_of(found.films, turn.language), again=again, without=without,
            untold=cannot_tell(turn.text),
        )  # fmt: skip

    async def _feedback(self, person: str) -> Mapping[str, Feedback]:
        try:
            said = await self._store.feedback(person) if self._store is not None else {}
        except ZhibanError as exc:
            _log.warning("chat.feedback_missed", code=exc.code, reason=str(exc))
            return {}
        since = self._clock.now() - _AGAIN
        return {film: one for film, one in said.items() if one.verdict is not Verdict.SHOWN or one.at >= since}

    async def _give(self, session: Session, verdict: Verdict, films: Sequence[Suggestion]) -> None:
        if self._store is None or session.forgotten:
            return
        at, person = self._clock.now(), session.person
        try:
            await self._store.give([Feedback(person=person, film=one.film.id, verdict=verdict, at=at) for one in films])
        except ZhibanError as exc:
            _log.warning("chat.feedback_lost", code=exc.code, reason=str(exc))


def _plain_titles(one: Suggestion) -> list[str]:
    titles = (cues.plain(title) for title in (one.film.title_en, one.film.title_zh))
    return [title for title in titles if len(title) > 1]


def _with_flags_off(wish: Slots) -> Slots:
    """Return a wish without what is only said of the films shown last."""
    return msgspec.structs.replace(wish, newer=False, older=False, seen=False)


def _verdict(turn: Turn, slots: Slots) -> Verdict | None:
    if slots.seen or turn.says("seen"):
        return Verdict.SEEN
    if turn.says("disliked"):
        return Verdict.DISLIKED
    return Verdict.LIKED if turn.says("liked") and slots == _FILMS else None
