"""From the queue to people: what is grouped, held, repeated, given up; and that nothing is lost or doubled."""

from __future__ import annotations

import asyncio
from collections import Counter
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import Any

import pytest
from structlog.testing import capture_logs

from daemon.config import ChannelSection
from daemon.errors import DeliveryFailed, DeliveryUnknown, StoreFull
from daemon.products.gathering import MAYBE_TAKEN
from daemon.products.notices import EntryState
from daemon.products.verdicts import Severity
from daemon.services.duty import Duty
from daemon.services.notices import deliver, deliver_channel, recover
from tests.house import House
from tests.notice_kit import NOON, Channel, all_entries, entry, never, notice_house, reached_people, states

S = EntryState


async def take_round(home: House, after_s: float = 6.0) -> None:
    home.clock.advance(after_s)
    await deliver(home.duty)


def restarted(home: House) -> None:
    """Forget what only the process knew."""
    home.duty = Duty(home.duty.ports, home.duty.config, home.duty.rulebook)


async def test_a_group_waits_for_its_like_and_goes_out_as_one_message() -> None:
    box = Channel()
    home = notice_house(box)
    await home.stores.outbox.add([entry(product_id="1")])
    await take_round(home, 2)
    await home.stores.outbox.add([entry(product_id="2", created_at=home.clock.now())])
    await take_round(home, 2)
    assert box.taken == []

    await take_round(home, 1.5)

    assert [len(message.entries) for message in box.taken] == [2]
    assert set((await states(home)).values()) == {S.SENT}


async def test_rule_category_and_owner_part_groups() -> None:
    box = Channel()
    home = notice_house(box)
    await home.stores.outbox.add(
        [
            entry(product_id="1"),
            entry(product_id="2", rule="image_missing"),
            entry(product_id="3", category="Tea"),
            entry(product_id="4", owner="alice"),
            entry(product_id="5", owner="alice"),
        ]
    )
    await take_round(home)
    assert sorted(len(message.entries) for message in box.taken) == [1, 1, 1, 2]


async def test_a_notice_is_not_lost_while_its_channel_is_unreachable_and_tells_the_true_time() -> None:
    """uptime-kuma 6046, 7436."""
    box = Channel(DeliveryFailed("refused"), DeliveryFailed("refused"), DeliveryFailed("refused"))
    home = notice_house(box)
    await home.stores.outbox.add([entry()])

    for _ in range(8):
        await take_round(home, 10)

    assert len(box.taken) == 1
    assert "2026-11-25 10:03 UTC" in box.taken[0].text
    assert len({message.id for message in box.calls}) == 1, "the same message is tried again under the same id"
    assert set((await states(home)).values()) == {S.SENT}


async def test_waits_between_tries_grow_and_are_never_longer_than_allowed() -> None:
    box = Channel(*[DeliveryFailed("refused")] * 30)
    home = notice_house(box, backoff="10s", backoff_max="100s", attempts=100)
    await home.stores.outbox.add([entry()])
    times = []
    for _ in range(600):
        before = len(box.calls)
        await take_round(home, 1)
        if len(box.calls) > before:
            times.append(home.clock.monotonic())
    waits = [later - earlier for earlier, later in pairwise(times)]
    assert 8 <= waits[0] <= 13
    assert 16 <= waits[1] <= 25
    assert waits[2] > waits[1]
    assert max(waits) <= 121
    assert len(set(waits[4:])) > 1, "jitter"


async def test_a_channel_that_asks_for_time_gets_it_for_its_other_messages_too() -> None:
    box = Channel(DeliveryFailed("slow down", retry_after_s=600))
    home = notice_house(box)
    await home.stores.outbox.add([entry(product_id="1"), entry(product_id="2", rule="image_missing")])
    await take_round(home)
    for _ in range(59):
        await take_round(home, 10)
    assert len(box.calls) == 1
    await take_round(home, 20)
    assert len(box.taken) == 2


async def test_a_permanent_refusal_fails_that_message_alone() -> None:
    box = Channel(DeliveryFailed("400", permanent=True))
    home = notice_house(box)
    first, second = entry(product_id="1"), entry(product_id="2", rule="image_missing", severity=Severity.MINOR)
    await home.stores.outbox.add([first, second])
    await take_round(home)
    assert await states(home) == {first.id: S.FAILED, second.id: S.SENT}


