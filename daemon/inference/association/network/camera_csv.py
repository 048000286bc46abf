"""Networks as CSV: a file of cameras and one of ways, or one of both, as drafts.

Columns are known by their names, in English or Chinese: id, longitude, latitude, heading, field_of_view,
clock_offset_s, clock_rate, name; from, to, metres, one_way; and, where a file holds both, kind ("camera" or "way"),
which may be left out: what has a `from` is a way. Any delimiter and encoding that spreadsheets write.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Final

from daemon.errors import UnreadableFile
from daemon.inference.association.network.camera_columns import fields_of, slips
from daemon.inference.association.network.draft_values import Draft
from daemon.inference.association.network.validation import Finding, Findings
from daemon.products.feeds.detect import detect_delimiter
from daemon.products.feeds.encodings import HEAD, UNDECODABLE, open_text
from daemon.products.feeds.table import Table
from daemon.products.plain_text import plain

_CAMERA: Final = frozenset({"id"})
_WAY: Final = frozenset({"origin", "target"})


def csv_drafts(path: Path, name: str, encoding: str, findings: Findings) -> Iterator[Draft]:
    """Yield the drafts of a CSV file, each with the line that it begins in.

    Raises UnreadableFile when its header names neither cameras nor ways.
    """
    with path.open("rb") as binary, open_text(binary, encoding) as text:
        delimiter = detect_delimiter(text.read(HEAD))
        text.seek(0)
        table = Table(text, delimiter, name)
        layout = fields_of(table.columns)
        if not any(fields.issubset(layout) for fields in (_CAMERA, _WAY)):
            columns = plain(", ".join(table.columns), 200)
            raise UnreadableFile(
                f"{name}: columns id, longitude and latitude, or from and to, are expected; found {columns}"
            )
        findings.warnings.extend(
            Finding(f"{name}:{table.header_line}.{slip}", f'no such column; did you mean "{near}"?')
            for slip, near in slips(table.columns)
        )
        for row in table:
            if findings.hopeless:
                return
            place = f"{name}:{row.line}"
            if row.reason:
                findings.faults.append(Finding(place, row.reason))
                continue
            values = {field: row.record.get(column, "") for field, column in layout.items()}
            broken = [layout[field] for field, value in values.items() if UNDECODABLE in value]
            if broken:
                findings.faults.append(Finding(f"{place}.{broken[0]}", f"bytes that are no text in {encoding}"))
                continue
            yield Draft(place, values, layout, textual=True)
