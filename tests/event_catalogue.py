"""Every event that the source logs, read from it without running it; `python -m tests.event_catalogue` writes the page.

An event's name is a constant, a choice between two, or an entry of a table of constants in the same file; anything
else could not be searched for, and is a fault.
"""

from __future__ import annotations

import ast
import re
import sys
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

ROOT = Path(__file__).parents[1]
PAGE = ROOT / "docs" / "events.md"
LEVELS = ("debug", "info", "warning", "error", "critical", "exception")
NAME = re.compile(r"[a-z_]+\.[a-z_]+")
_LOGGERS = {"log", "_log", "logger", "_logger"}
_NO_FIELDS = {"exc_info"}


@dataclass
class Event:
    """Where and how an event is logged."""

    levels: set[str] = field(default_factory=set)
    fields: set[str] = field(default_factory=set)
    files: set[str] = field(default_factory=set)


class Faulty(ValueError):
    """A call of a logger whose event cannot be told from the source."""


def found_events(root: Path = ROOT) -> dict[str, Event]:
    """Return every event by name. Raises Faulty with file and line."""
    events: defaultdict[str, Event] = defaultdict(Event)
    for path in sorted((root / "daemon").rglob("*.py")):
        shown = path.relative_to(root).as_posix()
        for levels, names, fields in _calls(ast.parse(path.read_text(encoding="utf-8")), shown):
            for name in names:
                events[name].levels |= levels
                events[name].fields |= fields
                events[name].files.add(shown)
    return dict(sorted(events.items()))


def _calls(tree: ast.Module, shown: str) -> Iterator[tuple[set[str], set[str], set[str]]]:
    tables = dict(_tables(tree))
    aliases = dict(_aliases(tree))
    for node in ast.walk(tree):
        if not isinstance(node, ast.Call):
            continue
        levels = _levels(node.func) or (aliases.get(node.func.id, set()) if isinstance(node.func, ast.Name) else set())
        if levels:
            names = _names(node.args[0], tables) if node.args else set()
            if not names or not all(NAME.fullmatch(name) for name in names):
                raise Faulty(f"{shown}:{node.lineno}: the event is no constant of the form area.past_participle")
            fields = {keyword.arg for keyword in node.keywords if keyword.arg} - _NO_FIELDS
            yield {"error" if level == "exception" else level for level in levels}, names, fields


def _levels(node: ast.expr) -> set[str]:
    """Return the levels of `log.info`, or of `log.debug if quiet else log.info`."""
    if isinstance(node, ast.IfExp):
        return _levels(node.body) | _levels(node.orelse)
    is_method = isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name)
    if is_method and node.value.id in _LOGGERS and node.attr in LEVELS:  # type: ignore[attr-defined]
        return {node.attr}  # type: ignore[attr-defined]
    return set()


def _aliases(tree: ast.Module) -> Iterator[tuple[str, set[str]]]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name) and (found := _levels(node.value)):
            yield node.targets[0].id, found


def _tables(tree: ast.Module) -> Iterator[tuple[str, set[str]]]:
    for node in tree.body:
        target = node.targets[0] if isinstance(node, ast.Assign) else getattr(node, "target", None)
        value = getattr(node, "value", None)
        if isinstance(target, ast.Name) and isinstance(value, ast.Dict):
            yield target.id, {entry.value for entry in value.values if _is_text(entry)}  # type: ignore[attr-defined]


def _is_text(node: ast.expr) -> bool:
    return isinstance(node, ast.Constant) and isinstance(node.value, str)


def _names(node: ast.expr, tables: dict[str, set[str]]) -> set[str]:
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        return {node.value}
    if isinstance(node, ast.IfExp):
        return _names(node.body, tables) | _names(node.orelse, tables)
    if isinstance(node, ast.Subscript) and isinstance(node.value, ast.Name):
        return tables.get(node.value.id, set())
    return set()


def page(events: dict[str, Event]) -> str:
    """Return the page that lists them."""
    lines = [
        "# Log events",
        "",
        "Every line of the log is one event: a constant name, a level, a time and the fields listed here, beside",
        "those of the context (`job` within a run of a job, `request_id` within a request). What libraries log comes",
        "as `foreign.logged`. Written by `python -m tests.event_catalogue` from the source; a test compares.",
        "",
        "| event | level | fields | from |",
        "|---|---|---|---|",
    ]
    for name, event in events.items():
        levels = ", ".join(level for level in LEVELS if level in event.levels)
        fields = " ".join(f"`{field}`" for field in sorted(event.fields))
        lines.append(f"| `{name}` | {levels} | {fields} | {', '.join(sorted(event.files))} |")
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    PAGE.write_text(page(found_events()), encoding="utf-8")
    sys.stdout.write(f"{PAGE}\n")
