"""What settings may be: each refusal names the setting, its value and what was expected."""

from __future__ import annotations

import math

from daemon.errors import InvalidInput


def require(name: str, value: float, low: float, high: float) -> None:
    """Refuse what is no number in [low, high]. Raises InvalidInput."""
    if not (math.isfinite(value) and low <= value <= high):
        raise InvalidInput(f"{name}: {value!r}; expected {low:,} to {high:,}", ((name, f"expected {low} to {high}"),))


def require_share(name: str, value: float, high: float = 1.0) -> None:
    """Refuse what is no share of a whole. Raises InvalidInput."""
    require(name, value, 0.0, high)
