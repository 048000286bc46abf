"""`zhiban chat intent`: whether lines wish for a film, one JSON object for each."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from typing import BinaryIO, Final

import click

#: Bytes of a line that are read at once. More of a line than this is passed over.
_LONGEST_LINE: Final = 1 << 20


@click.command()
def intent() -> None:
    """Read lines and print for each, blank ones too, one JSON object: label, lang, rule and slots.

    label: "recommend" where somebody wants a film to watch, "unsure" where only half of that is said, else "not".
    Lines are UTF-8; bytes that are not are replaced. Of a line, the first 2,000 characters count.
    """
    import msgspec  # noqa: PLC0415 slow to import

    from daemon.inference.chat.intent.detector import detect  # noqa: PLC0415

    for line in lines(sys.stdin.buffer):
        found = detect(line.decode("utf-8", "replace"))
        data = {"label": found.label, "lang": found.lang, "rule": found.rule, "slots": found.slots}
        sys.stdout.buffer.write(msgspec.json.encode(data) + b"\n")
        sys.stdout.buffer.flush()


def lines(stream: BinaryIO) -> Iterator[bytes]:
    """Yield the lines of a stream without their ends, as they come; of one that has no end, the first mebibyte."""
    while part := stream.readline(_LONGEST_LINE):
        line = part
        while part and not part.endswith(b"\n"):
            part = stream.readline(_LONGEST_LINE)
        yield line.rstrip(b"\r\n")
