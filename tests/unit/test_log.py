import asyncio
import gc
import io
import json
import logging
import os
import sys
import threading
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
import structlog

from daemon import log as zhiban_log
from daemon.config import LogSection
from daemon.log import Log, printable
from daemon.log.redaction import Redactor
from daemon.log.writer import LineWriter


class Reader:
    """A pipe's reading end, and the log that writes to the other."""

    def __init__(self, **options: Any) -> None:
        section = {key: options.pop(key) for key in ("level", "format", "queue") if key in options}
        self.read_end, self.write_end = os.pipe()
        self.log: Log = zhiban_log.start(LogSection(**section), descriptor=self.write_end, **options)

    def text(self) -> str:
        assert self.log.writer.flush(5)
        os.set_blocking(self.read_end, False)
        try:
            return os.read(self.read_end, 1 << 20).decode()
        except BlockingIOError:
            return ""

    def lines(self) -> list[dict[str, Any]]:
        return [json.loads(line) for line in self.text().splitlines()]


@contextmanager
def untouched_logging() -> Iterator[None]:
    root, hooks = logging.getLogger(), (sys.excepthook, sys.unraisablehook, threading.excepthook)
    handlers, level, structlog_config = root.handlers[:], root.level, structlog.get_config()
    try:
        yield
    finally:
        root.handlers[:] = handlers
        root.setLevel(level)
        logging.captureWarnings(capture=False)
        logging.getLogger("aiohttp.access").disabled = False
        structlog.configure(**structlog_config)
        sys.excepthook, sys.unraisablehook, threading.excepthook = hooks


@pytest.fixture
def start() -> Iterator[Callable[..., Reader]]:
    readers: list[Reader] = []

    def starting(**options: Any) -> Reader:
        readers.append(Reader(**options))
        return readers[-1]

    with untouched_logging():
        yield starting
    for reader in readers:
        reader.log.close()
        os.close(reader.read_end)
        os.close(reader.write_end)


def test_an_event_is_one_json_line_with_its_fields(start: Callable[..., Reader]) -> None:
    reader = start()

    structlog.get_logger().info("pass.finished", checked=3, kind="full")

    (line,) = reader.lines()
    assert line.pop("timestamp").endswith("Z")
    assert line == {"level": "info", "event": "pass.finished", "checked": 3, "kind": "full"}


def test_context_comes_along(start: Callable[..., Reader]) -> None:
    reader = start()

    with structlog.contextvars.bound_contextvars(job="products.check"):
        structlog.get_logger().info("pass.finished")
    structlog.get_logger().info("pass.finished")

    assert [line.get("job") for line in reader.lines()] == ["products.check", None]


def test_the_level_can_change_while_running(start: Callable[..., Reader]) -> None:
    reader = start(level="warning")
    logger = structlog.get_logger()

    logger.info("a.left_out")
    reader.log.set_level("debug")
    logger.debug("b.shown")
    reader.log.set_level("error")
    logger.warning("c.left_out")

    assert [line["event"] for line in reader.lines()] == ["b.shown"]


def test_what_libraries_log_comes_through_the_same_chain(start: Callable[..., Reader]) -> None:
    reader = start()

    logging.getLogger("aiohttp.server").warning("%s sent Authorization: Bearer abcdef123456", "peer")

    (line,) = reader.lines()
    assert (line["level"], line["event"], line["logger"]) == ("warning", "foreign.logged", "aiohttp.server")
    assert "abcdef123456" not in line["message"]


def test_errors_of_libraries_carry_their_traceback(start: Callable[..., Reader]) -> None:
    reader = start()

    try:
        raise ValueError("at https://u:pass@host/x")  # noqa: TRY301 the error itself is the subject
    except ValueError:
        logging.getLogger("aiohttp").exception("failed")

    (line,) = reader.lines()
    assert "ValueError: at https://[redacted]@host/x" in line["exception"]


