"""What is remembered of a catalogue elsewhere."""

from __future__ import annotations

import signal
import subprocess
import sys
from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace

from daemon.adapters.sql import SqlStores, open_stores
from daemon.adapters.sql.backup import back_up, restore
from daemon.adapters.sql.database import Worker
from daemon.adapters.sql.mirror import Intent, Known, Observed, Seen
from daemon.errors import Conflict, NotFound
from daemon.products.imports import EditRecord, ProductFilter
from daemon.products.product import Product, Status, Variant
from tests.contract.makers import NOW, later, product, store

DAY = "2026-11-27"


def seen(product_id: str, *, revision: int = 0, digest: bytes | None = None, place: bytes = b"", **fields: Any) -> Seen:
    said = product(product_id, **fields)
    return Seen(
        product=said,
        place=place or product_id.encode("utf-8", "surrogatepass"),
        digest=digest or repr(said).encode("utf-8", "surrogatepass"),
        revision=revision,
    )


def intent(product_id: str, actor: str = "ann", **fields: Any) -> Intent:
    return Intent(after=product(product_id, **fields), actor=actor, at=later(minutes=1))


async def observe(stores: SqlStores, *page: Seen, **parts: float) -> Observed:
    return await stores.mirror.observe("shop", page, later(**parts))


async def held(stores: SqlStores, product_id: str) -> Known:
    return (await stores.mirror.known([product_id]))[product_id]


async def edits(stores: SqlStores, product_id: str) -> list[EditRecord]:
    return [e for e in (await stores.catalogue.edits(product_id, 100)).items if isinstance(e, EditRecord)]


async def waits_for_the_disk(stores: SqlStores) -> bool:
    """Tell whether the last write did."""
    worker: Worker = stores.mirror._database._writer
    return await worker.run(lambda connection: connection.execute("PRAGMA synchronous").fetchone() == (2,))


async def test_a_new_document_becomes_a_product_of_the_source(stores: SqlStores) -> None:
    said = seen("a", sku="S1", stock=Decimal(0), price=Decimal("9.90"), currency="CNY")
    assert await observe(stores, said) == Observed(created=("a",))
    stored = await stores.catalogue.get("a")
    assert stored == replace(said.product, source="shop", revision=1, soldout_since=NOW)
    assert await held(stores, "a") == Known(stored, said.place, said.digest)
    assert list(await stores.catalogue.holders("sku", ["s1"])) == ["s1"]
    assert [p.price for p in (await stores.catalogue.history(["a"], DAY))["a"]] == [Decimal("9.90")] * 2
    assert await edits(stores, "a") == []


async def test_what_the_source_claims_of_our_own_fields_counts_for_nothing(stores: SqlStores) -> None:
    said = seen("a", source="other", soldout_since=NOW, missing_since=NOW, stock=Decimal(1))
    await observe(stores, replace(said, product=replace(said.product, revision=7)))
    assert await stores.catalogue.get("a") == product("a", source="shop", revision=1, stock=Decimal(1))


async def test_a_value_that_is_only_written_otherwise_is_no_part_of_an_edit(stores: SqlStores) -> None:
    await observe(stores, seen("a", price=Decimal(1), stock=Decimal(0)))
    assert await observe(stores, seen("a", revision=1, price=Decimal(2), stock=Decimal("0.0"))) == Observed(
        updated=("a",)
    )
    assert [set(edit.changes) for edit in await edits(stores, "a")] == [{"price"}]
    assert str((await stores.catalogue.get("a")).stock) == "0"


async def test_a_changed_document_is_the_sources_edit(stores: SqlStores) -> None:
    await observe(stores, seen("a", price=Decimal(1), sku="old"))
    mark = await stores.catalogue.mark()
    said = seen("a", revision=1, price=Decimal(2), sku="new")
    assert await observe(stores, said, days=1) == Observed(updated=("a",))
    stored = replace(said.product, source="shop", revision=2)
    assert await held(stores, "a") == Known(stored, said.place, said.digest)
    assert [p.id for p in (await stores.catalogue.changed(mark, 10))[0]] == ["a"]
    assert await stores.catalogue.holders("sku", ["old"]) == {}
    assert [p.price for p in (await stores.catalogue.history(["a"], DAY))["a"]] == [Decimal(1), Decimal(2)]
    (edit,) = await edits(stores, "a")
    assert (edit.actor, edit.at, edit.revision) == ("source:shop", later(days=1), 2)
    assert edit.changes == {"price": ('"1"', '"2"'), "sku": ('"old"', '"new"')}


