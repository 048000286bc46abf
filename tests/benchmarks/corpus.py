"""A made-up catalogue for benchmarks: distinct texts of about 550 characters, of stated shares; one in 12 is bad."""

from __future__ import annotations

import random
import re
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any, Final

from stdnum.ean import calc_check_digit

from daemon.products.product import Availability, PricePoint, Product, Unparsed, Variant

SEED: Final = 20_261_125
NOW: Final = datetime(2026, 11, 25, 12, 0, tzinfo=UTC)
#: Share of descriptions of each kind; the rest are plain Latin text.
SHARES: Final[Mapping[str, float]] = {"Chinese": 0.20, "HTML": 0.15, "emoji": 0.05, "accented": 0.10}
LENGTH: Final = 550
SOURCE: Final = "shop"

_WORDS: Final = re.findall(
    r"\w+",
    "solid walnut board with a deep groove for juice and rounded edges that lie well in the hand made by carpenters in "
    "small batches from wood of managed forests oiled twice before it leaves the workshop wipe it with a damp cloth do "
    "not soak comes in a box of recycled paper returns within thirty days warm light for evenings on the terrace frame "
    "of brushed steel keeps its shape after many washes tested for kitchens that are used every day",
)
_ACCENTED: Final = re.findall(
    r"\w+", "café crème brûlée für Küche naïve façade señor œuvre größe déjà jalapeño smörgås"
)
_HAN: Final = (
    "这款产品采用天然材料制作而成适合日常家庭使用表面光滑易于清洁包装环保送货快捷支持七天无理由退换客服在线解答欢迎选购"
)
_EMOJI: Final = ("✨", "🎁", "👍🏽", "🧑‍🍳", "🌿", "❤️")
_TAGS: Final = ("p", "b", "li", "h2", "em")
_CATEGORIES: Final = ("Kitchen", "Garden", "Lighting", "Textiles", "Toys")


def products(count: int, seed: int = SEED) -> list[Product]:
    """Make a catalogue; equal for an equal count and seed."""
    chance = random.Random(seed)
    return [_product(chance, number) for number in range(count)]


def histories(catalogue: list[Product]) -> dict[str, tuple[PricePoint, ...]]:
    """Return thirty days of prices for every product; those of one price share theirs."""
    days = [(NOW - timedelta(days=30 - n)).date().isoformat() for n in range(30)]
    made: dict[Any, tuple[PricePoint, ...]] = {}
    found = {}
    for product in catalogue:
        if isinstance(product.price, Decimal) and product.price.is_finite():
            usual = abs(product.price) * (10 if product.id.endswith("77") else 1)
            if usual not in made:
                made[usual] = tuple(PricePoint(day, usual, product.currency) for day in days)
            found[product.id] = made[usual]
    return found


def _product(chance: random.Random, number: int) -> Product:
    price = Decimal(chance.randint(300, 2300)) / 100
    digits = f"4{number:011d}"
    made = NOW - timedelta(days=chance.randint(20, 170), seconds=number)
    sound: dict[str, Any] = {
        "id": str(number),
        "source": SOURCE,
        "sku": f"ZB-{number:06d}",
        "gtin": digits + calc_check_digit(digits),
        "slug": f"product-{number}",
        "title": f"{chance.choice(_WORDS).title()} {chance.choice(_WORDS)} {chance.choice(_WORDS)} no. {number}",
        "description": _description(chance, number),
        "category": chance.choice(_CATEGORIES),
        "brand": chance.choice(("Holz & Co", "Luma", None)),
        "price": price,
        "currency": "EUR",
        "cost": (price * Decimal("0.6")).quantize(Decimal("0.01")) if number % 3 == 0 else None,
        "stock": Decimal(chance.randint(1, 90)),
        "availability": Availability.IN_STOCK,
        "images": (f"https://img.example/{number}.jpg",),
        "link": f"https://shop.example/{number}",
        "created_at": made,
        "updated_at": made + timedelta(days=chance.randint(0, 15)),
    }
    if number % 6 == 0:
        sound |= {"sale_price": (price * Decimal("0.8")).quantize(Decimal("0.01")), "sale_end": NOW + timedelta(days=9)}
    if number % 10 == 0:
        sound["variants"] = tuple(_variant(number, size, price) for size in ("S", "M", "L"))
    return Product(**(sound | (_fault(chance, number, sound) if number % 12 == 0 else {})))


def _variant(number: int, size: str, price: Decimal) -> Variant:
    return Variant(sku=f"ZB-{number:06d}-{size}", title=size, price=price, stock=Decimal(4))


def _fault(chance: random.Random, number: int, sound: dict[str, Any]) -> dict[str, Any]:
    faults: tuple[dict[str, Any], ...] = (
        {"price": None, "variants": ()},
        {"price": Unparsed("on request"), "variants": ()},
        {"price": Decimal(0), "variants": ()},
        {"price": Decimal("9.9999"), "variants": ()},
        {"price": Unparsed("3.350", ambiguous=True), "variants": ()},
        {"cost": Decimal(9999), "variants": ()},
        {"sale_price": Decimal(9999), "variants": ()},
        {"sale_price": Decimal("0.05"), "variants": ()},
        {"sale_price": Decimal(2), "sale_end": NOW - timedelta(days=2), "variants": ()},
        {"currency": "¥"},
        {"stock": Decimal(-3), "variants": ()},
        {"stock": Decimal(0), "soldout_since": NOW - timedelta(days=2), "variants": ()},
        {"archived_at": NOW - timedelta(days=1)},
        {"availability": Availability.PREORDER},
        {"images": ()},
        {"title": " \u200b"},
        {"title": f"SOLID WALNUT BOARD FOR EVERY DAY {number}"},
        {"description": sound["description"] + " caf\ufffd"},
        {"description": f'<p onclick="go()">{sound["description"]}</p>'},
        {"description": sound["description"] + " A miracle cure."},
        {"gtin": f"40000000{number % 100000:05d}0"},
        {"sku": f"SHARED-{number // 2400}"},
        {"category": None},
        {"expires_at": NOW - timedelta(days=1)},
    )
    return chance.choice(faults)


def _description(chance: random.Random, number: int) -> str:
    roll = chance.random()
    for kind, share in SHARES.items():
        if roll < share:
            return f"{_KINDS[kind](chance)} {number}"
        roll -= share
    return f"{_latin(chance)} {number}"


def _latin(chance: random.Random) -> str:
    words = chance.choices(_WORDS, k=LENGTH // 6 + 10)
    return " ".join(words)[: LENGTH - 10]


def _chinese(chance: random.Random) -> str:
    return "，".join(_sentences(chance))


def _sentences(chance: random.Random) -> Iterator[str]:
    for _ in range(LENGTH // 16):
        yield "".join(chance.choices(_HAN, k=15))


def _html(chance: random.Random) -> str:
    words = _latin(chance).split()
    pieces = []
    for start in range(0, len(words) - 12, 12):
        tag = chance.choice(_TAGS)
        pieces.append(f'<{tag} class="c{start}">{" ".join(words[start : start + 10])}</{tag}>')
    return "\n".join(pieces)[: LENGTH + 40]


def _with(extra: tuple[str, ...] | list[str], chance: random.Random) -> str:
    words = _latin(chance).split()
    for _ in range(8):
        words.insert(chance.randrange(len(words)), chance.choice(extra))
    return " ".join(words)


_KINDS: Final[Mapping[str, Callable[[random.Random], str]]] = {
    "Chinese": _chinese,
    "HTML": _html,
    "emoji": lambda chance: _with(_EMOJI, chance),
    "accented": lambda chance: _with(_ACCENTED, chance),
}
