"""`zhiban chat` in a pipe, against a daemon and by itself."""

from __future__ import annotations

import asyncio
import os
import sys
from pathlib import Path

import pytest

from tests.unit.handlers.http.test_chat import talking

pytest.importorskip("opencc", reason="needs the extra chat")


async def chat(state: Path, said: bytes, *options: str, **environment: str) -> tuple[int, str, str]:
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "daemon", "chat", *options, cwd=Path(__file__).parents[2],
        stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE,
        env={**os.environ, "STATE_DIRECTORY": str(state), **environment},
    )  # fmt: skip
    out, err = await process.communicate(said)
    return process.returncode or 0, out.decode(), err.decode()


@pytest.fixture
def state(tmp_path: Path) -> Path:
    tmp_path.chmod(0o700)
    return tmp_path


async def test_without_a_daemon_it_talks_by_itself_and_forgets_no_film(state: Path) -> None:
    status, out, err = await chat(state, b"Recommend me a comedy film\nanother\n", "--explain")
    assert (status, "Traceback" in err) == (0, False)
    first = [line for line in out.splitlines() if line.startswith("  film: ")]
    assert len(first) == len(set(first)) == 6
    assert "  wish: comedy" in out
    _, later, _ = await chat(state, "推荐一部喜剧电影\n".encode(), "--explain")
    again = [line.split()[1] for line in later.splitlines() if line.startswith("  film: ")]
    assert not set(again) & {line.split()[1] for line in first}


async def test_whatever_bytes_are_said_have_an_answer_each(state: Path) -> None:
    said = [b"", b"\xff\xfe\x00", "😀".encode(), b"a" * 100_000, b"\x1b[2J", "晚安".encode()]
    status, out, err = await chat(state, b"\n".join(said) + b"\n")
    assert (status, err.count("Traceback")) == (0, 0)
    assert len(out.splitlines()) == len(said)
    assert "\x1b" not in out


async def test_with_a_daemon_it_talks_with_that(state: Path) -> None:
    async with talking() as service:
        where = {"ZHIBAN_URL": service.serving.url, "ZHIBAN_TOKEN": service.tokens["viewer"]}
        _, out, _ = await chat(state, b"I want to watch something\n", "--session", "a", **where)
        assert "?" in out
        _, out, _ = await chat(state, b"yes, a western\n", "--session", "a", "--explain", **where)
        assert "  wish: western" in out
        _, out, _ = await chat(state, b"yes, a western\n", "--session", "b", **where)
        assert "1." not in out


async def test_a_daemon_that_does_not_answer_is_told(state: Path) -> None:
    status, out, err = await chat(state, b"hello\n", ZHIBAN_URL="http://127.0.0.1:9")
    assert (status, out) == (1, "")
    assert "does not answer" in err
