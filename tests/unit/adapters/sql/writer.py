"""A program that writes until it is killed, and says what was acknowledged: `python -m ... PATH`."""

from __future__ import annotations

import asyncio
import sys
from decimal import Decimal
from pathlib import Path

from msgspec.structs import replace

from daemon.adapters.sql import open_stores
from daemon.products.ids import new_id
from daemon.products.imports import Parsed
from tests.contract.makers import NOW, audit, batch, entry, incident, message, product


async def write(path: Path) -> None:
    async with open_stores(path) as stores:
        start = await stores.catalogue.count()

        async def imports() -> None:
            for n in range(start, 10**9):
                rows = [Parsed(product=product(f"{n}-{i}", brand=str(n), sku=f"s{i}")) for i in range(25)]
                await stores.catalogue.store_page("shop", rows, f"run{n}", NOW)
                print(f"page {n}", flush=True)

        async def commits() -> None:
            while True:
                new = incident("p", rule=incident().id)
                told = entry(incident_id=new.id)
                await stores.incidents.commit(batch(incidents=[new], entries=[told], audits=[audit(f"i:{new.id}")]))
                print(f"incident {new.id}", flush=True)

        async def edits() -> None:
            await stores.catalogue.store_page("shop", [Parsed(product=product("edited", stock=Decimal(0)))], "e", NOW)
            while True:
                read = await stores.catalogue.get("edited")
                assert isinstance(read.stock, Decimal)
                after = await stores.catalogue.replace(read, replace(read, stock=read.stock + 1), actor="a", now=NOW)
                print(f"edit {after.revision}", flush=True)

        async def messages() -> None:
            while True:
                begun = message(new_id())
                await stores.bot.begin(begun)
                print(f"begun {begun.id}", flush=True)
                await stores.bot.done(begun.id)
                print(f"done {begun.id}", flush=True)

        await asyncio.gather(imports(), commits(), edits(), messages())


if __name__ == "__main__":
    asyncio.run(write(Path(sys.argv[1])))
