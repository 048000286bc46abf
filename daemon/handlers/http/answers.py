"""Answers: structs as JSON, products in full, and the revision as an entity tag."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from typing import Any, Final, Generic, TypeVar

import msgspec
from aiohttp import web

from daemon.errors import PreconditionFailed
from daemon.handlers.http.problems import BadRequest, PreconditionRequired
from daemon.ports import Page
from daemon.products.product import Product, Time, Unparsed

T = TypeVar("T")
IF_MATCH: Final = r'^(\*|"[0-9]{1,15}"( *, *"[0-9]{1,15}")*)$'
_ENCODER: Final = msgspec.json.Encoder(enc_hook=str)


class Listed(msgspec.Struct, Generic[T], frozen=True):
    """One page of a list. next_cursor: for the page after it, null on the last one."""

    items: tuple[T, ...]
    next_cursor: str | None


def page(found: Page, items: Iterable[Any] | None = None) -> Listed[Any]:
    """Return a page of a store as it is answered; items, where they are not shown as they are stored."""
    return Listed(tuple(found.items if items is None else items), found.cursor)


def _shown_type(kind: Any) -> Any:
    # A time that came without an offset is shown without one, which is no RFC 3339 time.
    return str | Unparsed | None if kind == Time else kind


#: A product with every field named, also those at their defaults, which the stored form leaves out.
ShownProduct: Final = msgspec.defstruct(
    "Product",
    [(field.name, _shown_type(field.type)) for field in msgspec.structs.fields(Product)],
    frozen=True,
    kw_only=True,
)

#: One page of them.
PRODUCTS: Final[Any] = Listed[ShownProduct]  # type: ignore[valid-type]  # a struct made at run time


def shown(product: Product) -> msgspec.Struct:
    """Return a product with every field named."""
    return ShownProduct(**{name: getattr(product, name) for name in Product.__struct_fields__})


def to_json(value: Any) -> bytes:
    """Return a value as JSON. Text with halves of surrogate pairs, which broken files bring in, is escaped."""
    try:
        return _ENCODER.encode(value)
    except UnicodeEncodeError:
        return json.dumps(msgspec.to_builtins(value, enc_hook=str), separators=(",", ":")).encode()


def answer(value: Any, status: int, *, revision: bool = False) -> web.Response:
    """Return a value as an answer. revision: with its revision as the entity tag."""
    if value is None:
        return web.Response(status=status)
    headers = {"ETag": f'"{value.revision}"'} if revision else {}
    return web.Response(status=status, body=to_json(value), content_type="application/json", headers=headers)


def revisions_of(request: web.Request) -> frozenset[int] | None:
    """Return the revisions that If-Match allows, None for any ("*").

    Weak tags never match (RFC 9110, section 13.1.1). Raises PreconditionRequired, PreconditionFailed, BadRequest.
    """
    given = ", ".join(request.headers.getall("If-Match", ())).strip()
    if not given:
        raise PreconditionRequired('expected If-Match with the ETag of what you read, such as If-Match: "3"')
    if re.fullmatch(IF_MATCH, given):
        return None if given == "*" else frozenset(map(int, re.findall(r"[0-9]+", given)))
    if re.fullmatch(r'(W/)?"[^"]*"( *, *(W/)?"[^"]*")*', given):
        raise PreconditionFailed("none of these entity tags is of the current revision")
    raise BadRequest('If-Match: expected a quoted revision, such as "3"')