async def test_an_entry_out_of_tries_is_failed_and_says_why() -> None:
    box = Channel(*[DeliveryFailed("refused")] * 9)
    home = notice_house(box, attempts=3, backoff="1s", backoff_max="1s")
    await home.stores.outbox.add([entry()])
    for _ in range(20):
        await take_round(home)
    (one,) = await all_entries(home)
    assert (one.state, one.attempts, one.error) == (S.FAILED, 3, "refused")


async def test_silence_after_handing_over_is_unknown_and_never_repeated() -> None:
    box = Channel(DeliveryUnknown("no answer"))
    home = notice_house(box)
    await home.stores.outbox.add([entry()])
    for _ in range(10):
        await take_round(home, 60)
    assert len(box.calls) == 1
    assert set((await states(home)).values()) == {S.UNKNOWN}


async def test_a_silent_channel_is_left_alone_so_that_it_does_not_swallow_every_notice() -> None:
    box = Channel(DeliveryUnknown("no answer"))
    home = notice_house(box, backoff="60s")
    await home.stores.outbox.add([entry(product_id="1"), entry(product_id="2", rule="image_missing")])
    await take_round(home)
    await take_round(home, 10)
    assert len(box.calls) == 1
    await take_round(home, 90)
    assert Counter((await states(home)).values()) == {S.UNKNOWN: 1, S.SENT: 1}


async def test_an_idempotent_channel_gets_the_very_same_message_again() -> None:
    box = Channel(DeliveryUnknown("no answer"), idempotent=True)
    home = notice_house(box)
    await home.stores.outbox.add([entry(product_id="1")])
    await take_round(home)
    await home.stores.outbox.add([entry(product_id="2", created_at=home.clock.now())])
    for _ in range(5):
        await take_round(home, 10)
    first, again, other = box.calls
    assert (first.id, [e.id for e in first.entries]) == (again.id, [e.id for e in again.entries])
    assert other.id != first.id, "what joined later must not hide under an id that was perhaps taken"
    assert set((await states(home)).values()) == {S.SENT}


async def test_doubt_outlives_a_clear_refusal_of_the_repeat() -> None:
    box = Channel(DeliveryUnknown("no answer"), *[DeliveryFailed("refused")] * 5, idempotent=True)
    home = notice_house(box, attempts=3, backoff="1s", backoff_max="1s")
    await home.stores.outbox.add([entry(product_id="1")])
    for _ in range(8):
        await take_round(home)
    (one,) = await all_entries(home)
    assert one.state is S.UNKNOWN
    assert {message.id for message in box.calls} == {one.message_id}


async def test_a_hanging_channel_holds_no_other_and_is_given_up_in_time() -> None:
    slow, fast = Channel(never), Channel()
    slow.name, fast.name = "slow", "fast"
    sections = (ChannelSection.model_validate({"name": "slow", "timeout": "20ms"}), ChannelSection(name="fast"))
    home = notice_house(slow, fast, sections=sections)
    one, two = entry(channel="slow"), entry(channel="fast")
    await home.stores.outbox.add([one, two])
    home.clock.advance(6)

    round_ = asyncio.create_task(deliver(home.duty))
    await fast.called.wait()
    assert not round_.done()
    await round_

    assert fast.taken
    assert await states(home) == {one.id: S.UNKNOWN, two.id: S.SENT}


async def test_a_round_on_a_sluggish_channel_ends_and_the_next_one_goes_on() -> None:
    async def dawdle() -> None:
        home.clock.advance(11)

    box = Channel(dawdle, dawdle, dawdle)
    home = notice_house(box)
    await home.stores.outbox.add([entry(product_id=str(n), rule=str(n)) for n in range(3)])
    home.clock.advance(6)
    for taken in (1, 2, 3):
        await deliver(home.duty)
        assert len(box.taken) == taken


async def test_a_broken_adapter_takes_no_other_channel_with_it() -> None:
    broken, sound = Channel(ZeroDivisionError()), Channel()
    broken.name, sound.name = "broken", "sound"
    home = notice_house(broken, sound)
    await home.stores.outbox.add([entry(channel="broken"), entry(channel="sound")])
    with capture_logs() as logs:
        await take_round(home)
    assert len(sound.taken) == 1
    assert [line["event"] for line in logs if line["log_level"] == "error"] == ["notice.broke_off"]


