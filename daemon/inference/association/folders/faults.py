"""What is wrong with the files of a folder: collected, so that a person sees many faults at once."""

from __future__ import annotations

from typing import Final

from daemon.errors import InvalidInput

#: So many faults are told in full; the rest are counted.
TOLD: Final = 20


class Faults:
    """Faults of one folder: where (file, with line or place) and what was expected there."""

    def __init__(self, folder: str) -> None:
        self._folder = folder
        self._told: list[tuple[str, str]] = []
        self.count = 0

    def add(self, where: str, what: str) -> None:
        """Note one."""
        self.count += 1
        if len(self._told) < TOLD:
            self._told.append((where, what))

    def settle(self) -> None:
        """Raise InvalidInput when there are any."""
        if not self.count:
            return
        lines = [f"{where}: {what}" for where, what in self._told]
        if self.count > len(lines):
            lines.append(f"and {self.count - len(lines)} more")
        many = "1 fault" if self.count == 1 else f"{self.count} faults"
        raise InvalidInput(f"{self._folder}: {many}\n  " + "\n  ".join(lines), tuple(self._told))
