"""Whatever happens to a catalogue elsewhere, in any order, its mirror is what a few dictionaries say it must be."""

from __future__ import annotations

import tempfile
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from daemon.adapters.sql import SqlStores, open_stores
from daemon.adapters.sql.mirror import Intent, Known, Observed, Seen
from daemon.errors import Conflict, NotFound
from daemon.products.product import Product
from tests.contract.makers import later, product, store

IDS = "abc"
FOREIGN = "f"


@dataclass
class Row:
    """One product of the model. said: stock and title; edits: revision, actor, time."""

    said: tuple[int, str]
    revision: int
    digest: bytes
    missing: bool = False
    soldout: datetime | None = None
    intent: Intent | None = None
    edits: list[tuple[int, str, datetime]] = field(default_factory=list)

    def change(self, said: tuple[int, str], digest: bytes, actor: str, at: datetime) -> None:
        self.said, self.digest, self.missing = said, digest, False
        self.revision += 1
        self.soldout = None if said[0] else self.soldout or at
        self.edits.append((self.revision, actor, at))


def said_by(product_id: str, said: tuple[int, str]) -> Product:
    return product(product_id, stock=Decimal(said[0]), title=said[1])


def came_true(row: Row, intent: Intent, said: tuple[int, str]) -> tuple[int, str] | None:
    """Return what an intent has made of a product, if what is said comes after it."""
    assert isinstance(intent.after.stock, Decimal)
    wanted = (int(intent.after.stock), intent.after.title or "")
    meant = [part for part in (0, 1) if wanted[part] != row.said[part]]
    follows = bool(meant) and all(said[part] == wanted[part] for part in meant)
    return wanted if said == wanted or follows else None


class Model:
    """What must have become of each step."""

    def __init__(self) -> None:
        self.rows: dict[str, Row] = {}

    def observe(self, page: dict[str, tuple[int, str]], behind: set[str], now: datetime) -> Observed:
        found: dict[str, list[str]] = {}
        for product_id, said in page.items():
            found.setdefault(self.take(product_id, said, product_id in behind, now), []).append(product_id)
        return Observed(**{name: tuple(ids) for name, ids in found.items()})

    def take(self, product_id: str, said: tuple[int, str], behind: bool, now: datetime) -> str:
        row, digest = self.rows.get(product_id), repr(said).encode()
        if product_id == FOREIGN:
            return "foreign"
        if row is None:
            self.rows[product_id] = Row(said, 1, digest, soldout=None if said[0] else now)
            return "created"
        if behind:
            return "stale"
        if row.intent is not None and (wanted := came_true(row, row.intent, said)):
            row.change(wanted, digest, row.intent.actor, row.intent.at)
            row.intent = None
            if said != wanted:
                row.change(said, digest, "source:shop", now)
            return "completed"
        if row.missing or row.said != said:
            row.change(said, digest, "source:shop", now)
            return "updated"
        return "unchanged"

    def gone(self, ids: list[str], now: datetime) -> list[str]:
        found = [i for i in ids if i in self.rows and not self.rows[i].missing]
        for product_id in found:
            row = self.rows[product_id]
            row.missing = True
            row.revision += 1
            row.edits.append((row.revision, "source:shop", now))
        return found

    def known(self) -> dict[str, Known]:
        return {
            i: Known(self.stored(i), i.encode(), None if row.missing else row.digest, row.intent)
            for i, row in self.rows.items()
        }

    def stored(self, product_id: str) -> Product:
        row = self.rows[product_id]
        gone_at = row.edits[-1][2] if row.missing else None
        return replace(
            said_by(product_id, row.said), source="shop", revision=row.revision, soldout_since=row.soldout,
            missing_since=gone_at,
        )  # fmt: skip


sayings = st.tuples(st.integers(0, 1), st.sampled_from("xy"))
ids = st.sampled_from(IDS)
steps = st.one_of(
    st.tuples(st.just("observe"), st.dictionaries(st.sampled_from([*IDS, FOREIGN]), sayings), st.sets(ids, max_size=1)),
    st.tuples(st.just("gone"), st.lists(st.sampled_from([*IDS, FOREIGN]), unique=True)),
    st.tuples(st.just("intend"), ids, sayings, st.booleans()),
    st.tuples(st.just("complete"), ids, st.integers(0, 30)),
    st.tuples(st.just("withdraw"), ids),
    st.tuples(st.just("reopen")),
)


