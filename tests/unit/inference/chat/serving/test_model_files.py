from __future__ import annotations

import contextlib
import hashlib
import json
import os
import zipfile
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("onnx")
pytest.importorskip("torch")
pytest.importorskip("opencc")

import onnx

from daemon.errors import InvalidInput, UnreadableFile
from daemon.inference.chat.serving.model_files import Card, read_model, write_model
from daemon.inference.chat.serving.models import load_model
from tests.unit.inference.chat.serving.models import files, graphs, search


@pytest.fixture(scope="module")
def made() -> tuple[Card, dict[str, bytes]]:
    return files()


@pytest.fixture
def path(tmp_path: Path, made: tuple[Card, dict[str, bytes]]) -> Path:
    write_model(tmp_path / "small.zip", *made)
    return tmp_path / "small.zip"


@pytest.fixture
def folder(tmp_path: Path, path: Path) -> Path:
    with zipfile.ZipFile(path) as archive:
        archive.extractall(tmp_path / "small")
    return tmp_path / "small"


def edited(folder: Path, **changes: Any) -> None:
    card = json.loads((folder / "model.json").read_text())
    (folder / "model.json").write_text(json.dumps({**card, **changes}))


def test_a_model_is_the_same_from_a_file_and_from_a_folder(path: Path, folder: Path) -> None:
    models = [load_model(path), load_model(folder)]
    said = models[0].tokenizer.encode("hello 你好")
    assert search(models[0].steps).run([said]) == search(models[1].steps).run([said])
    assert models[0].card == models[1].card
    assert models[0].card.training == {"steps": 0}


def test_the_same_model_is_the_same_bytes(path: Path, tmp_path: Path, made: tuple[Card, dict[str, bytes]]) -> None:
    write_model(tmp_path / "again.zip", *made)
    assert (tmp_path / "again.zip").read_bytes() == path.read_bytes()


def test_other_files_come_with_it(tmp_path: Path, made: tuple[Card, dict[str, bytes]]) -> None:
    card, contents = made
    write_model(tmp_path / "m.zip", card, {**contents, "retrieval.bin": b"answers"})
    assert load_model(tmp_path / "m.zip").files == {"retrieval.bin": b"answers"}


def test_what_is_absent_or_something_else_is_refused(tmp_path: Path) -> None:
    for content in (b"", b"PK\x03\x04", b"\x80\x04K\x01.", os.urandom(5000)):
        (tmp_path / "foreign").write_bytes(content)
        with pytest.raises(UnreadableFile, match="foreign: no model can be read"):
            load_model(tmp_path / "foreign")
    (tmp_path / "empty").mkdir()
    with pytest.raises(UnreadableFile, match="empty: no model can be read"):
        load_model(tmp_path / "empty")
    with pytest.raises(UnreadableFile, match="no such file"):
        load_model(tmp_path / "absent")
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(UnreadableFile, match="no such file"):
        load_model(tmp_path / "pipe")


@pytest.mark.parametrize("kept", [0.01, 0.3, 0.9, 0.999])
def test_a_file_that_was_cut_short_is_refused(path: Path, kept: float) -> None:
    path.write_bytes(path.read_bytes()[: int(path.stat().st_size * kept)])
    with pytest.raises(UnreadableFile, match=r"small\.zip"):
        load_model(path)


