"""What people do to products: change a status, correct a field. Always against the revision that they saw."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

import msgspec

from daemon.errors import Conflict, InvalidInput, PreconditionFailed
from daemon.ports import Actor, AuditEntry, Batch
from daemon.products.ids import new_id
from daemon.products.imports import MERGED_FIELDS
from daemon.products.product import Product, Status, Unparsed
from daemon.services import settling
from daemon.services.duty import Duty
from daemon.services.notices import status_changed_entries

#: What a person may correct; the status has its own way, since machines are told of it.
CORRECTABLE: Final = frozenset(MERGED_FIELDS) - {"status", "variants", "owner"}


async def set_status(duty: Duty, actor: Actor, product_id: str, status: Status, revision: int) -> Product:
    """Change the status of a product as it was seen at a revision.

    A remedy that held the product ends as overridden, and its rule leaves the product alone for a while; so does one
    that had set the very status that the person sets, which is not put back any more when the fault is gone.
    Raises NotFound, or PreconditionFailed when the product has another revision by now.
    """
    product = await _seen(duty, product_id, revision)
    if product.status == status:
        return await _adopted(duty, actor, product)
    before = product.status.text if isinstance(product.status, Unparsed) else product.status.value
    changed = await _replace(
        duty, actor, product, msgspec.structs.replace(product, status=status), "product.status_set"
    )
    now = duty.ports.clock.now()
    entries = status_changed_entries(duty, changed, before, status.value, actor.name, now)
    if entries:
        await duty.ports.incidents.commit(Batch(entries=entries))
    await settling.settle_product(duty, product_id)
    return changed


async def _adopted(duty: Duty, actor: Actor, product: Product) -> Product:
    if not await settling.adopt(duty, actor, product.id):
        return product
    # The new revision, with nothing else new, stops a daemon that judged the product before.
    return await _replace(duty, actor, product, product, "product.status_set")


async def correct(duty: Duty, actor: Actor, product_id: str, fields: Mapping[str, object], revision: int) -> Product:
    """Correct data fields of a product as it was seen at a revision; values as the types of Product or their JSON.

    Raises NotFound, InvalidInput naming each field that cannot be corrected so, PreconditionFailed.
    """
    faults = tuple((name, "not a field that can be corrected") for name in fields if name not in CORRECTABLE)
    if faults or not fields:
        raise InvalidInput("a correction names fields of the product", faults or (("", "expected at least one field"),))
    product = await _seen(duty, product_id, revision)
    corrected = msgspec.structs.replace(product, **{name: _typed(name, value) for name, value in fields.items()})
    if corrected == product:
        return product
    return await _replace(duty, actor, product, corrected, "product.corrected")


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
    try:
        changed = await duty.ports.catalogue.replace(read, new, actor=actor.id, now=now)
    except Conflict as exc:
        raise PreconditionFailed(str(exc)) from exc
    await duty.ports.audit.append(
        AuditEntry(
            id=new_id(), at=now, actor=actor.id, action=action, target=f"product:{read.id}",
            detail={"revision": str(changed.revision)},
        )
    )  # fmt: skip
    duty.wake_checks.set()
    return changed
