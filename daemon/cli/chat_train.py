"""`zhiban chat train`: train a model on one's own corpora, or the one that ships again."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Final

import click

from daemon.cli.chat_training_needs import need_training, quiet_log
from daemon.cli.stop_signals import stop_signals
from daemon.log import printable

if TYPE_CHECKING:
    from daemon.inference.chat.training.preparation import Report
    from daemon.inference.chat.training.progress import Observer, Outcome, Progress
    from daemon.inference.chat.training.recipe import Recipe

_SHOWN: Final = 5
_STOPPED: Final = 130  # as of a program that a signal ended
_LINE_EVERY: Final = 100  # steps, where no bar can be shown


@click.command()
@click.option("--recipe", "recipe_name", default="shipped", show_default=True, metavar="NAME|FILE",
              help="A recipe of the package, or one in TOML.")  # fmt: skip
@click.option("--corpora", "root", type=click.Path(path_type=Path, exists=True, file_okay=False),
              help="The folder of corpora that are no packages.")  # fmt: skip
@click.option("--corpus", "names", multiple=True, metavar="NAME|FILE",
              help="Learn this, not the recipe's: a known corpus, or a .jsonl, .tsv or .txt. Repeatable.")  # fmt: skip
@click.option("--into", "folder", type=click.Path(path_type=Path, file_okay=False), default="training",
              show_default=True, help="For checkpoints and the model; a training in it is gone on with.")  # fmt: skip
@click.option("--steps", type=click.IntRange(min=1), help="Stop after so many steps in all.")
@click.pass_context
def train(
    ctx: click.Context, recipe_name: str, root: Path | None, names: tuple[str, ...], folder: Path, steps: int | None
) -> None:
    """Train a model, or go on with one: Ctrl-C writes a checkpoint, and the same command goes on from there.

    Exit status: 0 trained, 1 no room or a broken checkpoint, 2 a recipe or a corpus that cannot be used, 130 stopped.
    """
    need_training()
    from daemon.adapters.lock import only_one  # noqa: PLC0415 slow to import
    from daemon.inference.chat.training.fitness import unfit  # noqa: PLC0415
    from daemon.inference.chat.training.folder import claim, furnish  # noqa: PLC0415
    from daemon.inference.chat.training.preparation import prepare  # noqa: PLC0415
    from daemon.inference.chat.training.recipe import read_recipe, with_corpora  # noqa: PLC0415
    from daemon.inference.chat.training.trainer import train as run  # noqa: PLC0415

    recipe = read_recipe(recipe_name)
    recipe = with_corpora(recipe, names) if names else recipe
    claim(recipe, folder)
    stopped = False
    with only_one(folder), quiet_log():
        click.echo(f"reading the corpora of {printable(recipe.name)} ...")
        prepared = prepare(recipe, root, unfit)
        _tell(prepared.report)
        data = furnish(recipe, prepared, folder)
        del prepared
        click.echo(f"{len(data.learned)} pairs, {data.learned.told} tokens an epoch, {data.vocabulary} pieces")
        with stop_signals() as stop, _shown(recipe) as observer:
            outcome = run(recipe, data, folder, stop=stop.is_set, observer=observer, steps=steps)
            stopped = stop.is_set()
    _tell_outcome(outcome, folder)
    if stopped:
        ctx.exit(_STOPPED)


@contextmanager
def _shown(recipe: Recipe) -> Iterator[Observer]:
    """Give an observer that moves a bar on a terminal, and writes lines elsewhere."""
    from rich.console import Console  # noqa: PLC0415 slow to import
    from rich.progress import BarColumn, TextColumn, TimeElapsedColumn, TimeRemainingColumn  # noqa: PLC0415
    from rich.progress import Progress as Bars  # noqa: PLC0415

    console = Console(stderr=True)
    columns = (TextColumn("{task.description}"), BarColumn(), TimeElapsedColumn(), TimeRemainingColumn())
    with Bars(*columns, console=console, transient=True, disable=not console.is_terminal) as bars:
        task = bars.add_task(recipe.name, total=None)

        def observe(progress: Progress) -> None:
            bars.update(task, completed=progress.step, total=progress.steps, description=_line(progress))
            if not console.is_terminal and progress.step % _LINE_EVERY == 0:
                click.echo(f"{_line(progress)}, at most {_left(progress)} left")
                sys.stdout.flush()

        yield observe


def _line(progress: Progress) -> str:
    held_out = "" if progress.held_out_bits is None else f", held out {progress.held_out_bits:.3f}"
    told = f"step {progress.step}/{progress.steps}, epoch {progress.epoch + 1}, {progress.tokens_per_s:.0f} tokens/s"
    return f"{told}, {progress.bits:.3f} bits a token{held_out}"


def _left(progress: Progress) -> str:
    if not progress.steps_per_s:
        return "unknown"
    minutes = int((progress.steps - progress.step) / progress.steps_per_s / 60)
    return f"{minutes // 60} h {minutes % 60} min"


def _tell(report: Report) -> None:
    for source in report.sources:
        found = report.learned.get(source.name, 0), report.held_out.get(source.name, 0)
        licence = source.licence or "your own"
        click.echo(f"  {printable(source.name)}: {found[0]} pairs to learn, {found[1]} held out; {licence}")
    _tell_counts("cleaning", report.counts)
    _tell_counts("records that could not be read", report.rejected)
    for one in report.first_rejected[:_SHOWN]:
        click.echo(f"  {printable(one.file)}, {one.place}: {printable(one.reason)}")


def _tell_counts(what: str, counts: Mapping[str, int]) -> None:
    if told := ", ".join(f"{count} {printable(reason)}" for reason, count in counts.items() if count):
        click.echo(f"{what}: {told}")


def _tell_outcome(outcome: Outcome, folder: Path) -> None:
    best = "none measured yet" if outcome.best_bits is None else f"{outcome.best_bits:.3f} bits a token"
    why = {
        "patience": "nothing got better any more",
        "epochs": "all epochs are done",
        "stopped": "stopped; the same command goes on",
    }[outcome.ended]
    click.echo(f"step {outcome.step}: {why}. Best at step {outcome.best_step} ({best}), in {folder}")
