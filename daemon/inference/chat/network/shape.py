"""The shape of a network: everything that its weights do not say. It knows no torch, so that serving may read it."""

from __future__ import annotations

from typing import Final, Literal, TypeAlias, get_args

import msgspec

from daemon.errors import InvalidInput

Cell: TypeAlias = Literal["gru", "lstm", "rnn"]
ContextName: TypeAlias = Literal["last", "transformed_last", "transformed_all"]
HandingName: TypeAlias = Literal["first_state", "every_step", "bahdanau", "luong"]
Score: TypeAlias = Literal["dot", "general"]

#: Products with the state that one cell makes in a step.
GATES: Final[dict[Cell, int]] = {"gru": 3, "lstm": 4, "rnn": 1}
#: The least and the most of each number, wide enough for anything that a CPU can train.
LIMITS: Final = {
    "vocabulary": (2, 1_000_000),
    "embedding": (1, 4_096),
    "hidden": (1, 8_192),
    "encoder_layers": (1, 16),
    "decoder_layers": (1, 16),
}
CHOICES: Final = {"cell": Cell, "context": ContextName, "handing": HandingName, "score": Score}


class Shape(msgspec.Struct, frozen=True, kw_only=True):
    """Sizes and choices. Raises InvalidInput that lists every field that cannot be.

    vocabulary: tokens. embedding: numbers that stand for a token, and that stand before the softmax. hidden: width of
    the decoder's state and of the encoder's, both directions together. cell: "rnn" is the network of Elman (1990).
    context: how the semantic vector C is made of the encoder's states, see contexts.py. handing: how it is handed to
    the decoder, see handings.py. score: of the handing "luong" alone. tied: the softmax uses the embeddings (Press and
    Wolf, 2017). dropout: the share of numbers set to zero in training (Zaremba et al., 2014).
    """

    vocabulary: int
    embedding: int = 300
    hidden: int = 512
    encoder_layers: int = 2
    decoder_layers: int = 2
    cell: Cell = "gru"
    bidirectional: bool = True
    context: ContextName = "last"
    handing: HandingName = "luong"
    score: Score = "general"
    tied: bool = True
    dropout: float = 0.2

    def __post_init__(self) -> None:
        faults = (*self._numbers(), *self._choices(), *self._flags(), *self._dropout())
        if faults:
            told = "; ".join(f"{field} {problem}" for field, problem in faults)
            raise InvalidInput(f"a network cannot have this shape: {told}", tuple(faults))

    @property
    def direction(self) -> int:
        """Return the width of the encoder's state in one direction."""
        return self.hidden // 2 if self.bidirectional else self.hidden

    @property
    def gates(self) -> int:
        """Return how many products with the state a cell makes in a step."""
        return GATES[self.cell]

    @property
    def fed(self) -> int:
        """Return how many numbers the decoder reads at every step beside the embedding."""
        return self.hidden if self.handing in {"every_step", "bahdanau"} else 0

    @property
    def features(self) -> int:
        """Return how many numbers the projection before the softmax reads."""
        return {
            "first_state": self.hidden,
            "every_step": 2 * self.hidden + self.embedding,
            "bahdanau": 2 * self.hidden + self.embedding,
            "luong": 2 * self.hidden,
        }[self.handing]

    def parameters(self) -> int:
        """Return how many numbers are learned; tied embeddings count once."""
        embeddings = self.vocabulary * self.embedding * (1 if self.tied else 2) + self.vocabulary
        return embeddings + self._encoder() + self._context() + self._decoder()

    def _encoder(self) -> int:
        directions = 2 if self.bidirectional else 1
        inputs = [self.embedding, *[self.direction * directions] * (self.encoder_layers - 1)]
        return directions * sum(self._layer(width, self.direction) for width in inputs)

    def _context(self) -> int:
        if self.context == "last":
            return 0
        states = (2 if self.cell == "lstm" else 1) * self.decoder_layers * self.hidden
        return (self.hidden + 1) * (self.hidden + states)

    def _decoder(self) -> int:
        inputs = [self.embedding + self.fed, *[self.hidden] * (self.decoder_layers - 1)]
        layers = sum(self._layer(width, self.hidden) for width in inputs)
        return layers + self._attention() + (self.features + 1) * self.embedding

    def _attention(self) -> int:
        if self.handing == "bahdanau":
            return 2 * self.hidden**2 + 2 * self.hidden
        return self.hidden**2 if self.handing == "luong" and self.score == "general" else 0

    def _layer(self, width: int, hidden: int) -> int:
        return self.gates * hidden * (width + hidden + 2)

    def _numbers(self) -> list[tuple[str, str]]:
        wrong = [
            (field, f"is {given!r}, and must be a whole number from {least} to {most}")
            for field, (least, most) in LIMITS.items()
            if type(given := getattr(self, field)) is not int or not least <= given <= most
        ]
        if not wrong and self.bidirectional is True and self.hidden % 2:
            return [("hidden", f"is {self.hidden}, and must be even to be shared by two directions")]
        return wrong

    def _choices(self) -> list[tuple[str, str]]:
        return [
            (field, f"is {getattr(self, field)!r}, and must be one of {', '.join(get_args(choice))}")
            for field, choice in CHOICES.items()
            if getattr(self, field) not in get_args(choice)
        ]

    def _flags(self) -> list[tuple[str, str]]:
        flags = ("bidirectional", "tied")
        return [(f, "must be true or false") for f in flags if type(getattr(self, f)) is not bool]

    def _dropout(self) -> list[tuple[str, str]]:
        if type(self.dropout) in {int, float} and 0 <= self.dropout < 1:
            return []
        return [("dropout", f"is {self.dropout!r}, and must be at least 0 and less than 1")]
