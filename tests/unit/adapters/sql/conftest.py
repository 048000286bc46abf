from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from daemon.adapters.sql import SqlStores, open_stores


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "state" / "zhiban.db"


@pytest.fixture
async def stores(path: Path) -> AsyncIterator[SqlStores]:
    async with open_stores(path) as opened:
        yield opened
