"""Functions that are compiled by numba, and where the machine code of them is kept.

numba keeps it beside each source file and looks at that file alone: a function would go on calling what another file
said before an update. So it is kept in a folder that is named by all the sources. Where the installation cannot be
written to, as under the shipped unit, that folder lies in the service's cache or state directory.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable, Iterable, Mapping
from functools import partial
from pathlib import Path
from typing import Any, Final, TypeVar, overload

import numba

F = TypeVar("F", bound=Callable[..., Any])
_HERE: Final = Path(__file__).parent
#: Where there are kernels.
_PACKAGES: Final = ("matching", "search")


def cache_folder(environment: Mapping[str, str], here: Path = _HERE) -> Path | None:
    """Return where compiled code of these sources is kept; None where nothing can be written."""
    name = f"kernels-{_digest(path for package in _PACKAGES for path in (here / package).glob('*.py'))}"
    for parent in _parents(environment, here):
        folder = parent / name
        try:
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        except OSError:
            continue
        if os.access(folder, os.W_OK):
            return folder
    return None


def _parents(environment: Mapping[str, str], here: Path) -> Iterable[Path]:
    """Yield folders that it may lie in; who sets numba's own variable decides."""
    if stated := environment.get("NUMBA_CACHE_DIR"):
        yield Path(stated)
        return
    yield here / "__pycache__"
    for variable in ("CACHE_DIRECTORY", "STATE_DIRECTORY"):
        if stated := environment.get(variable, "").split(":")[0]:
            yield Path(stated)


def _digest(paths: Iterable[Path]) -> str:
    whole = hashlib.blake2b(digest_size=8)
    for path in sorted(paths):
        whole.update(path.read_bytes())
    return whole.hexdigest()


_folder: Final = cache_folder(os.environ)
if _folder is not None:
    numba.config.CACHE_DIR = str(_folder)  # type: ignore[attr-defined]  # which numba makes at run time


@overload
def kernel(function: F) -> F: ...
@overload
def kernel(*, fastmath: set[str] = ..., inline: str = ...) -> Callable[[F], F]: ...
def kernel(function: Any = None, **options: Any) -> Any:
    """Have a function compiled, kept, and run without holding the interpreter; options are numba's."""
    made = partial(numba.njit, cache=_folder is not None, nogil=True, **options)
    return made if function is None else made(function)