@pytest.mark.parametrize("number", ["NaN", "sNaN", "-Infinity", "1.50"])
async def test_a_document_that_says_the_same_is_no_change(stores: SqlStores, number: str) -> None:
    """Only bytes that no field is read from have changed. Not-a-number repeated is no news either."""
    fields: dict[str, Any] = {"price": Decimal(number), "variants": (Variant(sku="v", cost=Decimal(number)),)}
    await observe(stores, seen("a", digest=b"1", **fields))
    mark = await stores.catalogue.mark()
    assert await observe(stores, seen("a", digest=b"2", revision=1, **fields)) == Observed(unchanged=("a",))
    assert (await held(stores, "a")).digest == b"2"
    assert (await stores.catalogue.get("a")).revision == 1
    assert await stores.catalogue.mark() == mark
    assert await edits(stores, "a") == []


async def test_an_id_of_another_source_is_left_alone(stores: SqlStores) -> None:
    await store(stores.catalogue, [product("a", title="Lamp")], source="file")
    before = await stores.catalogue.get("a")
    assert await observe(stores, seen("a", revision=1, title="Sofa")) == Observed(foreign=("a",))
    assert await held(stores, "a") == Known(before)
    assert await stores.mirror.between(None, None) == {}
    assert await stores.mirror.gone("shop", ["a"], NOW) == []
    assert await stores.catalogue.get("a") == before


async def test_a_second_document_of_the_same_id_does_not_take_the_place_of_the_first(stores: SqlStores) -> None:
    await observe(stores, seen("5", place=b"int", title="Lamp"))
    text = seen("5", place=b"text", revision=1, title="Sofa")
    assert await observe(stores, text) == Observed(foreign=("5",))
    assert (await held(stores, "5")).product.title == "Lamp"
    # Until the first is gone.
    await stores.mirror.gone("shop", ["5"], NOW)
    assert await observe(stores, replace(text, revision=2)) == Observed(updated=("5",))
    assert await stores.mirror.between(None, None) == {"5": text.digest}
    assert (await held(stores, "5")).place == b"text"


async def test_an_id_twice_in_a_page_is_to_be_looked_at_again(stores: SqlStores) -> None:
    found = await observe(stores, seen("5", place=b"int", title="Lamp"), seen("5", place=b"text", title="Sofa"))
    assert found == Observed(created=("5",), stale=("5",))
    assert (await held(stores, "5")).product.title == "Lamp"


async def test_what_was_mapped_beside_an_older_product_is_not_stored(stores: SqlStores) -> None:
    await observe(stores, seen("a", title="1"), seen("b", title="1"))
    await observe(stores, seen("a", revision=1, title="2"))
    before = await stores.mirror.known(["a", "b"])
    assert await observe(stores, seen("a", revision=1, title="3"), seen("b", title="3")) == Observed(stale=("a", "b"))
    assert await stores.mirror.known(["a", "b"]) == before


async def test_a_page_is_parted_product_by_product(stores: SqlStores) -> None:
    await store(stores.catalogue, [product("other")], source="file")
    await observe(stores, seen("same", title="1"), seen("moved", title="1"), seen("old", title="1"))
    page = [
        seen("same", revision=1, title="1"), seen("new"), seen("other", revision=1), seen("old"),
        seen("moved", revision=1, title="2"),
    ]  # fmt: skip
    assert await observe(stores, *page) == Observed(
        created=("new",), updated=("moved",), unchanged=("same",), foreign=("other",), stale=("old",)
    )
    assert await observe(stores) == Observed()


async def test_since_when_nothing_is_left_is_kept_through_changes(stores: SqlStores) -> None:
    await observe(stores, seen("a", stock=Decimal(0)))
    await observe(stores, seen("a", revision=1, stock=Decimal(0), title="x"), days=1)
    assert (await stores.catalogue.get("a")).soldout_since == NOW
    await observe(stores, seen("a", revision=2, stock=Decimal(3)), days=2)
    assert (await stores.catalogue.get("a")).soldout_since is None


