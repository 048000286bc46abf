"""The training itself. Broken off at any point and resumed, it ends in the weights of an unbroken run, bit for bit."""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from pathlib import Path
from typing import Final, NamedTuple

import structlog
import torch

from daemon.errors import Conflict, InvalidInput
from daemon.inference.chat.network.embeddings import word2vec_embeddings
from daemon.inference.chat.network.loss import Loss, batch_loss
from daemon.inference.chat.network.seq2seq import Seq2Seq
from daemon.inference.chat.network.weights import save_weights
from daemon.inference.chat.training.batches import Batch, EncodedPairs, Places, batches
from daemon.inference.chat.training.perplexity import bits
from daemon.inference.chat.training.progress import Observer, Outcome, Progress, Speed
from daemon.inference.chat.training.recipe import Recipe
from daemon.inference.chat.training.schedule import rate_at
from daemon.inference.chat.training.standing import Standing
from daemon.inference.checkpoints import (
    load_checkpoint,
    optimiser_tensors,
    restore_optimiser,
    save_checkpoint,
    with_room,
)
from daemon.inference.metrics_file import MetricsFile

BEST: Final = "best.safetensors"
METRICS: Final = "metrics.jsonl"
_CHANCE: Final = "chance"  # the state of torch's random numbers among the tensors of a checkpoint
_MODEL: Final = "model."

log = structlog.get_logger()


class Data(NamedTuple):
    """What is learned, what is measured, and how many pieces the vocabulary has."""

    learned: EncodedPairs
    held_out: EncodedPairs
    vocabulary: int

    @property
    def sha256(self) -> str:
        """Return a hash of all of it."""
        return f"{self.learned.sha256}-{self.held_out.sha256}-{self.vocabulary}"


class Stopped(Exception):
    """The training is to end now; what was done of a step is given up."""


def train(
    recipe: Recipe,
    data: Data,
    folder: Path,
    *,
    stop: Callable[[], bool] = lambda: False,
    observer: Observer = lambda _: None,
    steps: int | None = None,
) -> Outcome:
    """Train, from the newest checkpoint in a folder on if there is one; the best weights end in its BEST.

    stop: asked several times a step; where it says so, a checkpoint is written and the training ends. steps: at most
    so many in all. Raises Conflict where the checkpoint is of another recipe or other data, StoreCorrupt where it is
    broken, StoreFull where there is no room for the next (the last one is kept), and InvalidInput where there is
    nothing to learn or to measure, or where the loss grows beyond all numbers.
    """
    torch.set_num_threads(recipe.threads)
    if not len(data.held_out):
        raise InvalidInput("there is nothing to measure with: no held-out pair is left; raise cleaning.held_out")
    training = _Training(recipe, data, folder, stop, observer)
    return training.run(steps)