class Play:
    """Takes each step with the store and the model, and compares."""

    def __init__(self, stores: SqlStores) -> None:
        self.stores = stores
        self.model = Model()
        self.made: list[Intent] = []
        self.now = later()

    async def step(self, number: int, what: str, *given: Any) -> None:
        self.now = later(minutes=number)
        await getattr(self, what)(*given)
        await self.compare()

    async def observe(self, page: dict[str, tuple[int, str]], behind: set[str]) -> None:
        revisions = {i: row.revision - (i in behind) for i, row in self.model.rows.items()}
        seen = [
            Seen(product=said_by(i, s), place=i.encode(), digest=repr(s).encode(), revision=revisions.get(i, 0))
            for i, s in page.items()
        ]
        expected = self.model.observe(page, behind, self.now)
        assert await self.stores.mirror.observe("shop", seen, self.now) == expected

    async def gone(self, ids: list[str]) -> None:
        expected = self.model.gone(ids, self.now)
        assert await self.stores.mirror.gone("shop", ids, self.now) == expected

    async def intend(self, product_id: str, said: tuple[int, str], behind: bool) -> None:
        wish = Intent(after=said_by(product_id, said), actor="ann", at=self.now)
        row = self.model.rows.get(product_id)
        read = product(product_id, revision=(row.revision if row else 1) - behind)
        expected = NotFound if row is None or row.missing else Conflict if behind or row.intent else None
        if expected is not None:
            with pytest.raises(expected):
                await self.stores.mirror.intend(read, wish)
        elif row is not None:
            await self.stores.mirror.intend(read, wish)
            row.intent = wish
            self.made.append(wish)

    async def complete(self, product_id: str, which: int) -> None:
        made = [wish for wish in self.made if wish.after.id == product_id]
        if not made:
            return
        wish, row = made[which % len(made)], self.model.rows[product_id]
        assert isinstance(wish.after.stock, Decimal)
        said, place = (int(wish.after.stock), wish.after.title or ""), product_id.encode()
        seen = Seen(product=wish.after, place=place, digest=repr(said).encode(), revision=row.revision)
        if row.intent == wish:
            row.change(said, seen.digest, wish.actor, wish.at)
            row.intent = None
        elif (wish.actor, wish.at) not in [edit[1:] for edit in row.edits]:
            with pytest.raises(Conflict, match="withdrawn"):
                await self.stores.mirror.complete(wish, seen)
            return
        assert await self.stores.mirror.complete(wish, seen) == self.model.stored(product_id)

    async def withdraw(self, product_id: str) -> None:
        await self.stores.mirror.withdraw(product_id)
        if product_id in self.model.rows:
            self.model.rows[product_id].intent = None

    async def compare(self) -> None:
        mirror, known = self.stores.mirror, self.model.known()
        assert await mirror.known(IDS) == known
        assert await mirror.intents() == [k.intent for _, k in sorted(known.items()) if k.intent]
        digests = {i: k.digest for i, k in known.items() if k.digest}
        assert await mirror.digests([*IDS, FOREIGN]) == await mirror.between(None, None) == digests
        assert await mirror.between(b"a", b"b") == {i: d for i, d in digests.items() if i == "b"}


@settings(max_examples=30, deadline=None)
@given(st.lists(steps, max_size=25))
async def test_a_mirror_is_what_its_history_makes_of_it(taken: list[tuple[Any, ...]]) -> None:
    await play(taken)


@pytest.mark.slow
@settings(max_examples=500, deadline=None)
@given(st.lists(steps, max_size=60))
async def test_a_mirror_is_what_its_long_history_makes_of_it(taken: list[tuple[Any, ...]]) -> None:
    await play(taken)


async def play(taken: list[tuple[Any, ...]]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "zhiban.db"
        async with open_stores(path) as stores:
            await store(stores.catalogue, [product(FOREIGN, title="theirs")], source="file")
            played = Play(stores)
        for piece in split(list(enumerate(taken))):
            async with open_stores(path) as stores:
                played.stores = stores
                for number, (what, *given_) in piece:
                    await played.step(number, what, *given_)
        async with open_stores(path) as stores:
            await history_is_kept(stores, played.model)


def split(steps: list[tuple[int, tuple[Any, ...]]]) -> list[list[tuple[int, tuple[Any, ...]]]]:
    """Part steps where the store is closed and opened again."""
    pieces: list[list[tuple[int, tuple[Any, ...]]]] = [[]]
    for number, step in steps:
        if step[0] == "reopen":
            pieces.append([])
        else:
            pieces[-1].append((number, step))
    return pieces


async def history_is_kept(stores: SqlStores, model: Model) -> None:
    theirs = await stores.catalogue.get(FOREIGN)
    assert (theirs.source, theirs.title, theirs.revision) == ("file", "theirs", 1)
    for product_id, row in model.rows.items():
        edits = [(e.revision, e.actor, e.at) for e in (await stores.catalogue.edits(product_id, 100)).items]
        assert edits == row.edits[::-1]
