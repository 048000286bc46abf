"""How commands speak with the running daemon: HTTP with a token, both found in the state directory."""

from __future__ import annotations

import http.client
import json
import os
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, BinaryIO
from urllib.parse import quote, urlencode

from daemon.errors import Conflict, Forbidden, InvalidInput, NotFound, TooMany, Unauthorized, Unavailable, ZhibanError
from daemon.log import printable

_TIMEOUT_S = 30.0
_UPLOAD_S = 3_600.0
_BYTES = "application/octet-stream"
#: Wrong fields that are named.
_FAULTS = 10
_ERRORS: Mapping[int, type[ZhibanError]] = {
    400: InvalidInput,
    401: Unauthorized,
    403: Forbidden,
    404: NotFound,
    409: Conflict,
    413: InvalidInput,
    422: InvalidInput,
    429: TooMany,
    503: Unavailable,
}


class Daemon:
    """A daemon at an address. Raises Unavailable when it does not answer, and what its answers mean."""

    def __init__(self, url: str, token: str) -> None:
        self.url = url.rstrip("/")
        self.token = token
        # a daemon of ours is never behind a proxy of the environment
        self._opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))

    @classmethod
    def found(cls, environment: Mapping[str, str] = os.environ) -> Daemon:
        """Find the daemon: $ZHIBAN_URL, else as it wrote into the state directory. Raises Unavailable."""
        state = state_of(environment)
        url = environment.get("ZHIBAN_URL") or _line(state / "address")
        if not url:
            raise Unavailable(f"no daemon runs with {state}; set STATE_DIRECTORY or ZHIBAN_URL to reach another")
        return cls(url, environment.get("ZHIBAN_TOKEN") or _line(state / "token"))

    def ask(
        self, method: str, path: str, *, query: Mapping[str, Any] | None = None, body: object = None, etag: str = ""
    ) -> Any:
        """Send a request; return the JSON of the answer, None without one. etag: of what is changed, "*" for any."""
        status, answer = self.raw(method, path, query=query, body=body, etag=etag)
        return self._meant(method, path, status, answer)

    @staticmethod
    def _meant(method: str, path: str, status: int, answer: Any) -> Any:
        if status >= 400:
            told = answer if isinstance(answer, dict) else {}
            detail = told.get("detail") or told.get("title") or f"HTTP {status}"
            raise _ERRORS.get(status, ZhibanError)("\n".join([f"{method} {path}: {detail}", *_faults(told)]))
        return answer

    def pages(self, path: str, query: Mapping[str, Any], most: int) -> Iterator[dict[str, Any]]:
        """Iterate over the items of a list, page by page, at most so many."""
        cursor = None
        while most > 0:
            page = self.ask("GET", path, query={**query, "limit": min(most, 200), "cursor": cursor})
            yield from page["items"][:most]
            most -= len(page["items"])
            cursor = page.get("next_cursor")
            if not cursor:
                return

    def upload(self, path: str, content: BinaryIO, size: int, query: Mapping[str, Any], kind: str = _BYTES) -> Any:
        """Post a file as it is read; return the JSON of the answer. Waits for as long as the daemon needs for it."""
        status, answer = self.raw("POST", path, query=query, content=content, size=size, kind=kind)
        return self._meant("POST", path, status, answer)

    def events(self, path: str, query: Mapping[str, Any]) -> Iterator[Any]:
        """Iterate over the data of server-sent events, as JSON, until they end."""
        request = urllib.request.Request(f"{self.url}{path}?{urlencode(query)}")  # noqa: S310 as in raw
        request.add_header("Authorization", f"Bearer {self.token}")
        try:
            with self._opener.open(request, timeout=_TIMEOUT_S) as answer:
                for line in answer:
                    if line.startswith(b"data: "):
                        yield json.loads(line.removeprefix(b"data: "))
        except urllib.error.HTTPError as exc:
            with exc:
                self._meant("GET", path, exc.code, _content(exc.read()))
        except (OSError, http.client.HTTPException, ValueError) as exc:
            raise Unavailable(f"{self.url} broke off: {getattr(exc, 'reason', exc)}") from exc

    def raw(
        self,
        method: str,
        path: str,
        *,
        query: Mapping[str, Any] | None = None,
        body: object = None,
        content: BinaryIO | None = None,
        size: int = 0,
        kind: str = _BYTES,
        etag: str = "",
    ) -> tuple[int, Any]:
        """Send a request; return the status and the JSON of the answer, or its text.

        path: with what a caller puts into it quoted, see `part`. content: a file for a body, of a content type.
        """
        pairs = {name: value for name, value in (query or {}).items() if value is not None and value != ""}
        address = f"{self.url}{path}" + (f"?{urlencode(pairs, doseq=True)}" if pairs else "")
        request = urllib.request.Request(address, method=method)  # noqa: S310 the address is the operator's own
        if self.token:
            request.add_header("Authorization", f"Bearer {self.token}")
        if etag:
            request.add_header("If-Match", etag)
        if body is not None:
            request.data = json.dumps(body).encode()
            request.add_header("Content-Type", "application/json")
        if content is not None:
            request.data = content
            request.add_header("Content-Type", kind)
            request.add_header("Content-Length", str(size))
        try:
            with self._opener.open(request, timeout=_TIMEOUT_S if content is None else _UPLOAD_S) as answer:
                return answer.status, _content(answer.read())
        except urllib.error.HTTPError as exc:
            with exc:
                return exc.code, _content(exc.read())
        except (OSError, http.client.HTTPException, ValueError) as exc:
            reason = getattr(exc, "reason", exc)
            raise Unavailable(f"{self.url} does not answer: {reason}") from exc


def part(name: str) -> str:
    """Return any name as one part of a path; slashes too, which identifiers of shops often have."""
    return quote(name, safe="")


def state_of(environment: Mapping[str, str]) -> Path:
    """Return the state directory without making it."""
    return Path(environment.get("STATE_DIRECTORY", "").split(":")[0] or "var").absolute()


def _faults(told: Mapping[str, Any]) -> Iterator[str]:
    """Yield a line for each wrong field of a problem (RFC 9457)."""
    errors = told.get("errors")
    for fault in errors[:_FAULTS] if isinstance(errors, list) else ():
        where = f"{fault['field']}: " if fault.get("field") else ""
        yield f"  {printable(where + str(fault.get('message', '')))}"
    if isinstance(errors, list) and len(errors) > _FAULTS:
        yield f"  and {len(errors) - _FAULTS} more"


def _content(raw: bytes) -> Any:
    if not raw:
        return None
    try:
        return json.loads(raw)
    except ValueError:
        return raw.decode("utf-8", "replace")


def _line(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8").strip()
    except PermissionError as exc:
        raise Unavailable(f"{path} is for its owner alone; run this as the daemon's user, or set ZHIBAN_TOKEN") from exc
    except (OSError, UnicodeDecodeError):
        return ""