class _Training:
    def __init__(self, recipe: Recipe, data: Data, folder: Path, stop: Callable[[], bool], observer: Observer) -> None:
        self._recipe, self._data, self._folder = recipe, data, folder
        self._stop, self._observer = stop, observer
        self._standing = Standing(recipe=recipe.sha256, data=data.sha256)
        self._model, self._optimiser = self._begin()
        self._resume()
        self._metrics = MetricsFile(folder / METRICS, self._standing.step, self._standing.evaluated)
        self._order = self._batches()
        self._steps = recipe.course.epochs * len(self._order)
        self._since = time.monotonic() - self._standing.seconds
        self._speed = Speed()
        self._held_out_bits: float | None = None

    def run(self, steps: int | None) -> Outcome:
        """Go on until something ends it."""
        ended = "stopped"
        try:
            ended = self._until(steps)
        except Stopped:
            self._model.zero_grad(set_to_none=True)
        self._save()
        at = self._standing
        log.info("training.ended", why=ended, step=at.step, best_step=at.best_step, best_bits=at.best_bits)
        return Outcome(
            ended=ended, step=at.step, best_step=at.best_step, best_bits=at.best_bits, tokens=at.tokens,
            seconds=round(self._seconds(), 1),
        )  # fmt: skip

    def _until(self, steps: int | None) -> str:
        course, at = self._recipe.course, self._standing
        self._evaluate_if_due()  # a training may have been broken off in the middle of that
        while at.epoch < course.epochs and at.evaluations < course.patience:
            if steps is not None and at.step >= steps:
                return "stopped"
            self._step(self._data.learned.batch(self._order[at.batch]))
            self._evaluate_if_due()
            if at.step % course.checkpoint_every == 0:
                self._save()
        return "patience" if at.evaluations >= course.patience else "epochs"

    def _evaluate_if_due(self) -> None:
        at, course = self._standing, self._recipe.course
        due = at.step % course.evaluate_every == 0 or at.epoch == course.epochs
        if due and at.evaluated < at.step:
            self._evaluate()

    def _step(self, batch: Batch) -> None:
        """Learn a batch. What was drawn by chance is taken back when it is given up in the middle."""
        chance, how = torch.get_rng_state(), self._recipe.optimisation
        self._model.train()
        try:
            loss = batch_loss(self._model, *batch, smoothing=how.smoothing, bf16=how.bf16)
            self._optimiser.zero_grad(set_to_none=True)
            loss.minimised.backward()  # type: ignore[no-untyped-call] # torch names no types here
        except Stopped:
            torch.set_rng_state(chance)
            raise
        norm = float(torch.nn.utils.clip_grad_norm_(self._model.parameters(), how.clip))
        self._check(loss, norm)
        rate = rate_at(self._standing.step + 1, self._steps, how)
        for group in self._optimiser.param_groups:
            group["lr"] = rate
        self._optimiser.step()
        self._count(loss, norm, rate)

    def _count(self, loss: Loss, norm: float, rate: float) -> None:
        at = self._standing
        at.step += 1
        at.batch += 1
        at.tokens += loss.tokens
        self._speed.add(loss.tokens)
        if at.step % self._recipe.course.log_every == 0:
            self._metrics.write(
                step=at.step, epoch=at.epoch, bits_per_token=round(loss.bits_per_token, 6), rate=rate,
                gradient=round(norm, 6), tokens=at.tokens, seconds=round(self._seconds(), 1),
            )  # fmt: skip
        self._observer(self._progress(loss))
        if at.batch == len(self._order):
            at.epoch, at.batch = at.epoch + 1, 0
            self._order = self._batches()

    def _evaluate(self) -> None:
        at, course = self._standing, self._recipe.course
        found = bits(self._model, self._data.held_out, course.held_out_pairs, check=self._give_way)
        self._held_out_bits = found
        better = at.best_bits is None or found < at.best_bits
        if better:
            at.best_bits, at.best_step, at.evaluations = found, at.step, 0
            with with_room(self._folder / BEST):
                save_weights(self._model, self._folder / BEST, {"step": str(at.step), "bits_per_token": f"{found:.4f}"})
        else:
            at.evaluations += 1
        at.evaluated = at.step
        self._metrics.write(step=at.step, epoch=at.epoch, held_out_bits_per_token=round(found, 6), best=better)
        log.info("training.evaluated", step=at.step, bits_per_token=round(found, 4), best=better)

    def _save(self) -> None:
        at = self._standing
        at.seconds = round(self._seconds(), 3)
        tensors = {f"{_MODEL}{name}": weight for name, weight in self._model.state_dict().items()}
        tensors |= optimiser_tensors(self._model, self._optimiser)
        tensors[_CHANCE] = torch.get_rng_state()
        save_checkpoint(self._folder, at, tensors)
        log.info("training.checkpoint_saved", step=at.step)

    def _begin(self) -> tuple[Seq2Seq, torch.optim.Adam]:
        torch.manual_seed(self._recipe.seed)
        shape = self._recipe.shape_of(self._data.vocabulary)
        model = Seq2Seq(shape)
        if self._recipe.word2vec:
            learned = self._data.learned
            sentences = [learned.source(number) for number in range(len(learned))]
            model.embeddings.fill(word2vec_embeddings(sentences, shape, self._recipe.seed))
        self._listen_in(model)
        how = self._recipe.optimisation
        return model, torch.optim.Adam(model.parameters(), lr=how.learning_rate, foreach=False)

    def _listen_in(self, model: Seq2Seq) -> None:
        """Ask between the parts of a step whether it is to be given up: a whole one takes seconds where others work."""
        for part in (model.encoder, model.decoder, model.softmax):
            part.register_forward_pre_hook(lambda *_: self._give_way())
        for weight in model.parameters():
            weight.register_hook(lambda _: self._give_way())  # type: ignore[no-untyped-call] # as above

    def _resume(self) -> None:
        found = load_checkpoint(self._folder, Standing)
        if found is None:
            return
        standing, tensors = found
        for what, then, now in (
            ("recipe", standing.recipe, self._standing.recipe), ("data", standing.data, self._standing.data),
        ):  # fmt: skip
            if then != now:
                raise Conflict(
                    f"{self._folder} holds a training of another {what}; choose another folder, or delete it"
                )
        weights = {name.removeprefix(_MODEL): one for name, one in tensors.items() if name.startswith(_MODEL)}
        self._model.load_state_dict(weights)
        restore_optimiser(self._model, self._optimiser, tensors)
        torch.set_rng_state(tensors[_CHANCE])
        self._standing = standing
        log.info("training.resumed", step=standing.step, epoch=standing.epoch)

    def _batches(self) -> list[Places]:
        return batches(self._data.learned, self._recipe.batches.tokens, self._recipe.seed, self._standing.epoch)

    def _check(self, loss: Loss, norm: float) -> None:
        if not (math.isfinite(float(loss.nats)) and math.isfinite(norm)):
            step = self._standing.step + 1
            raise InvalidInput(f"step {step}: the loss is no number any more; lower learning_rate or clip")

    def _give_way(self) -> None:
        if self._stop():
            raise Stopped

    def _progress(self, loss: Loss) -> Progress:
        at = self._standing
        tokens_per_s, steps_per_s = self._speed.per_s()
        return Progress(
            step=at.step, steps=self._steps, epoch=at.epoch, tokens_per_s=tokens_per_s, steps_per_s=steps_per_s,
            bits=loss.bits_per_token, best_bits=at.best_bits, held_out_bits=self._held_out_bits,
        )  # fmt: skip

    def _seconds(self) -> float:
        return time.monotonic() - self._since
