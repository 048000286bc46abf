"""Which character encoding a file is in, and text streams in which undecodable bytes stay visible.

A byte order mark decides (Unicode, section 23.8), then UTF-8 when the bytes are valid as such, for other encodings
hardly ever are. Old East Asian encodings are told apart by how common the characters are that the bytes would mean;
single-byte ones are left to charset-normalizer, which is wrong too often on short Chinese texts to be asked first.
"""

from __future__ import annotations

import codecs
import io
import re
from collections import Counter
from functools import lru_cache
from pathlib import Path
from typing import BinaryIO, Final, NamedTuple

from daemon.errors import UnreadableFile

#: Stands in text for bytes that could not be decoded: a noncharacter, which no file may hold for itself.
UNDECODABLE: Final = "\ufdd0"
_MARK_ERRORS: Final = "zhiban-mark"
#: Bytes looked at for the encoding; validity as UTF-8 is looked at further, up to _SCAN.
HEAD: Final = 262_144
_SCAN: Final = 268_435_456
_SAMPLE: Final = 32_768

_BOMS: Final = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),  # before UTF-16, whose mark it begins with
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
    (b"\x84\x31\x95\x33", "gb18030"),
)
_MAGIC: Final = (
    (b"PK\x03\x04", "a ZIP archive or Excel workbook; save it as CSV (UTF-8)"),
    (b"\xd0\xcf\x11\xe0", "an old Excel workbook; save it as CSV (UTF-8)"),
    (b"\x1f\x8b", "compressed with gzip; unpack it first"),
    (b"BZh", "compressed with bzip2; unpack it first"),
    (b"\xfd7zXZ", "compressed with xz; unpack it first"),
    (b"\x28\xb5\x2f\xfd", "compressed with zstd; unpack it first"),
    (b"%PDF-", "a PDF document"),
    (b"SQLite format 3\0", "an SQLite database"),
    (b"\x89PNG", "a PNG image"),
    (b"\xff\xd8\xff", "a JPEG image"),
    (b"PAR1", "a Parquet file; save it as CSV or JSON Lines"),
)
#: Control characters that no text holds; tab, line ends, form feed and escape are left out.
_CONTROLS: Final = bytes(set(range(32)) - {9, 10, 12, 13, 27})
_FEWEST_ZEROS: Final = 4
_MOST_CONTROLS: Final = 0.05
_SINGLE_BYTE: Final = (
    "cp1252", "cp1250", "cp1251", "cp1253", "cp1254", "cp1255", "cp1256", "cp1257", "cp1258", "cp874", "koi8_r",
    "mac_roman", "iso8859_2", "iso8859_5", "iso8859_7",
)  # fmt: skip
_FAMILIES: Final = (
    "gb", "big5", "cp", "iso8859", "iso2022_jp", "shift_jis", "euc_", "koi8", "mac-", "utf-8", "utf-16", "ascii",
)  # fmt: skip
_COMMON_ENOUGH: Final = 0.75


class Encoding(NamedTuple):
    """An encoding by Python's name. guessed: no mark and no validity proves it."""

    name: str
    guessed: bool = False


def _mark(error: UnicodeError) -> tuple[str, int]:
    if not isinstance(error, UnicodeDecodeError):
        raise error
    return UNDECODABLE, error.end


codecs.register_error(_MARK_ERRORS, _mark)


def open_text(binary: BinaryIO, encoding: str) -> io.TextIOWrapper:
    """Return text whose line ends are as written and whose undecodable bytes are UNDECODABLE."""
    return io.TextIOWrapper(binary, encoding=encoding, errors=_MARK_ERRORS, newline="")


def decoder(encoding: str) -> codecs.IncrementalDecoder:
    """Return a decoder of chunks that does as open_text."""
    return codecs.getincrementaldecoder(encoding)(_MARK_ERRORS)


def is_known(name: str) -> bool:
    """Tell whether a file that names this encoding for itself can be read in it."""
    try:
        return codecs.lookup(name).name.startswith(_FAMILIES)
    except LookupError:
        return False


def detect_encoding(path: Path, name: str) -> Encoding:
    """Find the encoding of a file, which people call `name`. Raises UnreadableFile for what is no text."""
    with path.open("rb") as file:
        head = file.read(HEAD)
    for bom, encoding in _BOMS:
        if head.startswith(bom):
            return Encoding(encoding)
    for magic, meaning in _MAGIC:
        if head.startswith(magic):
            raise UnreadableFile(f"{name} is {meaning}")
    if wide := _utf16_without_mark(head):
        return Encoding(wide, guessed=True)
    if len(head) - len(head.translate(None, _CONTROLS)) > _MOST_CONTROLS * len(head):
        raise UnreadableFile(f"{name} is a binary file of no known format; expected CSV, JSON, JSON Lines or XML")
    odd = _lines_beyond_utf8(path)
    if not odd:
        return Encoding("utf-8")
    return Encoding(guess_legacy(odd), guessed=True)


def _utf16_without_mark(head: bytes) -> str | None:
    """Tell UTF-16 by its zero bytes, which stand at one parity for every ASCII character."""
    even, odd = head[0::2].count(0), head[1::2].count(0)
    most = max(even, odd)
    if most < _FEWEST_ZEROS or most * 20 < len(head) or most < 5 * min(even, odd):
        return None
    name = "utf-16-le" if odd > even else "utf-16-be"
    try:
        codecs.getincrementaldecoder(name)("strict").decode(head)
    except UnicodeDecodeError:
        return None
    return name


