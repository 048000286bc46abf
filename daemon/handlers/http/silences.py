"""/silences: what people do not want to hear of for a while."""

from __future__ import annotations

from daemon.forum.principals import Scope
from daemon.handlers.http.answers import Listed
from daemon.handlers.http.incidents import Until
from daemon.handlers.http.models import Line
from daemon.handlers.http.routes import Call, delete, get, post
from daemon.products.incidents import Silence
from daemon.services import incidents


class NewSilence(Until):
    """What to silence, everything named has to match, and until when."""

    rule: Line = ""
    product_id: Line = ""
    category: Line = ""
    owner: Line = ""
    reason: Line = ""


async def list_silences(call: Call) -> Listed[Silence]:
    """GET /silences."""
    return Listed(tuple(await call.duty.ports.incidents.silences(call.duty.ports.clock.now())), None)


async def add_silence(call: Call) -> Silence:
    """POST /silences."""
    sent = call.sent(NewSilence)
    return await incidents.add_silence(
        call.duty,
        call.actor,
        rule=sent.rule,
        product_id=sent.product_id,
        category=sent.category,
        owner=sent.owner,
        until=sent.end(call.duty.ports.clock.now()),
        reason=sent.reason,
    )


async def end_silence(call: Call) -> Silence:
    """DELETE /silences/{silence_id}."""
    return await incidents.end_silence(call.duty, call.actor, call.path["silence_id"])


ROUTES = (
    get("/silences", list_silences, Listed[Silence], "List silences in force, newest first"),
    post("/silences", add_silence, Silence, "Silence all that matches", Scope.INCIDENTS_WRITE, body=NewSilence,
         status=201),
    delete("/silences/{silence_id}", end_silence, Silence, "End a silence", Scope.INCIDENTS_WRITE),
)  # fmt: skip
