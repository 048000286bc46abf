"""/association/searches: a target is looked for across cameras, within a case."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncGenerator, AsyncIterator, Mapping
from datetime import datetime
from typing import Annotated, Any, Final, Literal

import msgspec
from aiohttp import BodyPartReader, web
from aiohttp.http_exceptions import HttpProcessingError
from pydantic import Field, ValidationError

from daemon.errors import InvalidInput
from daemon.forum.principals import Scope
from daemon.handlers.http.answers import Listed, page, to_json
from daemon.handlers.http.bodies import check_json, read_body
from daemon.handlers.http.event_stream import EVENT_STREAM, stream_events
from daemon.handlers.http.models import Body, Flag, Line, NonBlankLine, Paged, Query, Time, faults_of
from daemon.handlers.http.problems import BadRequest, TooLarge, WrongMediaType
from daemon.handlers.http.routes import Call, get, post
from daemon.ports import CarriedThing, Search
from daemon.services import association_results, association_searches
from daemon.services.association_searches import Target

_JSON: Final = "application/json"
_MULTIPART: Final = "multipart/form-data"
#: Content type of each form that a result is taken away in.
FORMS: Final = {"geojson": "application/geo+json", "svg": "image/svg+xml", "text": "text/plain"}
Id = Annotated[str, Field(max_length=200, pattern=r"^[^\x00-\x1f\x7f]*$")]


class Carried(Body):
    """A thing that travels with the target."""

    kind: Literal["badge", "plate", "wifi"]
    value: NonBlankLine


class SearchAsked(Body):
    """What is searched, why and from where. Either detection, or pictures beside this with camera and time.

    purpose and case: no search is without. time: of the first picture, by the camera's clock. direction_deg: of
    movement, from north. horizon_s: how far it looks, in seconds.
    """

    case: Id
    purpose: NonBlankLine
    detection: Id = ""
    camera: Id = ""
    time: Time | None = None
    came_from: Id = ""
    direction_deg: float | None = Field(None, ge=0, le=360, allow_inf_nan=False)
    carried: tuple[Carried, ...] = Field((), max_length=20, strict=False)
    horizon_s: float | None = Field(None, gt=0, allow_inf_nan=False)
    forwards: bool = True
    backwards: bool = False
    by_face: bool = False


class ShownSearch(msgspec.Struct, frozen=True, kw_only=True):
    """A search. result: the trajectory as far as it is known, null before the first; see docs/association.md."""

    id: str
    case: str
    purpose: str
    searcher: str
    state: str
    by_face: bool
    created_at: datetime
    started_at: datetime | None
    ended_at: datetime | None
    asked: Mapping[str, Any]
    progress: Mapping[str, Any]
    problem: str
    result: Mapping[str, Any] | None


class SearchPage(Paged):
    """Which case's searches."""

    case: Line


class SearchForm(Query):
    """As what: JSON here, or to be taken away as GeoJSON, a drawing, or words in a language."""

    format: Literal["json", "geojson", "svg", "text"] = "json"
    language: Literal["en", "zh"] = "en"


class EventsQuery(Query):
    """result: whether the trajectory comes with each event."""

    result: Flag = False


async def begin_search(call: Call) -> ShownSearch:
    """POST /association/searches."""
    asked, pictures = await _read(call)
    target = Target(
        detection=asked.detection, pictures=pictures, camera=asked.camera, time=asked.time, came_from=asked.came_from,
        direction_deg=asked.direction_deg, horizon_s=asked.horizon_s, forwards=asked.forwards,
        backwards=asked.backwards,
        carried=tuple(CarriedThing(thing.kind, thing.value.strip().upper()) for thing in asked.carried),
    )  # fmt: skip
    search = await association_searches.begin(
        call.duty, call.actor, target, case_id=asked.case, purpose=asked.purpose, by_face=asked.by_face
    )
    return _shown(search, None)


async def search_again(call: Call) -> ShownSearch:
    """POST /association/searches/{search}/again."""
    return _shown(await association_searches.again(call.duty, call.actor, call.path["search"]), None)


async def cancel_search(call: Call) -> ShownSearch:
    """POST /association/searches/{search}/cancel."""
    search = await association_searches.cancel(call.duty, call.actor, call.path["search"])
    return _shown(search, await _result(call, search))


async def get_search(call: Call) -> ShownSearch | web.Response:
    """GET /association/searches/{search}; forms but JSON are exports, and say so in the audit log."""
    asked, search_id = call.asked(SearchForm), call.path["search"]
    if asked.format == "json":
        search = await association_searches.view(call.duty, call.actor, search_id)
        return _shown(search, await _result(call, search))
    search = await association_searches.export(call.duty, call.actor, search_id, asked.format)
    body = await association_results.exported(call.duty, call.actor, search, asked.format, asked.language)
    headers = {"Content-Disposition": f'attachment; filename="search-{search.id}.{asked.format}"'}
    return web.Response(body=body, content_type=FORMS[asked.format], charset="utf-8", headers=headers)


