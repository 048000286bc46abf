"""The page of bug reports names tests that exist."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

from tests.unit.products.rules.case import tables

_ROOT = Path(__file__).parents[2]
_ROWS = [
    line for line in (_ROOT / "docs" / "bug-reports.md").read_text().splitlines() if re.search(r"\w#\d|`tests/", line)
]
_CASES = {f"{case.rule}: {case.name}" for _, cases in tables() for case in cases}


def functions_of(path: Path) -> set[str]:
    """Return the names of all test functions of a file, those in classes too."""
    tree = ast.parse(path.read_text())
    return {node.name for node in ast.walk(tree) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)}


@pytest.mark.parametrize("row", _ROWS, ids=lambda row: row.split("|")[1].strip())
def test_each_report_has_a_test_that_is_there(row: str) -> None:
    named = re.findall(r"`(tests/[\w/]+\.py)::(\w+)(?:\[(.+?)\])?`", row)
    assert named
    for path, name, case in named:
        assert name in functions_of(_ROOT / path), f"{path}::{name}"
        assert not case or case in _CASES


def test_the_page_is_read() -> None:
    assert len(_ROWS) >= 98
