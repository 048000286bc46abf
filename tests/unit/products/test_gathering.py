"""Which entries go out together, and that each is in one place only."""

from __future__ import annotations

from datetime import timedelta

from hypothesis import given, settings
from hypothesis import strategies as st

from daemon.products.gathering import MAYBE_TAKEN, Form, GatherPolicy, gather, stories, within
from daemon.products.incidents import News
from daemon.products.local_time import QuietHours
from daemon.products.notices import Entry
from daemon.products.verdicts import Severity
from tests.notice_kit import NOON, entry

NOW = NOON + timedelta(seconds=10)
POLICY = GatherPolicy()
MINUTE = timedelta(minutes=1)


def story_of(*news: str) -> tuple[bool, list[str]]:
    """Return whether it came and went, and the news that the line is about."""
    entries = [entry(one, created_at=NOON + n * MINUTE) for n, one in enumerate(news)]
    (story,) = stories(entries)
    return story.came_and_went, [one.news for one in entries if one.id in story.told]


def test_the_last_word_on_a_product_overtakes_the_others() -> None:
    assert story_of("opened") == (False, ["opened"])
    assert story_of("opened", "escalated") == (False, ["escalated"])
    assert story_of("opened", "recovered") == (True, ["recovered"])
    assert story_of("opened", "escalated", "closed") == (True, ["closed"])
    assert story_of("recovered", "reopened") == (False, ["reopened"])
    assert story_of("recovered") == (False, ["recovered"])
    assert story_of("escalated", "recovered") == (False, ["recovered"]), "it was told of before"


def test_what_was_done_is_told_beside_what_happened() -> None:
    assert story_of("opened", "remedy_applied") == (False, ["opened", "remedy_applied"])
    assert story_of("opened", "remedy_applied", "recovered", "remedy_undone") == (True, ["recovered", "remedy_undone"])


def test_a_new_value_on_the_same_product_is_the_same_line() -> None:
    old, new = entry("opened", incident_id="1"), entry("changed", incident_id="2", created_at=NOON + MINUTE)
    assert len(stories([old, new])) == 1


def test_of_several_digests_the_newest_speaks_for_all() -> None:
    old, new = entry("digest"), entry("digest", created_at=NOON + MINUTE)
    (bundle,) = gather([new, old], POLICY, NOW + MINUTE).bundles
    assert bundle.overtaken == {old.id}


def test_the_most_severe_goes_first_and_what_systems_follow_before_it() -> None:
    entries = [
        entry(product_id="1", rule="a", severity=Severity.MINOR),
        entry(product_id="2", rule="b", severity=Severity.CRITICAL),
        entry("product.status_changed", "3", severity=Severity.INFO),
    ]
    bundles = gather(entries, POLICY, NOW).bundles
    assert [bundle.form for bundle in bundles] == [Form.STATUS, Form.STORIES, Form.STORIES]
    assert [bundle.severity for bundle in bundles[1:]] == [Severity.CRITICAL, Severity.MINOR]


def test_a_retry_that_nothing_joined_keeps_its_id_and_one_that_grew_gets_a_new_one() -> None:
    tried = entry(product_id="1", message_id="m1", attempts=1, error="refused")
    assert [bundle.message_id for bundle in gather([tried], POLICY, NOW).bundles] == ["m1"]
    assert [bundle.message_id for bundle in gather([tried, entry(product_id="2")], POLICY, NOW).bundles] == [""]


def test_what_was_perhaps_taken_is_repeated_as_it_was_even_at_night() -> None:
    quiet = GatherPolicy(quiet=QuietHours(zone="UTC", start="00:00", end="23:00"))
    doubtful = [
        entry(
            product_id=n, rule=n, message_id="m1", attempts=1, error=f"{MAYBE_TAKEN}no answer", severity=Severity.INFO
        )
        for n in "ab"
    ]
    gathered = gather([*doubtful, entry(severity=Severity.INFO)], quiet, NOW)
    (bundle,) = gathered.bundles
    assert bundle.message_id == "m1"
    assert len(bundle.entries) == 2
    assert len(gathered.held) == 1


def test_a_repeat_is_never_merged_into_a_summary() -> None:
    repeat = entry(product_id="1", rule="r", message_id="m1", attempts=1, error=MAYBE_TAKEN, severity=Severity.MINOR)
    others = [entry(product_id=str(n), rule=str(n), severity=Severity.MINOR) for n in range(4)]
    chosen = within(gather([repeat, *others], POLICY, NOW).bundles, 2, 0, 10_000)
    assert all(len(bundle.entries) == 1 for bundle in chosen if bundle.message_id)
    assert len(chosen) <= 2


def test_no_slot_left_sends_nothing_but_what_systems_follow() -> None:
    entries = [entry(product_id="1"), entry("product.status_changed", "2")]
    chosen = within(gather(entries, POLICY, NOW).bundles, -3, 0, 10_000)
    assert [bundle.form for bundle in chosen] == [Form.STATUS]


_ENTRY = st.builds(
    lambda news, product, rule, severity, age_s, error: entry(
        news, product, rule=rule, severity=severity, created_at=NOW - timedelta(seconds=age_s), error=error,
        message_id="m1" if error else "", attempts=1 if error else 0,
    ),
    st.sampled_from([*(n.value for n in News), "digest", "test", "product.status_changed"]),
    st.sampled_from("abc"),
    st.sampled_from(["r1", "r2", "r3", "r4"]),
    st.sampled_from(list(Severity)),
    st.sampled_from([0, 10, 90_000]),
    st.sampled_from(["", "", MAYBE_TAKEN, "refused"]),
)  # fmt: skip


@settings(deadline=None)
@given(entries=st.lists(_ENTRY, max_size=30), slots=st.integers(-2, 6), size=st.integers(1, 8), quiet=st.booleans())
def test_no_entry_is_in_two_places_and_no_message_is_over_the_limits(
    entries: list[Entry], slots: int, size: int, quiet: bool
) -> None:
    hours = QuietHours(zone="UTC", start="00:00", end="23:00") if quiet else None
    gathered = gather(entries, GatherPolicy(quiet=hours, entries_per_message=size), NOW)
    placed = [one.id for bundle in gathered.bundles for one in bundle.entries] + [one.id for one in gathered.held]
    assert len(placed) == len(set(placed))
    waiting = {one.id for one in entries} - set(placed)
    assert all(one.created_at == NOW for one in entries if one.id in waiting)

    chosen = within(gathered.bundles, slots, 0, size)
    ids = [one.id for bundle in chosen for one in bundle.entries]
    assert len(ids) == len(set(ids))
    assert set(ids) <= set(placed)
    assert len([bundle for bundle in chosen if bundle.form is not Form.STATUS]) <= max(0, slots)
    for bundle in chosen:
        assert bundle.overtaken < {one.id for one in bundle.entries}
