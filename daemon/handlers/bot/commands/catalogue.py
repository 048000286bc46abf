"""Commands about products: look, check again, take off the shelf and put back."""

from __future__ import annotations

from functools import partial
from typing import Final

from daemon.errors import Conflict, NotFound, PreconditionFailed
from daemon.forum.principals import Scope
from daemon.handlers.bot.commands.command import Call, Told, command
from daemon.handlers.bot.commands.confirming import ask, forget
from daemon.handlers.bot.commands.finding import handles, product_named
from daemon.handlers.bot.commands.lists import SHOWN, listed
from daemon.handlers.bot.commands.wording import (
    incident_line,
    named,
    product_line,
    product_lines,
    rule_title,
    status_name,
)
from daemon.products.imports import ProductFilter
from daemon.products.incidents import ALIVE
from daemon.products.passes import PassKind
from daemon.products.product import Product, Status
from daemon.services import passes
from daemon.services import products as changes

_SKU: Final = frozenset({"sku", "货号"})
_GTIN: Final = frozenset({"gtin", "ean", "upc", "barcode", "条码"})
_LONGEST_SEARCH: Final = 200


@command("products", "search", "find", zh=("商品", "搜索", "查找"), needs=Scope.READ)
async def products(call: Call) -> str:
    """Look for products by words, SKU or GTIN.

    按文字、SKU 或 GTIN 查商品。

    products [WORDS | sku SKU | gtin GTIN]
    商品 [文字 | 货号 SKU | 条码 GTIN]
    """
    where = await _asked_for(call)
    if not await call.duty.ports.catalogue.count(where):
        return call.say("products.none", text=call.typed(" ".join(call.words)))
    return await _page(call, where=where)


async def _page(call: Call, *, where: ProductFilter, cursor: str | None = None, before: int = 0) -> str:
    catalogue = call.duty.ports.catalogue
    found, count = await catalogue.find(where, SHOWN, cursor), await catalogue.count(where)
    told = before + len(found.items)
    lines = [] if before else [call.say("products", count=count)]
    lines += [product_line(call, one) for one in found.items]
    goes_on = partial(_page, where=where, cursor=found.cursor, before=told) if found.cursor else None
    return listed(call, lines, str(max(count - told, 1)), goes_on)


async def _asked_for(call: Call) -> ProductFilter:
    words = call.words
    if not words:
        return ProductFilter()
    kind, _, joined = words[0].partition(":")
    value = " ".join(([joined] if joined else []) + words[1:])[:_LONGEST_SEARCH]
    if kind.casefold() in _SKU and value:
        return ProductFilter(sku=value)
    if kind.casefold() in _GTIN and value:
        return ProductFilter(gtin=value)
    text = " ".join(words)[:_LONGEST_SEARCH]
    if text.isdecimal() and 8 <= len(text) <= 14 and await call.duty.ports.catalogue.count(ProductFilter(gtin=text)):
        return ProductFilter(gtin=text)
    return ProductFilter(text=text)


@command("product", zh=("商品详情", "单品"), needs=Scope.READ)
async def product(call: Call) -> str:
    """Show a product and what is wrong with it.

    查看一个商品及其异常。

    product PRODUCT
    商品详情 商品
    """
    found = await _one_product(call)
    store = call.duty.ports.incidents
    latest = await store.latest([found.id])
    alive = [incident for incident in latest.get(found.id, ()) if incident.state in ALIVE]
    lines = product_lines(call, found)
    if held := (await store.held([found.id])).get(found.id):
        index = await call.memory.handles.index(call.duty)
        rule, after = rule_title(call, held.rule), status_name(call, held.after)
        lines.append(call.say("product.held", after=after, rule=rule, handle=index.handle(held.incident_id)))
    lines.append(call.say("product.incidents", count=len(alive)) if alive else call.say("product.healthy"))
    told = zip(alive[:SHOWN], await handles(call, alive[:SHOWN]), strict=True)
    return "\n".join([*lines, *(incident_line(call, incident, handle) for incident, handle in told)])


async def _one_product(call: Call) -> Product:
    if not call.words:
        raise call.misused()
    if len(call.words) == 1:
        return await product_named(call, call.words[0])
    # An id may have spaces; whoever types it need not know of quotes.
    whole = await call.duty.ports.catalogue.get_many([" ".join(call.words)])
    if whole:
        return next(iter(whole.values()))
    raise call.misused("too_many", word=call.typed(call.words[1]))


@command("recheck", "check", zh=("重查", "复查", "检查"), needs=Scope.PASSES_WRITE)
async def recheck(call: Call) -> str:
    """Check a product again now.

    立即重新检查一个商品。

    recheck PRODUCT
    重查 商品
    """
    found = await _one_product(call)
    await passes.request_pass(call.duty, call.actor, PassKind.SINGLE, (found.id,))
    return call.say("recheck", subject=named(found))


@command("shelve", "unlist", zh=("下架",), needs=Scope.PRODUCTS_WRITE)
async def shelve(call: Call) -> str:
    """Take a product off the shelf, after a yes.

    下架一个商品，需要确认。

    shelve PRODUCT
    下架 商品
    """
    return await _ask(call, Status.UNLISTED)


@command("list", "relist", zh=("上架",), needs=Scope.PRODUCTS_WRITE)
async def relist(call: Call) -> str:
    """Put a product on the shelf, after a yes.

    上架一个商品，需要确认。

    list PRODUCT
    上架 商品
    """
    return await _ask(call, Status.LISTED)


async def _ask(call: Call, status: Status) -> str:
    forget(call)
    found = await _one_product(call)
    subject, after = named(found), status_name(call, status)
    held = (await call.duty.ports.incidents.held([found.id])).get(found.id)
    same = found.status == status
    if same and held is None:
        return call.say("confirm.already", subject=subject, after=after)
    do = partial(_set, product_id=found.id, revision=found.revision, status=status)
    before = status_name(call, found.status)
    return ask(call, do, "confirm.hold" if same else "confirm", subject=subject, before=before, after=after)


async def _set(call: Call, *, product_id: str, revision: int, status: Status) -> str:
    """Set the status of a product as it was when it was asked about. Raises Told when it has changed since."""
    try:
        changed = await changes.set_status(call.duty, call.actor, product_id, status, revision)
    except (PreconditionFailed, Conflict):
        raise Told(call.say("confirm.changed", subject=call.typed(product_id))) from None
    except NotFound:
        raise Told(call.say("no_such_product", text=call.typed(product_id))) from None
    return call.say("confirm.done", subject=named(changed), after=status_name(call, status))