async def test_a_full_store_ends_the_round_with_an_error_and_sends_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    box = Channel()
    home = notice_house(box)
    await home.stores.outbox.add([entry()])

    async def full(*_: object) -> None:
        raise StoreFull("no space left")

    monkeypatch.setattr(home.stores.outbox, "begin", full)
    home.clock.advance(6)
    with capture_logs() as logs:
        report = await deliver(home.duty)
    assert box.calls == []
    assert report.errors == ["box: no space left"]
    assert [line["event"] for line in logs] == ["notices.round_failed"]
    assert set((await states(home)).values()) == {S.QUEUED}


async def test_what_opened_and_recovered_while_the_channel_was_away_is_one_line() -> None:
    box = Channel(DeliveryFailed("refused"), DeliveryFailed("refused"))
    home = notice_house(box)
    opened = entry("opened")
    await home.stores.outbox.add([opened])
    await take_round(home)
    ended = {"ended_at": "2026-11-25T12:01:00+00:00"}
    recovered = entry("recovered", created_at=home.clock.now(), facts=ended)
    await home.stores.outbox.add([recovered])
    for _ in range(8):
        await take_round(home, 10)
    (message,) = box.taken
    assert message.text.count("\n") == 0
    assert "Came and went" in message.text
    assert "from 2026-11-25 10:03 UTC to 2026-11-25 12:01 UTC" in message.text
    assert await states(home) == {opened.id: S.COLLAPSED, recovered.id: S.SENT}


async def test_a_recovery_of_something_told_before_is_told() -> None:
    box = Channel()
    home = notice_house(box)
    await home.stores.outbox.add([entry("opened")])
    await take_round(home)
    await home.stores.outbox.add([entry("recovered", created_at=home.clock.now())])
    await take_round(home)
    assert box.subjects == ["[critical] Price missing: Blue mug (1001)", "[over] Price missing: Blue mug (1001)"]


async def test_entries_past_the_age_limit_become_one_line_that_counts_them() -> None:
    box = Channel()
    home = notice_house(box, age_limit="1h")
    await home.stores.outbox.add([entry(product_id=str(n)) for n in range(17)])
    home.clock.advance(7200)
    fresh = entry(product_id="fresh", created_at=home.clock.now())
    await home.stores.outbox.add([fresh])
    await take_round(home)
    assert len(box.taken) == 2
    assert any("17" in message.text for message in box.taken)
    assert Counter((await states(home)).values()) == {S.EXPIRED: 17, S.SENT: 1}


async def test_a_line_about_expired_entries_that_was_perhaps_taken_is_repeated_as_such() -> None:
    box = Channel(DeliveryUnknown("silent"), idempotent=True)
    home = notice_house(box, age_limit="1h")
    await home.stores.outbox.add([entry("digest"), entry("opened")])
    await take_round(home, 7200)
    await take_round(home, 60)
    assert [message.subject for message in box.calls] == ["Too old to be sent: 2"] * 2
    assert len({message.id for message in box.calls}) == 1
    assert set((await states(home)).values()) == {S.EXPIRED}


QUIET: dict[str, Any] = {"quiet_from": "22:00", "quiet_to": "07:00", "timezone": "Europe/Berlin"}


async def test_quiet_hours_hold_back_what_can_wait_and_nothing_else() -> None:
    box = Channel()
    home = notice_house(box, **QUIET)
    home.clock.set_wall(datetime(2026, 11, 25, 23, 0, tzinfo=UTC))  # midnight in Berlin
    late = home.clock.now()
    await home.stores.outbox.add(
        [entry(product_id="1", severity=Severity.MAJOR, created_at=late), entry(product_id="2", created_at=late)]
    )
    await take_round(home)
    assert [[e.product_id for e in message.entries] for message in box.taken] == [["2"]]
    home.clock.set_wall(datetime(2026, 11, 26, 5, 59, tzinfo=UTC))
    await take_round(home, 0)
    assert len(box.taken) == 1
    home.clock.set_wall(datetime(2026, 11, 26, 6, 0, tzinfo=UTC))
    await take_round(home, 0)
    assert len(box.taken) == 2


