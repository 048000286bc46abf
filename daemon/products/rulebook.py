"""The rules as configured: which are on, how severe, what they may do; and the engine that asks them all."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from daemon.products.product import Product
from daemon.products.remedies import RemedyMode
from daemon.products.verdicts import PassContext, RuleSpec, Severity, Verdict


@dataclass(frozen=True, slots=True, kw_only=True)
class ConfiguredRule:
    """One rule of the table with what config.toml says of it."""

    spec: RuleSpec
    severity: Severity
    remedy_mode: RemedyMode
    settings: Mapping[str, object]
    open_after: int
    open_min_s: float
    close_after: int


@dataclass(frozen=True, slots=True)
class Rulebook:
    """All rules that are on, in the order of the table."""

    rules: tuple[ConfiguredRule, ...]

    @classmethod
    def build(cls, tables: Mapping[str, Mapping[str, object]], default_mode: RemedyMode) -> Rulebook:
        """Join the rule table with the [rules.*] tables of a configuration.

        Keys of a table: enabled, severity, remedy ("off", "shadow", "on"), open_after, open_min, close_after, and
        the rule's own settings. Raises InvalidInput naming every fault with its dotted path and the nearest valid key.
        """
        raise NotImplementedError

    def evaluate(self, product: Product, context: PassContext) -> list[tuple[ConfiguredRule, Verdict]]:
        """Return every verdict but ok and not-applicable ones without a recheck time. Never raises for a product."""
        raise NotImplementedError
