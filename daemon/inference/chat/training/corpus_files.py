"""The forms of files in which dialogues come. Each reader yields dialogues' turns, and never stops at a bad record.

Files of a line a record are streamed; a file that is one JSON, YAML or CSV document is read whole, up to MOST_BYTES.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any, Final, TypeAlias

import msgspec

from daemon.errors import InvalidInput, UnreadableFile
from daemon.inference.chat.training.dialogues import Rejections, fault_of

Turns: TypeAlias = tuple[str, ...]
Reader: TypeAlias = Callable[[Path, Rejections], Iterator[Turns]]

MOST_BYTES: Final = 256 << 20  # of a file that is read whole
MOST_CHARACTERS: Final = 1 << 20  # of a line
MOST_TURNS: Final = 1000  # of a dialogue in a text file; it goes on as another

_BOMS: Final = ((b"\xff\xfe", "utf-16"), (b"\xfe\xff", "utf-16"))
_SPEAKER: Final = re.compile(r"^\s*User [12]\s*:\s*")
_PLACEHOLDER: Final = re.compile(r"\[[^\]]*\]")
_APART: Final = re.compile(r" +(?=[.,!?;:%)’])|(?<=[’(]) +(?=\S)")


class _Line(msgspec.Struct):
    turns: list[str] | None = None
    context: str | list[str] | None = None
    reply: str | None = None


def json_lines(path: Path, rejections: Rejections) -> Iterator[Turns]:
    """Read lines of {"turns": [...]} or {"context": "..." or [...], "reply": "..."}; other keys are left alone."""
    decoder = msgspec.json.Decoder(_Line)
    for number, text in _lines(path, rejections):
        if not text.strip():
            continue
        try:
            turns = _turns_of(decoder.decode(text.encode("utf-8", "replace")))
        except (ValueError, RecursionError) as error:
            rejections.add(path.name, f"line {number}", f"not a record: {error}"[:200])
            continue
        yield from _sound(turns, path, f"line {number}", rejections)


def text_lines(path: Path, rejections: Rejections) -> Iterator[Turns]:
    """Read lines of turns parted by tabs; or, in a file whose first line has none, turns a line, blank lines between.

    Blank fields at the end of a line are left out.
    """
    lines = _lines(path, rejections)
    said: list[str] = []
    start, tabbed = 1, None
    for number, text in lines:
        if tabbed is None and text.strip():
            tabbed = "\t" in text
        if tabbed:
            if text.strip():
                yield from _sound(text.rstrip().split("\t"), path, f"line {number}", rejections)
            continue
        if text.strip():
            start = start if said else number
            said.append(text.strip())
        if said and (not text.strip() or len(said) == MOST_TURNS):
            yield from _sound(said, path, f"line {start}", rejections)
            said = []
    if said:
        yield from _sound(said, path, f"line {start}", rejections)


def chitchat(path: Path, rejections: Rejections) -> Iterator[Turns]:
    """Read chitchat-dataset: an object of conversations; a turn is all messages that one person sent in a row."""
    for number, talk in enumerate(_values(_document(path)), 1):
        blocks = _items(talk, "messages")
        turns = [
            " ".join(str(_item(one, "text") or "") for one in block) for block in blocks if isinstance(block, list)
        ]
        yield from _sound(turns, path, f"record {number}", rejections)


def chatterbot(path: Path, rejections: Rejections) -> Iterator[Turns]:
    """Read a file of chatterbot-corpus: YAML with lists of turns. "Yes" and 1984 stay the words that they are."""
    import yaml  # noqa: PLC0415 of the extra train, for this form alone

    try:
        document = yaml.load(_whole(path), Loader=yaml.CBaseLoader)  # noqa: S506 makes only strings, lists and dicts
    except (yaml.YAMLError, RecursionError) as error:
        raise UnreadableFile(f"{path}: not YAML: {error}") from error
    for number, turns in enumerate(_items(document, "conversations"), 1):
        yield from _sound(turns if isinstance(turns, list) else [], path, f"record {number}", rejections)


def kdconv(path: Path, rejections: Rejections) -> Iterator[Turns]:
    """Read a split of KdConv: a list of dialogues with "messages"."""
    for number, talk in enumerate(_values(_document(path)), 1):
        turns = [_item(one, "message") for one in _items(talk, "messages")]
        yield from _sound(turns, path, f"record {number}", rejections)


def topical_chat(path: Path, rejections: Rejections) -> Iterator[Turns]:
    """Read a split of Topical-Chat: an object of dialogues with "content"."""
    for number, talk in enumerate(_values(_document(path)), 1):
        turns = [_item(one, "message") for one in _items(talk, "content")]
        yield from _sound(turns, path, f"record {number}", rejections)


def cdial_dialogues(path: Path, rejections: Rejections) -> Iterator[Turns]:
    """Read toy_data.json of CDial-GPT: lists of turns in "train", "valid" and "test", a space after each character."""
    document = _document(path)
    talks = [talk for split in ("train", "valid", "test") for talk in _items(document, split)]
    for number, talk in enumerate(talks, 1):
        turns = [_joined(turn) if isinstance(turn, str) else turn for turn in talk] if isinstance(talk, list) else []
        yield from _sound(turns, path, f"record {number}", rejections)


def cdial_pairs(path: Path, rejections: Rejections) -> Iterator[Turns]:
    """Read toy_train.txt or toy_valid.txt of CDial-GPT: pairs parted by a tab, a space after each character."""
    for number, text in _lines(path, rejections):
        if text.strip():
            turns = [_joined(part) for part in text.rstrip("\n").split("\t")]
            yield from _sound(turns, path, f"line {number}", rejections)


def x_daily_dialog(path: Path, rejections: Rejections) -> Iterator[Turns]:
    """Read a file of XDailyDialog: a dialogue a line, __eou__ after each turn, then numbers behind tabs.

    The spaces that part English words from their marks go.
    """
    for number, text in _lines(path, rejections):
        turns = [_APART.sub("", turn).strip() for turn in text.partition("\t")[0].split("__eou__")]
        yield from _sound([turn for turn in turns if turn], path, f"line {number}", rejections)


def synthetic_persona_chat(path: Path, rejections: Rejections) -> Iterator[Turns]:
    """Read a split of Synthetic-Persona-Chat: CSV whose third column is a talk, in lines of "User 1: ..." and so on.

    The talk begins behind the last turn with a place left to fill, such as "[User 1's name]": that is no speech.
    """
    rows = csv.reader(io.StringIO(_whole(path), newline=""), strict=True)
    try:
        for number, row in enumerate(rows, 0):
            if number and len(row) == 3:
                yield from _sound(_persona_turns(row[2]), path, f"record {number}", rejections)
            elif number:
                rejections.add(path.name, f"record {number}", "not three columns")
    except csv.Error as error:
        rejections.add(path.name, f"line {rows.line_num}", f"not CSV from here on: {error}")


def _joined(text: str) -> str:
    """Return text without its spaces: where one stands after every character, none tells words apart."""
    return text.replace(" ", "").strip()


def _persona_turns(talk: str) -> list[str]:
    turns = [_SPEAKER.sub("", line).strip() for line in talk.splitlines() if _SPEAKER.match(line)]
    filled = [turn for turn in turns if not _PLACEHOLDER.search(turn)]
    return filled if len(filled) == len(turns) else turns[_first_sound(turns) :]


def _first_sound(turns: Sequence[str]) -> int:
    """Return the place behind the last turn with a place left to fill: they stand in greetings."""
    return max(place for place, turn in enumerate(turns) if _PLACEHOLDER.search(turn)) + 1


def _turns_of(line: _Line) -> list[str]:
    if line.turns is not None:
        return line.turns
    if line.context is None or line.reply is None:
        raise _InvalidRecord('neither "turns" nor "context" and "reply"')
    return [*([line.context] if isinstance(line.context, str) else line.context), line.reply]


class _InvalidRecord(ValueError):
    """A record that is no dialogue."""


def _sound(turns: Sequence[Any], path: Path, place: str, rejections: Rejections) -> Iterator[Turns]:
    if fault := fault_of(turns):
        rejections.add(path.name, place, fault)
    else:
        yield tuple(str(turn).strip() for turn in turns)


def _lines(path: Path, rejections: Rejections) -> Iterator[tuple[int, str]]:
    """Iterate over the lines that are not too long, with their numbers from 1."""
    with path.open(encoding=_encoding(path), errors="replace", newline="\n") as file:
        number = 0
        while text := file.readline(MOST_CHARACTERS):
            number += 1
            if len(text) < MOST_CHARACTERS or text.endswith("\n"):
                yield number, text
                continue
            rejections.add(path.name, f"line {number}", f"a line of more than {MOST_CHARACTERS} characters")
            while text and not text.endswith("\n"):
                text = file.readline(MOST_CHARACTERS)


def _encoding(path: Path) -> str:
    with path.open("rb") as file:
        head = file.read(2)
    return next((name for bom, name in _BOMS if head == bom), "utf-8-sig")


def _whole(path: Path) -> str:
    if (size := path.stat().st_size) > MOST_BYTES:
        raise InvalidInput(f"{path}: {size} bytes are more than the {MOST_BYTES} that a file of this form may have")
    return path.read_text(encoding=_encoding(path), errors="replace")


def _document(path: Path) -> Any:
    try:
        return msgspec.json.decode(_whole(path).encode("utf-8", "replace"))
    except (msgspec.DecodeError, RecursionError) as error:
        raise UnreadableFile(f"{path}: not JSON: {error}") from error


def _values(document: Any) -> Iterable[Any]:
    if isinstance(document, dict):
        return document.values()
    return document if isinstance(document, list) else ()


def _items(record: Any, key: str) -> list[Any]:
    found = record.get(key) if isinstance(record, dict) else None
    return found if isinstance(found, list) else []


def _item(record: Any, key: str) -> Any:
    return record.get(key) if isinstance(record, dict) else None
