"""What tests of every kind may ask for."""

from __future__ import annotations

from tests.mongo_server import mongo, mongo_server, mortal_mongo

__all__ = ["mongo", "mongo_server", "mortal_mongo"]
