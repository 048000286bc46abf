"""`zhiban association simulate`: a folder of data of a camera network that people walk through."""

from __future__ import annotations

import signal
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import click

from daemon.errors import InvalidInput, Unavailable
from daemon.log import printable

if TYPE_CHECKING:
    from daemon.inference.association.folders.world import World, WorldSettings

_DETECTIONS: Final = 60_000
_COLUMNS: Final = ("direction", "quality", "box", "track", "model")
_TERMINATED: Final = 128 + signal.SIGTERM


@click.command()
@click.argument("folder", type=click.Path(path_type=Path))
@click.option("--cameras", type=int, default=256, show_default=True, help="One at each crossing of the streets.")
@click.option("--hours", type=float, default=24.0, show_default=True, help="How long the cameras look.")
@click.option("--detections", type=int, help=f"About so many; {_DETECTIONS} where --people is not given.")
@click.option("--people", type=int, help="So many people, however often they are seen.")
@click.option("--seed", type=int, default=1, show_default=True, help="The same one gives the same bytes.")
@click.option("--width", type=int, default=64, show_default=True, help="Numbers of a body vector.")
@click.option("--face-width", type=int, default=32, show_default=True, help="Numbers of a face vector.")
@click.option("--missed", type=float, default=0.10, show_default=True, help="Share of passages that a camera misses.")
@click.option("--face-visible", type=float, default=0.30, show_default=True, help="Share of sightings with a face.")
@click.option("--returns", type=float, default=0.10, show_default=True, help="Share of those who left that come back.")
@click.option("--repeats", type=float, default=0.0, show_default=True, help="Mean further sightings of a passage.")
@click.option("--clock-rate-ppm", type=float, default=0.0, show_default=True,
              help="Deviation of the seconds that clocks gain in a million.")  # fmt: skip
@click.option("--with", "columns", type=click.Choice(_COLUMNS), multiple=True,
              help="Tell of each detection this too. Repeatable.")  # fmt: skip
@click.option("--queries", type=int, default=200, show_default=True, help="At most so many, one a person.")
@click.option("--horizon-s", type=float, default=3_600.0, show_default=True, help="Seconds after a query that count.")
def simulate(folder: Path, columns: tuple[str, ...], **given: Any) -> None:
    """Write FOLDER, which must not be there yet or be empty: cameras, detections, vectors, passages, queries, truth.

    Nobody's pictures: people walk streets, pause, are missed, look alike, come back; clocks are a little wrong. All of
    the folder appears at once when it is done.
    """
    if missing := [name for name in ("networkx", "numpy") if find_spec(name) is None]:
        raise Unavailable(f"{', '.join(missing)}: not installed; pip install 'zhiban[association]'")
    from daemon.inference.association.folders.simulating import simulate as run  # noqa: PLC0415 slow to import
    from daemon.inference.association.folders.writing import claim, write_world  # noqa: PLC0415

    settings = _settings(columns, **given)
    claim(folder)
    try:
        with _terminable(), _shown() as progress:
            world = run(settings, progress)
            write_world(world, folder, progress)
    except MemoryError as exc:
        raise InvalidInput("so many detections of that width do not fit into memory; expected fewer") from exc
    click.echo(f"{printable(str(folder))}: {_told(world)}")


def _settings(columns: tuple[str, ...], **given: Any) -> WorldSettings:
    """Put options into settings, which refuse what makes no sense."""
    from dataclasses import replace  # noqa: PLC0415 as below

    from daemon.inference.association.folders.appearance import FACES, AppearanceSettings  # noqa: PLC0415
    from daemon.inference.association.folders.clockwork import ClockSettings  # noqa: PLC0415
    from daemon.inference.association.folders.streets import StreetSettings  # noqa: PLC0415
    from daemon.inference.association.folders.walkers import WalkSettings  # noqa: PLC0415
    from daemon.inference.association.folders.world import WorldSettings  # noqa: PLC0415

    if given["people"] is None and given["detections"] is None:
        given["detections"] = _DETECTIONS
    return WorldSettings(
        streets=StreetSettings(cameras=given.pop("cameras")),
        walks=WalkSettings(returns=given.pop("returns")),
        clocks=ClockSettings(rate_ppm=given.pop("clock_rate_ppm")),
        body=AppearanceSettings(width=given.pop("width")),
        face=replace(FACES, width=given.pop("face_width")),
        columns=frozenset(columns),
        **given,
    )


def _told(world: World) -> str:
    asked = len(world.questions)
    fewer = (
        ", fewer than asked for since no more people are seen often enough" if asked < world.settings.queries else ""
    )
    return (
        f"{len(world.cameras)} cameras, {len(world.times)} detections of {len(world.trail_starts) - 1} people, "
        f"{len(world.face_scales)} with a face, passages of {len(world.confirmed)} people, {asked} queries{fewer}"
    )


@contextmanager
def _terminable() -> Iterator[None]:
    """Let SIGTERM end the run as an exception does, so that nothing is left behind."""
    before = signal.signal(signal.SIGTERM, lambda *_: sys.exit(_TERMINATED))
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


@contextmanager
def _shown() -> Iterator[Callable[[str, int, int], None]]:
    """Give what moves a bar for each stage on a terminal, and writes nothing elsewhere."""
    from rich.console import Console  # noqa: PLC0415 slow to import
    from rich.progress import Progress as Bars  # noqa: PLC0415
    from rich.progress import TaskID  # noqa: PLC0415

    console = Console(stderr=True)
    stages: dict[str, TaskID] = {}
    with Bars(console=console, transient=True, disable=not console.is_terminal) as bars:

        def progress(stage: str, done: int, total: int) -> None:
            if stage not in stages:
                stages[stage] = bars.add_task(stage, total=total)
            bars.update(stages[stage], completed=done)

        yield progress
