"""More messages than python-wechaty remembers before it forgets all: each is known again, also by the next daemon."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest
from msgspec.structs import replace

from daemon.adapters.sql import open_stores
from tests.contract.makers import message

ROUND = 1_000


@pytest.mark.parametrize("many", [5_000, pytest.param(101_000, marks=pytest.mark.slow)])
async def test_no_message_is_forgotten_for_the_number_of_others(tmp_path: Path, many: int) -> None:
    path, first = tmp_path / "state" / "zhiban.db", message("m0")
    async with open_stores(path) as stores:
        for start in range(0, many, ROUND):
            rows = [replace(first, id=f"m{number}") for number in range(start, start + ROUND)]
            assert all(await asyncio.gather(*(stores.bot.begin(row) for row in rows)))
        assert not await stores.bot.begin(first)
    async with open_stores(path) as stores:
        known = [replace(first, id=f"m{number}") for number in (0, 1, many // 2, many - 1)]

        assert not any([await stores.bot.begin(row) for row in known])
        assert await stores.bot.begin(replace(first, id=f"m{many}"))
