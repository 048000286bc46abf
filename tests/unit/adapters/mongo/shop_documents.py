"""Documents in the shapes that KeystoneJS writes them in, from the extended JSON in `documents/`."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import bson
from bson import json_util
from bson.codec_options import DatetimeConversion

from daemon.adapters.mongo.documents import Document, document_of

FOLDER = Path(__file__).with_name("documents")
_OPTIONS = json_util.JSONOptions(tz_aware=True, datetime_conversion=DatetimeConversion.DATETIME_AUTO)
NAMES = sorted(path.stem for path in FOLDER.glob("*.json"))


def shape(name: str) -> dict[str, Any]:
    """Return one of the recorded shapes."""
    found: dict[str, Any] = json_util.loads((FOLDER / f"{name}.json").read_text("utf-8"), json_options=_OPTIONS)
    return found


def sent(fields: Mapping[str, Any]) -> Document:
    """Return a document as the server would send it."""
    found = document_of(bson.encode(fields))
    assert isinstance(found, Document)
    return found
