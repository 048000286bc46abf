"""Reads from source code what messages it can make: every text that an expression may become, with holes for values.

Follows names, conditions, calls of functions of the same code, parameters back to their callers, and generators of
tuples. What it cannot follow is a hole, and is named in `unread` where no text around it tells of one.
"""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from itertools import product
from pathlib import Path
from typing import Final, TypeAlias

from tests.syntax import (
    FUNCTIONS,
    HOLE,
    Function,
    argument,
    assigned,
    calls_in,
    of_name,
    parameters,
    stored,
    unpacked,
)

Texts: TypeAlias = frozenset[str]
_VALUE: Final[Texts] = frozenset({HOLE})
_DEEPEST: Final = 12


@dataclass(frozen=True, slots=True, eq=False)
class Place:
    """Where an expression stands. bound: what parameters are, where a call is followed."""

    module: ast.Module
    function: Function | None
    bound: Mapping[str, Texts]


@dataclass(slots=True)
class Code:
    """Modules whose expressions are read."""

    modules: list[ast.Module]
    unread: set[str] = field(default_factory=set)
    _calls: list[tuple[ast.Module, Function | None, ast.Call]] = field(default_factory=list)
    _owners: dict[Function, ast.Module] = field(default_factory=dict)
    _methods: list[Function] = field(default_factory=list)
    _given: dict[tuple[Function, str], Texts] = field(default_factory=dict)
    _depth: int = 0
    _within: int = 0

    @classmethod
    def of(cls, paths: Iterable[Path]) -> Code:
        code = cls([ast.parse(path.read_text(encoding="utf-8")) for path in sorted(paths)])
        for module in code.modules:
            code._calls += [(module, function, call) for function, call in calls_in(module)]
            code._owners |= {node: module for node in ast.walk(module) if isinstance(node, FUNCTIONS)}
            classes = [node for node in module.body if isinstance(node, ast.ClassDef)]
            code._methods += [one for holder in classes for one in holder.body if isinstance(one, FUNCTIONS)]
        return code

    def arguments(self, names: Mapping[str, int]) -> Texts:
        """Return what the calls of functions are given. names: the argument's place by the function as it is called.

        A keyword argument named "message" counts wherever it stands.
        """
        found: set[str] = set()
        for module, function, call in self._calls:
            name = ast.unparse(call.func)
            if name in names and (given := argument(call, names[name], "message")) is not None:
                found |= self.texts(given, Place(module, function, {}))
        return frozenset(found)

    def texts(self, node: ast.expr, place: Place) -> Texts:
        """Return every text that an expression may be."""
        if self._depth >= _DEEPEST:
            return _VALUE
        self._depth += 1
        try:
            return self._texts(node, place)
        finally:
            self._depth -= 1

    def _texts(self, node: ast.expr, place: Place) -> Texts:
        match node:
            case ast.Constant(value=str(text)):
                return frozenset({text})
            case ast.JoinedStr(values=values):
                with self._inside():
                    return _joined(self._part(value, place) for value in values)
            case ast.IfExp(test=test, body=body, orelse=orelse):
                return self.texts(body, self._if_true(test, place)) | self.texts(orelse, place)
            case ast.BoolOp(values=values):
                return frozenset().union(*(self.texts(value, place) for value in values))
            case ast.BinOp(left=left, op=ast.Add(), right=right):
                return _joined((self.texts(left, place), self.texts(right, place)))
            case ast.NamedExpr(value=value):  # stands in conditions, so that what is used of it is not empty
                return self.texts(value, place) - {""}
            case ast.Subscript(value=value, slice=ast.Slice()):
                return self.texts(value, place)
            case ast.Subscript(value=ast.Name(id=name)):
                return self._values_of(name, place) or self._hole(node)
            case ast.Name(id=name):
                return self._named(name, place) or self._hole(node)
            case ast.Call():
                return self._called(node, place) or self._hole(node)
        return self._hole(node)

    def _part(self, value: ast.expr, place: Place) -> Texts:
        if not isinstance(value, ast.FormattedValue):
            return self.texts(value, place)
        return _VALUE if value.format_spec or value.conversion != -1 else self.texts(value.value, place)

    def _if_true(self, test: ast.expr, place: Place) -> Place:
        if not isinstance(test, ast.Name):
            return place
        with self._inside():
            known = self._named(test.id, place)
        return replace(place, bound={**place.bound, test.id: known - {""}}) if known else place

    @contextmanager
    def _inside(self) -> Iterator[None]:
        """What cannot be read here has a text around it."""
        self._within += 1
        try:
            yield
        finally:
            self._within -= 1

    def _hole(self, node: ast.expr) -> Texts:
        if not self._within:
            self.unread.add(ast.unparse(node))
        return _VALUE

    def _values_of(self, name: str, place: Place) -> Texts:
        """Return the values of a table of the module."""
        for statement in place.module.body:
            match statement:
                case ast.AnnAssign(target=ast.Name(id=target), value=ast.Dict(values=values)) if target == name:
                    return frozenset().union(*(self.texts(value, place) for value in values))
        return frozenset()

    def _rows(self, name: str, place: Place) -> Iterable[ast.expr]:
        for statement in place.module.body:
            match statement:
                case ast.AnnAssign(target=ast.Name(id=target), value=ast.Tuple(elts=rows)) if target == name:
                    return rows
        return ()

    def _named(self, name: str, place: Place) -> Texts:
        if name in place.bound:
            return place.bound[name]
        function = place.function
        if function is not None:
            found = [self.texts(value, place) for value in assigned(function, name)]
            found += [self._yielded(call, index, place) for call, index in unpacked(function, name)]
            if found:
                return frozenset().union(*found)
            if name in parameters(function):
                return self._passed(function, name)
        for statement in place.module.body:
            if isinstance(statement, ast.AnnAssign) and ast.unparse(statement.target) == name and statement.value:
                return self.texts(statement.value, place)
        return frozenset()

    def _passed(self, function: Function, name: str) -> Texts:
        """Return what callers give for a parameter."""
        if (function, name) not in self._given:
            index = parameters(function).index(name)
            found: set[str] = set()
            for module, caller, call in self._calls:
                if caller is not function and any(one is function for one in self._functions(call, module)):
                    given = argument(call, index, name)
                    found |= self.texts(given, Place(module, caller, {})) if given is not None else set()
            self._given[function, name] = frozenset(found)
        return self._given[function, name]

    def _yielded(self, call: ast.expr, index: int, place: Place) -> Texts:
        """Return one item of the tuples that a generator makes, or that a table of the module holds."""
        found: set[str] = set()
        if isinstance(call, ast.Name):
            rows = [row for row in self._rows(call.id, place) if isinstance(row, ast.Tuple)]
            return frozenset().union(*(self.texts(row.elts[index], place) for row in rows))
        if not isinstance(call, ast.Call):
            return frozenset()
        for function in self._functions(call, place.module):
            inside = Place(self._owners[function], function, {})
            for node in ast.walk(function):
                if isinstance(node, ast.Yield) and isinstance(node.value, ast.Tuple):
                    found |= self.texts(node.value.elts[index], inside)
                elif isinstance(node, ast.YieldFrom):
                    found |= self._yielded(node.value, index, inside)
        return frozenset(found)

    def _called(self, call: ast.Call, place: Place) -> Texts:
        if isinstance(call.func, ast.Attribute) and call.func.attr == "join":
            return self._row(call, place)
        found: set[str] = set()
        for function in self._functions(call, place.module):
            with self._inside():
                bound = {
                    name: self.texts(given, place)
                    for n, name in enumerate(parameters(function))
                    if (given := argument(call, n, name)) is not None
                }
            inside = Place(self._owners[function], function, bound)
            for node in ast.walk(function):
                if isinstance(node, ast.Return) and node.value is not None:
                    found |= self.texts(node.value, inside)
        return frozenset(found)

    def _row(self, call: ast.Call, place: Place) -> Texts:
        """Return what joins texts that were put into a table under their keys: one of them, and two."""
        assert isinstance(call.func, ast.Attribute)
        names = {node.id for argument in call.args for node in ast.walk(argument) if isinstance(node, ast.Name)}
        ones = frozenset().union(*(self.texts(v, place) for name in names for v in stored(place.function, name)))
        ones -= {""}
        return ones | _joined((ones, self.texts(call.func.value, place), ones))

    def _functions(self, call: ast.Call, module: ast.Module) -> list[Function]:
        """Return the functions that a call may be of; of a method, every one of its name."""
        if isinstance(call.func, ast.Attribute):
            return [method for method in self._methods if method.name == call.func.attr]
        if not isinstance(call.func, ast.Name):
            return []
        own = of_name(module.body, call.func.id)
        imported = any(
            alias.name == call.func.id
            for node in module.body
            if isinstance(node, ast.ImportFrom)
            for alias in node.names
        )
        if own or not imported:
            return own
        return [function for one in self.modules for function in of_name(one.body, call.func.id)]


def _joined(parts: Iterable[Texts]) -> Texts:
    return frozenset("".join(chosen) for chosen in product(*parts))
