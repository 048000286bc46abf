"""The OpenAPI 3.1 document, made from the route table: what is documented is what validates."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

import msgspec
from pydantic.json_schema import models_json_schema

from daemon.forum.principals import Scope
from daemon.handlers.http.answers import IF_MATCH
from daemon.handlers.http.bodies import JSON
from daemon.handlers.http.models import IN_PATH
from daemon.handlers.http.problems import MEDIA_TYPE, Problem
from daemon.handlers.http.repeats import HEADER, PATTERN
from daemon.handlers.http.routes import Open, Route

_REF: Final = "#/components/schemas/{name}"
_FILE: Final = {"type": "string", "minLength": 1}
_PARAMETER: Final = re.compile(r"\{(\w+)\}")
_REFUSALS: Final = {
    400: "Not well formed",
    401: "No token, or none that is good",
    403: "A token without the scope",
    404: "No such thing",
    408: "The body did not arrive in time",
    409: "Not in the state that it is in",
    412: "Not at the revision of If-Match",
    413: "The body is too large",
    415: "The body is of another type",
    422: "Well formed, and wrong: errors lists every wrong field",
    428: "If-Match is missing",
    429: "More than one person may ask for in this time",
    503: "Cannot be done just now",
}


def document(routes: Sequence[Route], version: str) -> dict[str, Any]:
    """Return the document of these routes."""
    bodies, body_schemas = _request_schemas(routes)
    answers, answer_schemas = _answer_schemas(routes)
    paths: dict[str, dict[str, Any]] = {}
    for route in routes:
        operation = _operation(route, bodies, answers)
        paths.setdefault(route.path, {})[route.method.lower()] = operation
    return {
        "openapi": "3.1.0",
        "info": {"title": "Zhiban", "version": version, "description": "On duty over a catalogue of products."},
        "paths": paths,
        "components": {
            "schemas": {**answer_schemas, **body_schemas},
            "securitySchemes": {"token": {"type": "http", "scheme": "bearer"}},
        },
        "security": [{"token": []}],
    }


def _request_schemas(routes: Iterable[Route]) -> tuple[dict[Any, Any], dict[str, Any]]:
    models = {route.body for route in routes if route.body is not None}
    keys, rest = models_json_schema(
        [(model, "validation") for model in sorted(models, key=lambda m: m.__name__)],
        ref_template="#/components/schemas/{model}",
    )
    return {model: schema for (model, _), schema in keys.items()}, rest.get("$defs", {})


def _answer_schemas(routes: Iterable[Route]) -> tuple[dict[Any, Any], dict[str, Any]]:
    types = list(dict.fromkeys([route.answer for route in routes if route.answer is not None] + [Problem]))
    schemas, components = msgspec.json.schema_components(types, ref_template=_REF)
    return dict(zip(types, schemas, strict=True)), components


def _operation(route: Route, bodies: Mapping[Any, Any], answers: Mapping[Any, Any]) -> dict[str, Any]:
    operation: dict[str, Any] = {
        "operationId": route.operation,
        "summary": route.summary,
        "tags": [route.tag],
        "description": f"Needs {_needs(route)}.",
        "parameters": list(_parameters(route)),
        "responses": _responses(route, answers),
    }
    if route.access is Open.LOCAL:
        operation["security"] = [{}, {"token": []}]
    if route.body is not None:
        operation["requestBody"] = {
            "required": not route.body_optional,
            "content": {JSON: {"schema": bodies[route.body]}},
        }
    elif route.media:
        content = {media: {"schema": {} if media == JSON else _FILE} for media in route.media}
        operation["requestBody"] = {"required": True, "content": content}
    return operation


def _needs(route: Route) -> str:
    if isinstance(route.access, Open):
        return route.access.value
    scopes = (route.access,) if isinstance(route.access, Scope) else route.access
    return f"the scope {' or '.join(scopes)}"


def _parameters(route: Route) -> Iterable[dict[str, Any]]:
    for name in _PARAMETER.findall(route.path):
        yield _parameter(name, "path", {"type": "string", "pattern": IN_PATH}, required=True)
    if route.query is not None:
        schema = route.query.model_json_schema()
        for name, given in schema.get("properties", {}).items():
            found = _inlined(given, schema.get("$defs", {}))
            yield _parameter(name, "query", found, required=name in schema.get("required", ()))
    if route.revision == "required":
        yield _parameter("If-Match", "header", {"type": "string", "pattern": IF_MATCH}, required=True)
    if route.repeatable:
        yield _parameter(HEADER, "header", {"type": "string", "pattern": PATTERN}, required=False)


def _parameter(name: str, where: str, schema: Any, *, required: bool) -> dict[str, Any]:
    return {"name": name, "in": where, "required": required, "schema": schema}


def _inlined(schema: Any, definitions: Mapping[str, Any]) -> Any:
    """Return a schema of a parameter without references, and without null, which no URL can say."""
    if isinstance(schema, list):
        return [_inlined(one, definitions) for one in schema]
    if not isinstance(schema, dict):
        return schema
    if "$ref" in schema:
        return _inlined(definitions[schema["$ref"].rpartition("/")[2]], definitions)
    choices = [one for one in schema.get("anyOf", ()) if one != {"type": "null"}]
    if len(choices) == 1:
        rest = {key: value for key, value in schema.items() if key not in {"anyOf", "default"}}
        return _inlined({**rest, **choices[0]}, definitions)
    return {key: _inlined(value, definitions) for key, value in schema.items() if value is not None}


def _responses(route: Route, answers: Mapping[Any, Any]) -> dict[str, Any]:
    success: dict[str, Any] = {"description": route.summary}
    if route.produces:
        success["content"] = {route.produces: {"schema": {"type": "string"}}}
    elif route.answer is str:
        success["content"] = {"text/plain": {"schema": {"type": "string"}},
                              "application/openmetrics-text": {"schema": {"type": "string"}}}  # fmt: skip
    elif route.answer is not None:
        success["content"] = {JSON: {"schema": answers[route.answer]}}
    if route.revision:
        success["headers"] = {"ETag": {"schema": {"type": "string"}, "description": "The revision, quoted"}}
    problem = {MEDIA_TYPE: {"schema": answers[Problem]}}
    told = {str(status): {"description": _REFUSALS[status], "content": problem} for status in refusals_of(route)}
    if route.access is Open.LOCAL and 503 in route.refusals:
        told["503"]["content"] = {**problem, JSON: {"schema": answers[route.answer]}}
    return {str(route.status): success, **told}


def refusals_of(route: Route) -> list[int]:
    """Return the statuses that a route may refuse with."""
    found = {400, 401, 403, 422, 503, *route.refusals}
    if _PARAMETER.search(route.path):
        found |= {404}
    if route.method != "GET":
        found |= {404, 408, 409, 413}
    if route.body is not None or route.media:
        found |= {415}
    if route.revision == "required":
        found |= {412, 428}
    return sorted(found)
