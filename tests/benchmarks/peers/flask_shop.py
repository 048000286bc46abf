"""One product of the shop over HTTP as a Flask application with PyMongo answers it, to be served by gunicorn.

The same fields as ours, from the documents that the benchmark plants; a token, an entity tag, one client with its pool
for each worker. It knows these documents' shapes alone: no configurable paths, no judging of odd values.
"""

from __future__ import annotations

import hashlib
import hmac
import os
from datetime import UTC, datetime
from decimal import Decimal
from functools import cache
from typing import Any, Final

from bson import ObjectId
from bson.errors import InvalidId
from flask import Flask, Response, abort, jsonify, request
from pymongo import MongoClient
from pymongo.database import Database
from werkzeug.datastructures import WWWAuthenticate

_WORDS: Final = {"published": "listed", "draft": "draft", "archived": "archived"}
#: Fields that these documents never have.
_ABSENT: Final = dict.fromkeys((
    "owner", "item_group_id", "sale_start", "sale_end", "cost", "is_free", "clearance", "track_inventory", "backorder",
    "availability", "availability_date", "archived_at", "expires_at", "soldout_since", "missing_since",
))  # fmt: skip

app = Flask(__name__)
app.json.sort_keys = False  # type: ignore[attr-defined]  # of the default provider


@cache
def shop() -> Database[dict[str, Any]]:
    """Return the database; opened once in each worker, after the fork."""
    return MongoClient[dict[str, Any]](os.environ["SHOP_URI"], tz_aware=True).get_default_database()


@app.before_request
def check_token() -> None:
    """Let nobody in without the token, of which the digest is known."""
    given = request.authorization
    digest = hashlib.sha256((given.token or "").encode()).hexdigest() if given and given.type == "bearer" else ""
    if not hmac.compare_digest(digest, os.environ["TOKEN_SHA256"]):
        abort(401, www_authenticate=WWWAuthenticate("bearer"))


@app.get("/api/v1/products/<product_id>")
def product(product_id: str) -> Response:
    """Answer one product as it is now."""
    try:
        found = shop().products.find_one({"_id": ObjectId(product_id)})
    except InvalidId:
        found = None
    if found is None:
        abort(404)
    answer = jsonify(shown(found))
    answer.add_etag()
    answer.make_conditional(request)
    return answer


def shown(document: dict[str, Any]) -> dict[str, Any]:
    """Return the fields of a product."""
    priced = document.get("price")
    price, sale = (priced["common"], priced.get("sale")) if isinstance(priced, dict) else (priced, None)
    images = [image_url(one) for one in [document.get("image"), *document.get("images", [])] if one]
    return {
        "id": str(document["_id"]),
        "source": "shop",
        "revision": document.get("__v", 0),
        "sku": document.get("sku") or document.get("code"),
        "gtin": document.get("gtin"),
        "slug": document.get("slug"),
        "title": document.get("title") or document.get("name"),
        "description": document.get("description") or (document.get("content") or {}).get("brief"),
        "category": category(document.get("category") or next(iter(document.get("categories", [])), None)),
        "brand": document.get("brand"),
        "price": decimal(price),
        "sale_price": decimal(sale),
        "currency": "EUR",
        "stock": decimal(document.get("qty", document.get("stock"))),
        "status": _WORDS.get(document.get("state", ""), "draft"),
        "images": images,
        "link": document.get("url"),
        "created_at": time(document.get("createdAt") or document["_id"].generation_time),
        "updated_at": time(document.get("updatedAt")),
        "variants": [],
        **_ABSENT,
    }


@cache
def category(value: Any) -> str | None:
    """Return the name of a category, which is asked for once: neither do we ask again while a product is the same."""
    if not isinstance(value, ObjectId):
        return None if value is None else str(value)
    found = shop().productcategories.find_one({"_id": value}, {"name": 1})
    return str(found["name"]) if found else None


def image_url(image: Any) -> str:
    """Return where an image is."""
    return str(image["secure_url"] if isinstance(image, dict) else image)


def decimal(value: float | None) -> str | None:
    """Return a number as text, so that no digit is lost on the way."""
    return None if value is None else str(Decimal(repr(value)))


def time(value: datetime | None) -> str | None:
    """Return a time in RFC 3339."""
    return None if value is None else value.astimezone(UTC).isoformat().replace("+00:00", "Z")