def _lines_beyond_utf8(path: Path) -> bytes:
    """Return a sample of lines that are not UTF-8 when the file is in another encoding, b"" when it is UTF-8.

    A few broken bytes amid many valid UTF-8 sequences are damage in a UTF-8 file, not another encoding.
    """
    if _is_utf8(path):
        return b""
    sample, valid, broken, read = bytearray(), 0, 0, 0
    with path.open("rb") as file:
        while read < _SCAN and (line := file.readline(HEAD)):
            read += len(line)
            if line.isascii():
                continue
            beside = _SEQUENCE.sub(b"", line)
            strange = len(beside.translate(None, _ASCII))
            valid, broken = valid + (len(line) - len(beside)) // 2, broken + strange
            if strange and len(sample) < _SAMPLE:
                sample += line[: _SAMPLE - len(sample)]
    return b"" if broken * 10 <= valid else bytes(sample)


_ASCII: Final = bytes(range(128))
_SEQUENCE: Final = re.compile(rb"[\xc2-\xdf][\x80-\xbf]|[\xe0-\xef][\x80-\xbf]{2}|[\xf0-\xf4][\x80-\xbf]{3}")


def _is_utf8(path: Path) -> bool:
    strict = codecs.getincrementaldecoder("utf-8")("strict")
    read = 0
    try:
        with path.open("rb") as file:
            while read < _SCAN and (chunk := file.read(1_048_576)):
                strict.decode(chunk)
                read += len(chunk)
        if read < _SCAN:
            strict.decode(b"", True)
    except UnicodeDecodeError:
        return False
    return True


def guess_legacy(sample: bytes) -> str:
    """Return the encoding, other than Unicode's, that a sample is most likely in."""
    scores = {name: _commonness(sample, name) for name in ("gb18030", "cp949", "big5hkscs", "cp932", "euc_jp")}
    # Every Korean syllable has the bytes of a common Chinese character, but not the other way round.
    best = max(scores, key=lambda name: (round(scores[name], 2), name == "cp949"))
    if scores[best] >= _COMMON_ENOUGH:
        return best
    return _single_byte(sample)


def _commonness(sample: bytes, encoding: str) -> float:
    """Return which share of the characters over 127 are common ones; 0 when the bytes are invalid."""
    try:
        text = codecs.getincrementaldecoder(encoding)("strict").decode(sample)
    except UnicodeDecodeError:
        return 0.0
    counts = Counter(character for character in text if ord(character) > 127)
    common = _common_characters(encoding)
    return sum(n for character, n in counts.items() if character in common) / max(1, counts.total())


@lru_cache(maxsize=8)
def _common_characters(encoding: str) -> frozenset[str]:
    """Return what texts are mostly made of: the standard's characters of first level, its syllables, its marks."""
    leads = {
        "gb18030": ((0xA1, 0xA1), (0xA3, 0xA3), (0xB0, 0xD7)),  # GB 2312, level 1
        "big5hkscs": ((0xA1, 0xA3), (0xA4, 0xC6)),  # Big5, level 1
        "cp949": ((0xA1, 0xA1), (0xA3, 0xA3), (0xB0, 0xC8)),  # KS X 1001, Hangul
        "cp932": ((0x81, 0x83), (0x88, 0x97)),  # JIS X 0208, kana and level 1
        "euc_jp": ((0xA1, 0xA1), (0xA3, 0xA5), (0xB0, 0xCF)),
    }[encoding]
    first_trail = 0x40 if encoding in {"big5hkscs", "cp932"} else 0xA1
    pairs = (
        bytes((lead, trail)).decode(encoding, "replace")
        for first, last in leads
        for lead in range(first, last + 1)
        for trail in range(first_trail, 0xFF)
    )
    return frozenset(pair for pair in pairs if len(pair) == 1) - {"\ufffd"}


def _single_byte(sample: bytes) -> str:
    if _looks_western(sample):
        return "cp1252"
    from charset_normalizer import from_bytes  # noqa: PLC0415 - 30 ms that files in UTF-8 never pay

    best = from_bytes(sample, cp_isolation=list(_SINGLE_BYTE), enable_fallback=False).best()
    return best.encoding if best is not None else "cp1252"


_WORD: Final = re.compile(r"[^\W\d_]+(?:[^\w\s,;|\"'.:!?/()&-][^\W\d_]+)*")
_WESTERN: Final = frozenset("àáâãäåæçèéêëìíîïñòóôõöøùúûüýÿßœšžÀÁÂÃÄÅÆÇÈÉÊËÌÍÎÏÑÒÓÔÕÖØÙÚÛÜÝŒŠŽŸºª")


def _looks_western(sample: bytes) -> bool:
    """Tell whether accents stand as in Western European words: a few a word, never beside a sign like "³"."""
    try:
        text = sample.decode("cp1252")
    except UnicodeDecodeError:
        return False
    words = [word for word in _WORD.findall(text) if not word.isascii()]
    letters = sum(map(len, words))
    accents = sum(character in _WESTERN for word in words for character in word)
    strange = sum(ord(c) > 127 and c not in _WESTERN for word in words for c in word)
    return strange * 10 <= accents and accents * 2 <= letters
