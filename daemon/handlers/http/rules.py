"""/rules: what is checked, as it is configured."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec

from daemon.handlers.http.answers import Listed
from daemon.handlers.http.routes import Call, get
from daemon.products.remedies import RemedyMode
from daemon.products.rulebook import ConfiguredRule
from daemon.products.verdicts import Needs, RemedyKind, Severity


class ShownRule(msgspec.Struct, frozen=True, kw_only=True):
    """One rule that is on. open_min_s: seconds that the first and last bad verdict are apart before it opens."""

    id: str
    title: str
    title_zh: str
    fields: tuple[str, ...]
    severity: Severity
    remedy: RemedyKind | None
    remedy_mode: RemedyMode
    needs: Needs
    open_after: int
    open_min_s: float
    close_after: int
    settings: Mapping[str, Any]
    reference: str


async def list_rules(call: Call) -> Listed[ShownRule]:
    """GET /rules."""
    return Listed(tuple(map(_shown, call.duty.rulebook.rules)), None)


def _shown(rule: ConfiguredRule) -> ShownRule:
    spec = rule.spec
    return ShownRule(
        id=spec.id,
        title=spec.title,
        title_zh=spec.title_zh,
        fields=spec.fields,
        severity=rule.severity,
        remedy=spec.remedy,
        remedy_mode=rule.remedy_mode,
        needs=spec.needs,
        open_after=rule.open_after,
        open_min_s=rule.open_min_s,
        close_after=rule.close_after,
        settings=rule.settings,
        reference=spec.reference,
    )


ROUTES = (get("/rules", list_rules, Listed[ShownRule], "List the rules that are on"),)
