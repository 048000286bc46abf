"""What rounds of delivery did."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field

from daemon.products.notices import EntryState


@dataclass(slots=True)
class DeliveryReport:
    """Messages taken, and entries by the state that they came to. errors: a line for each round that broke off."""

    messages: int = 0
    entries: Counter[EntryState] = field(default_factory=Counter)
    held: int = 0
    errors: list[str] = field(default_factory=list)

    def add(self, other: DeliveryReport) -> None:
        """Add the figures of another round."""
        self.messages += other.messages
        self.entries += other.entries
        self.held += other.held
        self.errors += other.errors
