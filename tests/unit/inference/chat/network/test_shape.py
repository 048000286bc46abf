"""A shape knows no torch, and says what is wrong with it."""

import itertools
import subprocess
import sys

import msgspec
import pytest

from daemon.errors import InvalidInput
from daemon.inference.chat.network.shape import Shape


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("vocabulary", 0), ("vocabulary", -5), ("vocabulary", 10**9), ("vocabulary", True), ("vocabulary", 12.0),
        ("vocabulary", "12"), ("embedding", 0), ("hidden", 0), ("hidden", 511), ("encoder_layers", 0),
        ("decoder_layers", 99), ("cell", "GRU"), ("cell", ["gru"]), ("cell", None), ("context", "first"),
        ("handing", ""), ("score", "concat"), ("tied", 1), ("bidirectional", "yes"), ("dropout", 1.0),
        ("dropout", -0.1), ("dropout", float("nan")), ("dropout", "0.1"),
    ],
)  # fmt: skip
def test_what_cannot_be_is_told_by_its_name(field: str, value: object) -> None:
    with pytest.raises(InvalidInput, match=field) as raised:
        Shape(**{"vocabulary": 100, field: value})  # type: ignore[arg-type]  # whole kinds of wrong values

    assert [name for name, _ in raised.value.faults] == [field]


def test_all_faults_are_told_at_once() -> None:
    with pytest.raises(InvalidInput) as raised:
        Shape(vocabulary=0, hidden=-1, cell="elman", dropout=2)  # type: ignore[arg-type]  # that is the point

    assert [name for name, _ in raised.value.faults] == ["vocabulary", "hidden", "cell", "dropout"]


def test_an_odd_width_is_right_in_one_direction() -> None:
    assert Shape(vocabulary=10, hidden=511, bidirectional=False).direction == 511


def test_the_shape_of_the_research_has_nine_million_parameters() -> None:
    assert Shape(vocabulary=12_000).parameters() == 9_047_692


def test_a_shape_is_the_same_after_a_file() -> None:
    for cell, handing in itertools.product(("gru", "lstm", "rnn"), ("first_state", "luong")):
        shape = Shape(vocabulary=7, cell=cell, handing=handing)  # type: ignore[arg-type]  # product() widens
        assert msgspec.json.decode(msgspec.json.encode(shape), type=Shape) == shape


def test_whoever_serves_reads_a_shape_without_torch() -> None:
    code = "import sys, daemon.inference.chat.network.shape; sys.exit('torch' in sys.modules)"

    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