def test_a_changed_byte_anywhere_is_refused_or_changes_nothing(path: Path) -> None:
    whole = path.read_bytes()
    before = read_model(path)
    for place in range(0, len(whole), len(whole) // 60):
        path.write_bytes(whole[:place] + bytes([whole[place] ^ 0x55]) + whole[place + 1 :])
        with contextlib.suppress(UnreadableFile):
            assert read_model(path) == before


@pytest.mark.parametrize("name", ["tokenizer.model", "encoder.onnx", "step.onnx", "embeddings.bin"])
def test_a_file_that_is_missing_changed_a_link_or_a_pipe_is_refused(folder: Path, tmp_path: Path, name: str) -> None:
    content = (folder / name).read_bytes()
    (folder / name).write_bytes(content + b" ")
    with pytest.raises(UnreadableFile, match=f"{name} is damaged or was changed"):
        load_model(folder)
    (folder / name).unlink()
    with pytest.raises(UnreadableFile, match=name):
        load_model(folder)
    (tmp_path / "elsewhere").write_bytes(content)
    (folder / name).symlink_to(tmp_path / "elsewhere")
    with pytest.raises(UnreadableFile, match=name):
        load_model(folder)
    (folder / name).unlink()
    os.mkfifo(folder / name)
    with pytest.raises(UnreadableFile, match=f"{name} is no regular file"):
        load_model(folder)


@pytest.mark.parametrize(
    "name", ["../secret", "/etc/passwd", "a/b.bin", "..", "", "A.bin", "a\x00.bin", "model.json/x"]
)
def test_no_name_leads_out_of_a_model(folder: Path, path: Path, tmp_path: Path, name: str) -> None:
    (tmp_path / "secret").write_bytes(b"secret")
    hashes = json.loads((folder / "model.json").read_text())["sha256"]
    edited(folder, sha256={**hashes, name: hashlib.sha256(b"secret").hexdigest()})
    with pytest.raises(UnreadableFile, match="names files that are not those of a model"):
        load_model(folder)
    with zipfile.ZipFile(path, "a") as archive, pytest.warns(UserWarning, match="Duplicate"):
        archive.writestr("model.json", (folder / "model.json").read_bytes())
    with pytest.raises(UnreadableFile, match="names files that are not those of a model"):
        load_model(path)


def test_a_newer_format_is_refused_by_its_number(folder: Path) -> None:
    edited(folder, format=2, shape={"unheard": "of"})
    with pytest.raises(UnreadableFile, match="a model of format 2; this program reads up to 1"):
        load_model(folder)


@pytest.mark.parametrize(
    "changes",
    [
        {"format": 0}, {"format": "1"}, {"shape": {"vocabulary": 0}}, {"shape": None}, {"precision": "int4"},
        {"languages": ["fr"]}, {"sha256": {}}, {"sha256": None}, {"licence": 3},
    ],
)  # fmt: skip
def test_a_card_that_cannot_be_is_refused(folder: Path, changes: dict[str, Any]) -> None:
    edited(folder, **changes)
    with pytest.raises(UnreadableFile, match=r"model\.json"):
        load_model(folder)


@pytest.mark.parametrize("content", [b"", b"{", b"[]", b"null", b"\xff\xfe", b"[" * 100_000])
def test_a_card_that_is_no_json_is_refused(folder: Path, content: bytes) -> None:
    (folder / "model.json").write_bytes(content)
    with pytest.raises(UnreadableFile, match=r"model\.json is not that of a model"):
        load_model(folder)


def test_a_file_that_unpacks_to_too_much_is_refused(path: Path) -> None:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("model.json", b" " * (50 << 20))
    with pytest.raises(UnreadableFile, match=r"model\.json has more than"):
        load_model(path)


def test_parts_that_do_not_fit_together_are_refused(tmp_path: Path, made: tuple[Card, dict[str, bytes]]) -> None:
    card, contents = made
    other = graphs(vocabulary=90)
    table = other.embeddings.tobytes()
    for wrong, told in (
        ({"embeddings.bin": table}, "embeddings.bin"),
        ({"step.onnx": contents["encoder.onnx"]}, "not those that this program runs"),
        ({"step.onnx": b"\x80\x04K\x01."}, "no graph that can be run"),
        ({"tokenizer.model": b"nothing"}, "not a vocabulary"),
    ):
        write_model(tmp_path / "m.zip", card, {**contents, **wrong})
        with pytest.raises(UnreadableFile, match=told):
            load_model(tmp_path / "m.zip")


@pytest.mark.parametrize("wrong", [{"../x": b""}, {"model.json": b""}, {f"f{n}.bin": b"" for n in range(20)}])
def test_what_could_not_be_read_again_is_not_written(
    tmp_path: Path, made: tuple[Card, dict[str, bytes]], wrong: dict[str, bytes]
) -> None:
    card, contents = made
    with pytest.raises(InvalidInput, match="no model can be made"):
        write_model(tmp_path / "m.zip", card, {**contents, **wrong})
    with pytest.raises(InvalidInput, match=r"missing: step\.onnx"):
        write_model(tmp_path / "m.zip", card, {name: body for name, body in contents.items() if name != "step.onnx"})
    assert list(tmp_path.iterdir()) == []


def test_a_graph_that_gives_the_worst_tokens_first_is_refused(
    tmp_path: Path, made: tuple[Card, dict[str, bytes]]
) -> None:
    card, contents = made
    graph = onnx.load_model_from_string(contents["step.onnx"])
    ending = [node for node in graph.graph.node if node.op_type == "TopK"][-1]
    ending.attribute.append(onnx.helper.make_attribute("largest", 0))
    write_model(tmp_path / "m.zip", card, {**contents, "step.onnx": graph.SerializeToString()})
    with pytest.raises(UnreadableFile, match="each token once, best first"):
        load_model(tmp_path / "m.zip")
