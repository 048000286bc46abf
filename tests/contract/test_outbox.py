"""What goes out: queued, begun, finished, recovered."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from daemon.errors import Conflict, NotFound
from daemon.ports import Outbox
from daemon.products.notices import EntryState
from daemon.products.verdicts import Severity
from tests.contract.adapters import Stores
from tests.contract.makers import NOW, all_pages, entry, later


@pytest.fixture
def outbox(stores: Stores) -> Outbox:
    return stores.outbox


async def test_queued_entries_wait_for_their_time_oldest_first(outbox: Outbox) -> None:
    first = entry(facts={"title": "燈", "price": "0"}, severity=Severity.CRITICAL, category="c")
    waits, other, last = entry(not_before=later(minutes=1)), entry("mail"), entry()
    await outbox.add([first, waits])
    await outbox.add([other, last])
    assert await outbox.queued("ops", NOW, 10) == [first, last]
    assert await outbox.queued("ops", later(minutes=1), 10) == [first, waits, last]
    assert await outbox.queued("ops", NOW, 1) == [first]
    assert await outbox.queued("nowhere", NOW, 10) == []


async def test_an_entry_is_added_once(outbox: Outbox) -> None:
    known, new = entry(), entry()
    await outbox.add([known])
    with pytest.raises(Conflict):
        await outbox.add([new, known])
    with pytest.raises(Conflict):
        await outbox.add([new, new])
    assert (await outbox.find((), 10)).items == (known,)


async def test_an_entry_is_begun_once(outbox: Outbox) -> None:
    one, other = entry(), entry()
    await outbox.add([one, other])
    await outbox.begin([one.id], "m1", NOW)
    with pytest.raises(Conflict):
        await outbox.begin([other.id, one.id], "m2", NOW)
    with pytest.raises(NotFound):
        await outbox.begin([other.id, "ghost"], "m2", NOW)
    assert await outbox.queued("ops", NOW, 10) == [other]
    (sending,) = (await outbox.find([EntryState.SENDING], 10)).items
    assert sending == replace(one, state=EntryState.SENDING, attempts=1, message_id="m1")


async def test_a_refused_entry_is_queued_again_and_counts_its_tries(outbox: Outbox) -> None:
    new = entry()
    await outbox.add([new])
    for attempt in (1, 2):
        await outbox.begin([new.id], "m1", NOW)
        await outbox.finish([new.id], EntryState.QUEUED, NOW, error="busy", not_before=later(minutes=attempt))
    assert await outbox.queued("ops", later(minutes=1), 10) == []
    (again,) = await outbox.queued("ops", later(minutes=2), 10)
    assert (again.attempts, again.error, again.message_id) == (2, "busy", "m1")
    assert again.not_before == later(minutes=2)


@pytest.mark.parametrize(
    "state", [EntryState.SENT, EntryState.FAILED, EntryState.UNKNOWN, EntryState.COLLAPSED, EntryState.EXPIRED]
)
async def test_a_finished_entry_is_queued_no_more(outbox: Outbox, state: EntryState) -> None:
    new = entry()
    await outbox.add([new])
    await outbox.begin([new.id], "m1", NOW)
    await outbox.finish([new.id], state, later(seconds=5), error="why")
    assert await outbox.queued("ops", later(days=1), 10) == []
    (ended,) = (await outbox.find([state], 10)).items
    assert (ended.state, ended.error) == (state, "why")
    assert ended.sent_at == (later(seconds=5) if state is EntryState.SENT else None)


async def test_finishing_an_unknown_entry_finishes_none(outbox: Outbox) -> None:
    new = entry()
    await outbox.add([new])
    with pytest.raises(NotFound):
        await outbox.finish([new.id, "ghost"], EntryState.SENT, NOW)
    assert await outbox.queued("ops", NOW, 10) == [new]


async def test_what_was_being_sent_when_the_daemon_died_is_unknown(outbox: Outbox) -> None:
    one, other, waiting = entry(), entry("mail"), entry()
    await outbox.add([one, other, waiting])
    await outbox.begin([one.id], "m1", NOW)
    await outbox.begin([other.id], "m2", NOW)
    lost = await outbox.recover()
    assert [(e.id, e.state, e.message_id) for e in lost] == [
        (one.id, EntryState.UNKNOWN, "m1"),
        (other.id, EntryState.UNKNOWN, "m2"),
    ]
    assert await outbox.recover() == []
    assert await outbox.queued("ops", NOW, 10) == [waiting]


async def test_entries_are_listed_newest_first_by_state(outbox: Outbox) -> None:
    made = [entry() for _ in range(7)]
    await outbox.add(made)
    await outbox.finish([e.id for e in made[::2]], EntryState.COLLAPSED, NOW)
    assert [e.id for e in await all_pages(lambda cursor: outbox.find((), 2, cursor))] == [e.id for e in made[::-1]]
    collapsed = await all_pages(lambda cursor: outbox.find([EntryState.COLLAPSED], 3, cursor))
    assert [e.id for e in collapsed] == [e.id for e in made[::-2]]


async def test_depth_counts_by_channel_and_state(outbox: Outbox) -> None:
    made = [entry(), entry(), entry("mail")]
    await outbox.add(made)
    await outbox.begin([made[0].id], "m", NOW)
    assert await outbox.depth() == {
        ("ops", EntryState.SENDING): 1,
        ("ops", EntryState.QUEUED): 1,
        ("mail", EntryState.QUEUED): 1,
    }


async def test_messages_sent_since_are_counted_once_each(outbox: Outbox) -> None:
    made = [entry() for _ in range(6)]
    await outbox.add(made)
    for ids, message, at in ((made[:2], "m1", NOW), (made[2:4], "m2", later(hours=1)), (made[4:5], "m3", NOW)):
        await outbox.begin([e.id for e in ids], message, at)
        state = EntryState.FAILED if message == "m3" else EntryState.SENT
        await outbox.finish([e.id for e in ids], state, at)
    assert await outbox.sent_since("ops", NOW) == 2
    assert await outbox.sent_since("ops", later(minutes=1)) == 1
    assert await outbox.sent_since("mail", NOW) == 0
