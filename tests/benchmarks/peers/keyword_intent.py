"""What a plain keyword rule makes of an utterance: a word for films and a word for wishing are a wish for a film."""

from __future__ import annotations

import re
from typing import Final

_FILMS: Final = re.compile(r"\b(films?|movies?|flicks?|cinema)\b|电影|影片|片子|大片|看片")
_WISHES: Final = re.compile(
    r"\b(recommend\w*|suggest\w*|watch\w*|see|want|wish|like|good|best|favou?rite|any|what|which)\b|\?"
    r"|推荐|介绍|想看|看什么|有什么|有没有|好看|求|来一部|来部|什么|吗|？"
)


def keyword_label(text: str) -> str:
    """Return "recommend" where both are said, "unsure" where films alone are, else "not"."""
    plain = text.lower()
    if not _FILMS.search(plain):
        return "not"
    return "recommend" if _WISHES.search(plain) else "unsure"
