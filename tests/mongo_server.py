"""A MongoDB server as a child process, a database of its own for each test, and ways to hurt it.

ZHIBAN_TEST_MONGODB_URI names another server to test against, such as a real mongod (a replica set, for its change
streams). It is never killed: the tests that do so are skipped.
"""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any
from uuid import uuid4

import pymongo
import pytest
from pymongo.database import Database
from pymongo.errors import PyMongoError
from pymongo.uri_parser import parse_uri

ELSEWHERE = "ZHIBAN_TEST_MONGODB_URI"
PROGRAM = Path(__file__).parent / "interop" / "secantus" / ".venv" / "bin" / "secantusd-py"
ABSENT = "no MongoDB server to test against: run `make mongodb-server`, or name one in " + ELSEWHERE
_START_S = 60.0


class MongoServer:
    """SecantusDB on a port that stays the same over restarts. Its calls block: give the long ones to a thread."""

    def __init__(self, folder: Path, *options: str) -> None:
        self._folder = folder
        self._options = options
        self._process: subprocess.Popen[bytes] | None = None
        self.port = _free_port()

    @property
    def uri(self) -> str:
        return f"mongodb://127.0.0.1:{self.port}"

    @property
    def log(self) -> Path:
        return self._folder / "server.log"

    @property
    def pid(self) -> int:
        assert self._process is not None
        return self._process.pid

    def start(self) -> None:
        """Start, and return when it answers."""
        storage = self._folder / "data"
        storage.mkdir(parents=True, exist_ok=True)
        with self.log.open("ab") as log:
            self._process = subprocess.Popen(
                [PROGRAM, "--host", "127.0.0.1", "--port", str(self.port), "--storage-path", storage,
                 "--cache-size", "256M", "--enable-test-commands", *self._options],
                stdin=subprocess.DEVNULL, stdout=log, stderr=log, cwd=self._folder,
            )  # fmt: skip
        deadline = time.monotonic() + _START_S
        while not self._answers():
            assert self._process.poll() is None, f"the server ended at its start:\n{self.log.read_text()[-2000:]}"
            assert time.monotonic() < deadline, f"the server does not answer:\n{self.log.read_text()[-2000:]}"
            time.sleep(0.05)

    def kill(self) -> None:
        """End it by SIGKILL."""
        self._end(signal.SIGKILL)

    def stop(self) -> None:
        """End it by SIGTERM."""
        self._end(signal.SIGTERM)

    def freeze(self) -> None:
        """Let it answer nothing from now on, with its connections open."""
        os.kill(self.pid, signal.SIGSTOP)

    def thaw(self) -> None:
        """Let it go on."""
        os.kill(self.pid, signal.SIGCONT)

    def fail(self, commands: Sequence[str], *, times: int | None = None, **data: Any) -> None:
        """Let commands fail, a number of times or until `heal`: errorCode=, closeConnection=, blockConnection=."""
        self._fail_point({"times": times} if times else "alwaysOn", failCommands=list(commands), **data)

    def heal(self) -> None:
        """Let no command fail from now on."""
        self._fail_point("off")

    def _fail_point(self, mode: object, **data: Any) -> None:
        order = {"configureFailPoint": "failCommand", "mode": mode} | ({"data": data} if data else {})
        with pymongo.MongoClient[dict[str, Any]](self.uri) as client:
            client.admin.command(order)

    def _answers(self) -> bool:
        try:
            with pymongo.MongoClient[dict[str, Any]](self.uri, serverSelectionTimeoutMS=500) as client:
                client.admin.command("ping")
        except PyMongoError:
            return False
        return True

    def _end(self, number: signal.Signals) -> None:
        process, self._process = self._process, None
        if process is None:
            return
        process.send_signal(number)
        try:
            process.wait(30)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


class Shop:
    """A database as the shop sees it: `database` is a plain client's. server: None where it is not ours to hurt."""

    def __init__(self, uri: str, server: MongoServer | None) -> None:
        self.name = f"zhiban_test_{uuid4().hex[:12]}"
        self.server = server
        self.uri = _with_database(uri, self.name)
        self._client = pymongo.MongoClient[dict[str, Any]](uri, tz_aware=True, serverSelectionTimeoutMS=5000)
        self.database: Database[dict[str, Any]] = self._client[self.name]
        self.products = self.database["products"]

    def drop(self) -> None:
        """Leave nothing of it behind."""
        with pymongo.timeout(10):
            self._client.drop_database(self.name)

    def close(self) -> None:
        """Close the plain client, whether or not there still is a server."""
        with pymongo.timeout(0.1):
            self._client.close()


def elsewhere() -> str | None:
    """Return the URI of the server that is not ours, if one is named."""
    return os.environ.get(ELSEWHERE) or None


def installed() -> bool:
    """Tell whether the server of our own is installed."""
    return PROGRAM.is_file()


@pytest.fixture(scope="session")
def mongo_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[MongoServer | None]:
    """The server that the tests of this process share; None where it is another's."""
    if elsewhere():
        yield None
        return
    if not installed():
        pytest.skip(ABSENT)
    server = MongoServer(tmp_path_factory.mktemp("mongodb"))
    server.start()
    try:
        yield server
    finally:
        server.kill()


@pytest.fixture
def mongo(mongo_server: MongoServer | None) -> Iterator[Shop]:
    """An empty database of the shared server. It may have fail points (heal it), and must not be killed."""
    uri = elsewhere() or (mongo_server.uri if mongo_server else "")
    shop = Shop(uri, mongo_server)
    try:
        yield shop
        shop.drop()
    finally:
        shop.close()


@pytest.fixture
def mortal_mongo(tmp_path: Path) -> Iterator[Shop]:
    """An empty database of a server that may be killed, frozen and restarted: what it confirmed, it keeps."""
    if elsewhere():
        pytest.skip(f"the server that {ELSEWHERE} names is not ours to kill")
    if not installed():
        pytest.skip(ABSENT)
    server = MongoServer(tmp_path / "mongodb", "--sync-on-commit")
    server.start()
    shop = Shop(server.uri, server)
    try:
        yield shop
    finally:
        server.kill()
        shop.close()


def _with_database(uri: str, name: str) -> str:
    """Return a URI that names a database, its credentials still checked where they were."""
    base, _, options = uri.partition("?")
    known = parse_uri(uri)
    scheme, _, rest = base.partition("://")
    hosts = rest.partition("/")[0]
    if known["username"] and "authSource" not in known["options"]:
        options = "&".join(filter(None, (options, f"authSource={known['database'] or 'admin'}")))
    return f"{scheme}://{hosts}/{name}" + (f"?{options}" if options else "")


def _free_port() -> int:
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return int(one.getsockname()[1])
