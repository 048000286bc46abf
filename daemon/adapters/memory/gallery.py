"""What cameras saw, in memory. numpy is imported with this module."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import numpy as np
from msgspec.structs import replace

from daemon.adapters.memory.gallery_view import MemoryView
from daemon.errors import InvalidInput, NotFound
from daemon.ports.sightings import Camera, Detection, Ingested, Sighting, SightingsView, Way

if TYPE_CHECKING:
    from numpy.typing import NDArray


class MemoryGallery:
    """A ports.Gallery that is gone with the process. Vectors are kept at unit length in fp16, as others keep them."""

    def __init__(self) -> None:
        self._cameras: dict[str, Camera] = {}
        self._ways: dict[tuple[str, str], Way] = {}
        self._sightings: dict[str, Sighting] = {}
        self._widths: dict[tuple[str, str], int] = {}
        self._learnt: dict[str, bytes] = {}

    async def put_network(self, cameras: Sequence[Camera], ways: Sequence[Way]) -> None:
        """Replace the network. Raises InvalidInput."""
        named = {camera.id: camera for camera in cameras}
        if len(named) < len(cameras) or "" in named:
            raise InvalidInput("the network cannot be kept: every camera needs an id of its own")
        self._ways = _by_ends(ways, named)
        self._cameras = named

    async def network(self) -> tuple[Sequence[Camera], Sequence[Way]]:
        """Return the cameras and ways, by id."""
        return [self._cameras[name] for name in sorted(self._cameras)], [
            self._ways[ends] for ends in sorted(self._ways)
        ]

    async def put_camera(self, camera: Camera, ways: Sequence[Way]) -> None:
        """Add or move one camera, with all the ways from and to it. Raises InvalidInput."""
        added = _by_ends(ways, {*self._cameras, camera.id})
        if any(camera.id not in ends for ends in added):
            raise InvalidInput(f"the network cannot be kept: a way is neither from nor to {camera.id!r}")
        self._cameras[camera.id] = camera
        self._ways = {ends: way for ends, way in self._ways.items() if camera.id not in ends} | added

    async def remove_camera(self, camera_id: str) -> None:
        """Take one camera out of the network. Raises NotFound."""
        if self._cameras.pop(camera_id, None) is None:
            raise NotFound(f"there is no camera {camera_id!r} in the network")
        self._ways = {ends: way for ends, way in self._ways.items() if camera_id not in ends}

    async def ingest(self, batch: Sequence[Sighting]) -> Ingested:
        """Keep sightings, each once by its id."""
        stored, known, refused = 0, 0, []
        for index, given in enumerate(batch):
            try:
                sighting = self._kept(given)
            except InvalidInput as error:
                refused.append((index, str(error)))
                continue
            earlier = self._sightings.setdefault(sighting.detection.id, sighting)
            if earlier is sighting:
                stored += 1
                self._learn_widths(sighting)
            elif _same(earlier, sighting):
                known += 1
            else:
                refused.append((index, f"id {sighting.detection.id!r} is there already with other content"))
        return Ingested(stored=stored, known=known, refused=tuple(refused))

    async def detection(self, detection_id: str) -> Sighting:
        """Return one with its vectors. Raises NotFound."""
        try:
            return self._sightings[detection_id]
        except KeyError:
            raise NotFound(f"there is no detection {detection_id!r}") from None

    async def models(self) -> Mapping[tuple[str, str], int]:
        """Return how many detections there are of each pair of body and face model."""
        found = (one.detection for one in self._sightings.values())
        pairs = Counter((one.body_model, one.face_model) for one in found if one.body_model or one.face_model)
        return dict(sorted(pairs.items()))

    async def view(self, body_model: str, face_model: str = "") -> AbstractContextManager[SightingsView]:
        """Return what a search reads. Raises NotFound for models of which there is nothing."""
        found = [
            seen
            for one in self._sightings.values()
            if (seen := _of_models(one, body_model, face_model)).body is not None or seen.face is not None
        ]
        if not found:
            raise NotFound(f"no detections with vectors of the models {body_model!r} and {face_model!r}")
        widths = self._widths.get(("body", body_model), 0), self._widths.get(("face", face_model), 0)
        carried = [one.detection for one in self._sightings.values() if one.detection.carried is not None]
        return nullcontext(MemoryView(sorted(self._cameras), found, carried, widths))

    async def compact(self) -> bool:
        """Do nothing: there is nothing to merge."""
        return False

    async def forget(self, before: datetime | None = None, detections: Sequence[str] = ()) -> int:
        """Delete what is older, or named; return how many went."""
        named = set(detections)
        gone = [
            name
            for name, one in self._sightings.items()
            if name in named or (before is not None and one.detection.time < before)
        ]
        for name in gone:
            del self._sightings[name]
        return len(gone)

    async def reapply_deletions(self) -> int:
        """Do nothing: no backup is put back here."""
        return 0

    async def verify(self) -> Sequence[str]:
        """Return nothing: there are no files to be at fault."""
        return ()

    async def keep_model(self, name: str, content: bytes) -> None:
        """Keep what was learnt of this site under a name."""
        self._learnt[name] = content

    async def kept_model(self, name: str) -> bytes | None:
        """Return what was kept under a name."""
        return self._learnt.get(name)

    def _kept(self, given: Sighting) -> Sighting:
        one = given.detection
        _refuse_faults(one)
        body, face = (
            None if vector is None else self._unit(kind, model, vector)
            for kind, model, vector in (("body", one.body_model, given.body), ("face", one.face_model, given.face))
        )
        kept = replace(
            one, time=one.time.astimezone(UTC), body_model=one.body_model if body is not None else "",
            face_model=one.face_model if face is not None else "",
        )  # fmt: skip
        return Sighting(kept, body, face)

    def _unit(self, kind: str, model: str, vector: Any) -> NDArray[np.float32]:
        found = np.asarray(vector)
        if not model:
            raise InvalidInput(f"{kind}: a vector without the id of the model that made it")
        if found.dtype.kind not in "fiu" or found.ndim != 1 or not len(found):
            raise InvalidInput(f"{kind}: type {found.dtype} and shape {found.shape}; expected one row of numbers")
        exact = found.astype(np.float64)
        if not np.isfinite(exact).all() or not exact.any():
            raise InvalidInput(f"{kind}: all zeros, or a number that is not finite")
        if len(exact) != (width := self._widths.get((kind, model), len(exact))):
            raise InvalidInput(f"{kind}: {len(exact)} numbers; vectors of {model!r} have {width}")
        exact /= np.abs(exact).max()
        return (exact / np.linalg.norm(exact)).astype(np.float16).astype(np.float32)

    def _learn_widths(self, sighting: Sighting) -> None:
        one = sighting.detection
        for kind, model, vector in (("body", one.body_model, sighting.body), ("face", one.face_model, sighting.face)):
            if vector is not None:
                self._widths[kind, model] = len(vector)


def _of_models(one: Sighting, body_model: str, face_model: str) -> Sighting:
    """Return a sighting without its vectors of other models."""
    detection, body, face = one
    return Sighting(
        detection,
        body if body_model and detection.body_model == body_model else None,
        face if face_model and detection.face_model == face_model else None,
    )


def _same(one: Sighting, other: Sighting) -> bool:
    return one.detection == other.detection and _close(one.body, other.body) and _close(one.face, other.face)


def _close(one: NDArray[np.float32] | None, other: NDArray[np.float32] | None) -> bool:
    if one is None or other is None:
        return one is other
    return bool(np.allclose(one, other, rtol=0, atol=2e-3))


def _by_ends(ways: Sequence[Way], cameras: Iterable[str]) -> dict[tuple[str, str], Way]:
    known = set(cameras)
    for way in ways:
        if not {way.origin, way.target} <= known:
            raise InvalidInput(f"the network cannot be kept: a way of no camera: {way.origin!r} to {way.target!r}")
    named = {(way.origin, way.target): way for way in ways}
    if len(named) < len(ways):
        raise InvalidInput("the network cannot be kept: two ways from one camera to another")
    return named


def _refuse_faults(one: Detection) -> None:
    box = one.box
    faults = [
        what
        for what, wrong in (
            ("id: empty", not one.id),
            ("camera: empty", not one.camera),
            ("time: without a zone", one.time.tzinfo is None),
            ("quality: expected 0 to 1", one.quality is not None and not 0 <= one.quality <= 1),
            ("direction_deg: not finite", one.direction_deg is not None and not np.isfinite(one.direction_deg)),
            ("box: expected numbers, and more than 0 wide and high",
             box is not None and not (np.isfinite(box).all() and box[2] > 0 and box[3] > 0)),
            ("carried: expected a kind and a value", one.carried is not None and not one.carried.value),
        )
        if wrong
    ]  # fmt: skip
    if faults:
        raise InvalidInput("; ".join(faults))