async def test_a_document_that_is_gone_makes_its_product_missing(stores: SqlStores) -> None:
    await observe(stores, seen("a"), seen("b"), seen("c"))
    mark = await stores.catalogue.mark()
    assert await stores.mirror.gone("shop", ["c", "a", "c", "never"], later(hours=1)) == ["c", "a"]
    assert await stores.mirror.gone("shop", ["a"], later(hours=2)) == []
    assert await stores.catalogue.get("a") == product("a", source="shop", revision=2, missing_since=later(hours=1))
    assert {p.id for p in (await stores.catalogue.changed(mark, 10))[0]} == {"a", "c"}
    assert [p.id for p in (await stores.catalogue.find(ProductFilter(missing=True), 10)).items] == ["a", "c"]
    (edit,) = await edits(stores, "a")
    assert (edit.actor, edit.revision, list(edit.changes)) == ("source:shop", 2, ["missing_since"])
    assert list(await stores.mirror.digests(["a", "b"])) == list(await stores.mirror.between(None, None)) == ["b"]
    assert (await held(stores, "a")).place == b"a"


async def test_a_document_that_is_back_is_no_longer_missing_whatever_it_says(stores: SqlStores) -> None:
    said = seen("a", title="Lamp")
    await observe(stores, said)
    await stores.mirror.gone("shop", ["a"], later(hours=1))
    assert await observe(stores, replace(said, revision=2), hours=2) == Observed(updated=("a",))
    assert await stores.catalogue.get("a") == product("a", source="shop", revision=3, title="Lamp")
    assert await stores.mirror.digests(["a"]) == {"a": said.digest}


async def test_places_are_looked_up_in_the_order_of_bytes(stores: SqlStores) -> None:
    places = [b"\x00", b"\x00\x01", b"\x01", b"\x7f", b"\x80", b"\xff\xff"]
    page = [seen(f"p{n}", place=place) for n, place in enumerate(places)]
    await observe(stores, *reversed(page))
    digests = {s.product.id: s.digest for s in page}
    for first in (None, *places):
        for last in (None, *places):
            expected = [s for s in page if (first is None or s.place > first) and (last is None or s.place <= last)]
            found = await stores.mirror.between(first, last)
            assert list(found) == [s.product.id for s in expected]
            assert all(digests[i] == digest for i, digest in found.items())


async def test_what_was_kept_under_another_shard_key_has_no_digest_of_this_one(stores: SqlStores) -> None:
    kept = {"a": b"seller\0\0x", "b": b"region\0\0x", "c": None}
    page = [replace(seen(name), shard=shard) for name, shard in kept.items()]
    await observe(stores, *page)
    assert {name: (await held(stores, name)).shard for name in kept} == kept
    assert await stores.mirror.digests(list(kept), b"seller\0\0") == {"a": page[0].digest}
    for last in (None, b"c"):
        found = await stores.mirror.between(None, last, b"seller\0\0")
        assert found == {"a": page[0].digest, "b": b"", "c": b""}
    again = [replace(one, shard=b"seller\0\0y", revision=1) for one in page]
    assert (await observe(stores, *again)).unchanged == tuple(kept)
    assert await stores.mirror.digests(list(kept), b"seller\0\0") == {one.product.id: one.digest for one in page}


async def test_odd_ids_are_kept_as_they_are(stores: SqlStores) -> None:
    ids = ["", " a", "a\0b", "灯", "\ud800", "x" * 1000, "'; --"]
    await observe(stores, *(seen(i, place=f"p{n}".encode()) for n, i in enumerate(ids)))
    assert set(await stores.mirror.digests(ids)) == set(await stores.mirror.known(ids)) == set(ids)
    wish = intent("\ud800", title="\udfff")
    await stores.mirror.intend(await stores.catalogue.get("\ud800"), wish)
    assert await stores.mirror.intents() == [wish]
    assert (await stores.mirror.complete(wish, seen("\ud800", place=b"p4", title="\udfff"))).title == "\udfff"