def test_a_library_that_logs_nonsense_does_not_get_an_error(start: Callable[..., Reader]) -> None:
    reader = start()

    logging.getLogger("odd").warning("%d apples", "three")

    assert reader.lines()[0]["event"] == "foreign.garbled"


def test_warnings_are_logged_that_of_a_forgotten_await_too(start: Callable[..., Reader]) -> None:
    reader = start()

    async def forgotten() -> None:
        pass

    with warnings.catch_warnings():
        warnings.simplefilter("always")
        logging.captureWarnings(capture=True)
        forgotten()  # type: ignore[unused-coroutine]
        gc.collect()
        logging.captureWarnings(capture=False)

    assert any("was never awaited" in line["message"] for line in reader.lines())


@pytest.mark.parametrize("value", ["\ud800", 2**70, {1: {2, 3}}, object(), b"\xff", float("nan"), {"a": ["\udfff"]}])
def test_no_value_makes_logging_fail(start: Callable[..., Reader], value: object) -> None:
    reader = start()

    structlog.get_logger().info("odd.logged", value=value)

    assert reader.lines()[0]["event"] == "odd.logged"


def test_the_access_log_of_the_server_is_left_to_our_own_event(start: Callable[..., Reader]) -> None:
    reader = start()

    logging.getLogger("aiohttp.access").info("GET /")

    assert reader.text() == ""


def test_long_tracebacks_are_cut(start: Callable[..., Reader]) -> None:
    reader = start()

    try:
        raise ValueError("x" * 100_000)  # noqa: TRY301 the error itself is the subject
    except ValueError:
        structlog.get_logger().exception("job.failed")

    assert len(reader.lines()[0]["exception"]) < 25_000


class TestConsole:
    def test_control_characters_cannot_steer_the_terminal_or_forge_lines(self, start: Callable[..., Reader]) -> None:
        reader = start(format="console")

        structlog.get_logger().info("a.told\x1b[2J", title="\x1b]0;own\x07\nfake line", **{"k\x1b": "\u202egnp"})

        text = reader.text()
        assert text.count("\n") == 1
        assert "\x1b" not in text
        assert "fake line" in text
        assert "\u202e" not in text

    def test_a_traceback_keeps_its_lines_but_not_its_escapes(self, start: Callable[..., Reader]) -> None:
        reader = start(format="console")

        try:
            raise ValueError("\x1b[31mred")  # noqa: TRY301 the error itself is the subject
        except ValueError:
            structlog.get_logger().exception("job.failed")

        text = reader.text()
        assert len(text.splitlines()) > 3
        assert "ValueError: \\x1b[31mred" in text
        assert "\x1b" not in text

    def test_on_a_terminal_the_log_is_for_people(self) -> None:
        main_end, terminal = os.openpty()
        with untouched_logging():
            log = zhiban_log.start(LogSection(), descriptor=terminal)
            structlog.get_logger().info("pass.finished", checked=3)
            log.close()
        text = os.read(main_end, 10_000).decode()
        os.close(main_end)
        os.close(terminal)

        assert "pass.finished" in text
        assert not text.startswith("{")

    def test_printable_text_stays(self) -> None:
        assert printable("值班 “é” 👩‍👧") == "值班 “é” 👩‍👧"


class TestJournal:
    def test_lines_to_the_journal_carry_its_priority(self, start: Callable[..., Reader]) -> None:
        reader = start()
        found = os.fstat(reader.write_end)
        stream = {"JOURNAL_STREAM": f"{found.st_dev}:{found.st_ino}"}
        log = zhiban_log.start(LogSection(), descriptor=reader.write_end, environment=stream)

        structlog.get_logger().error("job.failed")
        structlog.get_logger().info("pass.finished")
        log.close()

        lines = reader.text().splitlines()
        assert [line[:3] for line in lines] == ["<3>", "<6>"]
        assert json.loads(lines[0][3:])["event"] == "job.failed"

    def test_another_stream_is_no_journal(self, start: Callable[..., Reader]) -> None:
        reader = start(environment={"JOURNAL_STREAM": "1:1"})

        structlog.get_logger().error("job.failed")

        assert reader.text().startswith("{")


