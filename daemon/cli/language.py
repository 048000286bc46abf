"""In which language a command speaks."""

from __future__ import annotations

from collections.abc import Mapping

from daemon.config import Config
from daemon.products.phrases import Language


def language_of(config: Config, environment: Mapping[str, str]) -> Language:
    """Return the language of the terminal, as POSIX sets it; Chinese also where notices are."""
    locale = environment.get("LC_ALL") or environment.get("LC_MESSAGES") or environment.get("LANG") or ""
    return "zh" if locale.startswith("zh") or config.notices.language == "zh" else "en"