async def test_an_intent_is_kept_until_it_is_completed(stores: SqlStores) -> None:
    await observe(stores, seen("a", stock=Decimal(1), status=Status.LISTED))
    read, wish = await stores.catalogue.get("a"), intent("a", stock=Decimal(0), status=Status.OUT_OF_STOCK)
    await stores.mirror.intend(read, wish)
    assert await stores.mirror.intents() == [wish]
    assert await held(stores, "a") == Known(read, b"a", (await held(stores, "a")).digest, wish)

    after = seen("a", revision=1, stock=Decimal(0), status=Status.OUT_OF_STOCK)
    done = await stores.mirror.complete(wish, after)
    assert done == replace(wish.after, source="shop", revision=2, soldout_since=wish.at)
    assert await held(stores, "a") == Known(done, b"a", after.digest)
    assert await stores.mirror.intents() == []
    (edit,) = await edits(stores, "a")
    assert (edit.actor, edit.at, edit.revision) == ("ann", wish.at, 2)
    assert set(edit.changes) == {"stock", "status"}


async def test_an_observation_of_what_was_intended_completes_it(stores: SqlStores) -> None:
    await observe(stores, seen("a"), seen("b", title="1"))
    wish = intent("a", price=Decimal("NaN"), title="x")
    await stores.mirror.intend(await stores.catalogue.get("a"), wish)
    after = seen("a", revision=1, price=Decimal("NaN"), title="x")
    found = await observe(stores, after, seen("b", revision=1, title="2"), hours=1)
    assert found == Observed(completed=("a",), updated=("b",))
    assert {(e.actor, e.at) for e in await edits(stores, "a")} == {("ann", wish.at)}
    assert {(e.actor, e.at) for e in await edits(stores, "b")} == {("source:shop", later(hours=1))}
    assert await stores.mirror.intents() == []
    assert await stores.mirror.digests(["a"]) == {"a": after.digest}

    # He who intended it comes later, when even somebody else has changed the document again.
    await observe(stores, seen("a", revision=2, title="y"), hours=2)
    now = await stores.catalogue.get("a")
    assert (await stores.mirror.complete(wish, after)) == now
    assert (now.title, now.revision) == ("y", 3)
    assert len(await edits(stores, "a")) == 2


async def test_what_others_change_after_an_intent_came_true_is_their_edit_and_no_more(stores: SqlStores) -> None:
    await observe(stores, seen("a", title="1", price=Decimal(1)))
    wish = intent("a", title="1", price=Decimal(1), status=Status.UNLISTED, updated_at=later(minutes=1))
    await stores.mirror.intend(await stores.catalogue.get("a"), wish)
    now = seen("a", revision=1, title="1", price=Decimal(2), status=Status.UNLISTED, updated_at=later(minutes=2))

    assert await observe(stores, now, hours=1) == Observed(completed=("a",))

    assert await stores.mirror.intents() == []
    assert await stores.mirror.digests(["a"]) == {"a": now.digest}
    product = await stores.catalogue.get("a")
    assert (product.status, product.price, product.revision) == (Status.UNLISTED, Decimal(2), 3)
    theirs, ours = await edits(stores, "a")
    assert (ours.actor, ours.at, set(ours.changes)) == ("ann", wish.at, {"status", "updated_at"})
    assert (theirs.actor, theirs.at, set(theirs.changes)) == ("source:shop", later(hours=1), {"price", "updated_at"})


@pytest.mark.parametrize("status", [Status.LISTED, Status.DRAFT])
async def test_what_others_change_instead_does_not_make_an_intent_come_true(stores: SqlStores, status: Status) -> None:
    await observe(stores, seen("a", price=Decimal(1), status=Status.LISTED))
    wish = intent("a", price=Decimal(1), status=Status.UNLISTED)
    await stores.mirror.intend(await stores.catalogue.get("a"), wish)

    assert await observe(stores, seen("a", revision=1, price=Decimal(2), status=status)) == Observed(updated=("a",))

    assert await stores.mirror.intents() == [wish]
    assert [edit.actor for edit in await edits(stores, "a")] == ["source:shop"]