async def list_searches(call: Call) -> Listed[ShownSearch]:
    """GET /association/searches."""
    asked = call.asked(SearchPage)
    found = await association_searches.listed(call.duty, call.actor, asked.limit, asked.cursor, asked.case)
    return page(found, [_shown(search, None) for search in found.items])


async def follow_search(call: Call) -> web.StreamResponse:
    """GET /association/searches/{search}/events: each state as an event "search", to its end."""
    states = await association_searches.follow(call.duty, call.actor, call.path["search"])
    return await stream_events(call.request, _events(call, states))


async def _events(call: Call, states: AsyncGenerator[Search, None]) -> AsyncGenerator[bytes, None]:
    wanted = call.asked(EventsQuery).result
    async with contextlib.aclosing(states):
        async for search in states:
            shown = _shown(search, await _result(call, search) if wanted else None)
            yield b"event: search\ndata: %s\n\n" % to_json(shown)


async def _result(call: Call, search: Search) -> Mapping[str, Any] | None:
    return await association_results.shown(call.duty, search)


def _shown(search: Search, result: Mapping[str, Any] | None) -> ShownSearch:
    kept = {name: getattr(search, name) for name in ShownSearch.__struct_fields__ if name in Search.__struct_fields__}
    given = {**kept, "case": search.case_id, "state": search.state.value, "result": result}
    return ShownSearch(**given)


async def _read(call: Call) -> tuple[SearchAsked, tuple[bytes, ...]]:
    """Return what is asked and the pictures: JSON alone, or a form of a part `search` and parts `picture`."""
    request, http = call.request, call.duty.config.http
    if request.content_type == _JSON:
        return _asked(await read_body(request, http.body_limit, http.body_timeout)), ()
    if request.content_type != _MULTIPART:
        given = request.headers.get("Content-Type", "of no type")
        raise WrongMediaType(f"the body is {given}, expected {_JSON} or {_MULTIPART}")
    raw, pictures = b"", list[bytes]()
    async for name, content in _parts(call):
        if name == "picture":
            pictures.append(content)
        elif name == "search" and not raw:
            raw = content
        else:
            raise InvalidInput("the form cannot be used", ((name, "expected one `search`, and parts `picture`"),))
    if not raw:
        raise InvalidInput("the form cannot be used", (("search", "expected a part with what is asked, as JSON"),))
    return _asked(raw), tuple(pictures)


async def _parts(call: Call) -> AsyncIterator[tuple[str, bytes]]:
    section = call.duty.config.association
    try:
        reader = await call.request.multipart()
        count = 0
        while (part := await reader.next()) is not None:
            count += 1
            if count > section.pictures + 1 or not isinstance(part, BodyPartReader):
                raise InvalidInput("the form cannot be used", (("picture", f"expected at most {section.pictures}"),))
            yield part.name or "", await _whole(part, section.picture_limit)
    except (ValueError, AssertionError, HttpProcessingError, web.RequestPayloadError) as exc:
        raise BadRequest(f"the form cannot be read: {exc}") from None


async def _whole(part: BodyPartReader, limit: int) -> bytes:
    read = bytearray()
    while chunk := await part.read_chunk(65_536):
        read += chunk
        if len(read) > limit:
            raise TooLarge(f"the part {part.name!r} is more than the {limit} bytes that are taken")
    return bytes(read)


def _asked(raw: bytes) -> SearchAsked:
    check_json(raw)
    try:
        return SearchAsked.model_validate_json(raw)
    except ValidationError as exc:
        raise InvalidInput("the search cannot be begun", faults_of(exc)) from None


_PATH: Final = "/association/searches"
ROUTES = (
    post(_PATH, begin_search, ShownSearch, "Begin a search within a case", Scope.ASSOCIATION_SEARCH, status=202,
         media=(_JSON, _MULTIPART), repeatable=False, refusals=(403, 404, 409, 429, 503)),
    get(_PATH, list_searches, Listed[ShownSearch], "List the searches of a case, newest first", query=SearchPage,
        access=Scope.ASSOCIATION_SEARCH, refusals=(403, 404)),
    get(_PATH + "/{search}", get_search, ShownSearch, "Get a search, or take its result away", query=SearchForm,
        access=Scope.ASSOCIATION_SEARCH, refusals=(403, 404)),
    get(_PATH + "/{search}/events", follow_search, str, "Follow a search as server-sent events", query=EventsQuery,
        access=Scope.ASSOCIATION_SEARCH, produces=EVENT_STREAM, timed=False, refusals=(403, 404)),
    post(_PATH + "/{search}/cancel", cancel_search, ShownSearch, "End a search where it is", Scope.ASSOCIATION_SEARCH,
         refusals=(403, 404, 409)),
    post(_PATH + "/{search}/again", search_again, ShownSearch, "Begin a search that ended anew",
         Scope.ASSOCIATION_SEARCH, status=202, refusals=(403, 404, 409, 429, 503)),
)  # fmt: skip
