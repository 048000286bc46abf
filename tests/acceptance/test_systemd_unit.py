import configparser
import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from daemon.config import Config
from daemon.errors import ConfigError

UNIT = Path(__file__).parents[2] / "systemd" / "zhiban.service"

needs_systemd = pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="systemd-analyze is not installed")


def analyze(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(["systemd-analyze", *arguments], capture_output=True, text=True, timeout=60, check=False)


@pytest.fixture
def unit(tmp_path: Path) -> Path:
    """The unit with executables that exist here, which `verify` insists on."""
    text = UNIT.read_text(encoding="utf-8").replace("/opt/zhiban/.venv/bin/zhiban", sys.executable)
    path = tmp_path / UNIT.name
    path.write_text(text, encoding="utf-8")
    return path


def settings() -> dict[str, str]:
    parser = configparser.ConfigParser(strict=False, interpolation=None)
    parser.optionxform = str  # type: ignore[assignment,method-assign]
    parser.read_string(UNIT.read_text(encoding="utf-8"))
    return {**parser["Unit"], **parser["Service"]}


@needs_systemd
def test_verify_finds_nothing_to_say(unit: Path) -> None:
    done = analyze("verify", "--man=no", str(unit))

    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


@needs_systemd
def test_verify_would_have_told_of_an_unknown_key(unit: Path) -> None:
    unit.write_text(unit.read_text(encoding="utf-8").replace("UMask=", "UMsak="), encoding="utf-8")

    done = analyze("verify", "--man=no", str(unit))

    assert "UMsak" in done.stderr


@needs_systemd
def test_its_exposure_is_at_most_2_0(unit: Path) -> None:
    done = analyze("security", "--offline=true", "--threshold=20", "--no-pager", str(unit))

    assert done.returncode == 0, done.stdout[-2000:]


@needs_systemd
def test_a_bare_unit_would_not_pass(unit: Path) -> None:
    unit.write_text(f"[Service]\nExecStart={sys.executable}\n", encoding="utf-8")

    assert analyze("security", "--offline=true", "--threshold=20", "--no-pager", str(unit)).returncode != 0


def test_it_waits_longer_for_the_end_than_the_daemon_takes() -> None:
    assert float(settings()["TimeoutStopSec"]) > Config().shutdown.grace + 2


def test_a_configuration_that_cannot_be_used_is_not_tried_again() -> None:
    assert settings()["RestartPreventExitStatus"] == str(ConfigError.exit_status)


def test_it_says_what_the_daemon_relies_on() -> None:
    found = settings()

    assert {name: found[name] for name in ("Type", "NotifyAccess", "StateDirectory", "StateDirectoryMode")} == {
        "Type": "notify",
        "NotifyAccess": "main",
        "StateDirectory": "zhiban",
        "StateDirectoryMode": "0700",
    }
    assert int(found["WatchdogSec"]) > 0
    assert found["ExecReload"] == "/bin/kill -HUP $MAINPID"
    assert "LoadCredential" in found
    assert json.loads(found["LimitNOFILE"]) >= 1024
