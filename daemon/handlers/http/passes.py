"""/passes: the ledger of passes over the catalogue, and asking for one."""

from __future__ import annotations

from typing import Annotated, Final, Self

from pydantic import ConfigDict, Field, JsonValue, model_validator

from daemon.forum.principals import Scope
from daemon.handlers.http.answers import Listed, page
from daemon.handlers.http.models import Body, Paged, ProductId
from daemon.handlers.http.routes import Call, get, post
from daemon.products.passes import PassKind, PassRecord
from daemon.services import passes

_EITHER: Final[list[JsonValue]] = [
    {"required": ["kind", "product_ids"], "properties": {"kind": {"const": "single"}, "product_ids": {"minItems": 1}}},
    {"properties": {"kind": {"not": {"const": "single"}}, "product_ids": {"maxItems": 0}}},
]


class NewPass(Body):
    """Which pass to take: a full one where nothing is said. A single one names its products."""

    model_config = ConfigDict(json_schema_extra={"oneOf": _EITHER})

    kind: PassKind = PassKind.FULL
    product_ids: Annotated[list[ProductId], Field(max_length=1000)] = Field(default_factory=list)

    @model_validator(mode="after")
    def _products_of_a_single_pass(self) -> Self:
        if (self.kind is PassKind.SINGLE) != bool(self.product_ids):
            raise ValueError("product_ids: expected for a single pass, and for no other")
        return self


async def list_passes(call: Call) -> Listed[PassRecord]:
    """GET /passes."""
    asked = call.asked(Paged)
    return page(await call.duty.ports.incidents.passes(asked.limit, asked.cursor))


async def start_pass(call: Call) -> PassRecord:
    """POST /passes."""
    sent = call.sent(NewPass)
    return await passes.request_pass(call.duty, call.actor, sent.kind, tuple(sent.product_ids))


ROUTES = (
    get("/passes", list_passes, Listed[PassRecord], "List passes, newest first", query=Paged),
    post(
        "/passes",
        start_pass,
        PassRecord,
        "Ask for a pass now",
        Scope.PASSES_WRITE,
        body=NewPass,
        body_optional=True,
        status=202,
    ),
)
