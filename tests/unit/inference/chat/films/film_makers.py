"""Films and feedback, with what a test does not care about filled in."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any

from daemon.ports.films import Feedback, Film, Person, Verdict

NOW = datetime(2026, 11, 25, 8, 30, tzinfo=UTC)


def film(film_id: str, **fields: Any) -> Film:
    return Film(id=film_id, **({"title_en": film_id.partition(":")[2]} | fields))


def people(*names: str) -> tuple[Person, ...]:
    return tuple(Person(en=name) for name in names)


def said(of: str, verdict: Verdict = Verdict.LIKED, person: str = "p") -> Feedback:
    return Feedback(person=person, film=of, verdict=verdict, at=NOW)


def feedback(films: Iterable[str], verdict: Verdict = Verdict.LIKED) -> dict[str, Feedback]:
    return {of: said(of, verdict) for of in films}
