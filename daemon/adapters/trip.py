"""One attempt to get at a URL, over its redirects, which are followed by hand: each hop is a request of its own."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final, TypeAlias

import aiohttp
from yarl import URL

REDIRECTS: Final = frozenset({301, 302, 303, 307, 308})

#: What was found at the end of a trip: facts as keywords of Evidence.
Found: TypeAlias = dict[str, object]


@dataclass(slots=True)
class Trip:
    """Where an attempt has got to. spent_s: seconds on the network, without waiting for turns."""

    url: URL
    spent_s: float = 0.0
    hops: list[str] = field(default_factory=list)
    _cookies: dict[str, dict[str, str]] = field(default_factory=dict)
    _visited: set[tuple[str, int]] = field(default_factory=set)

    @property
    def cookies(self) -> dict[str, str]:
        """Cookies that the current host set on this trip."""
        return self._cookies.get(self.url.host or "", {})

    def redirected(self, response: aiohttp.ClientResponse, location: str, *, most: int) -> Found | None:
        """Go on to where an answer leads; what was found, if that is as far as it goes.

        Some shops set a cookie and send the visitor to the same address: with the cookie it is another request.
        """
        jar = self._cookies.setdefault(self.url.host or "", {})
        self._visited.add((str(self.url), len(jar)))
        jar |= {name: morsel.value for name, morsel in response.cookies.items()}
        target = self._target(location)
        if target is None:
            return {"status": response.status, "problem": f"redirects to no web address: {location[:100]!r}"}
        self.hops.append(str(target))
        there = self._cookies.get(target.host or "", {})
        if len(self.hops) > most or (str(target), len(there)) in self._visited:
            return {"status": response.status, "loop": True, "problem": "redirects in a circle or too often"}
        self.url = target
        return None

    def _target(self, location: str) -> URL | None:
        try:
            target = self.url.join(URL(location))
        except ValueError:
            return None
        return target.with_fragment(None) if target.scheme in {"http", "https"} and target.host else None
