"""The rules, in the order of their table. A new rule is one function in its theme's file and one row there."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from daemon.products.verdicts import RuleSpec

SPECS: Final[tuple[RuleSpec, ...]] = ()

BY_ID: Final[Mapping[str, RuleSpec]] = {spec.id: spec for spec in SPECS}
