"""`zhiban chat card`: the page about a model, out of its files and of what is measured."""

from __future__ import annotations

import asyncio
import hashlib
from pathlib import Path
from typing import TYPE_CHECKING

import click

from daemon.cli.chat_evaluate import at_most
from daemon.cli.chat_training_needs import need_training, quiet_log

if TYPE_CHECKING:
    from daemon.inference.chat.training.card import File
    from daemon.inference.chat.training.held_out_talk import Spoken
    from daemon.inference.chat.training.pairs import Pair

#: Seconds for an answer, so many that none depends on how busy the machine is.
_DEADLINE_S = 300.0
#: Of the beam for what the network alone would answer.
_WIDTH = 5


@click.command()
@click.option("--from", "folder", type=click.Path(path_type=Path, exists=True, file_okay=False), required=True,
              help="The folder of the training.")  # fmt: skip
@click.option("--model", "path", type=click.Path(path_type=Path, exists=True, dir_okay=False), required=True,
              help="The file that was packaged from it.")  # fmt: skip
@click.option("--most", type=click.IntRange(min=1), default=300, show_default=True,
              help="Pairs measured at most, in each language.")  # fmt: skip
@click.option("--replies", type=click.IntRange(min=1), default=100, show_default=True,
              help="Replies that are decoded, and turns that are answered, in each language.")  # fmt: skip
@click.option("--log", "log", type=click.Path(path_type=Path, dir_okay=False), help="Write the log of the training.")
def card(folder: Path, path: Path, most: int, replies: int, log: Path | None) -> None:
    """Write the page about a model, in Markdown, to standard output.

    Measured are the network of the training in fp32 and the model as served, on pairs that were held out; answered
    are such pairs by the whole chat system. It takes minutes.
    """
    need_training()
    import msgspec  # noqa: PLC0415 slow to import
    import torch  # noqa: PLC0415

    from daemon.inference.chat.training.card import Measured, model_card  # noqa: PLC0415
    from daemon.inference.chat.training.evaluation import decoded, evaluate  # noqa: PLC0415
    from daemon.inference.chat.training.folder import HELD_OUT, read_held_out  # noqa: PLC0415
    from daemon.inference.chat.training.held_out_talk import by_hash  # noqa: PLC0415
    from daemon.inference.chat.training.measurable import read_measurable  # noqa: PLC0415

    torch.set_num_threads(1)  # sums come out the same on any number of cores
    with quiet_log():
        file = _file(path, folder)
        held_out = read_held_out(folder / HELD_OUT)
        pairs = at_most(held_out, most)
        served = read_measurable(path)
        figures = [
            evaluate(one.model, one.tokenizer, pairs, sizes=one.sizes, replies=replies)
            for one in (read_measurable(folder), served)
        ]
        some = [pair for language in file.card.languages for pair in by_hash(held_out, language, replies)]
        alone = decoded(served.model, served.tokenizer, some, served.sizes, _WIDTH)
        answers = [
            msgspec.structs.replace(answer, network=reply)
            for answer, reply in zip(asyncio.run(_answers(path, some)), alone, strict=True)
        ]
    command = f"zhiban chat card --from FOLDER --model {path.name} --most {most} --replies {replies}"
    click.echo(model_card(file, Measured(figures[0], figures[1], answers), command), nl=False)
    if log is not None:
        log.parent.mkdir(parents=True, exist_ok=True)
        log.write_bytes(file.log)


def _file(path: Path, folder: Path) -> File:
    """Read a packaged model. Raises Conflict where it is not of the training."""
    from daemon.errors import Conflict  # noqa: PLC0415
    from daemon.inference.chat.serving.model_files import read_model  # noqa: PLC0415 slow to import
    from daemon.inference.chat.training.card import File  # noqa: PLC0415
    from daemon.inference.chat.training.finished import read_finished  # noqa: PLC0415
    from daemon.inference.chat.training.packaging import LOG  # noqa: PLC0415

    found, content = read_model(path), path.read_bytes()
    if found.card.training.get("weights_sha256") != read_finished(folder).best.sha256:
        raise Conflict(f"{path} was not packaged from the weights that are in {folder} now; package it again")
    sizes = {name: len(part) for name, part in found.contents.items()}
    return File(found.card, len(content), hashlib.sha256(content).hexdigest(), sizes, found.contents[LOG])


async def _answers(path: Path, pairs: list[Pair]) -> list[Spoken]:
    """Return what the daemon would answer, with nothing kept of films."""
    from daemon.adapters.clock import SystemClock  # noqa: PLC0415 slow to import
    from daemon.inference.chat.dialogue.choice import Choice  # noqa: PLC0415
    from daemon.inference.chat.dialogue.conversation import Conversation  # noqa: PLC0415
    from daemon.inference.chat.dialogue.sessions import Sessions  # noqa: PLC0415
    from daemon.inference.chat.loading import Loader  # noqa: PLC0415
    from daemon.inference.chat.training.held_out_talk import talked  # noqa: PLC0415
    from daemon.inference.executor import ThreadOffload  # noqa: PLC0415

    clock, offload = SystemClock(), ThreadOffload(2, 32)
    loader = Loader(None, offload)
    try:
        loaded = await loader.load(str(path), queue=8, deadline_s=_DEADLINE_S)
        sessions = Sessions(clock, most=8, turns=12, idle_s=3600.0, language="en")
        conversation = Conversation(
            loaded.parts, sessions, None, clock, name="zhiban", deadline_s=_DEADLINE_S, choice=Choice.read(),
            observe=lambda _: None,
        )  # fmt: skip
        return await talked(conversation, sessions, pairs)
    finally:
        await loader.close(1.0)
        await offload.close(1.0)
