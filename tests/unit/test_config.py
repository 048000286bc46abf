import re
import tomllib
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import BaseModel

from daemon.config import ChannelSection, Config, SourceSection, load, parse_duration
from daemon.config.credentials import Secrets
from daemon.config.file import ConfigFile
from daemon.config.positions import positions
from daemon.errors import ConfigError

ROOT = Path(__file__).parents[2]
SHIPPED = ROOT / "config.toml"


def faults_of(tmp_path: Path, text: str) -> list[str]:
    path = tmp_path / "config.toml"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(ConfigError) as caught:
        load(path)
    return [line.removeprefix(f"{path}:") for line in str(caught.value).splitlines()]


def source_example(text: str) -> dict[str, Any]:
    example = text[text.index("# [[sources]]") : text.index("\n[checks]")]
    return tomllib.loads(re.sub(r"^# ", "", example, flags=re.MULTILINE))


def test_the_shipped_file_says_what_the_defaults_are() -> None:
    assert load(SHIPPED) == Config()


def test_the_shipped_file_holds_every_key() -> None:
    text = SHIPPED.read_text(encoding="utf-8")
    data = tomllib.loads(text) | source_example(text)

    for name, field in Config.model_fields.items():
        if name in {"sources", "rules"}:
            continue
        section = getattr(Config(), name)
        table = data[name][0] if isinstance(section, tuple) else data[name]
        model = section[0] if isinstance(section, tuple) else section
        assert isinstance(model, BaseModel)
        assert list(table) == list(type(model).model_fields), field
    assert list(data["sources"][0]) == list(SourceSection.model_fields)


def test_every_key_of_the_shipped_file_has_a_comment() -> None:
    keys = [line for line in SHIPPED.read_text(encoding="utf-8").splitlines() if re.match(r"[a-z_]+ = ", line)]

    assert keys
    assert [line for line in keys if "  # " not in line and " # " not in line] == []


def test_the_shipped_examples_can_be_used() -> None:
    data = source_example(SHIPPED.read_text(encoding="utf-8"))

    assert SourceSection.model_validate(data["sources"][0]) == SourceSection(name="shop", path="products.csv")


def test_all_faults_are_told_at_once_with_line_key_and_nearest_key(tmp_path: Path) -> None:
    text = (
        '[http]\nprot = 1\nport = 99999\n\n[checks]\ninterval = "soon"\n[chekcs]\n[[sources]]\nname = "a"\nformt = 1\n'
    )

    faults = faults_of(tmp_path, text)

    assert faults == [
        "2: http.prot: unknown key; did you mean 'port'?",
        "3: http.port: 99999: expected less than or equal to 65535",
        '6: checks.interval: \'soon\': expected a duration such as "30s", "15m", "6h" or "7d"',
        "7: chekcs: unknown key; did you mean 'checks'?",
        "10: sources.0.formt: unknown key; did you mean 'format'?",
    ]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("[http\nport = 1", "1:6: not TOML: Expected ']' at the end of a table declaration"),
        ("a = 1\na = 2", "2: not TOML: Cannot overwrite a value"),
        ('[http]\nhost = "x', "2: not TOML: "),
        ('x = "\x01"', "1:6: not TOML: Illegal character '\\x01'"),
    ],
)
def test_a_syntax_error_names_line_and_column(tmp_path: Path, text: str, expected: str) -> None:
    assert faults_of(tmp_path, text)[0].startswith(expected)


def test_bytes_that_are_no_utf8_are_told_with_their_line(tmp_path: Path) -> None:
    path = tmp_path / "config.toml"
    path.write_bytes(b'[http]\n# \xe9t\xe9\nhost = "x"\n')

    with pytest.raises(ConfigError, match=r"config.toml:2: not UTF-8: byte 0xe9"):
        load(path)


def test_an_absent_file_is_told(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"nowhere\.toml: cannot be read: No such file"):
        load(tmp_path / "nowhere.toml")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ('[[sources]]\nname = "a"', "1: sources.0: source 'a': expected either path or url"),
        (
            '[[sources]]\nname = "a"\npath = "x"\nurl = "http://x"',
            "1: sources.0: source 'a': expected either path or url",
        ),
        (
            '[[sources]]\nname = "a"\nurl = "ftp://x"',
            "1: sources.0: source 'a': url must begin with http:// or https://",
        ),
        ('[[channels]]\nname = "a"\nkind = "webhook"', "1: channels.0: channel 'a': a webhook needs url"),
        ('[[channels]]\nname = "a"\nkind = "apprise"', "1: channels.0: channel 'a': apprise needs secret"),
        ('[[channels]]\nname = "a"\nkind = "room"', "channels: 'a' is a room, and [bot] kind is \"off\""),
        (
            '[bot]\nkind = "wechat"\n[[channels]]\nname = "a"\nkind = "room"',
            "channels: 'a' is a room, and [bot] names no notice_rooms",
        ),
        ('[[channels]]\nname = "a"\n[[channels]]\nname = "a"', "channels: the name 'a' is used more than once"),
        (
            '[catalogue]\nkind = "mongodb"\n[mongodb]\nname = "a"\n[[sources]]\nname = "a"\npath = "x"',
            "sources: the name 'a' is that of the shop itself",
        ),
        ('[catalogue]\ntimezone = "Mars/Base"', "2: catalogue.timezone: 'Mars/Base': expected an IANA time zone"),
        ('[catalogue]\ncurrency = "euro"', "2: catalogue.currency: 'euro': expected "),
        ('[catalogue]\ncurrencies = [\n"EUR",\n"x"]', "4: catalogue.currencies.1: 'x': expected "),
        ('[http]\ntrusted_proxies = ["ten"]', "2: http.trusted_proxies.0: 'ten': expected an address or network"),
        ('[network]\nallow = ["a b"]', "2: network.allow.0: 'a b': expected an address or network"),
        ('[checks]\ninterval = "0s"', "2: checks.interval: '0s': expected greater than 0"),
        ("[checks]\ninterval = 15", "2: checks.interval: 15: expected a duration"),
        ("[checks]\ncanary = 1.5", "2: checks.canary: 1.5: expected a valid boolean"),
        ("checks = 1", "1: checks: 1: expected a valid dictionary"),
        ("[[channels]]\nkind = 'log'", "1: channels.0.name: missing; it has no default"),
    ],
)
def test_values_that_cannot_be_used_are_refused(tmp_path: Path, text: str, expected: str) -> None:
    faults = faults_of(tmp_path, text)

    assert len(faults) == 1
    assert faults[0].strip().startswith(expected)