async def test_an_observation_of_anything_else_leaves_an_intent_open(stores: SqlStores) -> None:
    await observe(stores, seen("a", title="1"))
    wish = intent("a", title="2")
    await stores.mirror.intend(await stores.catalogue.get("a"), wish)
    assert await observe(stores, seen("a", revision=1, title="1", digest=b"d")) == Observed(unchanged=("a",))
    assert await observe(stores, seen("a", revision=1, title="3")) == Observed(updated=("a",))
    assert await stores.mirror.gone("shop", ["a"], NOW) == ["a"]
    assert await stores.mirror.intents() == [wish]
    assert await observe(stores, seen("a", revision=3, title="2")) == Observed(completed=("a",))
    assert (await stores.catalogue.get("a")).missing_since is None


async def test_an_intent_needs_the_product_as_it_is(stores: SqlStores) -> None:
    await store(stores.catalogue, [product("file")], source="file")
    await observe(stores, seen("a", title="1"), seen("lost"))
    read = await stores.catalogue.get("a")
    await observe(stores, seen("a", revision=1, title="2"))
    await stores.mirror.gone("shop", ["lost"], NOW)
    with pytest.raises(Conflict, match="revision 2"):
        await stores.mirror.intend(read, intent("a"))
    with pytest.raises(Conflict):
        await stores.mirror.intend(await stores.catalogue.get("a"), intent("b"))
    for name in ("file", "lost"):
        with pytest.raises(NotFound, match=name):
            await stores.mirror.intend(await stores.catalogue.get(name), intent(name))
    with pytest.raises(NotFound):
        await stores.mirror.intend(product("none"), intent("none"))
    assert await stores.mirror.intents() == []


async def test_a_second_intent_waits_for_the_first(stores: SqlStores) -> None:
    await observe(stores, seen("a"), seen("b"))
    read = await stores.catalogue.get("a")
    await stores.mirror.intend(read, intent("a", title="1"))
    with pytest.raises(Conflict, match="'ann'"):
        await stores.mirror.intend(read, intent("a", actor="bob", title="2"))
    await stores.mirror.intend(await stores.catalogue.get("b"), intent("b", title="1"))
    await stores.mirror.withdraw("a")
    await stores.mirror.withdraw("a")
    await stores.mirror.intend(read, intent("a", actor="bob", title="2"))
    assert await stores.mirror.intents() == [intent("a", actor="bob", title="2"), intent("b", title="1")]


async def test_an_intent_that_was_withdrawn_cannot_be_completed(stores: SqlStores) -> None:
    await observe(stores, seen("a"))
    wish, read = intent("a", title="1"), await stores.catalogue.get("a")
    await stores.mirror.intend(read, wish)
    await stores.mirror.withdraw("a")
    with pytest.raises(Conflict, match="withdrawn"):
        await stores.mirror.complete(wish, seen("a", revision=1, title="1"))
    await stores.mirror.intend(read, replace(wish, actor="bob"))
    with pytest.raises(Conflict, match="withdrawn"):
        await stores.mirror.complete(wish, seen("a", revision=1, title="1"))
    with pytest.raises(NotFound):
        await stores.mirror.complete(intent("none"), seen("none"))
    assert await stores.catalogue.get("a") == read
    assert await edits(stores, "a") == []


async def test_another_edit_of_that_actor_or_of_that_time_is_not_the_one_that_was_withdrawn(stores: SqlStores) -> None:
    await observe(stores, seen("a"))
    wish = intent("a", title="3")
    for n, other in enumerate([replace(wish, actor="bob"), replace(wish, at=later(hours=1))], start=1):
        await stores.mirror.intend(await stores.catalogue.get("a"), other)
        await stores.mirror.complete(other, seen("a", revision=n, title=str(n)))
    await stores.mirror.intend(await stores.catalogue.get("a"), wish)
    await stores.mirror.withdraw("a")
    with pytest.raises(Conflict, match="withdrawn"):
        await stores.mirror.complete(wish, seen("a", revision=3, title="3"))


async def test_an_intent_is_completed_beside_what_was_seen_meanwhile(stores: SqlStores) -> None:
    """The document was changed after it, so that all of it was not what was seen last; the next look tells."""
    await observe(stores, seen("a", title="1"))
    wish = intent("a", title="2")
    await stores.mirror.intend(await stores.catalogue.get("a"), wish)
    await observe(stores, seen("a", revision=1, title="3"))
    after = seen("a", revision=1, title="2")
    done = await stores.mirror.complete(wish, after)
    assert (done.title, done.revision) == ("2", 3)
    assert await stores.mirror.digests(["a"]) == {"a": after.digest}
    assert [e.actor for e in await edits(stores, "a")] == ["ann", "source:shop"]


