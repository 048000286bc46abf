"""Rows for the rules about images."""

from __future__ import annotations

from typing import Any

from daemon.products.evidence import Evidence, ImageFacts, Reach
from daemon.products.product import Status
from daemon.products.verdicts import Outcome
from tests.unit.products.rules.case import BAD, NOT_APPLICABLE, NOW, OK, UNKNOWN, Case, context, listed

_A, _B, _C = "https://shop.example/a.jpg", "https://shop.example/b.jpg", "https://shop.example/c.jpg"
_GOOD = ImageFacts(format="jpeg", width=800, height=600)


def _seen(url: str, **fields: Any) -> Evidence:
    sound = {"reach": Reach.FETCHED, "status": 200, "length": 5000, "image": _GOOD}
    return Evidence(url=url, fetched_at=NOW, **{**sound, **fields})


def _missing(name: str, images: tuple[str, ...], outcome: Outcome, **fields: Any) -> Case:
    return Case("image_missing", name, listed(images=images, **fields), outcome)


def _one(name: str, outcome: Outcome, says: dict[str, object], **fields: Any) -> Case:
    return Case("image_broken", name, listed(images=(_A,)), outcome, context(evidence={_A: _seen(_A, **fields)}), says)


def _sized(name: str, width: int | None, height: int | None, outcome: Outcome, category: str | None = None) -> Case:
    facts = ImageFacts(format="png", width=width, height=height)
    seen = context(evidence={_A: _seen(_A, image=facts)})
    return Case("image_broken", name, listed(images=(_A,), category=category), outcome, seen)


def _several(name: str, outcome: Outcome, says: dict[str, object], *seen: Evidence) -> Case:
    found = context(evidence={evidence.url: evidence for evidence in seen})
    return Case("image_broken", name, listed(images=(_A, _B, _C)), outcome, found, says)


_GONE_A, _GONE_B = _seen(_A, status=404, image=None), _seen(_B, status=410, image=None)

CASES = (
    _missing("an image", (_A,), OK),
    _missing("none", (), BAD),
    _missing("blank ones", ("", "  "), BAD),
    _missing("a draft needs none yet", (), NOT_APPLICABLE, status=Status.DRAFT),
    _missing("what is out of stock is shown still", (), BAD, status=Status.OUT_OF_STOCK),
    Case("image_missing", "a placeholder whose query looks like a path", listed(
        images=("https://shop.example/no-image.png?from=/board.jpg",)), BAD),
    Case("image_missing", "a source without images", listed(source="s"), UNKNOWN,
         context(fields={"s": frozenset({"price"})}), says={"absent": True}),
    Case("image_missing", "a source with images", listed(source="s"), BAD,
         context(fields={"s": frozenset({"price", "images"})})),
    _missing("a placeholder by its name", ("https://x.example/img/No-Image.png",), BAD),
    _missing("a placeholder of some size", ("https://x.example/placeholder_600x600.jpg?v=1",), BAD),
    _missing("a name without an extension", ("https://x.example/coming-soon",), BAD),
    _missing("a placeholder by its host", ("https://placehold.co/600",), BAD),
    _missing("a placeholder by its host alone", ("https://placehold.co?text=board",), BAD),
    _missing("an image with a query", ("https://shop.example/a/board.jpg?v=17",), OK),
    _missing("a placeholder in a folder with a query", ("https://x.example/img?file=/no-image.png",), OK),
    Case("image_missing", "the first of several placeholders is shown", listed(
        images=("", "https://x.example/no-image.png", "https://x.example/placeholder.png")), BAD,
         says={"value": "https://x.example/no-image.png"}),
    _missing("a placeholder beside an image", ("https://x.example/placeholder.png", _A), OK),
    _missing("a holder for place cards", ("https://x.example/place-card-holder.png",), OK),
    _missing("no address at all is not missing", ("http://[broken",), OK),
    _one("a sound image", OK, {}),
    _one("gone", BAD, {"field": "images", "value": _A, "message": "status 404"}, status=404, image=None),
    _one("gone for good", BAD, {"message": "status 410"}, status=410, image=None),
    _one("not for us", UNKNOWN, {"message": "status 403"}, status=403, image=None),
    _one("asked to log in", UNKNOWN, {}, status=401, image=None),
    _one("too often", UNKNOWN, {}, status=429, image=None),
    _one("in trouble", UNKNOWN, {}, status=503, image=None),
    _one("a bare redirect", UNKNOWN, {"message": "status 302"}, status=302, image=None),
    _one("no status", UNKNOWN, {}, status=None, image=None),
    _one("silent", UNKNOWN, {"message": "timed out"}, reach=Reach.UNREACHABLE, status=None, problem="timed out"),
    _one("our own overload", UNKNOWN, {"message": "overloaded"}, reach=Reach.OVERLOADED, status=404),
    _one("a private address", UNKNOWN, {}, reach=Reach.REFUSED, status=None, image=None),
    _one("too large", UNKNOWN, {}, reach=Reach.TOO_LARGE, status=None, image=None),
    _one("no address", BAD, {"message": "no address of the web"}, reach=Reach.INVALID_URL, status=None, image=None),
    _one("empty", BAD, {"message": "is empty"}, length=0, image=ImageFacts(format=None)),
    _one("a web page", BAD, {"message": "is no image"}, image=ImageFacts(format=None)),
    _one("not looked at", UNKNOWN, {"message": "was not looked at"}, image=None),
    _sized("100 x 100 is enough", 100, 100, OK),
    _sized("99 is not", 99, 400, BAD),
    _sized("nor is a low one", 400, 99, BAD),
    _sized("size unknown", None, None, OK),
    _sized("only one side known", 40, None, OK),
    _sized("clothes need 250", 249, 300, BAD, "Apparel & Accessories > Shirts"),
    _sized("clothes with 250", 250, 250, OK, "女装"),
    _sized("other things do not", 249, 300, OK, "Kitchen"),
    Case("image_broken", "the shop's own placeholder", listed(images=(_A,)), BAD,
         context(evidence={_A: _seen(_A, image=ImageFacts(format="png", width=500, height=500, sha256="ab"))},
                 settings={"image_broken": {"placeholder_sha256": ("ab",)}}), {"message": "known placeholder"}),
    Case("image_broken", "never fetched", listed(images=(_A,)), UNKNOWN, says={"message": "not fetched yet"}),
    Case("image_broken", "no images", listed(), NOT_APPLICABLE),
    Case("image_broken", "a draft's images", listed(images=(_A,), status=Status.DRAFT), NOT_APPLICABLE,
         context(evidence={_A: _GONE_A})),
    _several("all sound", OK, {}, _seen(_A), _seen(_B), _seen(_C)),
    _several("one of them gone", BAD, {"value": _A, "message": "1 of 3 images: answered with status 404"},
             _GONE_A, _seen(_B), _seen(_C)),
    _several("two gone, one unknown", BAD, {"value": f"{_A} {_B}", "message": "2 of 3"}, _GONE_A, _GONE_B),
    _several("one unknown", UNKNOWN, {"value": _C}, _seen(_A), _seen(_B)),
)  # fmt: skip
