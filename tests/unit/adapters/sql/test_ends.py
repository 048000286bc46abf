"""A process that opened the stores comes to its end, whatever happened in between."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

_PROGRAM = """
import asyncio, sys
from pathlib import Path
from daemon.adapters.sql import open_stores

async def main():
    async with open_stores(Path(sys.argv[1])) as stores:
        await stores.catalogue.count()
        if sys.argv[2] == "raises":
            raise RuntimeError("broken")
        if sys.argv[2] == "is cancelled":
            asyncio.current_task().cancel()
            await asyncio.sleep(0)

asyncio.run(main())
"""


@pytest.mark.parametrize(("how", "status"), [("returns", 0), ("raises", 1), ("is cancelled", 1)])
def test_the_thread_of_the_store_holds_no_process(tmp_path: Path, how: str, status: int) -> None:
    command = [sys.executable, "-c", _PROGRAM, str(tmp_path / "zhiban.db"), how]
    assert subprocess.run(command, capture_output=True, timeout=30, check=False).returncode == status
