"""Questions about Python code that its syntax tree answers."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator
from typing import Final, TypeAlias

#: Stands in a text for a value that is not known from the code.
HOLE: Final = "\0"
FUNCTIONS: Final = (ast.FunctionDef, ast.AsyncFunctionDef)
Function: TypeAlias = ast.FunctionDef | ast.AsyncFunctionDef


def of_name(body: Iterable[ast.stmt], name: str) -> list[Function]:
    return [one for one in body if isinstance(one, FUNCTIONS) and one.name == name]


def calls_in(module: ast.Module) -> Iterator[tuple[Function | None, ast.Call]]:
    """Iterate over calls with the function that they stand in."""
    for top in module.body:
        methods = top.body if isinstance(top, ast.ClassDef) else [top]
        for one in methods:
            function = one if isinstance(one, FUNCTIONS) else None
            yield from ((function, node) for node in ast.walk(one) if isinstance(node, ast.Call))


def argument(call: ast.Call, index: int, name: str) -> ast.expr | None:
    for keyword in call.keywords:
        if keyword.arg == name:
            return keyword.value
    return call.args[index] if index < len(call.args) else None


def parameters(function: Function) -> list[str]:
    """Return the names of parameters as a caller gives them, in order."""
    return [one.arg for one in (*function.args.args, *function.args.kwonlyargs) if one.arg != "self"]


def assigned(function: Function, name: str) -> Iterator[ast.expr]:
    for node in ast.walk(function):
        match node:
            case ast.Assign(targets=[ast.Name(id=target)], value=value) if target == name:
                yield value
            case ast.NamedExpr(target=ast.Name(id=target)) if target == name:
                yield node
            case ast.AugAssign(target=ast.Name(id=target), value=value) if target == name:
                yield ast.BinOp(ast.Constant(HOLE), ast.Add(), value)
            case ast.Assign(targets=[ast.Tuple(elts=names)], value=ast.Tuple(elts=values)):
                yield from (v for n, v in zip(names, values, strict=True) if ast.unparse(n) == name)


def unpacked(function: Function, name: str) -> Iterator[tuple[ast.expr, int]]:
    """Iterate over (what is iterated over, index) where a name is one of a loop's several."""
    for node in ast.walk(function):
        if isinstance(node, ast.For) and isinstance(node.target, ast.Tuple):
            names = [ast.unparse(one) for one in node.target.elts]
            if name in names:
                yield node.iter, names.index(name)


def stored(function: Function | None, name: str) -> Iterator[ast.expr]:
    """Iterate over what is put into a table under a key."""
    for node in ast.walk(function) if function is not None else ():
        match node:
            case ast.Assign(targets=[ast.Subscript(value=ast.Name(id=target))], value=value) if target == name:
                yield value
