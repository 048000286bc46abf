"""Whether what is named in a text is named as unwanted, by the words right before it."""

from __future__ import annotations

import re
from typing import Final

#: Characters before a place that are looked at.
_NEAR: Final = 40
_REFUSED: Final = re.compile(
    r"(?:\b(?:no|not|nothing|none|never|without|(?:do|does|is|ca)n'?t)\b(?! (?:only|just|necessarily))[^.,;!?]{0,24}"
    r"|(?:不要|不能|不想看?|不看|不可以|不得|不许|不喜欢|别|没有)[^。，；！？]{0,8})$",
    re.IGNORECASE,
)


def is_refused(text: str, start: int) -> bool:
    """Tell whether what begins at `start` is unwanted: "not from before 2000", 不要超过两小时."""
    return bool(_REFUSED.search(text[max(0, start - _NEAR) : start]))
