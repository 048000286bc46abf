"""Which format a file has and what parts its cells, by what it holds rather than by its name. Pure."""

from __future__ import annotations

import csv
import io
import json
from typing import Final

from daemon.products.feeds.columns import header_key, known_headers
from daemon.products.feeds.shopify_columns import is_shopify

#: In order of preference where nothing tells them apart.
DELIMITERS: Final = (",", "\t", ";", "|")
_ROWS: Final = 20


def detect_format(head: str, suffix: str) -> str:
    """Return the format of a text by its beginning. suffix: of the file's name, such as ".jsonl"."""
    start = head.lstrip("\ufeff \t\r\n")
    if start.startswith("<"):
        return "merchant"
    if start.startswith("["):
        return "json"
    if start.startswith("{"):
        return "jsonl" if suffix in {".jsonl", ".ndjson"} or _is_json_lines(start) else "json"
    delimiter = detect_delimiter(head)
    if is_shopify(_rows(head, delimiter, 1)[0]):
        return "shopify"
    return "tsv" if delimiter == "\t" else "csv"


def _is_json_lines(start: str) -> bool:
    """Tell one object a line from one object over several lines, or one that wraps them all in its only line."""
    lines = [line for line in start.split("\n")[:3] if line.strip()]
    try:
        first = json.loads(lines[0])
    except (ValueError, RecursionError):
        return len(lines) > 1 and lines[1].lstrip().startswith("{") and lines[0].rstrip().endswith("}")
    return len(lines) > 1 or not any(isinstance(value, list | dict) for value in first.values())


def stated_delimiter(first_line: str) -> str | None:
    """Return the delimiter of a line "sep=;", by which spreadsheets say it."""
    text = first_line.lstrip("\ufeff").rstrip("\r\n").strip('"')
    return text[4] if len(text) == 5 and text[:4].casefold() == "sep=" else None


def detect_delimiter(head: str) -> str:
    """Return what parts cells: what makes most known headers, then what gives all rows the same length."""
    if stated := stated_delimiter(head.split("\n", 1)[0]):
        return stated
    return max(DELIMITERS, key=lambda delimiter: _fitness(_rows(head, delimiter, _ROWS)))


def _fitness(rows: list[list[str]]) -> tuple[int, float, int]:
    header = rows[0]
    known = sum(header_key(cell) in known_headers() for cell in header)
    alike = sum(len(row) == len(header) for row in rows) / len(rows) if len(header) > 1 else 0.0
    return known, alike, len(header)


def _rows(head: str, delimiter: str, count: int) -> list[list[str]]:
    """Return the first rows that are not blank; at least one."""
    rows: list[list[str]] = []
    reader = csv.reader(io.StringIO(head.lstrip("\ufeff"), newline=""), delimiter=delimiter)
    try:
        for row in reader:
            if any(cell.strip() for cell in row) and stated_delimiter(delimiter.join(row)) is None:
                rows.append(row)
            if len(rows) == count:
                break
    except csv.Error:
        pass
    return rows or [[""]]
