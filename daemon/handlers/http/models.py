"""What requests may say: bases and kinds of values of the query and body models."""

from __future__ import annotations

import re
from datetime import datetime
from types import UnionType
from typing import Annotated, Any, Final, Union, get_args, get_origin

from multidict import MultiMapping
from pydantic import AfterValidator, AwareDatetime, BaseModel, BeforeValidator, ConfigDict, Field, ValidationError

from daemon.errors import InvalidInput

#: Most items of one page of a list.
MAX_PAGE: Final = 500
_RFC3339: Final = re.compile(
    r"\d{4}-(0[1-9]|1[0-2])-(0[1-9]|[12]\d|3[01])[Tt]([01]\d|2[0-3]):[0-5]\d:[0-5]\d(\.\d{1,9})?"
    r"([Zz]|[+-]([01]\d|2[0-3]):[0-5]\d)",
    re.ASCII,
)


class Body(BaseModel):
    """A JSON body: strict, unknown members are faults."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)


class Query(BaseModel):
    """The parameters of a URL: unknown ones are faults, each is given once unless it is a list."""

    model_config = ConfigDict(frozen=True, extra="forbid")


def _rfc3339(value: object) -> object:
    if not isinstance(value, str):
        return value
    if not _RFC3339.fullmatch(value):
        raise ValueError('expected an RFC 3339 time with its offset, such as "2026-11-25T08:30:00Z"')
    return datetime.fromisoformat(value.upper())


def _in_reach(value: datetime) -> datetime:
    # Times near the ends of the calendar cannot be moved to another zone.
    if not 1 < value.year < 9999:
        raise ValueError("expected a year from 2 to 9998")
    return value


def _digits(value: object) -> object:
    if isinstance(value, str) and not re.fullmatch(r"[0-9]{1,9}", value):
        raise ValueError("expected digits")
    return value


def _true_or_false(value: object) -> object:
    if isinstance(value, str) and value not in {"true", "false"}:
        raise ValueError('expected "true" or "false"')
    return value


Time = Annotated[AwareDatetime, BeforeValidator(_rfc3339), AfterValidator(_in_reach)]
#: One line of text.
Line = Annotated[str, Field(max_length=500, pattern=r"^[^\x00-\x1f\x7f]*$")]
NonBlankLine = Annotated[
    str, Field(min_length=1, max_length=500, pattern=r"^[^\x00-\x1f\x7f]*[^\s\x00-\x1f\x7f][^\x00-\x1f\x7f]*$")
]
ProductId = Annotated[str, Field(min_length=1, max_length=500, pattern=r"^[^\x00-\x1f\x7f]+$")]
#: An id in a path.
IN_PATH: Final = r"^[^\x00-\x1f\x7f]+$"
#: A parameter of a URL.
Word = Annotated[str, Field(max_length=500, pattern=r"^[^\x00-\x1f\x7f]*$")]
Flag = Annotated[bool, BeforeValidator(_true_or_false)]
#: For numbers of a URL: digits and nothing that merely means a number.
digits = BeforeValidator(_digits)


class Paged(Query):
    """Which page of a list."""

    limit: Annotated[int, Field(ge=1, le=MAX_PAGE), digits] = 50
    cursor: Annotated[str, Field(max_length=4096, pattern=r"^[A-Za-z0-9_-]+$")] | None = None


def query_of(model: type[Query], given: MultiMapping[str]) -> Query:
    """Return the parameters of a URL as their model. Raises InvalidInput naming every wrong one."""
    values: dict[str, Any] = {}
    twice: list[tuple[str, str]] = []
    for name in set(given):
        found = given.getall(name)
        if takes_many(model, name):
            values[name] = tuple(found)
        else:
            values[name] = found[0]
            twice += [(name, "given more than once")] if len(found) > 1 else []
    try:
        query = model.model_validate(values)
    except ValidationError as exc:
        raise InvalidInput("the query cannot be used", (*twice, *faults_of(exc))) from None
    if twice:
        raise InvalidInput("the query cannot be used", tuple(twice))
    return query


def takes_many(model: type[BaseModel], name: str) -> bool:
    """Tell whether a parameter is a list, which is given once for each of its items."""
    found = model.model_fields.get(name)
    if found is None:
        return False
    kinds = get_args(found.annotation) if get_origin(found.annotation) in {Union, UnionType} else (found.annotation,)
    return any(get_origin(kind) is tuple for kind in kinds)


def faults_of(error: ValidationError) -> tuple[tuple[str, str], ...]:
    """Return every fault as (dotted path, what is wrong); never the value, which may be a secret."""
    return tuple(
        (".".join(map(str, fault["loc"])), fault["msg"].removeprefix("Value error, "))
        for fault in error.errors(include_url=False, include_input=False, include_context=False)
    )
