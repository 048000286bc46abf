"""`zhiban association train`: train an embedder on one's own labelled crops."""

from __future__ import annotations

import sys
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Final

import click

from daemon.cli.chat_training_needs import quiet_log
from daemon.cli.stop_signals import stop_signals
from daemon.errors import InvalidInput, Unavailable
from daemon.log import printable

if TYPE_CHECKING:
    from daemon.inference.association.pictures.osnet import OSNet
    from daemon.inference.association.pictures.training.crops import Gathered
    from daemon.inference.association.pictures.training.finishing import Finished
    from daemon.inference.association.pictures.training.listing import Listed, Refused
    from daemon.inference.association.pictures.training.progress import Observer, Outcome, Progress
    from daemon.inference.association.pictures.training.recipe import Preparing, Recipe

_PACKAGES: Final = ("numpy", "onnxruntime", "safetensors", "torch")
_SHOWN: Final = 5
_STOPPED: Final = 130  # as of a program that a signal ended
_RATES: Final = {False: 3e-3, True: 3.5e-4}  # by whether it begins with weights
_LINE_EVERY_S: Final = 10.0  # where no bar can be shown
_ARCHITECTURES: Final = ("osnet_x0_25", "osnet_x0_5", "osnet_x0_75", "osnet_x1_0")


@click.command()
@click.argument("crops", metavar="FOLDER|LIST", type=click.Path(path_type=Path))
@click.option("--into", "folder", type=click.Path(path_type=Path, file_okay=False), required=True,
              help="For checkpoints and the model; a training in it is gone on with.")  # fmt: skip
@click.option("--architecture", type=click.Choice(_ARCHITECTURES), default=_ARCHITECTURES[0], show_default=True)
@click.option("--weights", type=click.Path(path_type=Path, exists=True),
              help="Begin with these, prepared as their manifest says. Otherwise from nothing.")  # fmt: skip
@click.option("--size", default="256x128", show_default=True, metavar="HEIGHTxWIDTH", help="Of the network's input.")
@click.option("--epochs", type=click.IntRange(min=1), default=60, show_default=True, help="At most so many.")
@click.option("--patience", type=click.IntRange(min=1), default=12, show_default=True,
              help="Epochs without a better mean average precision after which it ends.")  # fmt: skip
@click.option("--people", type=click.IntRange(min=2), default=16, show_default=True, help="In a batch.")
@click.option("--pictures", type=click.IntRange(min=2), default=4, show_default=True, help="Of each, in a batch.")
@click.option("--rate", type=float, help="The highest learning rate; 0.003 from nothing, 0.00035 from weights.")
@click.option("--held-out", type=float, default=0.2, show_default=True,
              help="Share of the people that are measured with and never learned.")  # fmt: skip
@click.option("--seed", type=click.IntRange(min=0), default=1, show_default=True)
@click.option("--steps", type=click.IntRange(min=1), help="Stop after so many steps in all.")
@click.option("--licence", default="as the pictures that it learned from", show_default=True, help="For the manifest.")
@click.pass_context
def train(
    ctx: click.Context, crops: Path, folder: Path, architecture: str, weights: Path | None, size: str, epochs: int,
    patience: int, people: int, pictures: int, rate: float | None, held_out: float, seed: int, steps: int | None,
    licence: str,
) -> None:  # fmt: skip
    """Train an embedder, or go on: Ctrl-C writes a checkpoint, and the same command goes on from there.

    FOLDER has a folder for each person, LIST is CSV or JSON Lines with path, identity and, optionally, camera.
    Exit status: 0 trained, 1 no room or a broken checkpoint, 2 crops or weights that cannot be used, 130 stopped.
    """
    _need_training()
    from daemon.adapters.lock import only_one  # noqa: PLC0415 slow to import
    from daemon.inference.association.pictures.training.finishing import finish  # noqa: PLC0415
    from daemon.inference.association.pictures.training.listing import listed  # noqa: PLC0415
    from daemon.inference.association.pictures.training.recipe import Preparing, Recipe  # noqa: PLC0415
    from daemon.inference.association.pictures.training.trainer import Stopped  # noqa: PLC0415
    from daemon.inference.association.pictures.training.trainer import train as run  # noqa: PLC0415

    height, width = _size(size)
    start, preparing, digest = _start(weights, Preparing(height=height, width=width))
    recipe = Recipe(
        architecture=architecture, seed=seed, people=people, pictures=pictures, epochs=epochs,
        rate=rate if rate is not None else _RATES[start is not None],
        held_out=held_out, patience=patience, start=digest, preparing=preparing,
    )  # fmt: skip
    files, refused = listed(crops)
    folder.mkdir(parents=True, exist_ok=True)
    with only_one(folder), quiet_log(), stop_signals() as stop:
        data = _gathered(files, refused, recipe, stop)
        _tell(data)
        with _shown() as observer:
            outcome = run(recipe, data, folder, start=start, stop=stop.is_set, observer=observer, steps=steps)
        _tell_outcome(outcome, folder)
        if outcome.ended != "stopped":
            with suppress(Stopped):
                _tell_finished(finish(recipe, data, folder, licence, stop=stop.is_set))
        if stop.is_set():
            ctx.exit(_STOPPED)


