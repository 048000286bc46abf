"""Pages of a catalogue that lies elsewhere, taken over inside a transaction that is already open."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Final, Literal, TypeAlias

import msgspec
from sqlalchemy import bindparam, delete, null, select, update
from sqlalchemy.dialects.sqlite import insert

from daemon.adapters.sql import schema
from daemon.adapters.sql.conditions import any_of
from daemon.adapters.sql.import_pages import PRODUCTS
from daemon.adapters.sql.mirror_records import Intent, Known, Observed, Seen, Words
from daemon.adapters.sql.product_writes import Change, write_products
from daemon.adapters.sql.statements import Session, Statement
from daemon.adapters.sql.values import Records, text_list
from daemon.products.documents import to_json
from daemon.products.imports import MERGED_FIELDS, same_value, says_the_same, with_soldout_since
from daemon.products.product import Product

INTENTS: Final[Records[Intent]] = Records(Intent)
_WORDS: Final = msgspec.json.Decoder(Words)

_p, _m, _i = schema.products.c, schema.mirrored.c, schema.intents.c

_KNOWN: Final = Statement(
    select(_p.id, _p.body, _m.place, _m.digest, _i.body, _m.shard, _m.words)
    .select_from(
        schema.products.outerjoin(schema.mirrored, _m.product_id == _p.id).outerjoin(
            schema.intents, _i.product_id == _p.id
        )
    )
    .where(any_of(_p.id, "ids"))
)
_mirrored = insert(schema.mirrored)
_KEEP: Final = Statement(
    _mirrored.on_conflict_do_update(
        index_elements=[_m.product_id], set_={name: _mirrored.excluded[name] for name in ("place", "digest", "shard")}
    )
)
_KEEP_WORDS: Final = Statement(
    update(schema.mirrored).where(_m.product_id == bindparam("of_product")).values(words=bindparam("said"))
)
_KEEP_NO_DIGEST: Final = Statement(update(schema.mirrored).where(any_of(_m.product_id, "ids")).values(digest=null()))
_DROP_INTENT: Final = Statement(delete(schema.intents).where(_i.product_id == bindparam("of_product")))

#: A field of Observed.
_Outcome: TypeAlias = Literal["created", "updated", "unchanged", "completed", "foreign", "stale"]


class Completing(Exception):
    """An intent has come true, and the transaction would not wait for the disk."""


def known_products(session: Session, ids: Iterable[str]) -> dict[str, Known]:
    """Return what is held of those of the products that exist, by id."""
    return {
        product_id: Known(
            PRODUCTS.read(body),
            place,
            digest,
            None if intent is None else INTENTS.read(intent),
            shard,
            {} if words is None else _WORDS.decode(words),
        )
        for product_id, body, place, digest, intent, shard, words in session.all(_KNOWN, ids=text_list(ids))
    }


def observe(session: Session, source: str, page: Sequence[Seen], now: datetime, *, durable: bool) -> Observed:
    """Store a page. Raises Completing where an intent has come true, unless the transaction is durable."""
    known = known_products(session, (seen.product.id for seen in page))
    parts = _parted(source, page, known)
    if parts["completed"] and not durable:
        raise Completing
    new = (*parts["created"], *parts["updated"])
    changes = [_change(source, seen, _stored(known.get(seen.product.id)), now) for seen in new]
    write_products(session, changes, f"source:{source}", now)
    _keep(session, (*new, *parts["unchanged"]), known)
    for seen in parts["completed"]:
        if intent := known[seen.product.id].intent:
            _settle(session, source, known[seen.product.id], intent, seen, now)
    return Observed(**{name: tuple(seen.product.id for seen in part) for name, part in parts.items()})


def complete(session: Session, known: Known, intent: Intent, seen: Seen) -> Product:
    """Store what an open intent has brought about, as its actor's edit at its time; return it."""
    change = _change(known.product.source, seen, known.product, intent.at)
    write_products(session, [change], intent.actor, intent.at)
    drop_intent(session, seen.product.id)
    _keep(session, [seen], {seen.product.id: known})
    if intent.words:
        session.run(_KEEP_WORDS, of_product=seen.product.id, said=to_json(known.words | intent.words))
    return change.after


def drop_intent(session: Session, product_id: str) -> None:
    """Forget the open intent of a product, if there is one."""
    session.run(_DROP_INTENT, of_product=product_id)


