"""`zhiban room`: the room inside the daemon in a terminal, or for a script."""

from __future__ import annotations

import asyncio
import codecs
import contextlib
import os
import shutil
import sys
from collections.abc import AsyncIterator, Callable, Coroutine, Iterator
from typing import Any, Final

import aiohttp
import click

from daemon.adapters.room_client import BEGINNING, Lost, RoomClient
from daemon.cli.line_editor import LineEditor
from daemon.cli.reach import Daemon
from daemon.cli.room_talk import Talk
from daemon.errors import InvalidInput, Unavailable

#: Messages that are read at the start, so that they can be answered.
_READ: Final = 100
_CHUNK: Final = 65_536
#: Seconds that a script waits for the answer to a line, and in which nothing more may come at its end.
_ANSWER_S: Final = 10.0
_SETTLE_S: Final = 0.7
PRIVATE: Final = "@me"


@click.command()
@click.option("--room", default="", help="Id of the room. Default: the first one.")
@click.option("--private", is_flag=True, help="The private chat with the bot instead.")
@click.option(
    "--last", type=click.IntRange(0, _READ), help="Earlier messages to show. Default: 10 on a terminal, else 0."
)
def room(room: str, private: bool, last: int | None) -> None:
    """Talk with the bot in the room inside the daemon.

    What you type is said to the bot. ">3 ack" answers message 3, "> ack" the latest notice; a line that begins with
    "@" goes out as it is. Ctrl-D or Ctrl-C ends. In a pipe, each line is said once the one before is answered.
    """
    on_terminal = sys.stdin.isatty() and sys.stdout.isatty()
    shown = last if last is not None else (10 if on_terminal else 0)
    with contextlib.suppress(KeyboardInterrupt):
        asyncio.run(_visit(PRIVATE if private else room, shown, on_terminal))


async def _visit(place: str, shown: int, on_terminal: bool) -> None:
    async with aiohttp.ClientSession() as session:
        client = RoomClient(session, _found, place)
        me, ready = await client.get("/api/v1/me"), await client.get("/readyz")
        bot = (ready.get("bot") or {}).get("name", "")
        talk = Talk(me["id"], bot, addresses=place != PRIVATE)
        read = await client.latest(_READ)
        for index, message in enumerate(read):
            line = talk.heard(message)
            if index >= len(read) - shown:
                click.echo(line)
        after = read[-1]["id"] if read else BEGINNING
        await (_at_terminal if on_terminal else _in_pipe)(client, talk, after)


def _found() -> tuple[str, str]:
    daemon = Daemon.found()
    return daemon.url, daemon.token


async def _at_terminal(client: RoomClient, talk: Talk, after: str) -> None:
    editor = LineEditor()

    def draw(line: str = "") -> None:
        columns = shutil.get_terminal_size().columns
        click.echo((f"\r\x1b[K{line}\n" if line else "") + editor.shown(columns), nl=False)

    async def listen() -> None:
        async for news in client.follow(after):
            draw(_lost(news) if isinstance(news, Lost) else talk.heard(news))

    async def speak() -> None:
        async for line in _typed(editor, draw):
            await _say(client, talk, line, draw)

    with _keys_one_by_one():
        click.echo(click.style(f"You are in the room with {talk.bot}. Try: help", dim=True))
        draw()
        try:
            await _beside(listen(), speak())
        finally:
            click.echo("\r\x1b[K", nl=False)


async def _typed(editor: LineEditor, draw: Callable[[], None]) -> AsyncIterator[str]:
    while True:
        for line in editor.feed(await _readable(sys.stdin.fileno())):
            if line is None:
                return
            if line.strip():
                yield line
        draw()


async def _in_pipe(client: RoomClient, talk: Talk, after: str) -> None:
    news = asyncio.Event()

    async def listen() -> None:
        async for message in client.follow(after):
            if isinstance(message, Lost):
                click.echo(_lost(message), err=True)
                continue
            line = talk.heard(message)
            if message["sender_id"] != talk.me:
                click.echo(line)
            news.set()

    async def speak() -> None:
        async for line in _piped():
            if line.strip() and await _say(client, talk, line, lambda told: click.echo(told, err=True)):
                await _answered(talk, news)
        await _settled(news)

    await _beside(listen(), speak())


async def _answered(talk: Talk, news: asyncio.Event) -> None:
    """Wait until the bot has answered, though not for ever."""
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(_ANSWER_S):
            while talk.unanswered:
                news.clear()
                await news.wait()


async def _settled(news: asyncio.Event) -> None:
    """Wait until nothing has come for a moment, though not for ever."""
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(_ANSWER_S):
            while True:
                news.clear()
                async with asyncio.timeout(_SETTLE_S):
                    await news.wait()


async def _piped() -> AsyncIterator[str]:
    decoder = codecs.getincrementaldecoder("utf-8")("replace")
    rest = ""
    while chunk := await _readable(sys.stdin.fileno()):
        *lines, rest = (rest + decoder.decode(chunk)).split("\n")
        for line in lines:
            yield line
    if rest:
        yield rest


async def _say(client: RoomClient, talk: Talk, line: str, tell: Callable[[str], None]) -> bool:
    """Say a line; tell what keeps it from being said, unless that keeps every other too."""
    try:
        text, quote = talk.meant(line)
        await client.say(text, quote)
    except (InvalidInput, Unavailable) as exc:
        tell(click.style(f"! {exc}", fg="red"))
        return False
    return True


def _lost(lost: Lost) -> str:
    return click.style(f"! connection lost ({lost.reason}), trying again in {lost.wait_s:g} s", fg="yellow")


async def _beside(listening: Coroutine[Any, Any, None], talking: Coroutine[Any, Any, None]) -> None:
    """Listen and talk at once; whichever ends first ends the other."""
    tasks = [asyncio.create_task(one) for one in (listening, talking)]
    try:
        done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        for task in done:
            task.result()
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


@contextlib.contextmanager
def _keys_one_by_one() -> Iterator[None]:
    """Have the terminal hand over keys as they are pressed, and as it was afterwards."""
    import termios  # noqa: PLC0415 only where there is a terminal
    import tty  # noqa: PLC0415 as above

    descriptor = sys.stdin.fileno()
    before = termios.tcgetattr(descriptor)
    tty.setcbreak(descriptor)
    try:
        yield
    finally:
        termios.tcsetattr(descriptor, termios.TCSADRAIN, before)


async def _readable(descriptor: int) -> bytes:
    """Return what can be read next, b"" at the end. A file, for which no loop waits, is read at once."""
    loop, ready = asyncio.get_running_loop(), asyncio.Event()
    try:
        loop.add_reader(descriptor, ready.set)
    except PermissionError:
        return os.read(descriptor, _CHUNK)
    try:
        await ready.wait()
    finally:
        loop.remove_reader(descriptor)
    return os.read(descriptor, _CHUNK)