async def test_quiet_hours_longer_than_the_age_limit_expire_nothing() -> None:
    box = Channel()
    home = notice_house(box, age_limit="1h", **QUIET)
    home.clock.set_wall(datetime(2026, 11, 25, 21, 30, tzinfo=UTC))
    held = entry(severity=Severity.MINOR, created_at=home.clock.now())
    await home.stores.outbox.add([held])
    await take_round(home)
    home.clock.set_wall(datetime(2026, 11, 26, 6, 0, 1, tzinfo=UTC))
    await take_round(home, 0)
    assert await states(home) == {held.id: S.SENT}


async def test_what_other_systems_follow_waits_for_no_quiet_hour_group_or_cap() -> None:
    box = Channel()
    section = ChannelSection(name="box", news=("product.status_changed",))
    home = notice_house(box, sections=(section,), messages_per_hour=1, **QUIET)
    home.clock.set_wall(datetime(2026, 11, 25, 23, 0, tzinfo=UTC))
    facts = {"before": "listed", "after": "unlisted"}
    for n in range(3):
        await home.stores.outbox.add(
            [entry("product.status_changed", str(n), severity=Severity.INFO, created_at=home.clock.now(), facts=facts)]
        )
        await take_round(home, 1)
    assert len(box.taken) == 3


async def test_what_is_over_the_hourly_cap_comes_later_in_one_summary() -> None:
    box = Channel()
    home = notice_house(box, messages_per_hour=3)
    rules = [f"rule_{n}" for n in range(8)]
    await home.stores.outbox.add([entry(product_id=r, rule=r, severity=Severity.MINOR) for r in rules])
    await take_round(home)
    assert len(box.taken) == 3
    assert set((await states(home)).values()) == {S.SENT}
    assert box.taken[-1].text.count("\n") == 5
    later = [entry(product_id=f"x{r}", rule=r, created_at=home.clock.now()) for r in rules]
    await home.stores.outbox.add(later)
    await take_round(home)
    assert len(box.taken) == 3, "the hour is used up, and nothing is lost by it"
    await take_round(home, 3600)
    assert Counter((await states(home)).values()) == {S.SENT: 16}


async def test_a_storm_of_small_things_leaves_room_for_what_is_critical() -> None:
    box = Channel()
    home = notice_house(box, messages_per_hour=20)
    for n in range(30):
        await home.stores.outbox.add(
            [entry(product_id=str(n), rule=f"r{n}", severity=Severity.MINOR, created_at=home.clock.now())]
        )
        await take_round(home)
    assert len(box.taken) == 18
    await home.stores.outbox.add([entry(product_id="urgent", created_at=home.clock.now())])
    await take_round(home)
    assert box.taken[-1].entries[0].product_id == "urgent"


async def test_long_lists_are_cut_with_the_way_to_the_rest() -> None:
    box = Channel()
    home = notice_house(box, lines_per_message=20)
    await home.stores.outbox.add([entry(product_id=str(n)) for n in range(43)])
    await take_round(home)
    (message,) = box.taken
    assert "and 23 more: zhiban incidents --rule price_missing" in message.text
    assert len(message.entries) == 43


async def test_a_webhook_gets_big_groups_in_several_messages_so_that_every_entry_is_listed() -> None:
    box = Channel(idempotent=True)
    section = ChannelSection(name="box", kind="webhook", url="https://example.org/", secret="hook")
    home = notice_house(box, sections=(section,))
    await home.stores.outbox.add([entry(product_id=str(n)) for n in range(1_201)])
    await take_round(home)
    assert [len(message.entries) for message in box.taken] == [500, 500, 201]


async def test_a_restart_sends_nothing_a_second_time() -> None:
    """uptime-kuma 4085, gatus 679."""
    box = Channel()
    home = notice_house(box)
    await home.stores.outbox.add([entry()])
    await take_round(home)
    restarted(home)
    await recover(home.duty)
    await take_round(home)
    assert len(box.calls) == 1


async def test_entries_of_a_channel_that_is_gone_are_given_up_at_the_start() -> None:
    home = notice_house(Channel())
    gone = entry(channel="gone", not_before=NOON + timedelta(days=1))
    await home.stores.outbox.add([gone])
    assert await recover(home.duty) == 0
    assert await states(home) == {gone.id: S.FAILED}


