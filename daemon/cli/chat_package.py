"""`zhiban chat package`: from the folder of a training to the file that the daemon loads."""

from __future__ import annotations

from pathlib import Path

import click

from daemon.cli.chat_training_needs import need_training, quiet_log


@click.command()
@click.option("--from", "folder", type=click.Path(path_type=Path, exists=True, file_okay=False), required=True,
              help="The folder of a training.")  # fmt: skip
@click.option("--into", "path", type=click.Path(path_type=Path, dir_okay=False), required=True,
              help="The file to write, for [chat] model; its notices are written beside it.")  # fmt: skip
@click.option("--corpora", "root", type=click.Path(path_type=Path, exists=True, file_okay=False),
              help="The folder of corpora that are no packages.")  # fmt: skip
@click.option("--name", default="", help="What the model is called; otherwise as its recipe.")
@click.option("--most-bytes", type=click.IntRange(min=1), default=16_000_000, show_default=True,
              help="Of the file: the index of replies gives up pairs for that.")  # fmt: skip
def package(folder: Path, path: Path, root: Path | None, name: str, most_bytes: int) -> None:
    """Package the best network of a training: eight-bit graphs, vocabulary, index of replies, log and notices.

    The corpora are read and cleaned again for the index, which takes minutes. The same training gives the same bytes.
    """
    need_training()
    from daemon.inference.chat.training.finished import read_finished  # noqa: PLC0415 slow to import
    from daemon.inference.chat.training.fitness import unfit  # noqa: PLC0415
    from daemon.inference.chat.training.packaging import package as run  # noqa: PLC0415
    from daemon.inference.chat.training.packaging import writable  # noqa: PLC0415
    from daemon.inference.chat.training.preparation import prepare  # noqa: PLC0415

    with quiet_log():
        finished = read_finished(folder)
        writable(path)
        best = finished.best
        click.echo(f"step {best.step}, {best.bits_per_token:.3f} bits a token; reading the corpora ...")
        made = run(finished, prepare(finished.recipe, root, unfit), path, name=name, most_bytes=most_bytes)
    index = made.card.training["index"]
    click.echo(f"{path}: {made.size} bytes, of them {made.index} for {index['pairs']} pairs of {index['by_corpus']}")
    click.echo(f"left out of the index: {index['left_out']}")
    click.echo(f"licence: {made.card.licence}; notices in {made.notices}")
