"""`zhiban chat`: talk with the chat system, and what else is done with it."""

from __future__ import annotations

import contextlib
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import click

from daemon.cli.chat_talk import RemoteTalker, Talker, own_talker
from daemon.cli.offline import running
from daemon.cli.run import config_file
from daemon.cli.subcommands import SubcommandGroup
from daemon.errors import InvalidInput, TooMany, Unavailable
from daemon.log import printable

#: Bytes of a line in a pipe that are one turn.
_LONGEST: Final = 400_000

#: By name: (module, what it does).
SUBCOMMANDS: Final = {
    "intent": ("daemon.cli.chat_intent", "Tell of each line of standard input whether it wishes for a film."),
    "train": ("daemon.cli.chat_train", "Train a model."),
    "package": ("daemon.cli.chat_package", "Make the file that the daemon loads out of a training."),
    "evaluate": ("daemon.cli.chat_evaluate", "Measure a model on held-out dialogues."),
    "card": ("daemon.cli.chat_card", "Write the page about a model."),
    "curve": ("daemon.cli.chat_curve", "Compare the courses of two trainings."),
}


@click.group(cls=SubcommandGroup, subcommands=SUBCOMMANDS, invoke_without_command=True)
@click.option("--session", default="", help="Name of the conversation, to go on with it or to begin another.")
@click.option("--explain", is_flag=True, help="Show how each reply came about: rule, slots, candidates and scores.")
@click.option("--config", "given", type=click.Path(path_type=Path), help="Where no daemon runs: its [chat] counts.")
@click.pass_context
def chat(ctx: click.Context, session: str, explain: bool, given: Path | None) -> None:
    """Talk with the chat system: with the running daemon, else right here.

    A line is a turn; Ctrl-D or Ctrl-C ends. In a pipe only the replies are written, and the exit status is 1
    where a line got none.
    """
    if ctx.invoked_subcommand is not None:
        return
    on_terminal = sys.stdin.isatty() and sys.stdout.isatty()
    with contextlib.suppress(KeyboardInterrupt):
        daemon = running()
        if daemon is not None:
            ctx.exit(_talk(RemoteTalker(daemon, session), on_terminal=on_terminal, explain=explain))
        with _quiet_log(), own_talker(config_file(given), session) as talker:
            status = _talk(talker, on_terminal=on_terminal, explain=explain)
        ctx.exit(status)


def _talk(talker: Talker, *, on_terminal: bool, explain: bool) -> int:
    """Talk until there are no more lines; return the exit status: 1 where a line in a pipe got no reply."""
    unanswered = 0
    if on_terminal:
        click.echo(click.style("Say something, in English or Chinese. Ctrl-D ends.", dim=True))
    for line in _lines(on_terminal):
        try:
            reply, explained = talker.ask(line)
        except (Unavailable, TooMany, InvalidInput) as exc:
            click.echo(click.style(f"! {exc}", fg="red"), err=not on_terminal)
            unanswered += not on_terminal
            continue
        if explain:
            for note in explained:
                click.echo(click.style(f"  {printable(note)}", dim=True))
        click.echo("\n".join(printable(part) for part in reply.split("\n")))
    return 1 if unanswered else 0


def _lines(on_terminal: bool) -> Iterator[str]:
    """Yield lines until there are no more; bytes that are no UTF-8 are marked, and long lines taken in parts."""
    if on_terminal:
        with contextlib.suppress(ImportError):
            import readline  # noqa: F401, PLC0415 lets lines be edited
        with contextlib.suppress(EOFError):
            while True:
                yield input("> ").encode("utf-8", "replace").decode()
        click.echo()
        return
    while raw := sys.stdin.buffer.readline(_LONGEST):
        yield raw.decode("utf-8", "replace").rstrip("\r\n")


@contextlib.contextmanager
def _quiet_log() -> Iterator[None]:
    """Keep the log of parts in this process off the terminal, but for what is wrong."""
    import logging  # noqa: PLC0415 slow to import

    import structlog  # noqa: PLC0415 as above

    structlog.configure(
        wrapper_class=structlog.make_filtering_bound_logger(logging.WARNING),
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
    )
    try:
        yield
    finally:
        structlog.reset_defaults()
