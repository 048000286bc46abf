"""What searches found, as people see it and take it away."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any, Final, TypeVar

import msgspec

from daemon.errors import NotFound
from daemon.ports import Actor, Camera, Ports, Search, Way
from daemon.products.phrases import Language
from daemon.services.association import system
from daemon.services.duty import Duty

if TYPE_CHECKING:
    from daemon.inference.association.network.camera_graph import CameraGraph
    from daemon.inference.association.result.about import About
    from daemon.inference.association.search.trajectory import Trajectory

T = TypeVar("T")


async def shown(duty: Duty, search: Search) -> Mapping[str, Any] | None:
    """Return a trajectory with what is told of it, None before there is one."""
    if search.result is None:
        return None
    return await _made(duty, search, None, _document, "en")


async def exported(duty: Duty, actor: Actor, search: Search, form: str, language: Language) -> bytes:
    """Return a result to be taken away, which says who searched, in which case, and who took it. Raises NotFound."""
    if search.result is None:
        raise NotFound("this search has found nothing yet")
    return await _made(duty, search, actor, FORMS[form], language)


async def _made(
    duty: Duty,
    search: Search,
    actor: Actor | None,
    make: Callable[[Trajectory, CameraGraph, About, Language], T],
    language: Language,
) -> T:
    cameras, ways = await system(duty).gallery.network()
    about = await _about(duty.ports, search, actor)
    work = partial(_work, search, about, make, language, cameras, ways)
    return await duty.ports.offload.run(work, what="association.result")


async def _about(ports: Ports, search: Search, actor: Actor | None) -> Mapping[str, Any]:
    names = {one.id: one.name for one in await ports.principals.all()}
    case = await ports.cases.case(search.case_id) if ports.cases else None
    return {
        "search": search.id,
        "case": search.case_id,
        "purpose": search.purpose,
        "searcher": search.searcher,
        "exported_at": ports.clock.now(),
        "case_title": case.title if case else "",
        "searcher_name": names.get(search.searcher, ""),
        "exported_by": actor.id if actor else "",
        "exported_by_name": actor.name if actor else "",
        "body_model": search.asked.get("body_model", ""),
        "face_model": search.asked.get("face_model", ""),
        "horizon_s": search.asked.get("horizon_s"),
        "query_detection": search.asked.get("detection", ""),
    }


def _work(
    search: Search,
    about: Mapping[str, Any],
    make: Callable[[Trajectory, CameraGraph, About, Language], T],
    language: Language,
    cameras: Sequence[Camera],
    ways: Sequence[Way],
) -> T:
    from daemon.inference.association.network.camera_graph import CameraGraph  # noqa: PLC0415 slow to import
    from daemon.inference.association.result.about import About  # noqa: PLC0415 as above
    from daemon.inference.association.result.json_result import trajectory_of  # noqa: PLC0415 as above

    graph = CameraGraph.of(cameras, ways)
    return make(trajectory_of(search.result or {}), graph, About(**about), language)


def _document(trajectory: Trajectory, graph: CameraGraph, about: About, language: Language) -> Mapping[str, Any]:
    from daemon.inference.association.result.json_result import document  # noqa: PLC0415 as above

    found: Mapping[str, Any] = msgspec.to_builtins(document(trajectory, graph, about, language))
    return found


def _geojson(trajectory: Trajectory, graph: CameraGraph, about: About, language: Language) -> bytes:
    from daemon.inference.association.result.geojson_result import feature_collection, to_geojson  # noqa: PLC0415

    return to_geojson(feature_collection(trajectory, graph, about, language))


def _svg(trajectory: Trajectory, graph: CameraGraph, about: About, language: Language) -> bytes:
    from daemon.inference.association.result.svg import draw_page  # noqa: PLC0415 as above

    return draw_page(trajectory, graph, about, language).encode()


def _text(trajectory: Trajectory, graph: CameraGraph, about: About, language: Language) -> bytes:
    from daemon.inference.association.result.text import to_text  # noqa: PLC0415 as above

    return to_text(trajectory, graph, about, language).encode()


#: What a result can be taken away as.
FORMS: Final[Mapping[str, Callable[[Trajectory, CameraGraph, About, Language], bytes]]] = {
    "geojson": _geojson,
    "svg": _svg,
    "text": _text,
}
