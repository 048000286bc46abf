"""What a server does with the few operators that a write of ours is made of, to documents in memory."""

from __future__ import annotations

import copy
from collections.abc import Mapping
from typing import Any

import bson

from daemon.adapters.mongo.decoding import OPTIONS
from daemon.adapters.mongo.elements import elements

Fields = dict[str, Any]


def matches(fields: Fields | bytes, where: Mapping[str, Any]) -> bool:
    """Tell whether a document matches, each condition by the bytes of its value."""
    raw = fields if isinstance(fields, bytes) else bson.encode(fields, codec_options=OPTIONS)
    found = {part.name.decode(): part for part in elements(raw)}
    for name, condition in where.items():
        part = found.get(name)
        wanted = {one.name: one for one in elements(bson.encode({"v": condition}))}
        asked = bson.decode(bson.encode({"v": condition}), OPTIONS)["v"]
        if not isinstance(asked, dict):
            if part is None or part.data != wanted[b"v"].data:
                return False
        elif "$exists" in asked:
            if part is not None:
                return False
        elif "$type" in asked:
            if part is None or part.kind != asked["$type"]:
                return False
        else:
            inner = next(iter(elements(wanted[b"v"].data)))
            if inner.name != b"$eq" or part is None or (part.kind, part.data) != (inner.kind, inner.data):
                return False
    return True


def applied(fields: Fields, change: Mapping[str, Mapping[str, Any]]) -> Fields:
    """Return a document with $set and $unset done to it, through BSON and back."""
    found = copy.deepcopy(fields)
    assert set(change) <= {"$set", "$unset"}
    for path, value in change.get("$set", {}).items():
        holder, last = _holder(found, path)
        holder[last] = value
    for path in change.get("$unset", {}):
        holder, last = _holder(found, path)
        holder.pop(last, None)
    return bson.decode(bson.encode(found, codec_options=OPTIONS), OPTIONS)


def _holder(found: Any, path: str) -> tuple[Any, Any]:
    *outer, last = path.split(".")
    for part in outer:
        found = found[int(part)] if isinstance(found, list) else found.setdefault(part, {})
        assert isinstance(found, dict | list), f"cannot create a field in {found!r}"
    return found, int(last) if isinstance(found, list) else last
