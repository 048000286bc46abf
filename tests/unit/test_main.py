import asyncio
import contextlib
import threading
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from structlog.testing import capture_logs

from daemon.adapters.clock import SystemClock
from daemon.adapters.log_channel import LogNotifier
from daemon.adapters.memory import MemoryStores
from daemon.adapters.pages import HttpPageFetcher
from daemon.adapters.source_reader import HttpSourceReader
from daemon.config import Config
from daemon.config.credentials import Secrets
from daemon.errors import AlreadyRunning, ConfigError, Unavailable
from daemon.inference.executor import ThreadOffload
from daemon.main.assembly import configure, open_ports, state_directory
from daemon.main.life import Surroundings, main
from daemon.main.reloading import kept_until_restart
from daemon.main.stack_dump import dump
from daemon.ports import Ports


def config(**sections: Mapping[str, Any]) -> Config:
    quick = {"http": {"port": 0}, "shutdown": {"grace": "2s"}, "checks": {"network": False}}
    return Config.model_validate({**quick, **sections})


@asynccontextmanager
async def memory_ports(settings: Config) -> AsyncIterator[Ports]:
    stores, clock, offload = MemoryStores(), SystemClock(), ThreadOffload(1, 4)
    async with HttpPageFetcher(settings.network, clock, offload) as fetcher:
        yield Ports(
            catalogue=stores.catalogue,
            incidents=stores.incidents,
            outbox=stores.outbox,
            evidence=stores.evidence,
            principals=stores.principals,
            audit=stores.audit,
            fetcher=fetcher,
            reader=HttpSourceReader(settings.network, offload),
            clock=clock,
            offload=offload,
            notifiers={"log": LogNotifier("log")},
            bot=stores.bot,
        )
    await offload.close(1)


@dataclass
class Running:
    task: asyncio.Task[None]
    stop: asyncio.Event
    state: Path
    session: aiohttp.ClientSession

    @property
    def url(self) -> str:
        return (self.state / "address").read_text(encoding="utf-8").strip()

    async def get(self, path: str) -> tuple[int, str]:
        async with self.session.get(self.url + path) as answer:
            return answer.status, await answer.text()


@asynccontextmanager
async def on_duty(state: Path, settings: Config, **options: Any) -> AsyncIterator[Running]:
    stop = asyncio.Event()
    around = Surroundings(state=state, environment={})
    async with memory_ports(settings) as ports, aiohttp.ClientSession() as session:
        duty = main(settings, ports=options.pop("ports", ports), stop=stop, around=around, **options)
        task = asyncio.create_task(duty)
        async with asyncio.timeout(10):
            while not (state / "address").exists() and not task.done():  # noqa: ASYNC110 another task writes it
                await asyncio.sleep(0.005)
        try:
            yield Running(task, stop, state, session)
        finally:
            stop.set()
            with contextlib.suppress(Exception):
                await task


@pytest.fixture
def state(tmp_path: Path) -> Path:
    tmp_path.chmod(0o700)
    return tmp_path


async def test_a_daemon_with_given_ports_serves_until_it_is_told_to_stop(state: Path) -> None:
    with capture_logs() as logs:
        async with on_duty(state, config()) as running:
            assert await running.get("/healthz") == (200, '{"status":"ok"}')
            assert (await running.get("/readyz"))[0] == 200
            running.stop.set()
            async with asyncio.timeout(5):
                await running.task

    events = [entry["event"] for entry in logs]
    assert [name for name in events if name.startswith(("daemon.", "duty."))] == [
        "duty.recovered",
        "daemon.started",
        "daemon.stopping",
        "daemon.stopped",
    ]
    assert not (state / "address").exists()


async def test_the_first_pass_is_taken_at_once(state: Path) -> None:
    with capture_logs() as logs:
        async with on_duty(state, config(checks={"interval": "1h", "network": False})):
            async with asyncio.timeout(5):
                while not any(entry["event"] == "pass.finished" for entry in logs):  # noqa: ASYNC110 a log is no event
                    await asyncio.sleep(0.005)


