"""From the folder of a training to the one file that the daemon loads: graphs, vocabulary, index, log, notices."""

from __future__ import annotations

import hashlib
import os
import platform
import tempfile
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from importlib.metadata import version
from pathlib import Path
from typing import Any, Final

import msgspec

from daemon.errors import Conflict, InvalidInput, NotFound
from daemon.inference.chat.loading import RETRIEVAL
from daemon.inference.chat.retrieval import Retrieval
from daemon.inference.chat.serving.model_files import Card, write_model
from daemon.inference.chat.serving.models import load_model
from daemon.inference.chat.training.attribution import licence_of, notices_of
from daemon.inference.chat.training.batches import encoded
from daemon.inference.chat.training.export import export
from daemon.inference.chat.training.finished import Finished
from daemon.inference.chat.training.folder import sizes_of
from daemon.inference.chat.training.index_choice import best_first, chosen
from daemon.inference.chat.training.pairs import Pair
from daemon.inference.chat.training.preparation import Prepared
from daemon.inference.chat.training.retrieval_index import build_index
from daemon.inference.chat.training.trainer import Data
from daemon.inference.checkpoints import with_room

#: Bytes of a packaged model: 16 MB.
MOST_BYTES: Final = 16_000_000
NOTICES: Final = "notices.txt"
LOG: Final = "training-log.jsonl"
#: Names that a zip tells of, its directory and the card, beside what is packed in it.
_AROUND: Final = 8_192
_PACKAGES: Final = ("numpy", "onnx", "opencc", "safetensors", "sentencepiece", "torch")


class Packaged(msgspec.Struct, frozen=True, kw_only=True):
    """A file that was written. notices: the file beside it. size: bytes; index: those of the index of replies."""

    card: Card
    notices: Path
    size: int
    index: int


def package(
    finished: Finished, prepared: Prepared, path: Path, *, name: str = "", most_bytes: int = MOST_BYTES
) -> Packaged:
    """Write a model of a training, after it was loaded again and spoke; the same training gives the same bytes.

    prepared: what the recipe's corpora are today, which must be what was learned. name: "" for that of the recipe.
    most_bytes: of the file, for which the index gives up pairs. Beside the file its notices are written. Killed in the
    middle, it leaves what was there. Raises Conflict for corpora that are not what was learned; InvalidInput where the
    network alone takes more, or for weights that cannot be served; StoreFull where there is no room.
    """
    _check_learned(finished, prepared)
    contents = _without_index(finished, prepared)
    with with_room(path), tempfile.TemporaryDirectory(dir=path.parent, prefix=f".{path.name}.") as folder:
        trial = Path(folder) / path.name
        left = most_bytes - _AROUND - _written(trial, _card(finished, prepared, name, {}), contents)
        index, facts = _index(prepared.learned, left)
        card = write_model(trial, _card(finished, prepared, name, facts), {**contents, RETRIEVAL: index})
        size = trial.stat().st_size
        if size > most_bytes:
            raise InvalidInput(f"{path}: the model takes {size} bytes, which are more than {most_bytes}")
        Retrieval(load_model(trial).files[RETRIEVAL])
        notices = path.with_suffix(f".{NOTICES}")
        beside = Path(folder) / NOTICES
        beside.write_bytes(contents[NOTICES])
        beside.replace(notices)
        trial.replace(path)
    return Packaged(card=card, notices=notices, size=size, index=len(index))


def writable(path: Path) -> None:
    """Raise NotFound where a file has no folder, and InvalidInput where none can be written there."""
    if not path.parent.is_dir():
        raise NotFound(f"{path}: there is no folder {path.parent}")
    if not os.access(path.parent, os.W_OK | os.X_OK):
        raise InvalidInput(f"{path}: nothing may be written in {path.parent}")