def mark_gone(session: Session, source: str, ids: Sequence[str], now: datetime) -> list[str]:
    """Mark products of a source as missing; return the ids of those that newly are, in the order given."""
    known = known_products(session, ids)
    stored = [known[i].product for i in dict.fromkeys(ids) if i in known]
    gone = [product for product in stored if product.source == source and product.missing_since is None]
    changes = [Change(p, msgspec.structs.replace(p, missing_since=now, revision=p.revision + 1)) for p in gone]
    write_products(session, changes, f"source:{source}", now)
    session.run(_KEEP_NO_DIGEST, ids=text_list(product.id for product in gone))
    return [product.id for product in gone]


def _parted(source: str, page: Sequence[Seen], known: dict[str, Known]) -> dict[_Outcome, list[Seen]]:
    parts: dict[_Outcome, list[Seen]] = {
        "created": [], "updated": [], "unchanged": [], "completed": [], "foreign": [], "stale": [],
    }  # fmt: skip
    met: set[str] = set()
    for seen in page:
        product_id = seen.product.id
        # The second of two documents that give one id, such as 5 and "5", comes after what the first has changed.
        outcome: _Outcome = "stale" if product_id in met else _outcome(source, seen, known.get(product_id))
        met.add(product_id)
        parts[outcome].append(seen)
    return parts


def _outcome(source: str, seen: Seen, known: Known | None) -> _Outcome:
    if known is None:
        return "created"
    stored, intent = known.product, known.intent
    elsewhere = known.digest is not None and known.place != seen.place
    if stored.source != source or elsewhere:
        return "foreign"
    if stored.revision != seen.revision:
        return "stale"
    if intent is not None and _came_true(stored, intent, seen.product):
        return "completed"
    return "unchanged" if stored.missing_since is None and says_the_same(stored, seen.product) else "updated"


def _came_true(stored: Product, intent: Intent, said: Product) -> bool:
    """Tell whether a document says what was intended, in all or, where others have changed it since, where it matters.

    Had they changed it before, it could not have come true: it is made only of a document that is as it was.
    """
    if says_the_same(intent.after, said):
        return True
    names = [name for name in MERGED_FIELDS if name != "updated_at"]
    meant = [name for name in names if not same_value(getattr(stored, name), getattr(intent.after, name))]
    return bool(meant) and all(same_value(getattr(said, name), getattr(intent.after, name)) for name in meant)


def _settle(session: Session, source: str, known: Known, intent: Intent, seen: Seen, now: datetime) -> None:
    """Complete an intent that has come true, and store what others have changed since then as the source's edit."""
    # A time alone is no edit of others: a status of the same word is there before the time of its change is.
    if says_the_same(msgspec.structs.replace(intent.after, updated_at=seen.product.updated_at), seen.product):
        complete(session, known, intent, seen)
        return
    made = complete(session, known, intent, msgspec.structs.replace(seen, product=intent.after))
    write_products(session, [_change(source, seen, made, now)], f"source:{source}", now)


def _stored(known: Known | None) -> Product | None:
    return None if known is None else known.product


def _change(source: str, seen: Seen, before: Product | None, at: datetime) -> Change:
    revision = 1 if before is None else before.revision + 1
    said = msgspec.structs.replace(seen.product, source=source, revision=revision, missing_since=None)
    return Change(before, with_soldout_since(before, said if before is None else _as_before(before, said), at))


def _as_before(before: Product, said: Product) -> Product:
    """Return what is said, with what is only written otherwise, such as 0.0 for 0, as it was: that is no edit."""
    same = {
        name: getattr(before, name) for name in MERGED_FIELDS if same_value(getattr(before, name), getattr(said, name))
    }
    return msgspec.structs.replace(said, **same)


def _keep(session: Session, page: Iterable[Seen], known: dict[str, Known]) -> None:
    new = (
        seen
        for seen in page
        if (held := known.get(seen.product.id)) is None
        or (held.place, held.digest, held.shard) != (seen.place, seen.digest, seen.shard)
    )
    session.run_many(
        _KEEP,
        (
            {
                "product_id": seen.product.id,
                "place": seen.place,
                "digest": seen.digest,
                "shard": seen.shard,
                "words": None,
            }
            for seen in new
        ),
    )
