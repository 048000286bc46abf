import ast
import importlib.util
import os
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
from packaging.specifiers import SpecifierSet

ROOT = Path(__file__).parents[3]
DRIVERS = {
    "wechaty",
    "wechaty_grpc",
    "wechaty_puppet",
    "wechaty_puppet_service",
    "grpclib",
    "betterproto",
    "pyee",
    "h2",
}
installed = pytest.mark.skipif(
    importlib.util.find_spec("grpclib") is None, reason="python-wechaty is not installed (extra `wechat`)"
)


def imported(path: Path) -> set[str]:
    """Return the top packages that a file imports, wherever in it."""
    names: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            names.update(alias.name.partition(".")[0] for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            names.add(node.module.partition(".")[0])
    return names


def run(code: str, cwd: Path, **environment: str) -> str:
    """Run code in a fresh interpreter, in an empty working directory."""
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", code],
        cwd=cwd, env=os.environ | {"PYTHONPATH": str(ROOT)} | environment, capture_output=True, text=True, timeout=60,
        check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return done.stdout + done.stderr


def test_nothing_but_the_shim_imports_anything_of_wechaty() -> None:
    importing = {path.name for path in (ROOT / "daemon").rglob("*.py") if imported(path) & DRIVERS}

    assert importing == {"wechaty_shim.py"}


def test_the_shim_mends_before_it_imports() -> None:
    text = (ROOT / "daemon" / "adapters" / "wechaty_shim.py").read_text(encoding="utf-8")

    assert (
        text.index("pyee.AsyncIOEventEmitter =")
        < text.index("urllib3.get_host =")
        < text.index("from wechaty_puppet.schemas import puppet")
        < text.index("PuppetOptions.__hash__ =")
        < text.index("from wechaty_puppet_service")
    )


def test_the_daemon_starts_without_it(tmp_path: Path) -> None:
    names = sorted(DRIVERS)
    run(
        f"import sys, daemon.main, daemon.cli\nassert not set({names!r}) & set(sys.modules), set(sys.modules)", tmp_path
    )


def test_a_python_without_telnetlib_which_the_library_imports_is_refused_at_the_installation() -> None:
    wanted = SpecifierSet(tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["requires-python"])

    assert [version in wanted for version in ("3.10.14", "3.11.7", "3.12.9", "3.13.0")] == [False, True, True, False]


MENDED = """
import daemon.adapters.wechaty_shim
import pyee, pyee.asyncio, urllib3
from wechaty_puppet.schemas.puppet import PuppetOptions
assert pyee.AsyncIOEventEmitter is pyee.asyncio.AsyncIOEventEmitter
assert urllib3.get_host("http://puppet.example:8080/x") == ("http", "puppet.example", 8080)
assert urllib3.get_host("puppet.example")[0] == "http"
assert len({PuppetOptions(), PuppetOptions()}) == 2
"""


@installed
def test_what_newer_libraries_and_python_took_away_is_there_again(tmp_path: Path) -> None:
    assert run(MENDED, tmp_path) == ""


QUIETLY = """
import logging, signal, sys
before = [signal.getsignal(s) for s in (signal.SIGINT, signal.SIGTERM)]
import daemon.adapters.wechat
from daemon.adapters.wechaty_shim import open_puppet
import asyncio
async def main():
    puppet, channel = open_puppet("127.0.0.1", 9, "secret-token")
    channel.close()
asyncio.run(main())
assert [signal.getsignal(s) for s in (signal.SIGINT, signal.SIGTERM)] == before
assert logging.getLogger().handlers == []
for name in ("PuppetService", "FileBox", "WechatyPuppet.Schema.Base", "WechatyPuppetServiceConfig"):
    logger = logging.getLogger(name)
    assert not logger.handlers and logger.propagate and not logger.isEnabledFor(logging.WARNING), name
assert not {"wechaty", "quart", "sqlalchemy", "apscheduler"} & set(sys.modules)
"""


@installed
@pytest.mark.parametrize("word", ["", "debug", "silly", "silent", "info"])
def test_importing_it_leaves_the_process_and_the_working_directory_alone(tmp_path: Path, word: str) -> None:
    said = run(
        QUIETLY, tmp_path, WECHATY_LOG=word, WECHATY_LOG_FILE=str(tmp_path / "wechaty.log"), TOKEN="stray-token",
        ENDPOINT="stray.example:1",
    )  # fmt: skip

    assert said == ""
    assert list(tmp_path.iterdir()) == []


@installed
def test_the_environment_is_given_back(tmp_path: Path) -> None:
    code = "import os, daemon.adapters.wechaty_shim\nprint(os.environ['WECHATY_LOG'])"

    assert run(code, tmp_path, WECHATY_LOG="debug") == "debug\n"


@installed
def test_the_package_above_it_can_be_imported_as_well(tmp_path: Path) -> None:
    # Nothing of ours does: it makes a directory, in the place that $CACHE_DIR names.
    cache = tmp_path / "cache"
    code = "import warnings, daemon.adapters.wechaty_shim\nwarnings.simplefilter('ignore')\nimport wechaty\n"
    run(code + "print(wechaty.Wechaty.__name__)", tmp_path, CACHE_DIR=str(cache))
