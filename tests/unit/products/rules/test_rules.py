"""Every row of every table, and that no rule goes without rows."""

from __future__ import annotations

import pytest

from daemon.products.rules import BY_ID
from tests.unit.products.rules.case import BAD, NOT_APPLICABLE, OK, Case, tables

ROWS = [case for _, cases in tables() for case in cases]


@pytest.mark.parametrize("case", ROWS, ids=lambda case: f"{case.rule}: {case.name}")
def test_rule_says_what_its_table_says(case: Case) -> None:
    assert case.failure(BY_ID[case.rule].check) is None


@pytest.mark.parametrize("rule_id", BY_ID)
def test_rule_has_two_rows_it_condemns_and_two_that_it_lets_pass(rule_id: str) -> None:
    outcomes = [case.outcome for case in ROWS if case.rule == rule_id]
    assert outcomes.count(BAD) >= 2
    assert outcomes.count(OK) + outcomes.count(NOT_APPLICABLE) >= 2


def test_rows_have_names_of_their_own() -> None:
    names = [(case.rule, case.name) for case in ROWS]
    assert len(names) == len(set(names))
