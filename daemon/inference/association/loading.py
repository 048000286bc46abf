"""What the association needs that the base does not have, and what is loaded of it at the start."""

from __future__ import annotations

import importlib.util
from typing import Final

_PACKAGES: Final = ("drawsvg", "geographiclib", "networkx", "numba", "numpy", "onnxruntime")


def missing_packages() -> tuple[str, ...]:
    """Return the packages of the extra "association" that are not installed."""
    return tuple(name for name in _PACKAGES if importlib.util.find_spec(name) is None)