async def test_metrics_tell_of_incidents_jobs_and_readiness(state: Path) -> None:
    with capture_logs() as logs:
        async with on_duty(state, config()) as running:
            async with asyncio.timeout(5):
                while not any(entry["event"] == "pass.finished" for entry in logs):  # noqa: ASYNC110 a log is no event
                    await asyncio.sleep(0.005)
            await asyncio.sleep(0.02)
            _, text = await running.get("/metrics")

    assert 'zhiban_incidents{state="open"} 0.0' in text
    assert 'zhiban_job_runs_total{job="products.check",outcome="finished"} 1.0' in text
    assert 'zhiban_passes_total{kind="full",state="finished"} 1.0' in text
    assert "zhiban_ready 1.0" in text
    assert "zhiban_offload_held 0.0" in text
    assert "zhiban_config_last_reload_successful 1.0" in text


async def test_the_local_token_is_kept_while_it_is_good_and_renewed_when_not(state: Path) -> None:
    stores_config = config()
    async with on_duty(state, stores_config) as running:
        first = (state / "token").read_text(encoding="utf-8")
        async with running.session.get(
            running.url + "/api/v1/me", headers={"Authorization": f"Bearer {first.strip()}"}
        ) as answer:
            assert (answer.status, (await answer.json())["name"]) == (200, "local")
    # memory stores forget the token, so the file is out of date at the next start
    async with on_duty(state, stores_config):
        assert (state / "token").read_text(encoding="utf-8") != first
    assert (state / "token").stat().st_mode & 0o777 == 0o600


async def test_a_service_that_dies_ends_the_daemon_with_its_error(state: Path) -> None:
    class BrokenClock(SystemClock):
        async def sleep(self, seconds: float) -> None:
            raise RuntimeError("the clock stopped")

    settings = config()
    async with memory_ports(settings) as ports:
        broken = replace(ports, clock=BrokenClock())
        with capture_logs(), pytest.raises(ExceptionGroup) as caught:
            async with asyncio.timeout(10):
                await main(settings, ports=broken, stop=asyncio.Event(), around=Surroundings(state=state))

    assert caught.value.subgroup(RuntimeError) is not None
    assert not (state / "address").exists()


async def test_own_stores_are_opened_under_the_lock_and_kept_for_the_next_start(state: Path) -> None:
    settings, stop = config(), asyncio.Event()
    around = Surroundings(state=state)
    with capture_logs():
        first = asyncio.create_task(main(settings, stop=stop, around=around))
        async with asyncio.timeout(10):
            while not (state / "address").exists():  # noqa: ASYNC110 another task writes it
                await asyncio.sleep(0.005)
        token = (state / "token").read_text(encoding="utf-8")
        with pytest.raises(AlreadyRunning):
            await main(settings, stop=asyncio.Event(), around=around)
        stop.set()
        await first
        stop.clear()
        second = asyncio.create_task(main(settings, stop=stop, around=around))
        async with asyncio.timeout(10):
            while not (state / "address").exists():  # noqa: ASYNC110 another task writes it
                await asyncio.sleep(0.005)
        stop.set()
        await second

    assert (state / "token").read_text(encoding="utf-8") == token
    left = [thread for thread in threading.enumerate() if not thread.daemon and thread.name.startswith("Thread-")]
    for thread in left:
        thread.join(5)  # a thread that was told to end is there for a moment still
    assert not [thread for thread in left if thread.is_alive()]


async def test_a_daemon_without_a_state_directory_cannot_open_stores() -> None:
    with pytest.raises(ConfigError, match="needs a state directory"):
        await main(config(), stop=asyncio.Event())


async def test_an_absent_secret_leaves_nothing_open(state: Path) -> None:
    hook = {"name": "ops", "kind": "webhook", "url": "http://127.0.0.1:9/", "secret": "ops"}
    settings = config().model_copy(update={"channels": Config.model_validate({"channels": [hook]}).channels})

    with pytest.raises(ConfigError, match="secret 'ops' not found"):
        async with open_ports(settings, state, Secrets({})):
            pass