def test_paths_of_sources_are_relative_to_the_file(tmp_path: Path) -> None:
    (tmp_path / "config.toml").write_text('[[sources]]\nname = "a"\npath = "shop/x.csv"\n', encoding="utf-8")

    assert load(tmp_path / "config.toml").sources[0].path == str(tmp_path / "shop/x.csv")


@pytest.mark.parametrize(
    ("text", "seconds"),
    [("500ms", 0.5), ("30s", 30), ("1h30m", 5400), ("1.5h", 5400), ("7d", 604_800), ("0", 0), (0, 0)],
)
def test_durations_become_seconds(text: object, seconds: float) -> None:
    assert parse_duration(text) == pytest.approx(seconds)


@pytest.mark.parametrize("text", ["", "30", "s", "-1s", "1 h", "1w", "１s", 5, None, True, ["1s"]])
def test_what_is_no_duration_is_refused(text: object) -> None:
    with pytest.raises(ValueError, match="expected a duration"):
        parse_duration(text)


@pytest.mark.parametrize("text", ["36526d", "9999999999h", "9" * 400 + "s"])
def test_a_duration_is_no_longer_than_a_century(text: str) -> None:
    with pytest.raises(ValueError, match="at most"):
        parse_duration(text)


def test_a_channel_may_name_a_secret_but_not_hold_one() -> None:
    assert ChannelSection(name="ops", kind="apprise", secret="ops-url").secret == "ops-url"


class TestPositions:
    def test_keys_of_every_shape_are_found(self) -> None:
        text = (
            '# [not]\na = 1\n"b.c" = """\n[no]\nk = 1\n"""\n[d]\ne.f = [1,\n {g = 2}]\n'
            "[[h]]\ni = '#'\n[[h]]\n[h.j]\nk = \"]\" # = \n"
        )

        assert positions(text) == {
            ("a",): 2,
            ("b.c",): 3,
            ("d",): 7,
            ("d", "e"): 8,
            ("d", "e", "f"): 8,
            ("d", "e", "f", 0): 8,
            ("d", "e", "f", 1): 9,
            ("d", "e", "f", 1, "g"): 9,
            ("h", 0): 10,
            ("h", 0, "i"): 11,
            ("h", 1): 12,
            ("h", 1, "j"): 13,
            ("h", 1, "j", "k"): 14,
        }

    @given(st.text(alphabet="ab=.[]{}'\"#,\n\\ 1", max_size=60))
    def test_whatever_is_toml_can_be_walked(self, text: str) -> None:
        try:
            data = tomllib.loads(text)
        except tomllib.TOMLDecodeError:
            return
        found = positions(text)
        assert {path[0] for path in found} == set(data)


class TestSecrets:
    def test_a_credential_comes_before_file_and_variable(self, tmp_path: Path) -> None:
        (tmp_path / "hook").write_text("from credential\n", encoding="utf-8")
        (tmp_path / "file").write_text("from file\n", encoding="utf-8")
        environment = {"ZHIBAN_HOOK": "from variable"}

        assert Secrets(environment).find("hook") == "from variable"
        environment["ZHIBAN_HOOK_FILE"] = str(tmp_path / "file")
        assert Secrets(environment).find("hook") == "from file"
        environment["CREDENTIALS_DIRECTORY"] = str(tmp_path)
        assert Secrets(environment).find("hook") == "from credential"

    def test_an_absent_secret_says_where_it_was_looked_for(self) -> None:
        with pytest.raises(ConfigError, match="ZHIBAN_OPS_HOOK_FILE, or ZHIBAN_OPS_HOOK"):
            Secrets({}).find("ops-hook")

    @pytest.mark.parametrize("name", ["", "../shadow", "A", "a/b"])
    def test_a_name_that_leaves_the_directory_is_refused(self, name: str) -> None:
        with pytest.raises(ConfigError, match="expected a name"):
            Secrets({"CREDENTIALS_DIRECTORY": "/etc"}).find(name)

    def test_found_values_are_known_to_the_log_but_not_shown(self) -> None:
        secrets = Secrets({"ZHIBAN_HOOK": "s3cr3t!"})
        secrets.find("hook")

        assert list(secrets) == ["s3cr3t!"]
        assert "s3cr3t" not in repr(secrets)


def test_the_line_of_an_absent_key_is_that_of_its_table() -> None:
    file = ConfigFile.parse("[rules.price_jump]\nremedy = 'x'\n", "c.toml")

    assert file.located(("rules", "price_jump", "percent"), "bad") == "c.toml:1: rules.price_jump.percent: bad"
