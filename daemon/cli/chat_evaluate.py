"""`zhiban chat evaluate`: how good a trained network is on held-out dialogues."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import click

from daemon.cli.chat_training_needs import need_training, quiet_log
from daemon.errors import InvalidInput
from daemon.log import printable

if TYPE_CHECKING:
    from daemon.inference.chat.training.evaluation import Figures
    from daemon.inference.chat.training.pairs import Pair


@click.command()
@click.argument("paths", metavar="FOLDER|MODEL...", type=click.Path(path_type=Path, exists=True), nargs=-1,
                required=True)  # fmt: skip
@click.option("--on", "names", multiple=True, metavar="NAME|FILE",
              help="Measure on this, not on what was held out: a known corpus, or a file. Repeatable.")  # fmt: skip
@click.option("--held-out", "held_out", type=click.Path(path_type=Path, exists=True, dir_okay=False),
              help="What a training held out, for a model without its folder.")  # fmt: skip
@click.option("--corpora", "root", type=click.Path(path_type=Path, exists=True, file_okay=False),
              help="The folder of corpora that are no packages.")  # fmt: skip
@click.option("--replies", type=click.IntRange(1, 100_000), default=200, show_default=True,
              help="Replies that are decoded, in each language.")  # fmt: skip
@click.option("--width", type=click.IntRange(1, 50), default=5, show_default=True, help="Of the beam.")
@click.option("--most", type=click.IntRange(min=1), help="Pairs measured at most, in each language.")
@click.option("--json", "as_json", is_flag=True, help="JSON instead of tables: an object for each that is measured.")
def evaluate(
    paths: tuple[Path, ...], names: tuple[str, ...], held_out: Path | None, root: Path | None, replies: int, width: int,
    most: int | None, as_json: bool,
) -> None:  # fmt: skip
    """Measure the best network in the FOLDER of a training, or a packaged MODEL; several on the same pairs.

    Without --on and --held-out they are what the training in the first FOLDER held out. Figures of human replies stand
    beside those of a network where both have them. When the sources are shuffled the bits must rise; where they do not,
    the network does not listen.
    """
    need_training()
    import msgspec  # noqa: PLC0415 slow to import

    from daemon.inference.chat.training.evaluation import evaluate as measure  # noqa: PLC0415
    from daemon.inference.chat.training.folder import read_held_out  # noqa: PLC0415
    from daemon.inference.chat.training.measurable import read_measurable  # noqa: PLC0415

    with quiet_log():
        models = [read_measurable(path) for path in paths]
        given = _pairs_of(names, root, models[0].sizes.turns) if names else read_held_out(held_out or _held_out(paths))
        pairs = at_most(given, most)
        found = [
            measure(one.model, one.tokenizer, pairs, sizes=one.sizes, replies=replies, width=width) for one in models
        ]
    if as_json:
        for one in found:
            data = {language: msgspec.structs.asdict(told) | {"gain": told.gain} for language, told in one.items()}
            click.echo(msgspec.json.format(msgspec.json.encode(data)).decode())
        return
    for language in found[0]:
        _show(language, {str(path): one[language] for path, one in zip(paths, found, strict=True) if language in one})


def _held_out(paths: Iterable[Path]) -> Path:
    """Return the pairs that the first training left for measuring. Raises InvalidInput where there is none."""
    from daemon.inference.chat.training.folder import HELD_OUT  # noqa: PLC0415 slow to import
    from daemon.inference.chat.training.measurable import is_training  # noqa: PLC0415

    for path in paths:
        if is_training(path):
            return path / HELD_OUT
    raise InvalidInput("a model brings no pairs to be measured with: name some by --held-out or --on")


def _pairs_of(names: Iterable[str], root: Path | None, turns: int) -> list[Pair]:
    """Return all pairs of corpora, cleaned as in a training. Raises as Corpus.paths does."""
    from daemon.inference.chat.training.cleaning import Cleaner, Limits  # noqa: PLC0415 slow to import
    from daemon.inference.chat.training.corpora import all_dialogues, corpus_named  # noqa: PLC0415
    from daemon.inference.chat.training.dialogues import Rejections  # noqa: PLC0415
    from daemon.inference.chat.training.fitness import unfit  # noqa: PLC0415
    from daemon.inference.chat.training.pairs import pairs_of  # noqa: PLC0415

    dialogues = all_dialogues(map(corpus_named, names), root, Rejections())
    return [pair for one in Cleaner(Limits(), unfit).clean(dialogues) for pair in pairs_of(one, turns)]


def at_most(pairs: list[Pair], most: int | None) -> list[Pair]:
    """Return so many pairs of each language at most, spread evenly."""
    from daemon.inference.chat.training.perplexity import spread  # noqa: PLC0415 slow to import

    by_language: dict[str, list[Pair]] = {}
    for pair in pairs:
        by_language.setdefault(pair.language, []).append(pair)
    return [some[place] for some in by_language.values() for place in spread(len(some), most)]


def _show(language: str, figures: Mapping[str, Figures]) -> None:
    from rich.console import Console  # noqa: PLC0415 slow to import
    from rich.table import Table  # noqa: PLC0415

    from daemon.inference.chat.training.evaluation import ROWS  # noqa: PLC0415

    table = Table(title={"en": "English", "zh": "Chinese"}[language], title_justify="left")
    for heading in ("", *map(printable, figures), "people"):
        table.add_column(heading, justify="right" if heading else "left", overflow="fold")
    people = next(iter(figures.values()))
    for told, field, human in ROWS:
        measured = [_number(getattr(one, field)) for one in figures.values()]
        table.add_row(told, *measured, _number(getattr(people, human)) if human else "")
    Console().print(table)


def _number(value: float) -> str:
    return str(value) if isinstance(value, int) else f"{value:.3f}"
