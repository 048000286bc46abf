"""Recipes: all that a training is told, so that whoever has the corpora gets the same model."""

from __future__ import annotations

import hashlib
import tomllib
from collections.abc import Iterable
from importlib.resources import files
from pathlib import Path
from typing import Final, Literal, TypeAlias

import msgspec

from daemon.errors import InvalidInput, NotFound, UnreadableFile
from daemon.inference.chat.network.shape import Shape
from daemon.inference.chat.sources import TOKENS, TURNS
from daemon.inference.chat.training.cleaning import Limits
from daemon.inference.chat.training.pairs import Balance

Decay: TypeAlias = Literal["constant", "inverse_sqrt", "linear"]
Part: TypeAlias = dict[str, int | float | str | bool]


class Ingredient(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A corpus. name: of a known one, or a path. sha256: of all its files; "" where any content is meant.

    repeat: how often each of its pairs is learned in an epoch. held_out_only: measured with and never learned.
    """

    name: str
    sha256: str = ""
    repeat: int = 1
    held_out_only: bool = False


class Batching(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """tokens: of the replies of a batch. turns, source: the most turns and tokens that are read; target: of a reply."""

    tokens: int = 1024
    turns: int = TURNS
    source: int = TOKENS
    target: int = 32


class Optimisation(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Adam (Kingma and Ba, 2015). warmup: steps in which the rate rises from 0 (Vaswani et al., 2017, section 5.3).

    decay: to what the rate falls afterwards; "linear" reaches 0 with the last epoch. smoothing: of labels. clip: the
    greatest norm of the gradient (Pascanu et al., 2013, section 3.2). bf16: products in bfloat16.
    """

    learning_rate: float = 1e-3
    warmup: int = 400
    decay: Decay = "inverse_sqrt"
    smoothing: float = 0.1
    clip: float = 1.0
    bf16: bool = False


class Course(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """epochs: at most so many. evaluate_every, checkpoint_every, log_every: steps.

    patience: evaluations without a better one after which it ends. held_out_pairs: at most so many are measured then.
    """

    epochs: int = 20
    evaluate_every: int = 500
    checkpoint_every: int = 500
    log_every: int = 10
    patience: int = 10
    held_out_pairs: int = 2000


class Recipe(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """vocabulary: pieces at most. shape: as network.Shape, without its vocabulary. threads: of torch."""

    name: str
    seed: int = 1
    threads: int = 1
    vocabulary: int = 8000
    word2vec: bool = False
    shape: Part = msgspec.field(default_factory=dict)
    batches: Batching = Batching()
    optimisation: Optimisation = Optimisation()
    course: Course = Course()
    cleaning: Limits = Limits()
    balance: Balance = Balance()
    corpora: tuple[Ingredient, ...] = ()

    def __post_init__(self) -> None:
        if faults := [
            f"{path} is {given!r}, and must be {told}" for path, given, holds, told in self._must() if not holds
        ]:
            raise InvalidInput("a recipe cannot say this: " + "; ".join(faults))
        self.shape_of(self.vocabulary)

    @property
    def sha256(self) -> str:
        """Return a hash of all that it says."""
        return hashlib.sha256(msgspec.json.encode(self, order="sorted")).hexdigest()

    def shape_of(self, vocabulary: int) -> Shape:
        """Return the shape of its network. Raises InvalidInput."""
        if foreign := self.shape.keys() - set(Shape.__struct_fields__) | self.shape.keys() & {"vocabulary"}:
            raise InvalidInput(f"the recipe's shape: no key is named {', '.join(sorted(foreign))}")
        try:
            return msgspec.convert({**self.shape, "vocabulary": vocabulary}, Shape)
        except msgspec.ValidationError as error:
            raise InvalidInput(f"the recipe's shape: {error}") from error

    def _must(self) -> list[tuple[str, float, bool, str]]:
        batches, course, optimisation = self.batches, self.course, self.optimisation
        counts = {
            "threads": self.threads, "batches.tokens": batches.tokens, "batches.turns": batches.turns,
            "batches.source": batches.source, "course.epochs": course.epochs, "course.patience": course.patience,
            "course.evaluate_every": course.evaluate_every, "course.checkpoint_every": course.checkpoint_every,
            "course.log_every": course.log_every, "course.held_out_pairs": course.held_out_pairs,
            **{f"corpora[{n}].repeat": one.repeat for n, one in enumerate(self.corpora)},
        }  # fmt: skip
        shares = {
            "optimisation.smoothing": optimisation.smoothing, "cleaning.held_out": self.cleaning.held_out,
            "balance.bland": self.balance.bland, "balance.most_of_one": self.balance.most_of_one,
        }  # fmt: skip
        rate, clip = optimisation.learning_rate, optimisation.clip
        return [
            *((path, given, given >= 1, "at least 1") for path, given in counts.items()),
            *((path, given, 0 <= given <= 1, "from 0 to 1") for path, given in shares.items()),
            ("seed", self.seed, 0 <= self.seed < 2**32, "from 0 to 4294967295"),
            ("batches.target", batches.target, batches.target >= 3, "at least 3, begin and end included"),
            ("optimisation.warmup", optimisation.warmup, optimisation.warmup >= 0, "at least 0"),
            ("optimisation.learning_rate", rate, 0 < rate <= 1, "more than 0 and at most 1"),
            ("optimisation.clip", clip, 0 < clip < float("inf"), "more than 0"),
        ]


def read_recipe(name: str) -> Recipe:
    """Return a recipe of the package by name ("shipped"), or one in a TOML file.

    Raises NotFound, UnreadableFile where it is no TOML, and InvalidInput that says which key cannot be.
    """
    try:
        return msgspec.convert(tomllib.loads(_text(name)), Recipe)
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise UnreadableFile(f"{name}: not TOML: {error}") from error
    except (msgspec.ValidationError, InvalidInput) as error:
        raise InvalidInput(f"{name}: {error}") from error


def with_corpora(recipe: Recipe, names: Iterable[str]) -> Recipe:
    """Return a recipe with other corpora, by their names or paths; no path depends on where one stands."""
    found = [str(Path(name).resolve()) if Path(name).is_file() else name for name in names]
    return msgspec.structs.replace(recipe, corpora=tuple(Ingredient(name=name) for name in found))


def recipe_names() -> list[str]:
    """Return the names of the recipes of the package."""
    return sorted(path.name.removesuffix(_ENDING) for path in _FOLDER.iterdir() if path.name.endswith(_ENDING))


_ENDING: Final = ".toml"
_FOLDER: Final = files(__package__).joinpath("recipes")


def _text(name: str) -> str:
    if name in recipe_names():
        return _FOLDER.joinpath(name + _ENDING).read_text(encoding="utf-8")
    path = Path(name)
    if not path.is_file():
        raise NotFound(f"{name} is neither a file nor a recipe of the package; there are {', '.join(recipe_names())}")
    return path.read_text(encoding="utf-8")
