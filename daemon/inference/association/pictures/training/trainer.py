"""The training itself. Broken off at any point and resumed, it ends in the weights of an unbroken run, bit for bit.

All chance comes from numbers that a step is counted by, so that no state of it has to be kept.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from pathlib import Path
from typing import Final

import numpy as np
import structlog
import torch
from numpy.typing import NDArray
from safetensors.torch import save
from torch import Tensor, nn

from daemon.errors import Conflict, InvalidInput
from daemon.inference.association.pictures.osnet import EMBEDDING, OSNet
from daemon.inference.association.pictures.preparation import Preparation, unit
from daemon.inference.association.pictures.training.augmentation import erase, varied
from daemon.inference.association.pictures.training.crops import Crops, Gathered
from daemon.inference.association.pictures.training.losses import Loss, batch_loss
from daemon.inference.association.pictures.training.progress import Observer, Outcome, Progress, Standing
from daemon.inference.association.pictures.training.recipe import Recipe
from daemon.inference.association.pictures.training.retrieval import Retrieval, retrieval
from daemon.inference.association.pictures.training.sampler import batches
from daemon.inference.checkpoints import (
    load_checkpoint,
    optimiser_tensors,
    replace_file,
    restore_optimiser,
    save_checkpoint,
)
from daemon.inference.metrics_file import MetricsFile

BEST: Final = "best.safetensors"
METRICS: Final = "metrics.jsonl"
_MEASURED_AT_A_TIME: Final = 32
_MODEL: Final = "model."

log = structlog.get_logger()


class Stopped(Exception):
    """The training is to end now; what was done of a step is given up."""


class Learner(nn.Module):
    """The network with a classifier of the people that are learned, which is left out of what is written."""

    def __init__(self, network: OSNet, people: int) -> None:
        super().__init__()
        self.network = network
        self.classifier = nn.Linear(EMBEDDING, people)
        nn.init.normal_(self.classifier.weight, std=0.01)
        nn.init.zeros_(self.classifier.bias)

    def forward(self, pictures: Tensor) -> tuple[Tensor, Tensor]:
        """(B, 3, H, W) -> vectors (B, 512) and scores (B, people)."""
        vectors = self.network(pictures)
        return vectors, self.classifier(vectors)


def train(
    recipe: Recipe,
    data: Gathered,
    folder: Path,
    *,
    start: OSNet | None = None,
    stop: Callable[[], bool] = lambda: False,
    observer: Observer = lambda _: None,
    steps: int | None = None,
) -> Outcome:
    """Train, from the newest checkpoint in a folder on if there is one; the best weights end in its BEST.

    start: the network to begin with, as recipe.start says. stop: asked several times a step; where it says so, a
    checkpoint is written and the training ends. steps: at most so many in all. Raises Conflict where the checkpoint is
    of another recipe or other crops, StoreCorrupt where it is broken, StoreFull where there is no room for the next
    (the last one is kept), and InvalidInput where the loss grows beyond all numbers.
    """
    torch.set_num_threads(1)  # two on a busy machine of two cores take 40 times as long
    return _Training(recipe, data, folder, start, stop, observer).run(steps)


def embedded(network: OSNet, crops: Crops, prepare: Preparation, check: Callable[[], None]) -> NDArray[np.float32]:
    """Return unit vectors (n, 512) of all crops. check: called between batches; may raise."""
    network.eval()
    parts = []
    with torch.inference_mode():
        for begin in range(0, len(crops), _MEASURED_AT_A_TIME):
            check()
            numbers = range(begin, min(begin + _MEASURED_AT_A_TIME, len(crops)))
            prepared = prepare([crops.picture(number) for number in numbers])
            parts.append(network(torch.from_numpy(prepared)).numpy())
    return unit(np.concatenate(parts))


def rate_at(step: int, steps: int, warmup: int, highest: float) -> float:
    """Return the learning rate of a step, counted from 1: rising over `warmup` steps, then along half a cosine."""
    if step <= warmup:
        return highest * step / warmup
    return highest * 0.5 * (1 + math.cos(math.pi * (step - 1 - warmup) / max(1, steps - warmup)))


class _Training:
    def __init__(
        self, recipe: Recipe, data: Gathered, folder: Path, start: OSNet | None, stop: Callable[[], bool],
        observer: Observer,
    ) -> None:  # fmt: skip
        self._recipe, self._data, self._folder = recipe, data, folder
        self._stop, self._observer = stop, observer
        self._prepare = Preparation(recipe.manifest("0" * 64, "none"))
        self._standing = Standing(recipe=recipe.sha256, data=data.sha256)
        torch.manual_seed(recipe.seed)
        self._learner = Learner(start or OSNet(recipe.architecture), len(data.learned.people))
        self._optimiser = torch.optim.AdamW(
            self._learner.parameters(), lr=recipe.rate, weight_decay=recipe.decay, foreach=False
        )
        self._resume()
        self._listen_in()
        self._metrics = MetricsFile(folder / METRICS, self._standing.step, self._standing.evaluated)
        self._order = self._batches()
        self._a_epoch = len(self._order)
        self._since = time.monotonic() - self._standing.seconds
        self._learning_s, self._learned_now = 0.0, 0
        self._held_out: Retrieval | None = None

    def run(self, steps: int | None) -> Outcome:
        """Go on until something ends it."""
        ended = "stopped"
        try:
            ended = self._until(steps)
        except Stopped:
            self._learner.zero_grad(set_to_none=True)
        self._save()
        at = self._standing
        log.info("embedder_training.ended", why=ended, step=at.step, best_step=at.best_step, best_ap=at.best_ap)
        return Outcome(
            ended=ended, step=at.step, best_step=at.best_step, best_ap=at.best_ap, best_rank1=at.best_rank1,
            images=at.images, seconds=round(self._seconds(), 1),
        )  # fmt: skip

    def _until(self, steps: int | None) -> str:
        at, recipe = self._standing, self._recipe
        self._evaluate_if_due()  # a training may have been broken off in the middle of that
        while at.epoch < recipe.epochs and at.evaluations < recipe.patience:
            if steps is not None and at.step >= steps:
                return "stopped"
            self._give_way()
            self._step(self._order[at.batch])
            self._evaluate_if_due()
            if at.step % recipe.checkpoint_every == 0:
                self._save()
        return "patience" if at.evaluations >= recipe.patience else "epochs"

    def _step(self, numbers: NDArray[np.int64]) -> None:
        """Learn a batch. What the layers counted is taken back when it is given up in the middle."""
        begun = time.monotonic()
        counted = {name: buffer.clone() for name, buffer in self._learner.named_buffers()}
        self._learner.train()
        try:
            loss = self._loss(numbers)
            self._optimiser.zero_grad(set_to_none=True)
            loss.minimised.backward()  # type: ignore[no-untyped-call] # torch names no types here
        except Stopped:
            for name, buffer in self._learner.named_buffers():
                buffer.copy_(counted[name])
            raise
        self._check(loss)
        warmup, steps = self._recipe.warmup * self._a_epoch, self._recipe.epochs * self._a_epoch
        rate = rate_at(self._standing.step + 1, steps, warmup, self._recipe.rate)
        for group in self._optimiser.param_groups:
            group["lr"] = rate
        self._optimiser.step()
        self._learning_s += time.monotonic() - begun
        self._learned_now += len(numbers)
        self._count(loss, len(numbers), rate)

    def _loss(self, numbers: NDArray[np.int64]) -> Loss:
        at, recipe, learned = self._standing, self._recipe, self._data.learned
        chances = [np.random.default_rng([recipe.seed, at.epoch, at.batch, place]) for place in range(len(numbers))]
        pictures = [
            varied(learned.picture(int(number)), recipe.augmentation, chance)
            for number, chance in zip(numbers, chances, strict=True)
        ]
        prepared = self._prepare(pictures)
        for one, chance in zip(prepared, chances, strict=True):
            erase(one, recipe.augmentation.erase, chance)
        vectors, scores = self._learner(torch.from_numpy(prepared))
        people = torch.from_numpy(learned.identities[numbers])
        return batch_loss(vectors, scores, people, smoothing=recipe.smoothing, margin=recipe.margin)

    def _count(self, loss: Loss, images: int, rate: float) -> None:
        at = self._standing
        at.step += 1
        at.batch += 1
        at.images += images
        self._metrics.write(
            step=at.step, epoch=at.epoch, loss=round(loss.minimised.item(), 6), identity=round(loss.identity.item(), 6),
            triplet=round(loss.triplet.item(), 6), right=round(loss.right.item(), 4), rate=rate,
            seconds=round(self._seconds(), 1),
        )  # fmt: skip
        self._observer(self._progress(loss))
        if at.batch == len(self._order):
            at.epoch, at.batch = at.epoch + 1, 0
            self._order = self._batches()

    def _evaluate_if_due(self) -> None:
        at = self._standing
        if at.batch == 0 and at.evaluated < at.step:
            self._evaluate()

    def _evaluate(self) -> None:
        at, held_out = self._standing, self._data.held_out
        vectors = embedded(self._learner.network, held_out, self._prepare, self._give_way)
        found = self._held_out = retrieval(vectors, held_out.identities, held_out.cameras)
        better = at.best_ap is None or found.mean_ap > at.best_ap
        if better:
            at.best_ap, at.best_rank1, at.best_step, at.evaluations = found.mean_ap, found.rank1, at.step, 0
            weights = {name: one.contiguous() for name, one in self._learner.network.state_dict().items()}
            replace_file(self._folder / BEST, save(weights))
        else:
            at.evaluations += 1
        at.evaluated = at.step
        rank1, mean_ap = round(found.rank1, 4), round(found.mean_ap, 4)
        self._metrics.write(step=at.step, epoch=at.epoch, best=better, held_out_rank1=rank1, held_out_mean_ap=mean_ap)
        log.info("embedder_training.evaluated", step=at.step, best=better, rank1=rank1, mean_ap=mean_ap)

    def _save(self) -> None:
        at = self._standing
        at.seconds = round(self._seconds(), 3)
        tensors = {f"{_MODEL}{name}": weight for name, weight in self._learner.state_dict().items()}
        save_checkpoint(self._folder, at, tensors | optimiser_tensors(self._learner, self._optimiser))

    def _resume(self) -> None:
        found = load_checkpoint(self._folder, Standing)
        if found is None:
            return
        standing, tensors = found
        for what, then, now in (
            ("recipe", standing.recipe, self._standing.recipe), ("crops", standing.data, self._standing.data),
        ):  # fmt: skip
            if then != now:
                told = "the same are needed to go on; choose another folder, or delete it"
                raise Conflict(f"{self._folder} holds a training of another recipe or other crops ({what}): {told}")
        weights = {name.removeprefix(_MODEL): one for name, one in tensors.items() if name.startswith(_MODEL)}
        self._learner.load_state_dict(weights)
        restore_optimiser(self._learner, self._optimiser, tensors)
        self._standing = standing
        log.info("embedder_training.resumed", step=standing.step, epoch=standing.epoch)

    def _listen_in(self) -> None:
        """Ask between the parts of a step whether it is to be given up: a whole one takes seconds where others work."""
        for part in self._learner.modules():
            if not list(part.children()):
                part.register_forward_pre_hook(lambda *_: self._give_way())
        for weight in self._learner.parameters():
            weight.register_hook(lambda _: self._give_way())  # type: ignore[no-untyped-call] # as above

    def _batches(self) -> list[NDArray[np.int64]]:
        recipe, epoch = self._recipe, self._standing.epoch
        return batches(self._data.learned.identities, recipe.people, recipe.pictures, (recipe.seed, epoch))

    def _check(self, loss: Loss) -> None:
        if not math.isfinite(loss.minimised.item()):
            raise InvalidInput(f"step {self._standing.step + 1}: the loss is no number any more; lower the rate")

    def _give_way(self) -> None:
        if self._stop():
            raise Stopped

    def _progress(self, loss: Loss) -> Progress:
        at = self._standing
        speed = self._learned_now / self._learning_s if self._learning_s else 0.0
        steps = self._recipe.epochs * self._a_epoch
        a_step = at.images / at.step
        return Progress(
            step=at.step, steps=steps, epoch=at.epoch, images_per_s=speed,
            left_s=(steps - at.step) * a_step / speed if speed else 0.0,
            loss=loss.minimised.item(), right=loss.right.item(), held_out=self._held_out,
        )  # fmt: skip

    def _seconds(self) -> float:
        return time.monotonic() - self._since
