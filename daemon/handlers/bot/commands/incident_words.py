"""The words by which people narrow a list of incidents, in both languages, as a filter."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Any, Final

from daemon.forum.commands import trimmed
from daemon.handlers.bot.commands.command import Call
from daemon.handlers.bot.phrases import TABLES
from daemon.ports import IncidentFilter
from daemon.products.incidents import ALIVE, Kind, State
from daemon.products.verdicts import Severity

_ALL: Final = frozenset({"all", "全部", "所有"})
_OPEN: Final = (State.OPEN, State.ESCALATED)  # nobody is on it yet
_STATES: Final[Mapping[str, tuple[State, ...]]] = MappingProxyType(
    {
        **{state.value: (state,) for state in State},
        **{TABLES[language][f"state.{state.value}"]: (state,) for language in TABLES for state in State},
        "open": _OPEN,
        TABLES["zh"]["state.open"]: _OPEN,
        "已确认": (State.ACKNOWLEDGED,),
        "升级": (State.ESCALATED,),
        "静默": (State.SILENCED,),
    }
)
SEVERITIES: Final[Mapping[str, Severity]] = MappingProxyType(
    {
        **{severity.value: severity for severity in Severity},
        **{TABLES[language][f"severity.{severity.value}"]: severity for language in TABLES for severity in Severity},
    }
)
_KINDS: Final = MappingProxyType({kind.value: kind for kind in Kind} | {"批量": Kind.MASS, "巡检": Kind.CHECKER})


def rules_by_word(call: Call) -> dict[str, str]:
    """Return rule ids by every word that people may call them by: id and titles, in folded case."""
    words: dict[str, str] = {}
    for rule in call.duty.rulebook.rules:
        words |= {name.casefold(): rule.spec.id for name in (rule.spec.title, rule.spec.title_zh, rule.spec.id)}
    return words


def where_of(call: Call, words: Sequence[str]) -> IncidentFilter:
    """Return the filter that words ask for; what is alive unless a state is named. Raises Misused for a wrong word."""
    asked: dict[str, Any] = {"states": tuple(ALIVE)}
    states: tuple[State, ...] = ()
    rules, whole = rules_by_word(call), " ".join(words).casefold()
    for word in [whole] if whole in rules else [trimmed(word) for word in words]:
        if word in _ALL:
            states = tuple(State)
        elif word in _STATES:
            states += _STATES[word]
        elif word in SEVERITIES:
            asked["min_severity"] = SEVERITIES[word]
        elif word in _KINDS:
            asked["kind"] = _KINDS[word].value
        elif rule := rules.get(word) or _rule_of_checks(word):
            asked["rule"] = rule
        else:
            raise call.unknown(word, [*_ALL, *_STATES, *SEVERITIES, *_KINDS, *rules])
    return IncidentFilter(**(asked | ({"states": states} if states else {})))


def _rule_of_checks(word: str) -> str:
    return word if word.startswith(("mass:", "checker.")) else ""