class TestWriter:
    @staticmethod
    def full_pipe() -> tuple[int, int]:
        read_end, write_end = os.pipe()
        os.set_blocking(write_end, False)
        try:
            while True:
                os.write(write_end, b"x" * 4096)
        except BlockingIOError:
            return read_end, write_end

    def test_a_descriptor_that_does_not_block_loses_nothing_of_a_large_write(self) -> None:
        read_end, write_end = os.pipe()
        os.set_blocking(write_end, False)
        writer = LineWriter(write_end, 10, lambda count: b"dropped %d\n" % count)
        line = b"y" * 1_000_000 + b"\n"
        writer.put(line)

        text = b""
        while not text.endswith(b"\n"):
            text += os.read(read_end, 1 << 16)

        assert text == line
        assert writer.dropped == 0
        writer.close(1)

    def test_a_reader_that_does_not_read_costs_lines_but_never_time(self) -> None:
        read_end, write_end = self.full_pipe()
        writer = LineWriter(write_end, 10, lambda count: b"dropped %d\n" % count)
        for number in range(100):
            writer.put(b"%d\n" % number)

        assert writer.dropped >= 89
        dropped = writer.dropped
        assert not writer.flush(0.01)
        os.set_blocking(read_end, False)
        text = b""
        while not text.endswith(b"\nlast\n"):
            try:
                text += os.read(read_end, 1 << 16)
            except BlockingIOError:
                if writer.flush(0.001) and b"last" not in text:
                    writer.put(b"last\n")

        written = text.lstrip(b"x").splitlines()
        reports = [int(line.split()[1]) for line in written if line.startswith(b"dropped")]
        assert sum(reports) == dropped
        assert len([line for line in written if line.isdigit()]) == 100 - dropped
        writer.close(1)
        os.close(read_end)
        os.close(write_end)

    def test_closing_gives_up_at_its_deadline_and_counts_what_is_lost(self) -> None:
        read_end, write_end = self.full_pipe()
        writer = LineWriter(write_end, 10, lambda count: b"%d" % count)
        writer.put(b"a\n")

        assert not writer.close(0.02)

        writer.put(b"b\n")
        assert writer.dropped == 1
        os.close(read_end)
        os.close(write_end)

    def test_a_descriptor_that_is_gone_stops_nothing(self) -> None:
        read_end, write_end = os.pipe()
        os.close(read_end)
        writer = LineWriter(write_end, 10, lambda count: b"%d" % count)

        writer.put(b"a\n")

        assert writer.flush(5)
        assert writer.dropped == 1
        writer.close(1)
        os.close(write_end)

    def test_lines_of_many_threads_stay_whole_and_in_order(self, tmp_path: Path) -> None:
        path = tmp_path / "log"
        with path.open("wb") as file:
            writer = LineWriter(file.fileno(), 100_000, lambda count: b"%d" % count)

            def write(name: bytes) -> None:
                for number in range(500):
                    writer.put(b"%s %d\n" % (name, number))

            threads = [threading.Thread(target=write, args=(name,)) for name in (b"a", b"b", b"c")]
            for thread in threads:
                thread.start()
            for thread in threads:
                thread.join()
            assert writer.close(5)

        lines = path.read_bytes().splitlines()
        assert len(lines) == 1500
        for name in (b"a", b"b", b"c"):
            assert [line for line in lines if line.startswith(name)] == [b"%s %d" % (name, n) for n in range(500)]