async def test_what_is_unknown_too_long_or_too_often_is_not_repeated_at_the_start() -> None:
    home = notice_house(Channel(idempotent=True), age_limit="1h", attempts=3)
    old = entry(product_id="old", state=S.UNKNOWN, message_id="m1", created_at=NOON - timedelta(hours=2))
    often = entry(product_id="often", state=S.UNKNOWN, message_id="m2", attempts=3)
    again = entry(product_id="again", state=S.UNKNOWN, message_id="m3", attempts=1)
    await home.stores.outbox.add([old, often, again])
    await recover(home.duty)
    assert await states(home) == {old.id: S.UNKNOWN, often.id: S.UNKNOWN, again.id: S.QUEUED}


class Killed(BaseException):
    """The process is gone."""


class Dying:
    """An outbox whose n-th call, or what comes right after it, never happens; nor does any later one."""

    def __init__(self, outbox: Any, dies_at: int, after: bool) -> None:
        self._outbox, self._left, self._after = outbox, dies_at, after

    def __getattr__(self, name: str) -> Any:
        async def call(*args: Any, **kwargs: Any) -> Any:
            self._left -= 1
            if self._left < 0 or (self._left == 0 and not self._after):
                raise Killed
            outcome = await getattr(self._outbox, name)(*args, **kwargs)
            if self._left == 0:
                raise Killed
            return outcome

        return call


@pytest.mark.parametrize("idempotent", [False, True])
@pytest.mark.parametrize("after", [False, True])
@pytest.mark.parametrize("dies_at", range(1, 8))
async def test_dying_at_any_call_loses_nothing_and_doubles_nothing(dies_at: int, after: bool, idempotent: bool) -> None:
    box = Channel(idempotent=idempotent)
    home = notice_house(box)
    added = [entry("opened", "1"), entry("recovered", "1"), entry("opened", "2")]
    await home.stores.outbox.add(added)
    home.clock.advance(6)
    alive = home.duty.ports
    home.duty.ports = replace(alive, outbox=Dying(alive.outbox, dies_at, after))
    with suppress(Killed):
        await deliver_channel(home.duty, "box")

    home.duty.ports = alive
    restarted(home)
    await recover(home.duty)
    assert S.SENDING not in (await states(home)).values()
    for _ in range(4):
        await take_round(home, 30)

    reached = reached_people(box)
    final = await states(home)
    assert set(final) == {e.id for e in added}
    for one in added:
        assert reached[one.id] <= 1
        assert reached[one.id] == 1 or final[one.id] is S.UNKNOWN
    if idempotent:
        assert S.UNKNOWN not in final.values()
    else:
        assert len(box.taken) <= 1


async def test_a_cancelled_round_leaves_no_entry_in_the_middle() -> None:
    for idempotent, state in ((False, S.UNKNOWN), (True, S.QUEUED)):
        box = Channel(never, idempotent=idempotent)
        home = notice_house(box)
        await home.stores.outbox.add([entry()])
        home.clock.advance(6)
        round_ = asyncio.create_task(deliver(home.duty))
        await box.called.wait()
        round_.cancel()
        with pytest.raises(asyncio.CancelledError):
            await round_
        assert set((await states(home)).values()) == {state}


@pytest.mark.parametrize("marked", [False, True])
@pytest.mark.parametrize("error", ["", f"{MAYBE_TAKEN}silent"])
async def test_a_round_cancelled_while_it_marks_entries_has_sent_nothing(
    marked: bool, error: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    box = Channel(idempotent=True)
    home = notice_house(box)
    message_id = "m1" if error else ""
    await home.stores.outbox.add([entry(error=error, message_id=message_id, attempts=len(message_id) // 2)])
    home.clock.advance(6)
    begin = home.stores.outbox.begin

    async def cancelled(*args: Any) -> None:
        if marked:
            await begin(*args)
        raise asyncio.CancelledError

    monkeypatch.setattr(home.stores.outbox, "begin", cancelled)
    with pytest.raises(asyncio.CancelledError):
        await deliver(home.duty)
    (one,) = await all_entries(home)
    assert (one.state, one.error) == (S.QUEUED, error)
    monkeypatch.undo()
    await take_round(home)
    assert [message.id for message in box.taken] == [one.message_id or box.taken[0].id]


async def test_two_rounds_at_once_send_once() -> None:
    box = Channel(lambda: asyncio.sleep(0), lambda: asyncio.sleep(0))
    home = notice_house(box)
    await home.stores.outbox.add([entry()])
    home.clock.advance(6)
    await asyncio.gather(deliver(home.duty), deliver(home.duty))
    assert len(box.taken) == 1
