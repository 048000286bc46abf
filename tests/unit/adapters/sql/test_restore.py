from pathlib import Path

from daemon.adapters.sql import open_stores
from daemon.adapters.sql.backup import back_up, restore
from daemon.forum.principals import Principal, Role
from daemon.products.ids import new_id
from tests.benchmarks.corpus import NOW


def person(name: str) -> Principal:
    return Principal(id=new_id(), name=name, role=Role.VIEWER, created_at=NOW)


async def names(path: Path) -> set[str]:
    async with open_stores(path) as stores:
        return {principal.name for principal in await stores.principals.all()}


async def test_a_store_that_died_with_a_write_ahead_log_is_kept_with_it(tmp_path: Path) -> None:
    store, copy = tmp_path / "store", tmp_path / "copy"
    async with open_stores(store) as stores:
        back_up(store, copy)
        await stores.principals.create(person("ann"))
        for suffix in ("", "-wal"):
            (tmp_path / f"dead{suffix}").write_bytes((tmp_path / f"store{suffix}").read_bytes())

    _, kept = restore(copy, tmp_path / "dead")

    assert kept is not None
    assert not (tmp_path / "dead-wal").exists()
    assert await names(tmp_path / "dead") == set()
    assert await names(kept) == {"ann"}
