"""Where a gallery's files are in a state directory; see the package's docstring."""

from __future__ import annotations

from typing import Final

DATABASE: Final = "association.sqlite3"
FOLDER: Final = "association"
LOCK: Final = "association.lock"