async def test_only_intents_and_what_becomes_of_them_wait_for_the_disk(stores: SqlStores) -> None:
    mirror = stores.mirror

    async def observed(*page: Seen) -> bool:
        await observe(stores, *page)
        return await waits_for_the_disk(stores)

    assert not await observed(seen("a"))
    wish = intent("a", title="1")
    await mirror.intend(await stores.catalogue.get("a"), wish)
    assert await waits_for_the_disk(stores)
    assert not await observed(seen("a", revision=1, owner="bob"))
    assert await observed(seen("a", revision=2, title="1"))
    await mirror.gone("shop", ["a"], NOW)
    assert not await waits_for_the_disk(stores)
    assert not await observed(seen("a", revision=4))
    await mirror.intend(await stores.catalogue.get("a"), replace(wish, at=later(hours=1)))
    await observed(seen("b"))
    await mirror.complete(replace(wish, at=later(hours=1)), seen("a", title="1"))
    assert await waits_for_the_disk(stores)
    await observed(seen("c"))
    await mirror.withdraw("a")
    assert await waits_for_the_disk(stores)


async def test_a_page_that_cannot_be_stored_is_not_stored_in_part(stores: SqlStores) -> None:
    await observe(stores, seen("a", place=b"1"))
    mark = await stores.catalogue.mark()
    with pytest.raises(Conflict):
        await observe(stores, seen("b", place=b"2"), seen("c", place=b"1"))
    assert list(await stores.mirror.known(["a", "b", "c"])) == ["a"]
    assert await stores.catalogue.mark() == mark


_PROGRAM = """
import asyncio, sys
from pathlib import Path
from daemon.adapters.sql import open_stores
from tests.unit.adapters.sql.test_mirror import intent, observe, seen

async def main():
    async with open_stores(Path(sys.argv[1])) as stores:
        await observe(stores, seen("a", title="1"), seen("b", title="1"))
        for product_id in "ab":
            await stores.mirror.intend(await stores.catalogue.get(product_id), intent(product_id, title="2"))
        print("intended", flush=True)
        await asyncio.sleep(60)

asyncio.run(main())
"""


async def test_a_process_killed_before_it_could_complete_leaves_its_intents(path: Path) -> None:
    with subprocess.Popen([sys.executable, "-c", _PROGRAM, str(path)], stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "intended\n"
        process.send_signal(signal.SIGKILL)
    async with open_stores(path) as stores:
        assert await stores.mirror.intents() == [intent("a", title="2"), intent("b", title="2")]
        # The document tells of one that it has happened, of the other that it has not.
        found = await observe(stores, seen("a", revision=1, title="2"), seen("b", revision=1, title="1"))
        assert found == Observed(completed=("a",), unchanged=("b",))
        assert await stores.mirror.intents() == [intent("b", title="2")]
        assert [e.actor for e in await edits(stores, "a")] == ["ann"]


async def test_a_backup_and_its_restoring_keep_the_mirror(path: Path, tmp_path: Path) -> None:
    async with open_stores(path) as stores:
        await observe(stores, seen("a"), seen("b"))
        await stores.mirror.intend(await stores.catalogue.get("a"), intent("a", title="x"))
        known = await stores.mirror.known(["a", "b"])
    copy = back_up(path, tmp_path / "copy.db")
    assert (copy.counts["mirrored"], copy.counts["intents"]) == (2, 1)
    async with open_stores(path) as stores:
        await stores.mirror.withdraw("a")
        await stores.mirror.gone("shop", ["a", "b"], NOW)
    restore(copy.path, path)
    async with open_stores(path) as stores:
        assert await stores.mirror.known(["a", "b"]) == known


async def test_forgetting_what_ended_long_ago_leaves_the_mirror(stores: SqlStores) -> None:
    await observe(stores, seen("a"))
    await stores.mirror.intend(await stores.catalogue.get("a"), intent("a", title="x"))
    before = await stores.mirror.known(["a"])
    await stores.incidents.forget(NOW + timedelta(days=3650))
    assert await stores.mirror.known(["a"]) == before
    assert isinstance(before["a"].product, Product)
