"""The incident life cycle, step by step and by random walks."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import pairwise

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from daemon.errors import Conflict
from daemon.products import incident_life as life
from daemon.products.incidents import (
    ALIVE,
    CURRENT,
    TRANSITIONS,
    Change,
    Event,
    Incident,
    LifePolicy,
    News,
    Silence,
    State,
    Subject,
)
from daemon.products.verdicts import NOT_APPLICABLE, OK, Severity, Verdict, bad, unknown

NOW = datetime(2026, 11, 25, 1, 0, tzinfo=UTC)
SUBJECT = Subject(product_id="p1", rule="price_missing", severity=Severity.CRITICAL, title="Tea", owner="mei")
POLICY = LifePolicy()
BAD = bad("price", None, "no price")
OTHER = bad("price", "-1", "negative price")


def at(minutes: float) -> datetime:
    return NOW + timedelta(minutes=minutes)


def observe(
    current: Incident | None, verdict: Verdict, minutes: float = 0, policy: LifePolicy = POLICY, new_id: str = "i1"
) -> tuple[Change, ...]:
    return life.observe(current, verdict, SUBJECT, policy, at(minutes), new_id)


def opened(policy: LifePolicy = POLICY) -> Incident:
    (change,) = observe(None, BAD, policy=policy)
    assert change.news is News.OPENED
    return change.incident


def test_one_bad_verdict_opens_and_is_told_when_one_is_enough() -> None:
    incident = opened()

    assert incident.state is State.OPEN
    assert incident.told
    assert incident.opened_at == NOW
    assert incident.escalate_at == NOW + timedelta(seconds=POLICY.escalate_after_s)


def test_same_fault_again_refreshes_without_news() -> None:
    (change,) = observe(opened(), BAD, 1)

    assert change.news is None
    assert change.incident.state is State.OPEN
    assert change.incident.bad_count == 2
    assert change.incident.last_bad_at == at(1)


def test_three_bad_verdicts_over_ten_minutes_are_needed_when_the_policy_says_so() -> None:
    policy = LifePolicy(open_after=3, open_min_s=600)
    (first,) = observe(None, BAD, 0, policy)
    (second,) = observe(first.incident, BAD, 4, policy)
    (third,) = observe(second.incident, BAD, 9, policy)
    (fourth,) = observe(third.incident, BAD, 10, policy)

    assert [c.incident.state for c in (first, second, third, fourth)] == [State.SUSPECTED] * 3 + [State.OPEN]
    assert [c.news for c in (first, second, third, fourth)] == [None, None, None, News.OPENED]


def test_a_suspicion_that_goes_away_is_dismissed_unheard() -> None:
    policy = LifePolicy(open_after=3)
    (first,) = observe(None, BAD, 0, policy)
    (change,) = observe(first.incident, OK, 1, policy)

    assert change.incident.state is State.DISMISSED
    assert change.news is None


def test_unknown_opens_and_closes_nothing() -> None:
    assert observe(None, unknown("price", "1,234", "ambiguous")) == ()
    assert observe(opened(), unknown("price", "1,234", "ambiguous"), 1) == ()


def test_not_applicable_counts_as_good() -> None:
    (change,) = observe(opened(), NOT_APPLICABLE, 1)

    assert change.incident.state is State.RECOVERED
    assert change.news is News.RECOVERED


def test_recovery_waits_for_as_many_good_verdicts_as_the_policy_says() -> None:
    policy = LifePolicy(close_after=2)
    (first,) = observe(opened(policy), OK, 1, policy)
    (second,) = observe(first.incident, OK, 2, policy)

    assert (first.incident.state, first.news) == (State.OPEN, None)
    assert (second.incident.state, second.news) == (State.RECOVERED, News.RECOVERED)


def test_a_bad_verdict_between_two_good_ones_starts_the_count_over() -> None:
    policy = LifePolicy(close_after=2)
    (first,) = observe(opened(policy), OK, 1, policy)
    (second,) = observe(first.incident, BAD, 2, policy)
    (third,) = observe(second.incident, OK, 3, policy)

    assert third.incident.state is State.OPEN


def test_a_new_wrong_value_supersedes_and_is_news() -> None:
    old, new = observe(opened(), OTHER, 1, new_id="i2")

    assert (old.incident.state, old.incident.superseded_by, old.news) == (State.SUPERSEDED, "i2", None)
    assert (new.incident.id, new.incident.state, new.news) == ("i2", State.OPEN, News.CHANGED)


def test_a_fault_that_keeps_changing_does_not_start_its_count_over() -> None:
    policy = LifePolicy(open_after=3)
    (first,) = observe(None, BAD, 0, policy)
    _, second = observe(first.incident, OTHER, 1, policy, "i2")
    _, third = observe(second.incident, BAD, 2, policy, "i3")

    assert second.incident.state is State.SUSPECTED
    assert (third.incident.state, third.news) == (State.OPEN, News.OPENED)


def test_the_same_fault_soon_after_recovery_reopens_the_same_incident() -> None:
    (recovered,) = observe(opened(), OK, 1)
    (again,) = observe(recovered.incident, BAD, 2, new_id="i2")

    assert (again.incident.id, again.incident.state, again.news) == ("i1", State.OPEN, News.REOPENED)
    assert again.incident.ended_at is None


def test_the_same_fault_long_after_recovery_is_a_new_incident() -> None:
    (recovered,) = observe(opened(), OK, 1)
    (again,) = observe(recovered.incident, BAD, 60 * 25, new_id="i2")

    assert (again.incident.id, again.news) == ("i2", News.OPENED)


def test_flapping_is_told_once_and_recovers_only_after_a_quiet_time() -> None:
    policy = LifePolicy(flap_count=4, flap_window_s=3600, flap_hold_s=1800)
    incident, heard = opened(policy), []
    for minute in range(1, 20):
        (change,) = observe(incident, OK if minute % 2 else BAD, minute, policy)
        incident = change.incident
        heard.append(change.news)
    (quiet,) = observe(incident, OK, 60, policy)

    assert heard[:4] == [News.RECOVERED, News.REOPENED, News.RECOVERED, News.FLAPPING]
    assert heard[4:] == [None] * 15
    assert quiet.news is News.RECOVERED
    assert not quiet.incident.flapping


def test_an_acknowledged_incident_does_not_escalate_and_still_recovers() -> None:
    acknowledged = life.acknowledge(opened(), "wei", at(1)).incident
    (recovered,) = observe(acknowledged, OK, 2)

    assert acknowledged.escalate_at is None
    assert (acknowledged.state, acknowledged.acknowledged_by) == (State.ACKNOWLEDGED, "wei")
    assert recovered.news is News.RECOVERED
    with pytest.raises(Conflict):
        life.acknowledge(acknowledged, "wei", at(3))


def test_a_closed_incident_stays_closed_while_the_same_fault_goes_on() -> None:
    closed = life.close(opened(), "wei", "known", at(1)).incident
    (same,) = observe(closed, BAD, 2)
    _, other = observe(closed, OTHER, 2, new_id="i2")
    (over,) = observe(closed, OK, 3)

    assert (same.incident.state, same.news) == (State.CLOSED, None)
    assert other.incident.state is State.OPEN
    assert (over.incident.state, over.news) == (State.RECOVERED, None)


def test_a_silence_ends_and_people_hear_again() -> None:
    silenced = life.silence(opened(), "wei", at(30), at(1)).incident
    ended = life.end_silence(silenced, POLICY, at(30))

    assert silenced.escalate_at is None
    assert (ended.incident.state, ended.news) == (State.OPEN, News.REMINDER)
    with pytest.raises(Conflict):
        life.silence(opened(), "wei", at(0), at(1))


def test_an_inhibited_incident_is_told_when_its_cause_is_gone() -> None:
    untold = msgspec.structs.replace(opened(), told=False)
    inhibited = life.inhibit(untold, "cause").incident
    released = life.release(inhibited, POLICY, at(5))

    assert inhibited.escalate_at is None
    assert (released.incident.inhibited_by, released.news) == ("", News.OPENED)


def test_minor_incidents_do_not_escalate() -> None:
    (change,) = life.observe(None, BAD, msgspec.structs.replace(SUBJECT, severity=Severity.MINOR), POLICY, NOW, "i1")

    assert change.incident.escalate_at is None
    assert change.incident.remind_at is not None


def test_a_silence_matches_only_what_it_names_and_only_in_its_time() -> None:
    silence = Silence(id="s", rule="price_missing", owner="mei", until=at(10), created_at=NOW, created_by="wei")

    assert silence.matches(opened(), NOW)
    assert not silence.matches(opened(), at(10))
    assert not silence.matches(msgspec.structs.replace(opened(), owner="bo"), NOW)
    assert not msgspec.structs.replace(silence, ended_at=NOW).matches(opened(), NOW)


@pytest.mark.parametrize("state", list(State))
@pytest.mark.parametrize("event", list(Event))
def test_an_event_outside_the_table_is_a_conflict(state: State, event: Event) -> None:
    if (state, event) in TRANSITIONS:
        assert life.next_state(state, event) is TRANSITIONS[state, event]
    else:
        with pytest.raises(Conflict):
            life.next_state(state, event)


VERDICTS = st.sampled_from([OK, NOT_APPLICABLE, BAD, OTHER, unknown("price", "x", "cannot tell")])
PEOPLE = st.sampled_from(["acknowledge", "silence", "close", "reopen", "escalate", "end_silence", "inhibit", "release"])
STEPS = st.lists(st.tuples(st.one_of(VERDICTS, PEOPLE), st.floats(0.1, 200)), max_size=40)
POLICIES = st.builds(
    LifePolicy,
    open_after=st.integers(1, 3),
    open_min_s=st.sampled_from([0.0, 600.0]),
    close_after=st.integers(1, 3),
    flap_count=st.integers(2, 5),
)


def act(word: str, incident: Incident, policy: LifePolicy, now: datetime) -> Change:
    if word == "acknowledge":
        return life.acknowledge(incident, "wei", now)
    if word == "silence":
        return life.silence(incident, "wei", now + timedelta(minutes=5), now)
    if word == "close":
        return life.close(incident, "wei", "because", now)
    if word == "reopen":
        return life.reopen(incident, policy, now)
    if word == "escalate":
        return life.escalate(incident, policy, now)
    if word == "end_silence":
        return life.end_silence(incident, policy, now)
    if word == "inhibit":
        return life.inhibit(incident, "cause")
    return life.release(incident, policy, now)


@given(STEPS, POLICIES)
def test_no_walk_leaves_the_table(steps: list[tuple[Verdict | str, float]], policy: LifePolicy) -> None:
    incidents: dict[str, Incident] = {}
    current: Incident | None = None
    now = NOW
    heard: list[tuple[str, News]] = []

    for number, (step, minutes) in enumerate(steps):
        now += timedelta(minutes=minutes)
        changes: tuple[Change, ...] = ()
        if isinstance(step, Verdict):
            changes = life.observe(current, step, SUBJECT, policy, now, f"i{number}")
        elif current is not None:
            try:
                changes = (act(step, current, policy, now),)
            except Conflict:
                changes = ()
        for change in changes:
            before = incidents.get(change.incident.id)
            if before is not None and before.state is not change.incident.state:
                reachable = {after for (state, _), after in TRANSITIONS.items() if state is before.state}
                assert change.incident.state in reachable
            incidents[change.incident.id] = change.incident
            if change.news:
                heard.append((change.incident.id, change.news))
        current = changes[-1].incident if changes else current

        alive = [i for i in incidents.values() if i.state in CURRENT]
        assert len(alive) <= 1
        for incident in incidents.values():
            assert (incident.state in ALIVE) <= (incident.opened_at is not None)
            assert (incident.ended_at is None) or incident.state not in ALIVE
            assert (incident.silenced_until is not None) == (incident.state is State.SILENCED)
            assert incident.escalate_at is None or incident.state is State.OPEN

    for incident_id in {i for i, _ in heard}:
        news = [n for i, n in heard if i == incident_id]
        assert news.count(News.OPENED) <= 1
        for first, second in pairwise(news):
            assert (first, second) != (News.RECOVERED, News.RECOVERED)
