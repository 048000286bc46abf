"""What people do to products: change a status, correct a field. Always against the revision that they saw."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

import msgspec

from daemon.errors import Conflict, InvalidInput, PreconditionFailed, Unavailable
from daemon.ports import Actor, AuditEntry, Batch
from daemon.products.ids import new_id
from daemon.products.imports import MERGED_FIELDS
from daemon.products.product import Product, Status, Unparsed
from daemon.services import settling
from daemon.services.duty import Duty
from daemon.services.notices import status_changed_entries

#: What a person may correct; the status is not among them, since machines are told of it.
CORRECTABLE: Final = frozenset(MERGED_FIELDS) - {"status", "variants", "owner"}


async def set_status(duty: Duty, actor: Actor, product_id: str, status: Status, revision: int) -> Product:
    """Change the status of a product as it was seen at a revision; see `change`."""
    return await change(duty, actor, product_id, {}, revision, status=status)


async def correct(duty: Duty, actor: Actor, product_id: str, fields: Mapping[str, object], revision: int) -> Product:
    """Correct data fields of a product as it was seen at a revision; see `change`."""
    return await change(duty, actor, product_id, fields, revision)


async def change(
    duty: Duty,
    actor: Actor,
    product_id: str,
    fields: Mapping[str, object],
    revision: int,
    *,
    status: Status | None = None,
) -> Product:
    """Correct fields and set the status of a product, as it was seen at a revision, in one step.

    fields: by name, values as the types of Product or their JSON. status: None leaves it. A remedy that held the
    product ends as overridden, and its rule leaves the product alone for a while; so does one that had set the very
    status that the person sets, which is not put back any more when the fault is gone.
    Raises NotFound, InvalidInput naming each field that cannot be corrected so, PreconditionFailed when the product
    has another revision by now, and Unavailable when nobody can tell yet whether it was changed.
    """
    faults = tuple((name, "not a field that can be corrected") for name in fields if name not in CORRECTABLE)
    if faults or not (fields or status):
        raise InvalidInput("a correction names fields of the product", faults or (("", "expected at least one field"),))
    product = await _seen(duty, product_id, revision)
    new = msgspec.structs.replace(product, **{name: _typed(name, value) for name, value in fields.items()})
    if status:
        new = msgspec.structs.replace(new, status=status)
    # The new revision, even with nothing else new, stops a daemon that judged the product before.
    adopted = status == product.status and await settling.adopt(duty, actor, product_id)
    if new == product and not adopted:
        return product
    changed = await _replace(duty, actor, product, new, "product.corrected" if fields else "product.status_set")
    if new.status != product.status:
        await _tell_status(duty, actor, product, changed)
    return changed


async def _tell_status(duty: Duty, actor: Actor, before: Product, after: Product) -> None:
    entries = status_changed_entries(
        duty, after, _word(before.status), _word(after.status), actor.name, duty.ports.clock.now()
    )
    if entries:
        await duty.ports.incidents.commit(Batch(entries=entries))
    await settling.settle_product(duty, after.id)


def _word(status: Status | Unparsed) -> str:
    return status.text if isinstance(status, Unparsed) else status.value


def _typed(name: str, value: object) -> object:
    try:
        return msgspec.convert(value, type=_TYPES[name], strict=False)
    except msgspec.ValidationError as exc:
        raise InvalidInput(f"{name} cannot be that", ((name, str(exc)),)) from None


_TYPES: Final = {field.name: field.type for field in msgspec.structs.fields(Product)}


async def _seen(duty: Duty, product_id: str, revision: int) -> Product:
    product = await duty.ports.catalogue.get(product_id)
    if product.revision != revision:
        raise PreconditionFailed(
            f"product {product_id} is at revision {product.revision}, not {revision}: read it again"
        )
    return product


async def _replace(duty: Duty, actor: Actor, read: Product, new: Product, action: str) -> Product:
    now = duty.ports.clock.now()
    done = AuditEntry(id=new_id(), at=now, actor=actor.id, action=action, target=f"product:{read.id}")
    try:
        changed = await duty.ports.catalogue.replace(read, new, actor=actor.id, now=now)
    except Conflict as exc:
        raise PreconditionFailed(str(exc)) from exc
    except Unavailable:
        # It may come true all the same, which the history of the product will tell.
        if duty.ports.followed and await duty.ports.followed.unsettled():
            await duty.ports.audit.append(msgspec.structs.replace(done, detail={"outcome": "unknown"}))
        raise
    await duty.ports.audit.append(msgspec.structs.replace(done, detail={"revision": str(changed.revision)}))
    duty.wake_checks.set()
    return changed
