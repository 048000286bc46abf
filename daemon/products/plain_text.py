"""Text that came from products or people, made fit to stand in a message or on a terminal."""

from __future__ import annotations

import re
from typing import Final

#: ECMA-48 control sequences (CSI), operating system commands (OSC) with their text, and other escapes.
_ESCAPES: Final = re.compile(
    r"\x1b\[[0-?]*[ -/]*[@-~]|\x9b[0-?]*[ -/]*[@-~]|\x1b[\]PX^_][^\x07\x1b]*(?:\x07|\x1b\\)?|\x1b[ -/]*[0-~]?"
)
#: What no reader sees and what can turn the rest of a line around: C0, C1, bidirectional controls (UAX 9), line and
#: paragraph separators, byte order mark, zero-width space, tag characters. Joiners stay: words and emoji need them.
_UNSEEN: Final = re.compile(
    "[\x00-\x1f\x7f-\x9f\u200b\u200e\u200f\u2028-\u202e\u2060\u2066-\u2069\ufeff\ufff9-\ufffb\U000e0000-\U000e007f]"
)
_SURROGATES: Final = re.compile("[\ud800-\udfff]")
#: How much of an overlong text is looked at at all, as a multiple of what may be shown.
_LOOKED_AT: Final = 8


def plain(text: str, limit: int) -> str:
    """Return text as one line of at most `limit` characters, without control characters or escape sequences."""
    looked_at = _ESCAPES.sub("", text[: limit * _LOOKED_AT])
    line = " ".join(_SURROGATES.sub("\ufffd", _UNSEEN.sub(" ", looked_at)).split())
    cut = len(line) > limit or len(text) > limit * _LOOKED_AT
    return f"{line[: limit - 1]}…" if cut else line
