"""What a program would pretend by saying it, as people in corpora may say of themselves: pretences.toml."""

from __future__ import annotations

import re
import tomllib
from functools import cache
from pathlib import Path

_FILE = Path(__file__).with_name("pretences.toml")


def pretends(text: str) -> bool:
    """Tell whether whoever says this claims to be a person, with a body, a family, a home and a past."""
    return bool(_pattern().search(text.casefold().replace("’", "'")))


@cache
def _pattern() -> re.Pattern[str]:
    with _FILE.open("rb") as file:
        lists: dict[str, list[str]] = tomllib.load(file)
    english = "|".join(lists["en"])
    return re.compile(rf"\b(?:{english})\b|" + "|".join(lists["zh"]))
