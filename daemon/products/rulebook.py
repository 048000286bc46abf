"""The rules as configured: which are on, how severe, what they may do; and the engine that asks them all."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeAlias

import msgspec

from daemon.products.product import Product, Status, Unparsed
from daemon.products.remedies import RemedyMode
from daemon.products.rule_settings import COMMON, checked
from daemon.products.rules import BY_ID, SPECS
from daemon.products.rules.screens import SCREENS
from daemon.products.verdicts import (
    NOT_APPLICABLE,
    OK,
    Outcome,
    PassContext,
    Rule,
    RuleSpec,
    Severity,
    Verdict,
    unknown,
)


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


_Check: TypeAlias = tuple[Rule, ConfiguredRule]
_Screening: TypeAlias = Callable[[Product, PassContext], bool]
_Finding: TypeAlias = tuple[ConfiguredRule, Verdict]


def _never(_product: Product, _context: PassContext) -> bool:
    """Screen nothing."""
    return False


@dataclass(frozen=True, slots=True)
class Rulebook:
    """All rules that are on, in the order of the table."""

    rules: tuple[ConfiguredRule, ...]
    #: The rules by the screen before them (daemon/products/rules/screens.py), those without one last.
    _groups: tuple[tuple[_Screening, tuple[_Check, ...]], ...] = field(init=False, repr=False, compare=False)
    _places: Mapping[str, int] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "_places", {rule.spec.id: place for place, rule in enumerate(self.rules)})
        object.__setattr__(self, "_groups", tuple(_grouped(self.rules)))

    @classmethod
    def build(cls, tables: Mapping[str, Mapping[str, object]], default_mode: RemedyMode) -> Rulebook:
        """Join the rule table with the [rules.*] tables of a configuration.

        Keys of a table: enabled, severity, remedy ("off", "shadow", "on"), open_after, open_min, close_after, and
        the rule's own settings. Raises InvalidInput naming every fault with its dotted path and the nearest valid key.
        """
        given = checked(tables, BY_ID)
        enabled = (spec for spec in SPECS if given.get(spec.id, {}).get("enabled", True))
        return cls(tuple(_configured(spec, given.get(spec.id, {}), default_mode) for spec in enabled))

    def evaluate(self, product: Product, context: PassContext) -> list[tuple[ConfiguredRule, Verdict]]:
        """Return every verdict but ok and not-applicable ones without a recheck time. Never raises for a product.

        A rule that raises is unknown and marked as failed. Where the status is a word that nobody knows, what is
        bad of a listed product is unknown, and what is good of one is good either way.
        """
        if type(product.status) is Unparsed:
            return self._evaluate_either_way(product, context)
        found: list[_Finding] = []
        for passes, checks in self._groups:
            try:
                if passes(product, context):
                    continue
            except Exception:  # noqa: BLE001, S110 - then its rules are asked, and tell what is wrong
                pass
            for check, rule in checks:
                try:
                    verdict = check(product, context)
                except Exception as error:  # noqa: BLE001 - the fault of one rule must not take the pass down
                    verdict = _failed(error)
                if verdict is not OK and verdict is not NOT_APPLICABLE and _tells(verdict):
                    found.append((rule, verdict))
        if len(found) > 1:
            found.sort(key=self._place)
        return found

    def _place(self, finding: _Finding) -> int:
        return self._places[finding[0].spec.id]

    def _evaluate_either_way(self, product: Product, context: PassContext) -> list[tuple[ConfiguredRule, Verdict]]:
        as_listed = msgspec.structs.replace(product, status=Status.LISTED)
        found = []
        for rule in self.rules:
            check = rule.spec.check
            try:
                verdict = check(product, context) if rule.spec.reads_status else _doubted(check(as_listed, context))
            except Exception as error:  # noqa: BLE001 - as above
                verdict = _failed(error)
            if _tells(verdict):
                found.append((rule, verdict))
        return found


def _grouped(rules: Sequence[ConfiguredRule]) -> Iterator[tuple[_Screening, tuple[_Check, ...]]]:
    """Iterate over (what is asked first, the rules that need not be asked when it passes)."""
    functions = {rule.spec.check for rule in rules}
    left = [(rule.spec.check, rule) for rule in rules]
    for screen in SCREENS:
        if functions.issuperset(screen.reads):
            if screened := tuple(check for check in left if check[0] in screen.rules):
                yield screen.passes, screened
            left = [check for check in left if check[0] not in screen.rules]
    yield _never, tuple(left)


def _tells(verdict: Verdict) -> bool:
    return verdict.recheck_at is not None or verdict.outcome is Outcome.BAD or verdict.outcome is Outcome.UNKNOWN


def _doubted(verdict: Verdict) -> Verdict:
    """Return what a verdict on a listed product says of one that may be listed or not."""
    if verdict.outcome is not Outcome.BAD:
        return verdict
    message = f"{verdict.message}; whether it is listed is not known"
    return unknown(verdict.field, verdict.value, message, recheck_at=verdict.recheck_at)


def _failed(error: Exception) -> Verdict:
    return Verdict(Outcome.UNKNOWN, message=f"the rule failed: {type(error).__name__}: {error}"[:300], failed=True)


def _configured(spec: RuleSpec, table: Mapping[str, Any], default_mode: RemedyMode) -> ConfiguredRule:
    own = {key: value for key, value in table.items() if key not in COMMON}
    return ConfiguredRule(
        spec=spec,
        severity=table.get("severity", spec.severity),
        remedy_mode=table.get("remedy", default_mode),
        settings={**spec.settings, **own},
        open_after=table.get("open_after", spec.open_after),
        open_min_s=table.get("open_min", spec.open_min_s),
        close_after=table.get("close_after", spec.close_after),
    )
