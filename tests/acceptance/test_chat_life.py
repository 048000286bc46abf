"""Acceptance 5 of the chat: it ends in time in the middle of a reply, and takes over no model that cannot be used."""

from __future__ import annotations

import json
import signal
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("torch", reason="builds a model")

from tests.acceptance import chat_models
from tests.acceptance.asking import ask, until
from tests.acceptance.chat_house import Speaking, loaded, say, talking
from tests.acceptance.chat_models import UNHEARD
from tests.acceptance.daemon_process import DaemonProcess

SLACK_S = 2.0  # that the design allows after the grace
#: Rounds of a step of about a fifth of a second, and of one of many seconds, on a machine of its own.
SLOW, ENDLESS = 60, 5_000


def decoding(daemon: DaemonProcess) -> bool:
    """Tell whether something runs in the pool just now."""
    metrics = daemon.get("/metrics")[1]
    return any(line.startswith("zhiban_offload") and not line.endswith(" 0.0") for line in metrics.splitlines())


def standing(daemon: DaemonProcess) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(daemon.get("/readyz")[1])["chat"]
    return found


def speakers(daemon: DaemonProcess, session: str) -> set[str]:
    """Return who had something to say, whoever said it better."""
    answers = [say(daemon, text, session, explain=True) for text in ("the kettle is broken", UNHEARD)]
    return {note.partition(":")[0] for answer in answers for note in answer.body["explained"]}


def ends_in_time(daemon: DaemonProcess) -> None:
    status, taken_s = daemon.wait_end(daemon.grace + SLACK_S)
    assert status == 0
    assert taken_s < daemon.grace + SLACK_S
    assert daemon.events("daemon.killed") == []
    assert "Traceback" not in daemon.log_text()


def test_it_ends_in_time_in_the_middle_of_a_reply(tmp_path: Path) -> None:
    model = chat_models.write(tmp_path / "model.zip", rounds=SLOW, by_heart=False)
    with talking(tmp_path, model, grace=1.0, deadline="60s") as daemon:
        loaded(daemon)
        person = Speaking(partial(say, daemon, UNHEARD))
        until(partial(decoding, daemon), 20, "a reply is being made")
        daemon.signal(signal.SIGTERM)
        ends_in_time(daemon)
        assert person.answer is None or person.answer.status in {200, 503}


def test_it_ends_in_time_in_the_middle_of_a_reply_in_the_room(tmp_path: Path) -> None:
    model = chat_models.write(tmp_path / "model.zip", rounds=ENDLESS, by_heart=False)
    with talking(tmp_path, model, grace=1.0, deadline="60s") as daemon:
        loaded(daemon)
        said = {"text": f"@zhiban {UNHEARD}", "room": "north"}
        assert ask(daemon, "POST", "/api/v1/room/messages", said).status == 201
        until(partial(decoding, daemon), 20, "a reply is being made")
        daemon.signal(signal.SIGTERM)
        ends_in_time(daemon)


def test_it_ends_in_time_while_models_are_being_loaded(tmp_path: Path) -> None:
    model = chat_models.write(tmp_path / "model.zip")
    with talking(tmp_path, model, grace=1.0) as daemon:
        daemon.signal(signal.SIGTERM)
        ends_in_time(daemon)


def test_a_step_that_never_ends_does_not_hold_it(tmp_path: Path) -> None:
    model = chat_models.write(tmp_path / "model.zip", rounds=ENDLESS, by_heart=False)
    with talking(tmp_path, model, grace=1.0, deadline="60s") as daemon:
        loaded(daemon)
        person = Speaking(partial(say, daemon, UNHEARD))
        until(partial(decoding, daemon), 20, "a reply is being made")
        daemon.signal(signal.SIGTERM)
        ends_in_time(daemon)
        assert daemon.events("offload.abandoned")[0]["what"] == ["chat.decoding"]
        assert person.answer is None or person.answer.status in {200, 503}


@pytest.fixture(scope="module")
def steady(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[DaemonProcess, Path]]:
    folder: Path = tmp_path_factory.mktemp("steady")
    model = chat_models.write(folder / "model.zip")
    with talking(folder, model) as daemon:
        loaded(daemon)
        yield daemon, model


@pytest.mark.parametrize(
    ("how", "why"),
    [
        ("cut", "no model can be read from it"),
        ("changed", "step.onnx is damaged or was changed"),
        ("foreign", "it has no model.json"),
        ("text", "no model can be read from it"),
        ("newer", "a model of format 2; this program reads up to 1"),
        ("absent", "there is no such file or folder"),
    ],
)
def test_a_model_that_cannot_be_used_is_refused_and_the_old_one_goes_on(
    steady: tuple[DaemonProcess, Path], how: str, why: str
) -> None:
    daemon, model = steady
    count = len(daemon.events("chat.loaded"))
    chat_models.spoiled(model, how)
    daemon.signal(signal.SIGHUP)
    told = loaded(daemon, count + 1)
    assert {"generator", "retrieval"} <= set(told["speakers"])
    refused = {line["part"]: line["reason"] for line in daemon.events("chat.part_rejected")[-2:]}
    for reasons in (refused, standing(daemon)["problems"]):
        assert str(model) in reasons["generator"]
        assert why in reasons["generator"]
    assert (daemon.get("/readyz")[0], standing(daemon)["state"]) == (200, "on")
    assert {"retrieval", "generator"} <= speakers(daemon, f"old-{how}")
    assert "Traceback" not in daemon.log_text()

    chat_models.write(model, seed=2)
    daemon.signal(signal.SIGHUP)
    loaded(daemon, count + 2)
    assert "generator" not in standing(daemon)["problems"]
    assert {"retrieval", "generator"} <= speakers(daemon, f"new-{how}")


def test_no_reply_is_dropped_while_models_are_swapped(tmp_path: Path) -> None:
    model = chat_models.write(tmp_path / "model.zip", rounds=SLOW // 4, by_heart=False)
    with talking(tmp_path, model, deadline="60s") as daemon:
        loaded(daemon)
        people = [Speaking(partial(say, daemon, f"{UNHEARD} {number}", f"p{number}", explain=True))
                  for number in range(8)]  # fmt: skip
        until(partial(decoding, daemon), 20, "a reply is being made")
        for swap in range(1, 4):
            chat_models.write(model, seed=1 + swap, rounds=SLOW // 4, by_heart=False)
            daemon.signal(signal.SIGHUP)
            loaded(daemon, 1 + swap)
        for person in people:
            answer = person.wait()
            assert answer.status == 200
            assert any(note.startswith("generator: ") for note in answer.body["explained"]), answer