def _check_learned(finished: Finished, prepared: Prepared) -> None:
    sizes, tokenizer = sizes_of(finished.recipe), finished.tokenizer
    learned, held_out = (encoded(some, tokenizer, sizes, Counter()) for some in (prepared.learned, prepared.held_out))
    found = Data(learned, held_out, tokenizer.size).sha256
    if found != finished.standing.data:
        raise Conflict(
            f"the corpora, or how they are cleaned, are not what this training learned from: their hash is {found}, "
            f"and {finished.standing.data} is in its checkpoint"
        )


def _without_index(finished: Finished, prepared: Prepared) -> dict[str, bytes]:
    weights = {name: weight.numpy() for name, weight in finished.model.state_dict().items()}
    graphs = export(weights, finished.model.shape)
    return {
        "tokenizer.model": finished.vocabulary,
        "encoder.onnx": graphs.encoder,
        "step.onnx": graphs.step,
        "embeddings.bin": graphs.embeddings.tobytes(),
        NOTICES: notices_of(prepared.report.sources).encode(),
        LOG: finished.log,
    }


def _written(trial: Path, card: Card, contents: Mapping[str, bytes]) -> int:
    write_model(trial, card, contents)
    return trial.stat().st_size


def _index(learned: Iterable[Pair], most_bytes: int) -> tuple[bytes, dict[str, Any]]:
    """Return an index of at most so many bytes, and what is to be known of it."""
    counts: Counter[str] = Counter()
    pairs = chosen(dict.fromkeys(learned), counts)
    index, kept = _thinned(pairs, most_bytes)
    counts["no room"] = len(pairs) - len(kept)
    by_corpus = Counter(pair.corpus for pair in kept)
    return index, {"pairs": len(kept), "by_corpus": dict(by_corpus), "left_out": dict(sorted(counts.items()))}


def _thinned(pairs: Sequence[Pair], most_bytes: int) -> tuple[bytes, Sequence[Pair]]:
    """Return an index, and the pairs that it holds: the best ones, as many as there is room for."""
    order, count = best_first(pairs), len(pairs)
    while count > 0:
        kept = [pairs[place] for place in sorted(order[:count])]  # those of one conversation side by side
        index = build_index((pair.context, pair.reply) for pair in kept)
        if len(index) <= most_bytes:
            return index, kept
        # bytes grow a little more slowly than pairs; the last hundredth is given up rather than looked for
        count = min(count - 1, int(count * most_bytes / len(index) * 0.99))
    raise InvalidInput(f"the network alone leaves no room for an index of replies: {most_bytes} bytes are left")


def _card(finished: Finished, prepared: Prepared, name: str, index: Mapping[str, Any]) -> Card:
    sources = prepared.report.sources
    languages = {pair.language for pair in prepared.learned}
    return Card(
        name=name or finished.recipe.name,
        shape=finished.model.shape,
        precision="int8",
        languages=tuple(one for one in ("en", "zh") if one in languages),
        licence=licence_of(sources),
        training=msgspec.json.decode(msgspec.json.encode({**_facts(finished, prepared), "index": index})),
    )


def _facts(finished: Finished, prepared: Prepared) -> dict[str, Any]:
    recipe, standing, report = finished.recipe, finished.standing, prepared.report
    return {
        "recipe": recipe,
        "recipe_sha256": recipe.sha256,
        "data_sha256": standing.data,
        "seed": recipe.seed,
        "step": finished.best.step,
        "bits_per_token": finished.best.bits_per_token,
        "weights_sha256": finished.best.sha256,
        "steps": standing.step,
        "epochs": standing.epoch,
        "tokens": standing.tokens,
        "seconds": standing.seconds,
        "parameters": sum(weight.numel() for weight in finished.model.parameters()),
        "redistributable": all(source.redistributable for source in report.sources),
        "sources": report.sources,
        "learned": report.learned,
        "held_out": report.held_out,
        "cleaning": report.counts,
        "log_sha256": hashlib.sha256(finished.log).hexdigest(),
        "versions": {"python": platform.python_version(), **{one: version(one) for one in _PACKAGES}},
    }
