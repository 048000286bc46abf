import os
import subprocess
import sys
from pathlib import Path

import pytest

from daemon.adapters.lock import holder, only_one
from daemon.errors import AlreadyRunning, Unavailable

HOLD = (
    "import sys\nfrom pathlib import Path\nfrom daemon.adapters.lock import only_one\n"
    "with only_one(Path(sys.argv[1])):\n    print('held', flush=True)\n    sys.stdin.read()\n"
)


def test_a_second_daemon_is_refused_with_the_pid_of_the_first(tmp_path: Path) -> None:
    with only_one(tmp_path):
        with pytest.raises(AlreadyRunning, match=f"held by process {os.getpid()};"), only_one(tmp_path):
            pass
        assert holder(tmp_path) == os.getpid()

    assert holder(tmp_path) is None
    with only_one(tmp_path):
        pass


def test_the_lock_ends_with_its_process_however_that_ends(tmp_path: Path) -> None:
    with subprocess.Popen(
        [sys.executable, "-c", HOLD, str(tmp_path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as other:
        assert other.stdout
        assert other.stdout.readline() == "held\n"
        with pytest.raises(AlreadyRunning, match=f"held by process {other.pid};"), only_one(tmp_path):
            pass
        assert holder(tmp_path) == other.pid
        other.kill()
        other.wait()

        with only_one(tmp_path):
            assert (tmp_path / "lock").read_text(encoding="ascii") == f"{os.getpid()}\n"


def test_an_absent_directory_is_told(tmp_path: Path) -> None:
    with pytest.raises(Unavailable, match="cannot be opened: No such file"), only_one(tmp_path / "none"):
        pass
    assert holder(tmp_path / "none") is None


def test_the_lock_file_is_for_its_owner_alone(tmp_path: Path) -> None:
    with only_one(tmp_path):
        assert (tmp_path / "lock").stat().st_mode & 0o777 == 0o600
