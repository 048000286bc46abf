"""`zhiban chat evaluate`: how good a trained network is on held-out dialogues."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Final

import click

from daemon.cli.chat_training_needs import need_training, quiet_log

if TYPE_CHECKING:
    from daemon.inference.chat.training.evaluation import Figures
    from daemon.inference.chat.training.pairs import Pair

#: Rows of the table: what is measured, the field, and the field of the human replies.
_ROWS: Final = (
    ("pairs", "pairs", ""),
    ("bits per token", "bits_per_token", ""),
    ("bits per character", "bits_per_character", ""),
    ("bits per token, sources shuffled", "shuffled", ""),
    ("replies decoded", "replies", ""),
    ("bland replies", "bland", "human_bland"),
    ("empty replies", "empty", ""),
    ("distinct-1", "distinct_1", "human_distinct_1"),
    ("distinct-2", "distinct_2", "human_distinct_2"),
    ("BLEU", "bleu", ""),
    ("tokens of a reply", "length", "human_length"),
)


@click.command()
@click.argument("folder", type=click.Path(path_type=Path, exists=True, file_okay=False))
@click.option("--on", "names", multiple=True, metavar="NAME|FILE",
              help="Measure on this, not on what was held out: a known corpus, or a file. Repeatable.")  # fmt: skip
@click.option("--corpora", "root", type=click.Path(path_type=Path, exists=True, file_okay=False),
              help="The folder of corpora that are no packages.")  # fmt: skip
@click.option("--replies", type=click.IntRange(1, 100_000), default=200, show_default=True,
              help="Replies that are decoded, in each language.")  # fmt: skip
@click.option("--width", type=click.IntRange(1, 50), default=5, show_default=True, help="Of the beam.")
@click.option("--most", type=click.IntRange(min=1), help="Pairs measured at most, in each language.")
@click.option("--json", "as_json", is_flag=True, help="One JSON object instead of a table.")
def evaluate(
    folder: Path, names: tuple[str, ...], root: Path | None, replies: int, width: int, most: int | None, as_json: bool
) -> None:
    """Measure the best network in the FOLDER of a training.

    Figures of human replies stand beside those of the network where both have them. When the sources are shuffled the
    bits must rise; where they do not, the network does not listen.
    """
    need_training()
    import msgspec  # noqa: PLC0415 slow to import

    from daemon.inference.chat.training.evaluation import evaluate as measure  # noqa: PLC0415
    from daemon.inference.chat.training.folder import HELD_OUT, read_folder, read_held_out, sizes_of  # noqa: PLC0415

    with quiet_log():
        model, tokenizer, recipe = read_folder(folder)
        pairs = _pairs_of(names, root, recipe.batches.turns) if names else read_held_out(folder / HELD_OUT)
        found = measure(model, tokenizer, _at_most(pairs, most), sizes=sizes_of(recipe), replies=replies, width=width)
    if as_json:
        data = {language: msgspec.structs.asdict(one) | {"gain": one.gain} for language, one in found.items()}
        click.echo(msgspec.json.format(msgspec.json.encode(data)).decode())
        return
    for language, figures in found.items():
        _show(language, figures)


def _pairs_of(names: Iterable[str], root: Path | None, turns: int) -> list[Pair]:
    """Return all pairs of corpora, cleaned as in a training. Raises as Corpus.paths does."""
    from daemon.inference.chat.training.cleaning import Cleaner, Limits  # noqa: PLC0415 slow to import
    from daemon.inference.chat.training.corpora import all_dialogues, corpus_named  # noqa: PLC0415
    from daemon.inference.chat.training.dialogues import Rejections  # noqa: PLC0415
    from daemon.inference.chat.training.fitness import unfit  # noqa: PLC0415
    from daemon.inference.chat.training.pairs import pairs_of  # noqa: PLC0415

    dialogues = all_dialogues(map(corpus_named, names), root, Rejections())
    return [pair for one in Cleaner(Limits(), unfit).clean(dialogues) for pair in pairs_of(one, turns)]


def _at_most(pairs: list[Pair], most: int | None) -> list[Pair]:
    """Return so many pairs of each language at most, spread evenly."""
    from daemon.inference.chat.training.perplexity import spread  # noqa: PLC0415 slow to import

    by_language: dict[str, list[Pair]] = {}
    for pair in pairs:
        by_language.setdefault(pair.language, []).append(pair)
    return [some[place] for some in by_language.values() for place in spread(len(some), most)]


def _show(language: str, figures: Figures) -> None:
    from rich.console import Console  # noqa: PLC0415 slow to import
    from rich.table import Table  # noqa: PLC0415

    table = Table(title={"en": "English", "zh": "Chinese"}[language], title_justify="left")
    for heading in ("", "network", "people"):
        table.add_column(heading, justify="right" if heading else "left")
    for told, field, human in _ROWS:
        table.add_row(told, _number(getattr(figures, field)), _number(getattr(figures, human)) if human else "")
    Console().print(table)


def _number(value: float) -> str:
    return str(value) if isinstance(value, int) else f"{value:.3f}"
