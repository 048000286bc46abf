"""Films and feedback on them, in SQLite."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from typing import Any, Final

from sqlalchemy import bindparam, delete, func, select, tuple_
from sqlalchemy.dialects.sqlite import insert

from daemon.adapters.sql import schema
from daemon.adapters.sql.conditions import any_of, constant
from daemon.adapters.sql.database import Database
from daemon.adapters.sql.statements import Row, Session, Statement, Walk
from daemon.adapters.sql.values import Records, as_written, instant, micros, text_list
from daemon.ports.films import Feedback, Film, Verdict
from daemon.products.documents import to_json

#: Rows deleted in one transaction.
SLICE: Final = 500
_FILMS: Final[Records[Film]] = Records(Film)
_f, _g = schema.films.c, schema.film_feedback.c

_KNOWN: Final = Statement(select(func.count()).select_from(schema.films).where(any_of(_f.id, "ids")))
_put = insert(schema.films)
_PUT: Final = Statement(_put.on_conflict_do_update(index_elements=["id"], set_={"body": _put.excluded.body}))
_WALK: Final = Walk(select(_f.id, _f.body), _f.id)
# ";" is the character after ":", so the range holds what begins with "source:" and the index finds it
_of_source = select(_f.id).where(_f.id >= bindparam("first"), _f.id < bindparam("last")).limit(SLICE)
_FORGET_FILMS: Final = Statement(delete(schema.films).where(_f.id.in_(_of_source)))

_SHOWN: Final = constant(str(Verdict.SHOWN))
_give = insert(schema.film_feedback)
_new_is_word, _old_is_word = _give.excluded.verdict != _SHOWN, _g.verdict != _SHOWN
_GIVE: Final = Statement(
    _give.on_conflict_do_update(
        index_elements=["person", "film"],
        set_={"verdict": _give.excluded.verdict, "at": _give.excluded.at},
        where=(_new_is_word > _old_is_word) | ((_new_is_word == _old_is_word) & (_give.excluded.at >= _g.at)),
    )
)
_columns = (_g.person, _g.film, _g.verdict, _g.at)
_OF_PERSON: Final = Statement(select(*_columns).where(_g.person == bindparam("whose")).order_by(_g.film))
_of_person = select(_g.film).where(_g.person == bindparam("whose")).limit(SLICE)
_FORGET: Final = Statement(delete(schema.film_feedback).where(_g.person == bindparam("whose"), _g.film.in_(_of_person)))
_all = select(*_columns).order_by(_g.person, _g.film).limit(bindparam("at_most"))
_FIRST: Final = Statement(_all)
_NEXT: Final = Statement(
    _all.where(tuple_(_g.person, _g.film) > tuple_(bindparam("last_person"), bindparam("last_film")))
)


class SqlFilmStore:
    """A ports.FilmStore."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def put_films(self, films: Sequence[Film]) -> int:
        """Store films, those of the same id anew, in one transaction; return how many are new."""
        latest = {film.id: film for film in films}

        def unit(session: Session) -> int:
            known = session.one(_KNOWN, ids=text_list(latest))
            session.run_many(_PUT, ({"id": film.id, "body": to_json(film)} for film in latest.values()))
            return len(latest) - (known[0] if known else 0)

        return await self._database.write(unit, durable=True)

    async def forget_films(self, source: str) -> int:
        """Delete the films whose ids begin with a source and a colon, slice by slice; return how many."""
        return await self._in_slices(
            lambda session: session.run(_FORGET_FILMS, first=f"{source}:", last=f"{source};"), durable=True
        )

    async def films(self, page_size: int) -> AsyncIterator[Sequence[Film]]:
        """Iterate over all films in pages, in the order of their ids."""
        last: str | None = None
        while rows := await self._page(last, page_size):
            yield [_FILMS.read(body) for _, body in rows]
            last = as_written(rows[-1][0])

    async def give(self, feedback: Sequence[Feedback]) -> None:
        """Keep feedback, durably; the latest of a person on a film counts, but shown never goes before another."""
        rows = [_row(said) for said in feedback]
        await self._database.write(lambda session: session.run_many(_GIVE, rows), durable=True)

    async def feedback(self, person: str) -> Mapping[str, Feedback]:
        """Return what one person said, by film."""
        rows = await self._database.read(lambda session: session.all(_OF_PERSON, whose=person))
        return {said.film: said for said in map(_said, rows)}

    async def forget(self, person: str) -> int:
        """Delete all that one person said, durably, slice by slice; return how much it was."""
        return await self._in_slices(lambda session: session.run(_FORGET, whose=person), durable=True)

    async def all_feedback(self, page_size: int) -> AsyncIterator[Sequence[Feedback]]:
        """Iterate over everybody's feedback in pages, by person."""
        page = [_said(row) for row in await self._database.read(lambda s: s.all(_FIRST, at_most=page_size))]
        while page:
            yield page
            page = [_said(row) for row in await self._after(page[-1], page_size)]

    async def _page(self, last: str | None, page_size: int) -> list[Row]:
        return await self._database.read(lambda session: _WALK.page(session, last, page_size))

    async def _after(self, last: Feedback, page_size: int) -> list[Row]:
        values = {"last_person": last.person, "last_film": last.film, "at_most": page_size}
        return await self._database.read(lambda session: session.all(_NEXT, **values))

    async def _in_slices(self, unit: Callable[[Session], int], *, durable: bool) -> int:
        count = 0
        while done := await self._database.write(unit, durable=durable):
            count += done
        return count


def _row(said: Feedback) -> dict[str, Any]:
    return {"person": said.person, "film": said.film, "verdict": str(said.verdict), "at": micros(said.at)}


def _said(row: Row) -> Feedback:
    person, film, verdict, at = row
    return Feedback(person=as_written(person), film=as_written(film), verdict=Verdict(verdict), at=instant(at))
