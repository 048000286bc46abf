"""Films and feedback on them, in memory."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping, Sequence

from daemon.ports.films import Feedback, Film, Verdict


class MemoryFilmStore:
    """A ports.FilmStore that is gone with the process."""

    def __init__(self) -> None:
        self._films: dict[str, Film] = {}
        self._feedback: dict[tuple[str, str], Feedback] = {}

    async def put_films(self, films: Sequence[Film]) -> int:
        """Store films, those of the same id anew; return how many are new."""
        held = len(self._films)
        self._films.update({film.id: film for film in films})
        return len(self._films) - held

    async def forget_films(self, source: str) -> int:
        """Delete the films whose ids begin with a source and a colon; return how many."""
        gone = [film for film in self._films if film.startswith(f"{source}:")]
        for film in gone:
            del self._films[film]
        return len(gone)

    async def films(self, page_size: int) -> AsyncIterator[Sequence[Film]]:
        """Iterate over all films in pages, in the order of their ids."""
        films = [self._films[film] for film in sorted(self._films)]
        for start in range(0, len(films), page_size):
            yield films[start : start + page_size]

    async def give(self, feedback: Sequence[Feedback]) -> None:
        """Keep feedback; the latest of a person on a film counts, but shown never goes before another."""
        for said in feedback:
            held = self._feedback.get((said.person, said.film))
            if held is None or _weight(said) >= _weight(held):
                self._feedback[said.person, said.film] = said

    async def feedback(self, person: str) -> Mapping[str, Feedback]:
        """Return what one person said, by film."""
        return {film: said for (who, film), said in sorted(self._feedback.items()) if who == person}

    async def forget(self, person: str) -> int:
        """Delete all that one person said; return how much it was."""
        gone = [key for key in self._feedback if key[0] == person]
        for key in gone:
            del self._feedback[key]
        return len(gone)

    async def all_feedback(self, page_size: int) -> AsyncIterator[Sequence[Feedback]]:
        """Iterate over everybody's feedback in pages, by person."""
        feedback = [self._feedback[key] for key in sorted(self._feedback)]
        for start in range(0, len(feedback), page_size):
            yield feedback[start : start + page_size]


def _weight(said: Feedback) -> tuple[bool, float]:
    return said.verdict is not Verdict.SHOWN, said.at.timestamp()
