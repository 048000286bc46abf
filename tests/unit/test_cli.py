import json
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner

from daemon.cli import COMMANDS, LazyGroup, main
from daemon.cli.logs import parsed, told, wanted
from daemon.products.rules import SPECS


def run(*arguments: str, stdin: str | None = None, **environment: str) -> tuple[int, str, str]:
    done = CliRunner().invoke(main, arguments, input=stdin, env=environment)
    return done.exit_code, done.stdout, done.stderr


def test_help_lists_every_command_without_importing_any() -> None:
    code = (
        "import sys\nfrom daemon.cli import main\n"
        "try: main(['--help'])\n"
        "except SystemExit: print(sorted(name for name in sys.modules if name.startswith('daemon.')))"
    )

    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=30, check=True)

    assert all(f"  {name} " in done.stdout for name in COMMANDS)
    assert done.stdout.splitlines()[-1] == "['daemon.cli', 'daemon.errors']"


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_of_the_table_is_there_and_helps(name: str) -> None:
    code, out, _ = run(name, "--help")

    assert code == 0
    assert out.startswith("Usage: ")


def test_an_unknown_command_is_a_usage_error() -> None:
    code, _, err = run("chekc")

    assert code == 2
    assert "No such command 'chekc'" in err
    assert isinstance(main, LazyGroup)


class TestConfigCheck:
    def test_a_good_file_is_told(self, tmp_path: Path) -> None:
        path = tmp_path / "c.toml"
        path.write_text('[[sources]]\nname = "a"\npath = "x.csv"\n', encoding="utf-8")

        code, out, _ = run("config", "check", str(path))

        assert (code, out) == (0, f"{path}: good, {len(SPECS)} rules, 1 sources\n")

    def test_a_bad_file_ends_with_78_and_all_faults(self, tmp_path: Path) -> None:
        path = tmp_path / "c.toml"
        path.write_text("[http]\nport = 'x'\nhots = 1\n", encoding="utf-8")

        code, out, err = run("config", "check", str(path))

        assert (code, out) == (78, "")
        assert f"{path}:2: http.port: " in err
        assert f"{path}:3: http.hots: unknown key; did you mean 'host'?" in err

    def test_the_shipped_file_is_good(self) -> None:
        code, _, err = run("config", "check", str(Path(__file__).parents[2] / "config.toml"))

        assert (code, err) == (0, "")


class TestRules:
    def test_all_rules_are_listed(self, tmp_path: Path) -> None:
        path = tmp_path / "c.toml"
        path.write_text("[rules.price_jump]\nenabled = false\n", encoding="utf-8")

        code, out, _ = run("rules", "--config", str(path), COLUMNS="200")

        assert code == 0
        assert all(spec.id in out for spec in SPECS)
        assert f"{len(SPECS) - 1} rules on, off: price_jump" in out

    def test_as_json_they_carry_settings_and_references(self, tmp_path: Path) -> None:
        path = tmp_path / "c.toml"
        path.write_text('[rules.price_jump]\nseverity = "minor"\n', encoding="utf-8")

        code, out, _ = run("rules", "--json", "--config", str(path))

        found = {rule["id"]: rule for rule in json.loads(out)}
        assert code == 0
        assert found["price_jump"]["severity"] == "minor"
        assert all(rule["reference"] for rule in found.values())


def test_the_version_can_be_read_by_programs() -> None:
    about = json.loads(run("version", "--json")[1])

    assert about["version"]
    assert "aiohttp" in about["libraries"]


class TestLogs:
    LINE = b'<3>{"timestamp":"2026-11-25T02:00:00.123456Z","level":"error","event":"job.failed","job":"a b"}\n'

    def test_a_line_of_the_journal_is_read(self) -> None:
        event = parsed(self.LINE)

        assert event is not None
        assert told(event).endswith('job.failed               job="a b"') or 'job="a b"' in told(event)

    def test_the_journals_own_json_is_read(self) -> None:
        assert parsed(json.dumps({"MESSAGE": self.LINE[3:].decode(), "_PID": "1"}).encode()) == parsed(self.LINE)

    @pytest.mark.parametrize("line", [b"", b"plain", b"[1]", b"{}", b'{"MESSAGE":"x"}', b"\xff\xfe", b'{"event"'])
    def test_what_is_no_event_is_none(self, line: bytes) -> None:
        assert parsed(line) is None

    def test_levels_and_prefixes_choose(self) -> None:
        event = {"event": "pass.finished", "level": "info"}

        assert wanted(event, "info", ())
        assert not wanted(event, "warning", ())
        assert wanted(event, "debug", ("job.", "pass."))
        assert not wanted(event, "debug", ("job.",))

    def test_a_log_is_read_from_a_pipe_and_other_lines_are_kept_harmless(self) -> None:
        lines = self.LINE.decode() + "plain \x1b[31m\n"

        code, out, _ = run("logs", stdin=lines)

        assert code == 0
        assert "job.failed" in out
        assert "plain \\x1b[31m" in out

    def test_fields_and_tracebacks_cannot_steer_the_terminal(self) -> None:
        line = told({"event": "a.b", "level": "info", "x\x1b": "\x1b]0;\x07", "exception": "a\n\x1b[2Jb"})

        assert "\x1b]" not in line
        assert "\x1b[2J" not in line
        assert line.splitlines()[1:] == ["    a", "    \\x1b[2Jb"]

    def test_an_absent_file_is_a_usage_error(self, tmp_path: Path) -> None:
        code, _, err = run("logs", str(tmp_path / "none"))

        assert code == 2
        assert "No such file" in err


class TestWithoutADaemon:
    def test_commands_say_which_daemon_they_missed(self, tmp_path: Path) -> None:
        code, _, err = run("incidents", STATE_DIRECTORY=str(tmp_path))

        assert code == 1
        assert f"no daemon runs with {tmp_path}" in err

    def test_an_address_that_does_not_answer_is_told(self, tmp_path: Path) -> None:
        code, _, err = run("status", STATE_DIRECTORY=str(tmp_path), ZHIBAN_URL="http://127.0.0.1:9")

        assert code == 1
        assert "http://127.0.0.1:9 does not answer" in err

    def test_a_backup_of_nothing_is_told(self, tmp_path: Path) -> None:
        tmp_path.chmod(0o700)

        code, _, err = run("backup", str(tmp_path / "copy"), STATE_DIRECTORY=str(tmp_path))

        assert code == 1
        assert "no store there" in err

    def test_an_end_in_words_that_are_none_is_told(self, tmp_path: Path) -> None:
        code, _, err = run("token", "create", "ann", "--expires-in", "soon", STATE_DIRECTORY=str(tmp_path))

        assert code == 2
        assert "--expires-in soon: expected a duration" in err