class TestRedaction:
    @pytest.mark.parametrize(
        "name", ["token", "api_token", "Authorization", "set-cookie", "password", "client_secret", "api_key", "tokens"]
    )
    def test_fields_named_after_secrets_are_hidden(self, name: str) -> None:
        assert Redactor()(None, "info", {name: "abc"}) == {name: "[redacted]"}

    def test_fields_that_only_count_or_name_secrets_are_shown(self) -> None:
        event = {"token_id": "0193", "tokens": 3, "secret_count": 2, "key": "a", "author": "b", "token": ""}

        assert Redactor()(None, "info", event) == event

    @pytest.mark.parametrize(
        ("text", "expected"),
        [
            ("got zhb_aBc-123_x.", "got zhb_[redacted]."),
            ("https://me:pw@shop.example/x", "https://[redacted]@shop.example/x"),
            ("mailto://user:p%40ss@smtp", "mailto://[redacted]@smtp"),
            ("http://x/?a=1&token=abc&b=2", "http://x/?a=1&token=[redacted]&b=2"),
            ("http://x/?sig=abc#f", "http://x/?sig=[redacted]#f"),
            ("Authorization: Bearer abc.def-ghi", "Authorization: Bearer [redacted]"),
            ("{'password': 'hunter2'}", "{'password': '[redacted]'}"),
            ("api_key=abc, x=1", "api_key=[redacted], x=1"),
            ("http://shop.example:8080/a@b", "http://shop.example:8080/a@b"),
            ("tokenizer: fast", "tokenizer: fast"),
        ],
    )
    def test_texts_that_look_like_secrets_are_hidden(self, text: str, expected: str) -> None:
        assert Redactor().text(text) == expected

    def test_known_secrets_are_hidden_wherever_they_stand(self) -> None:
        hidden = {"hunter2!"}
        redact = Redactor(hidden)

        event = redact(None, "info", {"a": ["x hunter2! y", {"b": ValueError("hunter2!")}], "n": 1})
        hidden.add("later-found")

        assert event == {"a": ["x [redacted] y", {"b": "[redacted]"}], "n": 1}
        assert redact.text("later-found") == "[redacted]"

    def test_a_structure_without_end_does_not_hang(self) -> None:
        loop: list[object] = []
        loop.append(loop)

        assert "redacted" not in str(Redactor()(None, "info", {"loop": loop}))


class TestCrashes:
    def test_an_uncaught_error_of_a_thread_is_logged(self, start: Callable[..., Reader]) -> None:
        reader = start()
        zhiban_log.watch_crashes()

        thread = threading.Thread(target=lambda: 1 // 0)
        thread.start()
        thread.join()

        (line,) = reader.lines()
        assert (line["level"], line["event"]) == ("critical", "error.uncaught")
        assert "ZeroDivisionError" in line["exception"]

    async def test_an_error_that_nobody_awaits_is_logged_with_the_name_of_its_task(
        self, start: Callable[..., Reader]
    ) -> None:
        reader = start()
        loop = asyncio.get_running_loop()
        zhiban_log.watch_loop(loop)

        async def fail() -> None:
            raise ValueError("unseen")

        task = asyncio.create_task(fail(), name="job x")
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        del task
        gc.collect()
        loop.set_exception_handler(None)

        (line,) = reader.lines()
        assert (line["event"], line["task"]) == ("loop.failed", "job x")
        assert "ValueError: unseen" in line["exception"]

    def test_an_interrupt_from_the_keyboard_is_no_error(self, start: Callable[..., Reader]) -> None:
        reader = start()
        zhiban_log.watch_crashes()

        sys.excepthook(KeyboardInterrupt, KeyboardInterrupt(), None)

        assert reader.text() == ""


def test_dropped_lines_are_reported_in_the_log_itself(tmp_path: Path) -> None:
    with untouched_logging(), (tmp_path / "log").open("wb") as file:
        log = zhiban_log.start(LogSection(queue=100), descriptor=file.fileno())
        log.writer.dropped = 7
        structlog.get_logger().info("pass.finished")
        log.close()

    lines = [json.loads(line) for line in io.StringIO((tmp_path / "log").read_text(encoding="utf-8"))]
    assert [(line["event"], line["level"], line.get("lines")) for line in lines] == [
        ("log.dropped", "warning", 7),
        ("pass.finished", "info", None),
    ]
