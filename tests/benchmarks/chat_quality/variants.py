"""The variants of the network, each choice named by paper and section, and which is compared with which."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, Final, NamedTuple

from daemon.inference.chat.network.shape import Shape
from daemon.inference.chat.training.recipe import Batching, Course, Optimisation, Recipe

SEED: Final = 5
#: The network that all others are made as large as: one layer, its attention that of the model that ships.
SHAPE: Final[Mapping[str, Any]] = MappingProxyType(
    {
        "embedding": 96, "hidden": 128, "encoder_layers": 1, "decoder_layers": 1, "cell": "gru", "bidirectional": True,
        "context": "last", "handing": "luong", "score": "general", "tied": True, "dropout": 0.1,
    }
)  # fmt: skip
VOCABULARY: Final = 1000
BATCHES: Final = Batching(tokens=300, turns=1, source=24, target=32)
#: The rate falls to 0 with the last step, so that no step is better to stop at than the last.
OPTIMISATION: Final = Optimisation(learning_rate=3e-3, warmup=200, decay="linear", smoothing=0.0)
#: The weights are written once, after the last step.
COURSE: Final = Course(epochs=1, evaluate_every=1_000_000, checkpoint_every=500, held_out_pairs=50)
_WIDTHS: Final = range(32, 1024, 2)


class Variant(NamedTuple):
    """shape: what differs from SHAPE. deaf: it reads the same source before every reply: a language model of replies.

    paper: where the choice is described.
    """

    name: str
    paper: str
    shape: Mapping[str, Any] = MappingProxyType({})
    word2vec: bool = False
    deaf: bool = False
    seed: int = SEED

    def sized(self, vocabulary: int) -> Shape:
        """Return its shape, of the even width whose number of parameters is nearest to that of SHAPE."""
        wanted = Shape(**SHAPE, vocabulary=vocabulary).parameters()
        shapes = (Shape(**{**SHAPE, **self.shape, "hidden": width}, vocabulary=vocabulary) for width in _WIDTHS)
        return min(shapes, key=lambda shape: abs(shape.parameters() - wanted))

    def recipe(self, vocabulary: int) -> Recipe:
        """Return what the trainer is told."""
        hidden = self.sized(vocabulary).hidden
        return Recipe(
            name=self.name, seed=self.seed, vocabulary=VOCABULARY, word2vec=self.word2vec,
            shape={**SHAPE, **self.shape, "hidden": hidden}, batches=BATCHES, optimisation=OPTIMISATION, course=COURSE,
        )  # fmt: skip


class Comparison(NamedTuple):
    """Names of two variants; what the first is worth beside the second."""

    told: str
    ours: str
    peer: str


def _made(handing: str, context: str, paper: str, **others: str) -> Variant:
    return Variant(f"{handing}, {context}", paper, {"handing": handing, "context": context, **others})


_SUTSKEVER: Final = "Sutskever et al. (2014), section 2"
_CHO: Final = "Cho et al. (2014), section 2.2"
_BAHDANAU: Final = "Bahdanau et al. (2015), section 3.1"
_LUONG: Final = "Luong et al. (2015), sections 3 and 3.1"
_OF_LAST: Final = "C by Cho et al. (2014), appendix A.1"
_OF_ALL: Final = "C by Sennrich et al. (2017), section 2"

BASE: Final = "luong, last"
NONE: Final = "first_state, last"
PLAIN: Final = "plain RNN"
DEAF: Final = "language model"
VECTORS: Final = "luong, last, word2vec"
AGAIN: Final = "luong, last, another seed"
EVERY: Final = "every_step, last"
BAHDANAU: Final = "bahdanau, last"

VARIANTS: Final = (
    _made("luong", "last", f"{_LUONG}, general"),
    _made("first_state", "last", _SUTSKEVER),
    Variant(DEAF, "the decoder of Sutskever et al. (2014) alone", {"handing": "first_state"}, deaf=True),
    _made("bahdanau", "last", _BAHDANAU),
    _made("every_step", "last", _CHO),
    Variant(PLAIN, "Elman (1990); " + _SUTSKEVER, {"handing": "first_state", "cell": "rnn"}),
    Variant(VECTORS, "Mikolov et al. (2013), section 2.1", word2vec=True),
    _made("first_state", "transformed_last", f"{_SUTSKEVER}; {_OF_LAST}"),
    _made("first_state", "transformed_all", f"{_SUTSKEVER}; {_OF_ALL}"),
    _made("every_step", "transformed_last", f"{_CHO}; {_OF_LAST}"),
    _made("every_step", "transformed_all", f"{_CHO}; {_OF_ALL}"),
    _made("luong", "transformed_all", f"{_LUONG}; {_OF_ALL}"),
    _made("bahdanau", "transformed_all", f"{_BAHDANAU}; {_OF_ALL}"),
    Variant(AGAIN, "how much chance alone does", seed=SEED + 1),
)

COMPARISONS: Final = (
    Comparison("attention (Luong) against none", BASE, NONE),
    Comparison("attention (Bahdanau) against none", BAHDANAU, NONE),
    Comparison("attention: Luong against Bahdanau", BASE, BAHDANAU),
    Comparison("C at every step against first state alone", EVERY, NONE),
    Comparison("first state: transform of last state against last state", "first_state, transformed_last", NONE),
    Comparison("first state: transform of all states against last state", "first_state, transformed_all", NONE),
    Comparison("every step: transform of last state against last state", "every_step, transformed_last", EVERY),
    Comparison("every step: transform of all states against last state", "every_step, transformed_all", EVERY),
    Comparison("Luong: transform of all states against last state", "luong, transformed_all", BASE),
    Comparison("Bahdanau: transform of all states against last state", "bahdanau, transformed_all", BAHDANAU),
    Comparison("GRU with attention (Luong) against a plain RNN", BASE, PLAIN),
    Comparison("GRU against a plain RNN, both without attention", NONE, PLAIN),
    Comparison("attention (Luong) against a language model without source", BASE, DEAF),
    Comparison("first state against a language model without source", NONE, DEAF),
    Comparison("word2vec embeddings against random ones", VECTORS, BASE),
    Comparison("the same with another seed", AGAIN, BASE),
)  # fmt: skip
