"""`zhiban chat intent` as a process: what it reads, what it prints, and when."""

import json
import subprocess
import sys
from typing import Any

import pytest

COMMAND = [sys.executable, "-c", "from daemon.cli import main; main()", "chat", "intent"]


def told(data: bytes) -> list[dict[str, Any]]:
    done = subprocess.run(COMMAND, input=data, capture_output=True, timeout=60, check=True)
    assert done.stderr == b""
    return [json.loads(line) for line in done.stdout.splitlines()]


def test_each_line_has_one_object_also_blank_ones_and_one_without_an_end() -> None:
    found = told("recommend me a comedy\r\n\n想看恐怖片\n  \nhello".encode())

    assert [one["label"] for one in found] == ["recommend", "not", "recommend", "not", "not"]
    assert [one["lang"] for one in found] == ["en", "en", "zh", "en", "en"]
    assert all(set(one) == {"label", "lang", "rule", "slots"} for one in found)
    assert found[0]["slots"] == {"genres": ["comedy"]}


@pytest.mark.parametrize(
    "line", [b"\xff\xfe\x00", b"\xed\xa0\x80 movie", b"a" * 3_000_000, "电影".encode()[:-1], b"\r\r"]
)
def test_a_line_that_is_no_text_or_huge_has_an_answer_and_those_behind_it_theirs(line: bytes) -> None:
    found = told(line + b"\nany good movies?\n")

    assert len(found) == 2
    assert found[1]["label"] == "recommend"


def test_an_answer_comes_before_the_next_line_is_written_and_a_reader_may_leave() -> None:
    process = subprocess.Popen(COMMAND, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    assert process.stdin
    assert process.stdout
    assert process.stderr
    process.stdin.write("推荐一部电影\n".encode())
    process.stdin.flush()

    assert json.loads(process.stdout.readline())["label"] == "recommend"

    process.stdout.close()
    process.stdin.write(b"hello\n")
    process.stdin.close()
    assert process.wait(30) == 141
    assert process.stderr.read() == b""
    process.stderr.close()
