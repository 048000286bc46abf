"""Inverting a condition of any rule makes a row of its table fail.

Each theme file under daemon/products/rules is parsed; its conditions are negated one at a time: the test of every
`if`, conditional expression, `while` and comprehension, every operand of an `and` or `or`, every comparison. The
changed file is run as a module of its own and its rules are asked the rows of their table. A row that fails, or a rule
that raises, tells the mutant; a mutant that no row tells is a condition that nothing depends on.
"""

from __future__ import annotations

import ast
import copy
import importlib
import inspect
import pkgutil
import types
from collections.abc import Iterator
from typing import Any

import pytest

from daemon.products import rules
from daemon.products.rules import offers, screens
from tests.unit.products.rules.case import Case, tables
from tests.unit.products.rules.sound import complaints

pytestmark = pytest.mark.slow

CASES: tuple[Case, ...] = tuple(case for _, cases in tables() for case in cases)


def conditions(node: ast.AST) -> Iterator[tuple[ast.AST, str, int]]:
    """Iterate over (parent, field, index) of every expression that decides something; index -1 for no list."""
    for parent in ast.walk(node):
        for field, value in ast.iter_fields(parent):
            entries = list(enumerate(value)) if isinstance(value, list) else [(-1, value)]
            for index, entry in entries:
                if isinstance(entry, ast.expr) and _decides(parent, field, entry):
                    yield parent, field, index


def _decides(parent: ast.AST, field: str, entry: ast.expr) -> bool:
    tested = isinstance(parent, ast.If | ast.IfExp | ast.While) and field == "test"
    filtered = isinstance(parent, ast.comprehension) and field == "ifs"
    operand = isinstance(parent, ast.BoolOp) and not isinstance(entry, ast.Constant)  # `title or ""` decides nothing
    return tested or filtered or operand or isinstance(entry, ast.Compare)


def mutants(source: str) -> Iterator[tuple[str, ast.Module]]:
    """Iterate over (what was negated, module) of one source."""
    tree = ast.parse(source)
    functions = [node for node in tree.body if isinstance(node, ast.FunctionDef | ast.ClassDef)]
    for number, _ in enumerate(place for function in functions for place in conditions(function)):
        changed = copy.deepcopy(tree)
        bodies = [node for node in changed.body if isinstance(node, ast.FunctionDef | ast.ClassDef)]
        parent, field, index = [place for function in bodies for place in conditions(function)][number]
        holder: Any = getattr(parent, field)
        expression = holder if index < 0 else holder[index]
        negated = ast.copy_location(ast.UnaryOp(ast.Not(), expression), expression)
        if index < 0:
            setattr(parent, field, negated)
        else:
            holder[index] = negated
        yield f"line {expression.lineno}: not ({ast.unparse(expression)})", ast.fix_missing_locations(changed)


def run(module: types.ModuleType, tree: ast.Module | str, **taken: Any) -> types.ModuleType:
    """Run a changed source as a module that nobody imports. taken: names that it gets from elsewhere."""
    changed = types.ModuleType(module.__name__)
    exec(compile(tree, module.__file__ or module.__name__, "exec"), changed.__dict__)
    changed.__dict__.update(taken)
    return changed


def tells(theme: types.ModuleType, cases: list[Case]) -> bool:
    """Tell whether any row notices that a theme file was changed; a rule that raises has been noticed too."""
    checks = {spec.id: spec.check for spec in theme.__dict__["SPECS"]}
    for case in cases:
        try:
            if case.failure(checks[case.rule]) is not None:
                return True
        except Exception:  # noqa: BLE001 - whatever it is, a test would have failed
            return True
    return False


def cases_of(theme: types.ModuleType) -> list[Case]:
    """Return the rows of a theme's rules."""
    own = {spec.id for spec in theme.__dict__["SPECS"]}
    return [case for case in CASES if case.rule in own]


def theme_files() -> list[types.ModuleType]:
    """Return the files of the folder that hold rules."""
    names = [module.name for module in pkgutil.iter_modules(rules.__path__)]
    modules = [importlib.import_module(f"daemon.products.rules.{name}") for name in names]
    return [module for module in modules if "SPECS" in vars(module)]


THEMES = theme_files()


@pytest.mark.parametrize("theme", THEMES, ids=lambda theme: theme.__name__.rpartition(".")[2])
def test_no_inverted_condition_goes_unnoticed(theme: types.ModuleType) -> None:
    source, cases = inspect.getsource(theme), cases_of(theme)
    assert not tells(run(theme, source), cases), "the file as it is must satisfy its table"
    assert [what for what, tree in mutants(source) if not tells(run(theme, tree), cases)] == []


def test_no_inverted_condition_of_the_shared_part_goes_unnoticed() -> None:
    users = [(theme, cases_of(theme)) for theme in THEMES if "rules.offers import" in inspect.getsource(theme)]

    def noticed(tree: ast.Module | str) -> bool:
        changed = run(offers, tree)
        own = {
            n: v for n, v in vars(changed).items() if getattr(v, "__module__", "") == offers.__name__ and n[0] != "_"
        }
        for theme, cases in users:
            taken = {name: value for name, value in own.items() if name in vars(theme)}
            if tells(run(theme, inspect.getsource(theme), **taken), cases):
                return True
        return False

    source = inspect.getsource(offers)
    assert not noticed(source), "the file as it is must satisfy the tables"
    assert [what for what, tree in mutants(source) if not noticed(tree)] == []


def test_no_inverted_condition_of_the_screens_goes_unnoticed() -> None:
    def noticed(tree: ast.Module | str) -> bool:
        try:
            return next(complaints(run(screens, tree)), None) is not None
        except Exception:  # noqa: BLE001 - whatever it is, a test would have failed
            return True

    source = inspect.getsource(screens)
    assert not noticed(source), "the file as it is must satisfy the tables"
    assert [what for what, tree in mutants(source) if not noticed(tree)] == []