def _need_training() -> None:
    if missing := [name for name in _PACKAGES if find_spec(name) is None]:
        raise Unavailable(f"this needs `pip install 'zhiban[association,train]'`: no {', '.join(missing)}")


def _size(told: str) -> tuple[int, int]:
    """Return height and width of "256x128"."""
    height, _, width = told.lower().partition("x")
    if not (height.isdecimal() and width.isdecimal()):
        raise InvalidInput(f"--size is {told!r}, and must be HEIGHTxWIDTH in pixels, such as 256x128")
    return int(height), int(width)


def _start(weights: Path | None, preparing: Preparing) -> tuple[OSNet | None, Preparing, str]:
    """Return the network to begin with, how its pictures are prepared, and the sha256 of its file."""
    if weights is None:
        return None, preparing, ""
    import msgspec  # noqa: PLC0415 slow to import

    from daemon.inference.association.pictures.weight_file import read_weight_file  # noqa: PLC0415
    from daemon.inference.association.pictures.weights import load_osnet  # noqa: PLC0415

    file = read_weight_file(weights)
    network = load_osnet(file)
    if network.head != "fc":
        raise InvalidInput(f"{file.path}: a FastReID head cannot be trained on; weights of torchreid's form are needed")
    told = {key: getattr(file.manifest, key) for key in ("colour", "scale", "mean", "std")}
    return network, msgspec.structs.replace(preparing, **told), file.manifest.sha256


def _gathered(files: Sequence[Listed], refused: Sequence[Refused], recipe: Recipe, stop: threading.Event) -> Gathered:
    from daemon.inference.association.pictures.training.crops import gather  # noqa: PLC0415 slow to import

    click.echo(f"reading {len(files)} pictures ...")

    def give_way(_: int) -> None:
        if stop.is_set():
            raise click.exceptions.Exit(_STOPPED)

    return gather(files, refused, recipe, told=give_way)


def _tell(data: Gathered) -> None:
    for told, crops in (("learned", data.learned), ("held out", data.held_out)):
        cameras = len(set(crops.cameras.tolist()) - {-1})
        click.echo(f"  {told}: {len(crops)} pictures of {len(crops.people)} people by {cameras or 'unknown'} cameras")
    if data.alone:
        click.echo(f"  left out: {len(data.alone)} people with one picture, such as {printable(data.alone[0])}")
    if data.refused:
        click.echo(f"  skipped: {len(data.refused)} that could not be read")
    for one in data.refused[:_SHOWN]:
        click.echo(f"    {printable(one.place)}: {printable(one.reason)}")


@contextmanager
def _shown() -> Iterator[Observer]:
    """Give an observer that moves a bar on a terminal, and writes lines elsewhere."""
    from rich.console import Console  # noqa: PLC0415 slow to import
    from rich.progress import BarColumn, TextColumn, TimeElapsedColumn  # noqa: PLC0415
    from rich.progress import Progress as Bars  # noqa: PLC0415

    console = Console(stderr=True)
    columns = (TextColumn("{task.description}"), BarColumn(), TimeElapsedColumn())
    with Bars(*columns, console=console, transient=True, disable=not console.is_terminal) as bars:
        task = bars.add_task("training", total=None)
        told_s = 0.0

        def observe(progress: Progress) -> None:
            nonlocal told_s
            bars.update(task, completed=progress.step, total=progress.steps, description=_line(progress))
            if not console.is_terminal and time.monotonic() - told_s >= _LINE_EVERY_S:
                told_s = time.monotonic()
                click.echo(_line(progress))
                sys.stdout.flush()

        yield observe


def _line(progress: Progress) -> str:
    found = progress.held_out
    held_out = "" if found is None else f", held out: rank-1 {found.rank1:.3f}, mAP {found.mean_ap:.3f}"
    minutes = int(progress.left_s / 60)
    left = f"at most {minutes // 60} h {minutes % 60} min left"
    told = f"step {progress.step}/{progress.steps}, epoch {progress.epoch + 1}, {progress.images_per_s:.0f} images/s"
    return f"{told}, {left}, loss {progress.loss:.3f}, named {progress.right:.0%}{held_out}"


def _tell_outcome(outcome: Outcome, folder: Path) -> None:
    best = (
        f"mAP {outcome.best_ap:.3f} at step {outcome.best_step}" if outcome.best_ap is not None else "none measured yet"
    )
    why = {
        "patience": "nothing got better any more",
        "epochs": "all epochs are done",
        "stopped": "stopped; the same command goes on",
    }[outcome.ended]
    click.echo(f"step {outcome.step}: {why}. Best: {best}, in {folder}")


def _tell_finished(found: Finished) -> None:
    held_out, calibration = found.held_out, found.manifest.calibration
    click.echo(
        f"people it never saw: rank-1 {held_out.rank1:.3f}, mAP {held_out.mean_ap:.3f}, {held_out.queries} queries"
    )
    if calibration is not None:
        same, different = calibration.same, calibration.different
        told = f"one person {same.mean:.2f} +- {same.sd:.2f}, two people {different.mean:.2f} +- {different.sd:.2f}"
        click.echo(f"cosines: {told}; even odds at {calibration.threshold():.2f}")
    click.echo(f"{found.folder}: {found.manifest.model_id}; name this folder as [association] embedder")
