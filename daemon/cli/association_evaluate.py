"""`zhiban association evaluate`: how good and how dear searches are on a folder of data."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Final

import click

from daemon.errors import Unavailable

if TYPE_CHECKING:
    from daemon.inference.association.folders.evaluation import Evaluation, Figures

_PACKAGES: Final = ("geographiclib", "networkx", "numba", "numpy")
_WAYS: Final = {"exhaustive": "exhaustive", "greedy": "greedy topology", "best_first": "best-first"}


@click.command()
@click.argument("folder", type=click.Path(path_type=Path))
@click.option("--batch", type=click.IntRange(1, 64), default=1, show_default=True,
              help="Tasks that best-first searches in one round.")  # fmt: skip
@click.option(
    "--stop-mass", type=click.FloatRange(0.0, 1.0), help="Best-first ends when no task holds more of the target."
)
@click.option("--queries", "most", type=click.IntRange(min=1), metavar="N", help="Ask the first N only.")
@click.option("--json", "as_json", is_flag=True, help="JSON instead of a table, with what each search found.")
def evaluate(folder: Path, batch: int, stop_mass: float | None, most: int | None, as_json: bool) -> None:
    """Learn from the passages in FOLDER, answer its queries in three ways, and compare.

    FOLDER holds cameras.geojson, detections.jsonl and body.npy, where known face.npy and passages.jsonl, and
    queries.jsonl. With truth.jsonl it is told how right the answers are; without, what was found and what it cost.
    """
    if missing := [name for name in _PACKAGES if find_spec(name) is None]:
        raise Unavailable(f"{', '.join(missing)}: not installed; pip install 'zhiban[association]'")
    import msgspec  # noqa: PLC0415 slow to import

    from daemon.inference.association.folders.evaluation import evaluate as measure  # noqa: PLC0415
    from daemon.inference.association.folders.folder import DataFolder  # noqa: PLC0415
    from daemon.inference.association.search.query import Limits  # noqa: PLC0415

    limits = Limits(batch=batch) if stop_mass is None else Limits(batch=batch, stop_mass=stop_mass)
    with _shown() as progress:
        found = measure(DataFolder.read(folder), limits=limits, most=most, progress=progress)
    if as_json:
        click.echo(msgspec.json.format(msgspec.json.encode(found)).decode())
    else:
        _show(found)


def _show(found: Evaluation) -> None:
    from rich.console import Console  # noqa: PLC0415 slow to import
    from rich.table import Table  # noqa: PLC0415

    table = Table(title=f"{found.queries} queries, learnt from {found.passages} passages", title_justify="left")
    table.add_column("")
    for told in _WAYS.values():
        table.add_column(told, justify="right")
    rows: dict[str, Callable[[Figures], object]] = {
        "detections compared": lambda one: f"{one.compared:,.0f}",
        "fewer than exhaustive": lambda one: f"{found.exhaustive.compared / max(one.compared, 1e-9):,.1f}x",
        "rounds": lambda one: f"{one.rounds:,.1f}",
        "CPU, ms": lambda one: f"{one.cpu_ms:,.2f}",
        "recall": lambda one: _share(one.recall),
        "precision": lambda one: _share(one.precision),
        "F1": lambda one: _share(one.f1),
    }
    for told, figure in rows.items():
        table.add_row(told, *(str(figure(getattr(found, name))) for name in _WAYS))
    console = Console()
    console.print(table)
    best = found.best_first
    console.print(
        f"best-first: batch {found.batch}, {best.tasks:,.0f} tasks a query, {best.cpu_us_per_task:,.0f} µs each"
    )
    if found.calibration_error is not None:
        console.print(
            f"expected calibration error {found.calibration_error:.3f}, "
            f"of what was stated below .99 {_share(found.calibration_error_below_99)}"
        )
    console.print(f"stated to be unexplored {best.unexplored:.3f}, missed {_share(best.missed)}")


def _share(value: object) -> str:
    return f"{value:.3f}" if isinstance(value, float) else "not known"


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
            bars.update(stages[stage], completed=done, total=total)

        yield progress
