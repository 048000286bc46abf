"""Products from JSON (a list, or an object with a list) and JSON Lines. Numbers are exact decimals (RFC 8259)."""

from __future__ import annotations

import io
import json
from collections.abc import Callable, Iterator
from decimal import Decimal, InvalidOperation
from typing import Any, Final

from daemon.products.feeds.encodings import UNDECODABLE
from daemon.products.feeds.json_items import JsonItems
from daemon.products.feeds.lines import Lines, RowTooLongError
from daemon.products.feeds.options import MAX_DEPTH, MAX_OBJECT, BrokenFileError
from daemon.products.feeds.rows import RowReader
from daemon.products.imports import Parsed, Reject

#: Without any of these an object alone in its file is no product but, say, an error message.
_OF_A_PRODUCT: Final = frozenset({"id", "sku", "title", "price"})


def read_json(read: Callable[[], str], reader: RowReader) -> Iterator[Parsed | Reject | None]:
    """Yield the products of a JSON text; None for every piece read. Raises BrokenFileError."""
    items = JsonItems(read)
    for item in items:
        if item is None:
            yield None
        elif item.reason:
            reader.rows += 1
            yield reader.reject(item.line, "", item.reason, {})
        else:
            product = read_object(item.text, item.line, reader)
            if items.single and reader.fields.isdisjoint(_OF_A_PRODUCT):
                raise BrokenFileError("no list of products in it", item.line)
            yield product


def read_json_lines(text: io.TextIOBase, reader: RowReader) -> Iterator[Parsed | Reject | None]:
    """Yield the product of every line that is not blank; None for a blank one."""
    lines = Lines(text)
    while True:
        number = lines.begin()
        try:
            line = next(lines)
        except StopIteration:
            return
        except RowTooLongError:
            lines.skip_rest()
            reader.rows += 1
            yield reader.reject(number, "", f"a line of more than {MAX_OBJECT:,} characters", {})
            continue
        yield read_object(line, number, reader) if line.strip() else None


def read_object(text: str, line: int | None, reader: RowReader) -> Parsed | Reject:
    """Return the product of one JSON object."""
    try:
        found = json.loads(text.lstrip("\ufeff"), parse_float=Decimal, parse_constant=Decimal)
    except json.JSONDecodeError as error:
        return _rejected(reader, line, f"no JSON: {error.msg} at character {error.pos + 1}", text)
    except (ValueError, InvalidOperation):
        return _rejected(reader, line, "a number with too many digits", text)
    except RecursionError:
        return _rejected(reader, line, f"nested deeper than {MAX_DEPTH}", text)
    return read_value(found, line, reader)


def read_value(found: object, line: int | None, reader: RowReader) -> Parsed | Reject:
    """Return the product of one JSON value that was read already."""
    if not isinstance(found, dict):
        return _rejected(reader, line, f"an object was expected, found {type(found).__name__}", str(found))
    problem = _problem(found, 1)
    if problem:
        return _rejected(reader, line, problem, str({key: found[key] for key in list(found)[:20]}))
    return reader.read(found, line)


def _rejected(reader: RowReader, line: int | None, reason: str, text: str) -> Reject:
    reader.rows += 1
    return reader.reject(line, "", reason, {"text": text.strip()})


def _problem(value: Any, depth: int) -> str:
    """Return what in a value nobody could handle: too deep, or bytes that were not decoded."""
    if depth > MAX_DEPTH:
        return f"nested deeper than {MAX_DEPTH}"
    if isinstance(value, str):
        return "bytes that are not in the encoding of the file" if UNDECODABLE in value else ""
    inner = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    return next((problem for part in inner if (problem := _problem(part, depth + 1))), "")
