import re
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from daemon.cli.line_editor import LineEditor

LEFT, RIGHT, UP, DOWN, HOME, END, DELETE = (
    b"\x1b[D", b"\x1b[C", b"\x1b[A", b"\x1b[B", b"\x1b[H", b"\x1b[F", b"\x1b[3~",
)  # fmt: skip


def typed(*chunks: bytes) -> list[str | None]:
    editor = LineEditor()
    return [line for chunk in chunks for line in editor.feed(chunk)]


def test_lines_come_when_they_are_finished() -> None:
    assert typed(b"sta", b"tus\r", b"help\nack\n") == ["status", "help", "ack"]


def test_letters_may_arrive_in_pieces() -> None:
    raw = "接手 k7\n".encode()
    assert typed(*(raw[n : n + 1] for n in range(len(raw)))) == ["接手 k7"]


@pytest.mark.parametrize(
    ("keys", "line"),
    [
        (b"abc\x7f", "ab"),
        (b"\x7fa\x08\x08", ""),
        ("好的\x7f".encode(), "好"),
        (b"abc" + LEFT + b"X", "abXc"),
        (b"abc" + LEFT + LEFT + b"\x7f", "bc"),
        (b"abc" + LEFT + DELETE, "ab"),
        (b"abc" + HOME + b"X", "Xabc"),
        (b"abc\x01X\x05Y", "XabcY"),
        (b"abc" + HOME + RIGHT + END + b"X", "abcX"),
        (b"one two\x17X", "one X"),
        (b"one two\x15X", "X"),
        (b"ab" + LEFT * 9 + b"X" + RIGHT * 9 + b"Y", "XabY"),
        (b"a\x07\x00\x1b[99;99~\x1bOPb", "ab"),
    ],
)
def test_keys_edit_the_line(keys: bytes, line: str) -> None:
    assert typed(keys + b"\r") == [line]


def test_a_key_may_arrive_in_pieces() -> None:
    assert typed(b"abc", b"\x1b", b"[", b"D", b"X\r") == ["abXc"]


def test_earlier_lines_come_back() -> None:
    assert typed(b"one\r", b"two\r", UP + b"\r", UP + UP + b"!\r", UP + DOWN + b"\r") == [
        "one", "two", "two", "one!", "",
    ]  # fmt: skip


@pytest.mark.parametrize("end", [b"", b"\x04"])
def test_the_end_of_the_file_ends_the_typing(end: bytes) -> None:
    assert typed(b"x\r", end) == ["x", None]


def test_ctrl_d_within_a_line_does_not() -> None:
    assert typed(b"x\x04y\r") == ["xy"]


def test_the_line_is_drawn_with_the_cursor_in_its_place() -> None:
    editor = LineEditor("> ")
    list(editor.feed("ab好".encode() + LEFT))
    assert editor.shown(80) == "\r\x1b[K> ab好\x1b[2D"


def test_a_long_line_scrolls() -> None:
    editor = LineEditor("> ")
    list(editor.feed(b"0123456789"))
    assert editor.shown(8) == "\r\x1b[K> 56789"
    list(editor.feed(HOME))
    assert editor.shown(8) == "\r\x1b[K> 01234\x1b[5D"


@given(st.lists(st.binary(max_size=12), max_size=20), st.integers(1, 40))
def test_no_bytes_break_it_or_steer_the_terminal(chunks: list[bytes], columns: int) -> None:
    editor = LineEditor("> ")
    for chunk in chunks:
        for line in editor.feed(chunk):
            assert line is None or line.isprintable()
        shown = re.fullmatch(r"\r\x1b\[K> (.*?)(?:\x1b\[[0-9]+D)?", editor.shown(columns))
        assert shown is not None
        assert all(unicodedata.category(letter) != "Cc" for letter in shown[1])
