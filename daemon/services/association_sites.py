"""What was learnt of the site: confirmed passages, and for each pair of models what searches need to know."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import TYPE_CHECKING, Final

import msgspec
import structlog

from daemon.errors import InvalidInput, NotFound, Unavailable
from daemon.ports import Camera, Gallery, Offload, SightingsView, Way

if TYPE_CHECKING:
    from daemon.inference.association.network.site_model import SiteModel

_log = structlog.get_logger()
_PASSAGES: Final = "passages"
#: Detections of passages that are kept: the latest.
_MOST: Final = 2_000_000
_decoder: Final = msgspec.msgpack.Decoder(list[list[str]])


class Learnt(msgspec.Struct, frozen=True, kw_only=True):
    """What became of passages. used: those of which at least two detections are there; seconds: it took."""

    passages: int
    used: int
    detections: int
    body_model: str
    face_model: str


class Sites:
    """Models of the site, kept in the gallery and learnt anew where the network has other cameras than they know."""

    def __init__(self, gallery: Gallery, offload: Offload) -> None:
        self._gallery, self._offload = gallery, offload
        self._known: dict[tuple[str, str], SiteModel] = {}
        self._closing = False

    def close(self) -> None:
        """Have what is being learnt given up at its next step: a thread cannot be stopped from outside."""
        self._closing = True

    async def of(self, body_model: str, face_model: str, view: SightingsView) -> SiteModel:
        """Return the model for a pair of models. Without passages it holds what distances and speeds say."""
        site = self._known.get((body_model, face_model)) or await self._kept(body_model, face_model)
        if site is None or tuple(site.cameras) != tuple(view.cameras):
            site = await self._learn(body_model, face_model, view, _seen_in(view, await self.passages()))
        self._known[body_model, face_model] = site
        return site

    async def passages(self) -> list[list[str]]:
        """Return the confirmed passages that are kept: ids of detections in order of time."""
        content = await self._gallery.kept_model(_PASSAGES)
        return _decoder.decode(content) if content else []

    async def learn(self, passages: Sequence[Sequence[str]], *, replace: bool) -> tuple[Learnt, ...]:
        """Keep passages, with those that are kept already or in their place, and learn of all for every pair of models.

        Raises InvalidInput for a passage of fewer than two detections, NotFound where there are no detections.
        """
        faults = [(f"passages.{number}", "expected two detections or more")
                  for number, passage in enumerate(passages) if len(passage) < 2]  # fmt: skip
        if faults:
            raise InvalidInput("the passages cannot be used", tuple(faults[:50]))
        kept = [] if replace else await self.passages()
        whole = _bounded([*kept, *(list(passage) for passage in passages)])
        models = await self._gallery.models()
        if not models:
            raise NotFound("there are no detections yet: ingest some before learning of them")
        await self._gallery.keep_model(_PASSAGES, msgspec.msgpack.encode(whole))
        self._known.clear()
        pairs = {*models, *((body, "") for body, _ in models)}  # a search without faces learns without them
        return tuple([await self._learnt(body, face, whole) for body, face in sorted(pairs)])

    async def forget_gone(self) -> int:
        """Take detections that are not kept any more out of the passages that are; return how many went."""
        passages = await self.passages()
        if not passages:
            return 0
        left = {one for passage in passages for one in passage}
        for body_model in sorted({body for body, _ in await self._gallery.models()}):
            with await self._gallery.view(body_model) as view:
                left -= {one for one in left if _is_in(view, one)}
        if left:
            kept = [[one for one in passage if one not in left] for passage in passages]
            content = msgspec.msgpack.encode([passage for passage in kept if len(passage) > 1])
            await self._gallery.keep_model(_PASSAGES, content)
        return len(left)

    async def _learnt(self, body_model: str, face_model: str, passages: Sequence[Sequence[str]]) -> Learnt:
        with await self._gallery.view(body_model, face_model) as view:
            used = _seen_in(view, passages)
            self._known[body_model, face_model] = await self._learn(body_model, face_model, view, used)
        return Learnt(
            passages=len(passages), used=len(used), detections=sum(map(len, used)),
            body_model=body_model, face_model=face_model,
        )  # fmt: skip

    async def _learn(
        self, body_model: str, face_model: str, view: SightingsView, passages: Sequence[Sequence[str]]
    ) -> SiteModel:
        cameras, ways = await self._gallery.network()
        site = await self._offload.run(partial(self._work, cameras, ways, view, passages), what="association.learn")
        await self._gallery.keep_model(_name(body_model, face_model), site.to_bytes())
        _log.info("site.learnt", body_model=body_model, face_model=face_model, cameras=len(cameras),
                  passages=len(passages))  # fmt: skip
        return site

    def _work(
        self, cameras: Sequence[Camera], ways: Sequence[Way], view: SightingsView, passages: Sequence[Sequence[str]]
    ) -> SiteModel:
        from daemon.inference.association.network.learning import learn  # noqa: PLC0415 slow to import

        return learn(cameras, ways, view, passages, progress=self._step)

    def _step(self, *_: object) -> None:
        if self._closing:
            raise Unavailable("the daemon is stopping")

    async def _kept(self, body_model: str, face_model: str) -> SiteModel | None:
        content = await self._gallery.kept_model(_name(body_model, face_model))
        if content is None:
            return None
        from daemon.inference.association.network.site_model import SiteModel  # noqa: PLC0415 as above

        try:
            return await self._offload.run(partial(SiteModel.from_bytes, content), what="association.load")
        except InvalidInput as exc:
            _log.warning("site.rejected", reason=str(exc))
            return None


def _name(body_model: str, face_model: str) -> str:
    return f"site {body_model} {face_model}".strip()


def _bounded(passages: list[list[str]]) -> list[list[str]]:
    """Return passages without repeats, the latest where there are too many."""
    kept: dict[tuple[str, ...], None] = {}
    count = 0
    for passage in reversed(passages):
        count += len(passage)
        if count > _MOST:
            break
        kept[tuple(passage)] = None
    return [list(passage) for passage in reversed(kept)]


def _seen_in(view: SightingsView, passages: Sequence[Sequence[str]]) -> list[list[str]]:
    """Return passages without the detections that the view does not have, those of two and more."""
    known = [[one for one in passage if _is_in(view, one)] for passage in passages]
    return [passage for passage in known if len(passage) > 1]


def _is_in(view: SightingsView, detection_id: str) -> bool:
    try:
        view.row_of(detection_id)
    except NotFound:
        return False
    return True