class TestStateDirectory:
    def test_the_first_that_systemd_names_is_taken(self, tmp_path: Path) -> None:
        path = tmp_path / "a"

        assert state_directory({"STATE_DIRECTORY": f"{path}:/var/lib/other"}) == path
        assert path.stat().st_mode & 0o777 == 0o700

    def test_without_one_it_is_var_here(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.chdir(tmp_path)

        assert state_directory({}) == tmp_path / "var"

    @pytest.mark.parametrize("mode", [0o755, 0o770, 0o701])
    def test_one_that_others_may_enter_is_refused_and_left_alone(self, tmp_path: Path, mode: int) -> None:
        tmp_path.chmod(mode)

        with pytest.raises(Unavailable, match="is open to others"):
            state_directory({"STATE_DIRECTORY": str(tmp_path)})
        assert tmp_path.stat().st_mode & 0o777 == mode
        tmp_path.chmod(0o700)

    def test_a_file_in_its_place_is_told(self, tmp_path: Path) -> None:
        (tmp_path / "x").write_text("", encoding="utf-8")

        with pytest.raises(Unavailable, match="File exists"):
            state_directory({"STATE_DIRECTORY": str(tmp_path / "x")})


class TestConfigure:
    def test_faults_of_rules_and_of_sections_are_told_together_with_their_lines(self, tmp_path: Path) -> None:
        path = tmp_path / "config.toml"
        path.write_text("[http]\nport = -1\n[rules.price_jmp]\nenabled = true\n", encoding="utf-8")

        with pytest.raises(ConfigError) as caught:
            configure(path)

        first, second = str(caught.value).splitlines()
        assert first.startswith(f"{path}:2: http.port: -1: expected greater than")
        assert second.startswith(f"{path}:3: rules.price_jmp: ")

    @pytest.mark.parametrize("text", ["rules = 1", "[rules]\nprice_jump = 1", "[remedies]\nmode = 5", "remedies = 1"])
    def test_tables_that_are_none_are_faults_and_no_crash(self, tmp_path: Path, text: str) -> None:
        path = tmp_path / "config.toml"
        path.write_text(text, encoding="utf-8")

        with pytest.raises(ConfigError, match=r"config\.toml:\d"):
            configure(path)

    @pytest.mark.parametrize(
        ("text", "fault"),
        [
            ('[catalogue]\nlocale = "xx_YY"', ':2: catalogue.locale: unknown locale "xx_YY"'),
            ("[rules.sale_window_passed]\ngrace_s = 1e18", ":2: rules.sale_window_passed.grace_s: expected at most"),
            ("[rules.time_bad]\nstale_days = 40000.0", ":2: rules.time_bad.stale_days: expected at most 36525 days"),
            ('[incidents]\nrepeat = "99999999d"', ":2: incidents.repeat: "),
        ],
    )
    def test_what_would_fail_only_at_work_is_refused(self, tmp_path: Path, text: str, fault: str) -> None:
        path = tmp_path / "config.toml"
        path.write_text(text, encoding="utf-8")

        with pytest.raises(ConfigError) as caught:
            configure(path)

        assert str(caught.value).startswith(f"{path}{fault}")

    def test_the_defaults_can_be_used(self) -> None:
        found, rulebook = configure(None)

        assert found == Config()
        assert len(rulebook.rules) >= 28

    def test_the_currencies_of_the_shop_reach_the_rule_about_currencies(self, tmp_path: Path) -> None:
        path = tmp_path / "config.toml"
        path.write_text('[catalogue]\ncurrencies = ["CNY"]\n', encoding="utf-8")

        _, rulebook = configure(path)

        (rule,) = (rule for rule in rulebook.rules if rule.spec.id == "currency_bad")
        assert list(rule.settings["currencies"]) == ["CNY"]  # type: ignore[call-overload]

    def test_what_changes_at_a_restart_only_is_named(self) -> None:
        old = config()
        new = config(http={"port": 81}, catalogue={"kind": "memory"}, log={"format": "json", "level": "debug"})

        assert kept_until_restart(old, new) == ["http", "catalogue.kind", "log.format and log.queue"]
        assert kept_until_restart(old, config(log={"level": "debug"})) == []


async def test_a_dump_names_every_task_and_thread() -> None:
    task = asyncio.create_task(asyncio.sleep(60), name="sleeper")
    await asyncio.sleep(0)

    with capture_logs() as logs:
        dump()

    task.cancel()
    sleeper = next(entry for entry in logs if entry.get("task") == "sleeper")
    assert any("sleep" in line for line in sleeper["stack"])
    assert any(entry.get("thread") == "MainThread" for entry in logs)
    assert logs[-1]["event"] == "stacks.dumped"
