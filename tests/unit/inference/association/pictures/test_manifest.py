"""The manifest: what must be said of a file of weights, and what contradicts itself."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import pytest

pytest.importorskip("numpy")

from daemon.errors import InvalidInput, NotFound, UnreadableFile
from daemon.inference.association.pictures.manifest import Manifest, read_manifest, written_manifest
from daemon.inference.association.pictures.weight_file import read_weight_file
from tests.unit.inference.association.pictures.network_kit import manifest, write

TOML = """
name = "site-a"
architecture = "osnet_x0_25"
sha256 = "{sha256}"
licence = "MIT"
height = 256
width = 128
colour = "RGB"
scale = "0-1"
mean = [0.485, 0.456, 0.406]
std = [0.229, 0.224, 0.225]
{more}
"""
CALIBRATION = """
[calibration]
cosines = [0.2, 0.5, 0.8]
llr = [-5, 0.0, 6.5]
same = {mean = 0.8, sd = 0.1, pairs = 900}
different = {mean = 0.3, sd = 0.2, pairs = 9000}
"""


def toml(folder: Path, more: str = "", **replaced: str) -> Path:
    text = TOML.format(sha256="a" * 64, more=more)
    for key, value in replaced.items():
        before = next(line for line in text.splitlines() if line.startswith(f"{key} ="))
        text = text.replace(before, f"{key} = {value}" if value else "")
    path = folder / "w.onnx.toml"
    path.write_text(text)
    return path


def test_toml_and_json_say_the_same(tmp_path: Path) -> None:
    found = read_manifest(toml(tmp_path, CALIBRATION))
    (again := tmp_path / "again.json").write_bytes(written_manifest(found))
    assert read_manifest(again) == found
    assert found.calibration is not None
    assert found.calibration.llr_of(np.array([0.0, 0.35, 0.65, 0.99])) == pytest.approx([-5, -2.5, 3.25, 6.5])
    assert found.calibration.threshold() == 0.5
    assert found.calibration.threshold(7) == 1.0


@pytest.mark.parametrize(
    ("replaced", "told"),
    [
        ({"scale": '"0-255"'}, "contradict each other"),  # doubly scaled: the network would see black
        ({"mean": "[123.7, 116.3, 103.5]"}, "contradict each other"),
        ({"std": "[58.4, 57.1, 57.4]"}, "contradict each other"),
        ({"std": "[0.0, 0.2, 0.2]"}, "contradict each other"),
        ({"mean": "[nan, 0.4, 0.4]"}, "contradict each other"),
        ({"mean": "[0.4, 0.4]"}, "mean"),
        ({"scale": '"0-256"'}, "scale"),
        ({"colour": '"rgb"'}, "colour"),
        ({"sha256": '"abc"'}, "64 hexadecimal digits"),
        ({"licence": '" "'}, "licence must be told"),
        ({"licence": ""}, "licence"),
        ({"height": "8"}, "from 16 to 1024, not 8 x 128"),
        ({"height": "256.5"}, "height"),
        ({"name": '"../x"'}, "lower case"),
    ],
)
def test_a_wrong_key_is_named(tmp_path: Path, replaced: dict[str, str], told: str) -> None:
    path = toml(tmp_path, **replaced)
    with pytest.raises(InvalidInput, match=told) as refused:
        read_manifest(path)
    assert str(path) in str(refused.value)


@pytest.mark.parametrize(
    ("scale", "mean", "std"),
    [
        ("0-255", (123.7, 116.3, 103.5), (58.4, 57.1, 57.4)),
        ("0-255", (127.5, 127.5, 127.5), (128, 128, 128)),
        ("0-255", (0, 0, 0), (1, 1, 1)),  # the network prepares by itself
        ("0-255", (0, 0, 0), (255, 255, 255)),
        ("0-1", (0, 0, 0), (1, 1, 1)),
        ("0-1", (0.5, 0.5, 0.5), (0.5, 0.5, 0.5)),
    ],
)
def test_every_usual_preparation_can_be_said(scale: Any, mean: Any, std: Any) -> None:
    assert manifest(scale=scale, mean=mean, std=std).scale == scale


def test_an_unknown_key_is_refused_with_the_nearest(tmp_path: Path) -> None:
    with pytest.raises(InvalidInput, match="'color'; did you mean colour"):
        read_manifest(toml(tmp_path, 'color = "BGR"'))


@pytest.mark.parametrize(
    ("name", "content"), [("m.toml", b"="), ("m.json", b"{"), ("m.toml", b"\xff"), ("m.json", b"[" * 9**5)]
)
def test_what_is_no_manifest_is_refused(tmp_path: Path, name: str, content: bytes) -> None:
    (tmp_path / name).write_bytes(content)
    with pytest.raises(UnreadableFile, match=name):
        read_manifest(tmp_path / name)


def test_a_manifest_that_is_no_table_is_refused(tmp_path: Path) -> None:
    (tmp_path / "m.json").write_text("[3]")
    with pytest.raises(InvalidInput, match=r"m\.json"):
        read_manifest(tmp_path / "m.json")


def test_weights_are_found_by_file_manifest_and_folder(tmp_path: Path) -> None:
    path = write(tmp_path / "a.onnx", b"weights")
    for named in (path, Path(f"{path}.json"), tmp_path):
        found = read_weight_file(named)
        assert (found.path, found.content) == (path, b"weights")
    Path(f"{path}.json").rename(tmp_path / "a.json")
    assert read_weight_file(tmp_path / "a.json").path == path


def test_a_changed_file_is_refused(tmp_path: Path) -> None:
    path = write(tmp_path / "a.onnx", b"weights")
    path.write_bytes(b"weights, changed")
    with pytest.raises(InvalidInput, match=r"sha256 is [0-9a-f]{64}, and a\.onnx\.json tells of"):
        read_weight_file(path)


def test_weights_without_a_manifest_are_refused_with_where_it_would_be(tmp_path: Path) -> None:
    (tmp_path / "a.pth").write_bytes(b"weights")
    with pytest.raises(UnreadableFile, match=r"no manifest beside it.*a\.pth\.toml, a\.pth\.json, a\.toml, a\.json"):
        read_weight_file(tmp_path)


def test_what_is_not_there_or_not_one_is_told(tmp_path: Path) -> None:
    with pytest.raises(NotFound, match="no weights in it"):
        read_weight_file(tmp_path)
    with pytest.raises(NotFound, match="no such file"):
        read_weight_file(tmp_path / "a.onnx")
    (tmp_path / "a.json").write_bytes(written_manifest(manifest()))
    with pytest.raises(NotFound, match="without weights beside it"):
        read_weight_file(tmp_path / "a.json")
    for name in ("a.onnx", "b.onnx"):
        write(tmp_path / name, b"weights")
    with pytest.raises(InvalidInput, match=r"name one of them: a\.onnx, b\.onnx"):
        read_weight_file(tmp_path)


def test_a_pipe_or_an_empty_file_is_refused_at_once(tmp_path: Path) -> None:
    write(tmp_path / "a.onnx", b"")
    with pytest.raises(UnreadableFile, match="from 1 to"):
        read_weight_file(tmp_path / "a.onnx")
    (tmp_path / "a.onnx").unlink()
    os.mkfifo(tmp_path / "a.onnx")
    with pytest.raises(UnreadableFile, match="no regular file"):
        read_weight_file(tmp_path / "a.onnx")


def test_weights_and_preparation_make_the_model_id_and_calibration_does_not(tmp_path: Path) -> None:
    one = read_manifest(toml(tmp_path))
    assert one.model_id.startswith("site-a-")
    assert one.model_id == read_manifest(toml(tmp_path, CALIBRATION)).model_id
    changes: list[dict[str, Any]] = [
        {"sha256": "b" * 64}, {"height": 128}, {"width": 64}, {"colour": "BGR"}, {"mean": (0.5, 0.5, 0.5)},
        {"std": (0.5, 0.5, 0.5)}, {"scale": "0-255", "mean": (0.0, 0.0, 0.0), "std": (1.0, 1.0, 1.0)},
    ]  # fmt: skip
    ids = {msgspec.structs.replace(one, **change).model_id for change in changes}
    assert len(ids | {one.model_id}) == len(changes) + 1


@pytest.mark.parametrize(
    ("cosines", "llr"),
    [
        ([0.5], [0.0]),
        ([0.2, 0.5], [0.0]),
        ([0.5, 0.2], [0.0, 1.0]),
        ([0.2, 0.5], [1.0, 0.0]),
        ([0.2, 0.5], [0.0, 1e999]),
    ],
)
def test_a_calibration_that_falls_or_is_none_is_refused(cosines: list[float], llr: list[float]) -> None:
    spread = {"mean": 0.5, "sd": 0.1, "pairs": 9}
    told = msgspec.to_builtins(manifest()) | {
        "calibration": {"same": spread, "different": spread, "cosines": cosines, "llr": llr}
    }
    with pytest.raises((InvalidInput, msgspec.ValidationError), match="calibration"):
        msgspec.convert(told, Manifest)
