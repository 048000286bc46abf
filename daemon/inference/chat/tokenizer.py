"""Text as numbers and back, by one subword model for Chinese and English, at training and at chat time.

Kudo and Richardson 2018, "SentencePiece", with byte fallback: what the vocabulary lacks is spelled in its UTF-8 bytes.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Final

from daemon.errors import UnreadableFile
from daemon.inference.chat.languages import HAN
from daemon.inference.chat.normalisation import LIMIT, normalised

PAD: Final = 0
BOS: Final = 1
EOS: Final = 2
UNK: Final = 3
SPECIAL: Final = ("<pad>", "<s>", "</s>", "<unk>")

_WIDE = (
    f"{HAN}\u3000-\u3004\u3006\u3008-\u303f"  # characters that stand without spaces, with the marks that go with them
)
_INNER = re.compile(f"(?<=[{_WIDE}]) (?![A-Za-z])|(?<![A-Za-z]) (?=[{_WIDE}])|(?<=[A-Za-z]) (?=[{_WIDE}])")
_BEFORE_LATIN = re.compile(f"(?<=[{HAN}])(?=[A-Za-z])")
_AFTER_LATIN = re.compile(f"(?<=[A-Za-z])(?=[{HAN}])")
_MARK = re.compile(f"(?<=[{_WIDE}》”])([,!?:;]) ?|(?<=[{_WIDE}])\\(|(?<=[{_WIDE}])\\)")
_FULL_WIDTH = {ord(half): chr(ord(half) + 0xFEE0) for half in ",!?:;()"}
_SPACE_SIGN = "\u2581"  # stands for a space in the pieces, so it cannot stand for itself


class Tokenizer:
    """A subword model. Raises UnreadableFile for bytes that are no model, or one with other special pieces."""

    def __init__(self, data: bytes) -> None:
        from sentencepiece import SentencePieceProcessor  # noqa: PLC0415 of the extra chat

        if not data:
            raise UnreadableFile("not a vocabulary of sentencepiece: it is empty")
        try:
            self._pieces = SentencePieceProcessor(model_proto=data)
        except RuntimeError as exc:
            raise UnreadableFile(f"not a vocabulary of sentencepiece ({len(data)} bytes)") from exc
        self.size: int = self._pieces.get_piece_size()
        found = tuple(self._pieces.id_to_piece(id_) for id_ in range(min(self.size, len(SPECIAL))))
        if found != SPECIAL:
            raise UnreadableFile(f"a vocabulary whose first pieces are {found}; expected {SPECIAL}")

    def encode(self, text: str) -> list[int]:
        """Return the pieces of any text, none of them special and nothing of it lost; [] for nothing to see."""
        ids: list[int] = self._pieces.encode(prepared(text))
        return ids

    def decode(self, ids: Iterable[int]) -> str:
        """Return the text of pieces, Chinese without inner spaces; ids that are special or of no piece are left out."""
        known = [int(id_) for id_ in ids if UNK < id_ < self.size]
        return written(self._pieces.decode(known) if known else "")

    def pieces(self, ids: Iterable[int]) -> list[str]:
        """Return pieces as they are spelled in the model, to be shown; "" for ids of none."""
        return [self._pieces.id_to_piece(int(id_)) if 0 <= id_ < self.size else "" for id_ in ids]


def prepared(text: str, *, limit: int = LIMIT) -> str:
    """Return a text in its one form and with spaces where pieces expect them: at training and at chat time alike.

    None inside Chinese, and one before each Latin word in it, so that a word has the same pieces in either language.
    """
    text = normalised(text, limit=limit).replace(_SPACE_SIGN, "_")
    return text if text.isascii() else _BEFORE_LATIN.sub(" ", _INNER.sub("", text))


def written(text: str) -> str:
    """Return what pieces spell as people write it: full-width marks after Chinese, spaces about Latin words in it."""
    if text.isascii():
        return text.strip()
    text = _MARK.sub(lambda found: found[0].strip().translate(_FULL_WIDTH), _INNER.sub("", text))
    return _AFTER_LATIN.sub(" ", _BEFORE_LATIN.sub(" ", text)).strip()
