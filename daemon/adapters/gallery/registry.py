"""Which blocks count, what models there are, and what was learnt, in the gallery's database."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Final, NamedTuple

from sqlalchemy import bindparam, delete, select, update
from sqlalchemy.dialects.sqlite import insert

from daemon.adapters.gallery import schema
from daemon.adapters.gallery.block import Block
from daemon.adapters.sql.database import Database
from daemon.adapters.sql.statements import Session, Statement
from daemon.adapters.sql.values import as_written

_b, _f, _l, _m = schema.blocks.c, schema.facts.c, schema.learnt.c, schema.models.c

_ADD_BLOCK: Final = Statement(insert(schema.blocks))
_DROP_BLOCK: Final = Statement(delete(schema.blocks).where(_b.name == bindparam("gone")))
_DAMAGE: Final = Statement(
    update(schema.blocks)
    .where(_b.name == bindparam("which"))
    .values(damage=bindparam("why"), applied=bindparam("known"))
)
_BLOCKS: Final = Statement(select(_b.name, _b.day, _b.damage, _b.applied).order_by(_b.name))
_ADD_MODEL: Final = Statement(insert(schema.models).on_conflict_do_nothing())
_MODELS: Final = Statement(select(_m.kind, _m.name, _m.width))
_fact = insert(schema.facts)
_PUT_FACT: Final = Statement(_fact.on_conflict_do_update(index_elements=["name"], set_={"value": _fact.excluded.value}))
_FACT: Final = Statement(select(_f.value).where(_f.name == bindparam("which")))
_learnt = insert(schema.learnt)
_PUT_LEARNT: Final = Statement(
    _learnt.on_conflict_do_update(index_elements=["name"], set_={"content": _learnt.excluded.content})
)
_LEARNT: Final = Statement(select(_l.content).where(_l.name == bindparam("which")))

#: The fact that says how far the journal of deletions was applied.
_APPLIED: Final = "deletions"


class Registered(NamedTuple):
    """A block as the database has it.

    damage: why it is not served, "" while it is. applied: how far the journal of deletions was applied to it by then.
    """

    name: str
    day: int
    damage: str
    applied: str


class SqlRegistry:
    """What the gallery's files mean. What a call returned for is on disk."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def blocks(self) -> Sequence[Registered]:
        """Return all, oldest first."""
        rows = await self._database.read(lambda session: session.all(_BLOCKS))
        return [Registered(as_written(name), day, as_written(why), applied) for name, day, why, applied in rows]

    async def change(
        self, added: Iterable[Block], gone: Iterable[str] = (), widths: Mapping[tuple[str, str], int] | None = None,
        *, applied: str | None = None,
    ) -> None:  # fmt: skip
        """Let blocks take the place of others, all at once. applied: how far the journal is applied with this."""

        def unit(session: Session) -> None:
            session.run_many(_DROP_BLOCK, [{"gone": name} for name in gone])
            session.run_many(_ADD_BLOCK, map(_block_row, added))
            models = [{"kind": k, "name": name, "width": width} for (k, name), width in (widths or {}).items()]
            session.run_many(_ADD_MODEL, models)
            if applied is not None:
                session.run(_PUT_FACT, name=_APPLIED, value=applied)

        await self._database.write(unit, durable=True)

    async def damaged(self, name: str, why: str) -> None:
        """Remember why a block is not served, and what was forgotten up to then."""

        def unit(session: Session) -> None:
            session.run(_DAMAGE, which=name, why=why, known=_applied(session))

        await self._database.write(unit, durable=True)

    async def restored(self, name: str) -> None:
        """Remember that a block is served again."""
        await self._database.write(lambda session: session.run(_DAMAGE, which=name, why="", known=""), durable=True)

    async def widths(self) -> Mapping[tuple[str, str], int]:
        """Return the widths of models, by kind and name."""
        rows = await self._database.read(lambda session: session.all(_MODELS))
        return {(kind, as_written(name)): width for kind, name, width in rows}

    async def applied(self) -> str:
        """Return how far the journal of deletions was applied, "" for not at all."""
        return await self._database.read(_applied)

    async def keep(self, name: str, content: bytes) -> None:
        """Keep what was learnt, in the place of what had the name."""
        await self._database.write(lambda session: session.run(_PUT_LEARNT, name=name, content=content), durable=True)

    async def kept(self, name: str) -> bytes | None:
        """Return what was learnt."""
        row = await self._database.read(lambda session: session.one(_LEARNT, which=name))
        return bytes(row[0]) if row else None


def _applied(session: Session) -> str:
    row = session.one(_FACT, which=_APPLIED)
    return str(row[0]) if row else ""


def _block_row(block: Block) -> dict[str, object]:
    return {
        "name": block.name, "day": block.about.day, "body_model": block.about.body_model,
        "records": block.about.records, "bytes": block.size, "damage": "", "applied": "",
    }  # fmt: skip
