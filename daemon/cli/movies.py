"""`zhiban movies`: films beside those that come with the daemon, on its store, under its lock."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterator, Sequence
from pathlib import Path
from typing import Final, TypeVar

import click

from daemon.cli.offline import on_store
from daemon.errors import InvalidInput, Unavailable
from daemon.inference.chat.films.importing import FORMATS, Read, Reject, read_films
from daemon.log import printable
from daemon.ports import FilmStore
from daemon.ports.films import Film
from daemon.services.duty import Duty

_SHOWN: Final = 10
_PAGE: Final = 1_000
T = TypeVar("T")


@click.group()
def movies() -> None:
    """Import films that are recommended, list and forget them."""


@movies.command("import")
@click.argument("path", type=click.Path(path_type=Path))
@click.option("--format", "form", type=click.Choice(FORMATS), default="auto", show_default=True)
@click.option("--dry-run", is_flag=True, help="Read and report, and keep nothing.")
def import_(path: Path, form: str, dry_run: bool) -> None:
    """Import films: a folder of MovieLens, JSON of wikipedia-movie-data or vega-datasets, or CSV with headers.

    The same films again take the place of the former. Ratings of MovieLens become feedback of people who are nobody
    here, "movielens:USER", and only teach which films are liked together. The daemon must not run, and reads what was
    imported when it starts. Exit status: 0, or 2 when the file cannot be read.
    """
    batches = read_films(path, form)  # type: ignore[arg-type]  # click has checked it
    counts = Counts()
    if dry_run:
        for batch in batches:
            counts.add(batch, 0)
    else:
        _on_films(lambda films: _kept(films, batches, counts))
    counts.show(path, dry_run=dry_run)


async def _kept(store: FilmStore, batches: Iterator[Read], counts: Counts) -> None:
    for batch in batches:
        new = await store.put_films(batch.films) if batch.films else 0
        if batch.feedback:
            await store.give(batch.feedback)
        counts.add(batch, new)


@movies.command("list")
@click.option("--source", help='Only of this catalogue, such as "movielens"; "seed" are those that come along.')
def list_(source: str | None) -> None:
    """List films: id, year and titles, separated by tabs."""
    if source == "seed":
        from daemon.inference.chat.films.seed import seed_films  # noqa: PLC0415 needed here alone

        return _write(seed_films())
    return _on_films(lambda films: _listed(films, source))


async def _listed(store: FilmStore, source: str | None) -> None:
    async for page in store.films(_PAGE):
        _write([film for film in page if source is None or film.id.startswith(f"{source}:")])


def _write(films: Sequence[Film]) -> None:
    for film in films:
        titles = " / ".join(printable(title) for title in (film.title_en, film.title_zh) if title)
        click.echo(f"{printable(film.id)}\t{film.year or ''}\t{titles}")


@movies.command()
@click.argument("source")
def forget(source: str) -> None:
    """Forget the films of a catalogue, such as "movielens", "wikipedia", "vega" or "csv", and its ratings."""
    if not source or ":" in source:
        raise InvalidInput(f'"{source}" is no catalogue; expected a word such as "movielens"')
    films, people = _on_films(lambda store: _forgotten(store, source))
    click.echo(f"forgotten: {films} films, feedback of {people} anonymous people")


async def _forgotten(store: FilmStore, source: str) -> tuple[int, int]:
    people = set()
    async for page in store.all_feedback(_PAGE):
        people |= {said.person for said in page if said.person.startswith(f"{source}:")}
    for person in sorted(people):
        await store.forget(person)
    return await store.forget_films(source), len(people)


class Counts:
    """What an import did so far."""

    def __init__(self) -> None:
        self._films = self._new = self._feedback = self._rejected = 0
        self._rejects: list[Reject] = []

    def add(self, batch: Read, new: int) -> None:
        """Count a batch. new: how many of its films were not there before."""
        self._films += len(batch.films)
        self._new += new
        self._feedback += len(batch.feedback)
        self._rejected += len(batch.rejects)
        self._rejects += batch.rejects[: _SHOWN - len(self._rejects)]

    def show(self, path: Path, *, dry_run: bool) -> None:
        """Write what was done."""
        kept = "would be kept" if dry_run else f"kept, {self._new} of them new"
        click.echo(f"{printable(str(path))}: {self._films} films {kept}; {self._feedback} ratings")
        for reject in self._rejects:
            click.echo(f"  {printable(reject.file)}, {reject.line}: {printable(reject.reason)}")
        if self._rejected > len(self._rejects):
            click.echo(f"  and {self._rejected - len(self._rejects)} more rejected")


def _on_films(act: Callable[[FilmStore], Awaitable[T]]) -> T:
    """Do something on the store of films. Raises AlreadyRunning while the daemon runs."""

    async def acting(duty: Duty) -> T:
        store = duty.ports.films
        if store is None:
            raise Unavailable("this daemon keeps no films")
        return await act(store)

    return on_store(acting)
