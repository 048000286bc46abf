"""JSON Lines of any length, read in blocks; each fault names its line."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Final, Generic, TypeVar

import msgspec

from daemon.errors import UnreadableFile
from daemon.inference.association.folders.faults import Faults

T = TypeVar("T")

_BLOCK: Final = 1 << 22
#: Bytes of the longest line that is read.
LONGEST: Final = 1 << 26
_PLACE: Final = re.compile(r"(?P<what>.*?)(?: - at `\$\.?(?P<place>.*)`)?", re.DOTALL)
_WRITTEN: Final = str.maketrans("`", "'")


class JSONLines(Generic[T]):
    """Decodes lines of a file into one type; `mend` may turn a line that is refused into one that is not."""

    def __init__(self, kind: type[T], faults: Faults) -> None:
        self._decoder = msgspec.json.Decoder(kind)
        self._faults = faults

    def read(self, path: Path) -> Iterator[tuple[int, T]]:
        """Yield (line number from 1, decoded). Bad lines are faults; blank ones are passed over.

        Raises UnreadableFile.
        """
        first = 1
        for block in _blocks(path):
            yield from self._decoded(path.name, first, block)
            first += block.count(b"\n")

    def mended(self, line: bytes, error: msgspec.MsgspecError) -> T:  # noqa: ARG002 for those that try
        """Decode a line that was refused in another way, or raise what tells why not."""
        raise error

    def _decoded(self, name: str, first: int, block: bytes) -> Iterator[tuple[int, T]]:
        try:
            whole = self._decoder.decode_lines(block)
        except (msgspec.MsgspecError, UnicodeError, RecursionError):
            whole = []
        if whole and len(whole) == block.count(b"\n"):
            yield from enumerate(whole, first)
            return
        for number, line in enumerate(block.split(b"\n"), first):
            if line.strip():
                yield from self._one(name, number, line)

    def _one(self, name: str, number: int, line: bytes) -> Iterator[tuple[int, T]]:
        try:
            try:
                yield number, self._decoder.decode(line)
            except msgspec.MsgspecError as error:
                yield number, self.mended(line, error)
        except msgspec.MsgspecError as error:
            self._faults.add(f"{name}:{number}", told(error))
        except RecursionError:
            self._faults.add(f"{name}:{number}", "brackets within brackets, far deeper than any line of this kind")
        except UnicodeError:
            self._faults.add(f"{name}:{number}", "the line is no UTF-8")


def told(error: msgspec.MsgspecError) -> str:
    """Say what a decoder refused, the place first."""
    found = _PLACE.fullmatch(str(error))
    what = (found["what"] if found else str(error)).translate(_WRITTEN)
    if isinstance(error, msgspec.ValidationError):
        what = what[:1].lower() + what[1:]
        return f"{found['place']}: {what}" if found and found["place"] else what
    return f"no JSON object on one line: {what}"


def _blocks(path: Path) -> Iterator[bytes]:
    """Yield a file in blocks of whole lines, each line ended; the mark that some editors put in front is left out."""
    rest = b""
    try:
        with path.open("rb") as file:
            while piece := file.read(_BLOCK):
                if not rest and file.tell() == len(piece):
                    piece = piece.removeprefix(b"\xef\xbb\xbf")
                head, newline, tail = (rest + piece).rpartition(b"\n")
                if newline:
                    yield head + newline
                rest = tail
                if len(rest) > LONGEST:
                    raise UnreadableFile(f"{path}: a line is longer than {LONGEST} bytes; expected JSON Lines")
    except OSError as exc:
        raise UnreadableFile(f"{path}: {exc.strerror or exc}") from exc
    if rest:
        yield rest + b"\n"
