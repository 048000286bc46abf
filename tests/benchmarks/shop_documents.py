"""The made-up catalogue as documents of KeystoneJS in a database of a server of its own.

The shapes are those that public Product models have: tracked or not, a price as a number or as an object, one image
or a gallery of CloudinaryImages, the category as a name or as an ObjectId. A third of the numbers are whole, which
KeystoneJS keeps as an int.
"""

from __future__ import annotations

import random
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any, Final

from bson import ObjectId

from daemon.products.product import Product
from tests.acceptance.daemon_process import DaemonProcess
from tests.benchmarks import corpus
from tests.mongo_server import ABSENT, MongoServer, Shop, elsewhere, installed

#: Seconds from 1970 in the ObjectId of the first document; each later one is made a minute after.
_FIRST: Final = int(datetime(2026, 1, 5, tzinfo=UTC).timestamp())
_TOGETHER: Final = 2_000
_PATIENCE_S: Final = 60.0
_CATEGORIES: Final = "productcategories"
Fields = dict[str, Any]


@contextmanager
def planted(folder: Path, count: int) -> Iterator[Shop]:
    """Start a server, or take the one that the environment names, and put the documents there. Raises OSError."""
    server = None
    if not elsewhere():
        if not installed():
            raise OSError(ABSENT)
        server = MongoServer(folder)
        server.start()
    shop = Shop(elsewhere() or (server.uri if server else ""), server)
    try:
        _plant(shop, documents(count))
        yield shop
        if server is None:
            shop.drop()
    finally:
        shop.close()
        if server is not None:
            server.kill()


def documents(count: int) -> list[Fields]:
    """Make the documents; equal for an equal count."""
    chance = random.Random(corpus.SEED)
    return [_document(chance, number, product) for number, product in enumerate(corpus.products(count))]


def _plant(shop: Shop, whole: Sequence[Fields]) -> None:
    for start in range(0, len(whole), _TOGETHER):
        shop.products.insert_many(whole[start : start + _TOGETHER])
    shop.products.create_index("updatedAt")  # as `track: true` makes it
    categories = sorted({one["category"] for one in whole if isinstance(one.get("category"), ObjectId)})
    shop.database[_CATEGORIES].insert_many([{"_id": one, "name": f"Category {one}"} for one in categories])


def _document(chance: random.Random, number: int, product: Product) -> Fields:
    named = {"_id": object_id(number), "slug": product.slug, "state": "published"}
    told = (_tracked, _nested, _acme, _plain)[number % 4](chance, number, product)
    whole = named | told | {"__v": chance.randrange(4)}
    return {name: value for name, value in whole.items() if value is not None}


def object_id(number: int) -> ObjectId:
    """Return the _id of a document."""
    return ObjectId(f"{_FIRST + 60 * number:08x}c4d5e6f708{number % 0xFFFFFF:06x}")


def _tracked(chance: random.Random, number: int, product: Product) -> Fields:
    person = ObjectId(f"{7 + number % 3:024x}")
    return {
        "title": product.title, "sku": product.sku, "price": _price(chance, product), "qty": _stock(product),
        "description": product.description, "category": _category(product), "image": _image(chance, number),
        "createdAt": product.created_at, "updatedAt": product.updated_at, "createdBy": person, "updatedBy": person,
    }  # fmt: skip


def _nested(chance: random.Random, number: int, product: Product) -> Fields:
    price = _price(chance, product)
    return {
        "title": product.title, "code": product.sku, "type": "board", "qty": _stock(product),
        "price": {"common": price, "sale": round(price * 0.9, 2)} if price else {"common": price},
        "content": {"brief": product.description, "extended": f"<p>{product.title}</p>"},
        "images": [_image(chance, number + place) for place in range(1 + number % 3)],
        "categories": [_category(product)], "createdAt": product.created_at, "updatedAt": product.updated_at,
    }  # fmt: skip


def _acme(chance: random.Random, number: int, product: Product) -> Fields:
    return {
        "title": product.title, "price": _price(chance, product), "qty": _stock(product),
        "description": product.description, "image": _image(chance, number), "publishedDate": product.created_at,
    }  # fmt: skip


def _plain(chance: random.Random, number: int, product: Product) -> Fields:
    return {
        "name": product.title, "sku": product.sku, "gtin": product.gtin, "price": _price(chance, product),
        "description": product.description, "pv": number % 977, "brand": product.brand, "category": product.category,
        "stock": _stock(product), "image": product.images[0] if product.images else None, "url": product.link,
        "createdAt": product.created_at, "updatedAt": product.updated_at,
    }  # fmt: skip


def _price(chance: random.Random, product: Product) -> Any:
    price = product.price
    if not isinstance(price, Decimal) or not price.is_finite():
        return None
    return int(price) if chance.random() < 1 / 3 else float(price)


def _stock(product: Product) -> int | None:
    return int(product.stock) if isinstance(product.stock, Decimal) else None


def _category(product: Product) -> ObjectId | None:
    return None if product.category is None else ObjectId(product.category.encode().ljust(12, b"_")[:12])


def _image(chance: random.Random, number: int) -> Fields:
    name = f"{chance.getrandbits(60):015x}"
    address = f"res.cloudinary.example/shop/image/upload/v{1_600_000_000 + number}/{name}.jpg"
    return {
        "public_id": name, "version": 1_600_000_000 + number, "signature": f"{chance.getrandbits(160):040x}",
        "format": "jpg", "resource_type": "image", "url": f"http://{address}", "width": 1200, "height": 900,
        "secure_url": f"https://{address}",
    }  # fmt: skip


def configuration(uri: str, driver: str, *, stream: bool = True) -> str:
    """Return a daemon's configuration for such a shop: no network, and nothing by the clock but following it."""
    return f"""
[catalogue]
kind = "mongodb"
currency = "EUR"
[mongodb]
uri = "{uri}"
driver = "{driver}"
timeout = "10s"
stream = {str(stream).lower()}
scan_interval = "1h"
[checks]
network = false
interval = "1h"
"""


def wait_until_judged(process: DaemonProcess, count: int) -> None:
    """Wait until a daemon has read the shop and judged so many products. Raises OSError."""
    process.wait_event("catalogue.read", _PATIENCE_S)
    until = time.monotonic() + _PATIENCE_S
    while sum(one["checked"] for one in process.events("pass.finished")) < count:
        if time.monotonic() > until:
            raise OSError(f"{count} products were not judged within {_PATIENCE_S} s")
        time.sleep(0.05)
