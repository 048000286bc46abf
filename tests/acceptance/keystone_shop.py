"""A shop on KeystoneJS 4: its documents as the back end writes them, a daemon over it, and the room of its team."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import bson
import pymongo
from bson import ObjectId
from pymongo import UpdateOne

from tests.acceptance.asking import Answer, ask, every, until
from tests.acceptance.daemon_process import EAGER, DaemonProcess
from tests.mongo_server import Shop

#: So rarely that whatever is checked sooner was checked because the shop told of it.
SELDOM = "1h"
ROOM = "/api/v1/room/messages"
CONFIG = """
[catalogue]
kind = "mongodb"
currency = "EUR"
[mongodb]
uri = "{uri}"
timeout = "1s"
{keys}
[checks]
interval = "{checks}"
network = false
{eager}
{more}
"""
BOT = """
[[channels]]
name = "group"
kind = "room"
min_severity = "info"
[bot]
kind = "local"
language = "en"
rooms = ["shop"]
per_person_per_minute = 1000
per_room_per_minute = 1000
sends_per_minute = 1000
room_sends_per_minute = 1000
"""


class BackEnd:
    """What people do in the back end, of which the daemon hears nothing. tracked: whether its model has `track`."""

    def __init__(self, shop: Shop, *, tracked: bool = True) -> None:
        self.shop, self.tracked = shop, tracked
        self.created: dict[str, dict[str, Any]] = {}
        self._products = shop.products.with_options(write_concern=pymongo.WriteConcern("majority"))
        self._products.create_index("slug", unique=True)
        if tracked:
            for field in ("createdAt", "createdBy", "updatedAt", "updatedBy"):
                self._products.create_index(field)
        self._kitchen = shop.database["productcategories"].insert_one({"key": "kitchen", "name": "Kitchen"}).inserted_id

    def create(self, title: str, **fields: Any) -> str:
        """Save a new product, published and in stock unless told otherwise; return its id."""
        product_id, now = ObjectId(), _now()
        document = {"_id": product_id, "slug": title.lower().replace(" ", "-"), "title": title, "price": 12.5, "qty": 7,
                    "state": "published", "category": self._kitchen, "description": f"<p>{title} &amp; lid.</p>",
                    "image": {"public_id": "p", "version": 1, "format": "jpg", "secure_url": "https://img.example/p.jpg"},
                    "images": [], "pv": 1203, "a field of theirs": {"deep": [1, 2.0, None]}, **fields}  # fmt: skip
        if self.tracked:
            document |= {"createdAt": now, "createdBy": ObjectId(), "updatedAt": now, "updatedBy": ObjectId()}
        document["__v"] = 0
        self._products.insert_one(document)
        self.created[str(product_id)] = document
        return str(product_id)

    def save(self, product_id: str, **changed: Any) -> None:
        """Save what a person has changed of a product, as mongoose does it: nothing but that, whatever stands there."""
        changed |= {"updatedAt": _now()} if self.tracked else {}
        assert self._products.update_one({"_id": ObjectId(product_id)}, {"$set": changed}).matched_count == 1

    def save_many(self, changes: Mapping[str, Mapping[str, Any]]) -> None:
        """Save what several people have changed, by id, at about the same moment."""
        tracked = {"updatedAt": _now()} if self.tracked else {}
        updates = [
            UpdateOne({"_id": ObjectId(one)}, {"$set": {**changed, **tracked}}) for one, changed in changes.items()
        ]
        assert self._products.bulk_write(updates, ordered=False).matched_count == len(updates)

    def delete(self, product_id: str) -> None:
        """Delete a product."""
        self._products.delete_one({"_id": ObjectId(product_id)})

    def read(self, product_id: str) -> dict[str, Any]:
        """Return a document."""
        found = self._products.find_one({"_id": ObjectId(product_id)})
        assert found is not None
        return found

    def states(self) -> dict[str, str]:
        """Return where every product stands, by id."""
        return {str(found["_id"]): found["state"] for found in self._products.find({}, {"state": 1})}


def _now() -> datetime:
    now = datetime.now(UTC)
    return now.replace(microsecond=now.microsecond // 1000 * 1000)


def rest_of(document: dict[str, Any], *but: str) -> bytes:
    """Return all of a document but some fields, to the byte."""
    return bytes(bson.encode({name: value for name, value in document.items() if name not in but}))


def daemon_over(shop: Shop, folder: Path, keys: str = "", *, checks: str = SELDOM, more: str = BOT) -> DaemonProcess:
    """Return a daemon over the catalogue of a shop, not started. keys: of [mongodb]; more: of the configuration."""
    return DaemonProcess(folder, CONFIG.format(eager=EAGER, uri=shop.uri, keys=keys, checks=checks, more=more))


def product(process: DaemonProcess, product_id: str) -> Answer:
    """Read a product over HTTP."""
    return ask(process, "GET", f"/api/v1/products/{product_id}")


def incidents(process: DaemonProcess, product_id: str) -> dict[str, str]:
    """Return the states of a product's incidents by rule."""
    return {one["rule"]: one["state"] for one in every(process, f"/api/v1/incidents?product={product_id}")}


def catalogue(process: DaemonProcess) -> dict[str, Any]:
    """Return how the catalogue stands by /readyz, with which the daemon must say that it serves."""
    answer = ask(process, "GET", "/readyz")
    assert answer.status == 200, answer
    return dict(answer.body["catalogue"])


def notices(process: DaemonProcess, *words: str) -> list[str]:
    """Return what the bot has told the room by itself, with all of these words in it."""
    said = [one["text"] for one in ask(process, "GET", f"{ROOM}?limit=500").body["items"]
            if one["by_bot"] and not one["mentions"]]  # fmt: skip
    return [text for text in said if all(word in text for word in words)]


def say(process: DaemonProcess, text: str) -> str:
    """Say something to the bot in the room; return its answer."""
    said = ask(process, "POST", ROOM, {"text": f"@zhiban {text}"})
    assert said.status == 201, said
    answers: list[str] = []

    def answered() -> bool:
        after = ask(process, "GET", f"{ROOM}?limit=500&after={said.body['id']}").body["items"]
        answers[:] = [one["text"] for one in after if one["by_bot"] and one["mentions"]]
        return bool(answers)

    until(answered, 20, f"an answer to {text!r}")
    return answers[0]
