"""Who may search, see and take away, and that whoever may not is refused, learns nothing, and is in the audit log."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any

import msgspec
import pytest

from daemon.errors import Conflict, Forbidden, InvalidInput, PreconditionFailed
from daemon.forum.principals import BY_NAME, Principal, Role, Scope
from daemon.ports import Actor, AuditEntry, Case, Ports, Search, SearchState
from daemon.products.ids import new_id
from daemon.services import case_keeping, cases
from tests.house import House, house

PURPOSE = "find the lost child"
_SEARCHER = frozenset({Scope.ASSOCIATION_SEARCH})


def actor(name: str, *scopes: Scope) -> Actor:
    return Actor(f"id-{name}", name, frozenset(scopes or _SEARCHER))


MEI, ANN, EVE = actor("mei"), actor("ann"), actor("eve")
BOSS = actor("boss", Scope.ASSOCIATION_ADMIN)
JUDGE = actor("judge", Scope.ASSOCIATION_APPROVE)
BOTH = actor("mei", Scope.ASSOCIATION_SEARCH, Scope.ASSOCIATION_APPROVE)
NOBODY = actor("nobody", Scope.READ, Scope.ADMIN)


@dataclass
class Office:
    """Everybody, and a case of Mei with Ann in it over two cameras."""

    home: House
    ports: Ports
    case: Case

    def search(self, who: Actor = MEI, **more: Any) -> Search:
        return Search(
            id=new_id(), case_id=self.case.id, purpose=PURPOSE, searcher=who.id, created_at=self.home.clock.now(),
            state=SearchState.QUEUED, asked={}, **more,
        )  # fmt: skip

    async def begun(self, who: Actor = MEI, **more: Any) -> Search:
        search = self.search(who, **more)
        entry = cases.entry_of(self.ports, who, "search.begun", f"search:{search.id}", {})
        await cases.store_of(self.ports).begin_search(search, entry)
        return search

    async def leave(self, who: Actor = MEI, **more: Any) -> cases.Leave:
        given: dict[str, Any] = {"case_id": self.case.id, "purpose": PURPOSE, "by_face": False, "cameras": ("c1",)}
        return await cases.leave_to_search(self.ports, who, **(given | more))

    async def approved(self, *, for_s: float = 3600, by: Actor = JUDGE) -> str:
        asked = await case_keeping.ask_approval(self.ports, MEI, self.case.id, "no other way is left")
        until = self.home.clock.now() + timedelta(seconds=for_s)
        await case_keeping.decide_approval(self.ports, by, self.case.id, asked.id, grant=True, expires_at=until)
        return asked.id

    async def change(self, **fields: Any) -> None:
        self.case = await case_keeping.change(self.ports, BOSS, self.case.id, None, **fields)

    async def audited(self) -> list[AuditEntry]:
        return list(reversed((await self.home.stores.audit.entries(200)).items))

    async def refused(self, attempt: Awaitable[object], reason: str, wanted: str, who: Actor) -> str:
        """Let an attempt be refused; it leaves one entry of its reason, and returns what the caller is told."""
        before = len(await self.audited())
        with pytest.raises(Forbidden) as caught:
            await attempt
        (entry,) = (await self.audited())[before:]
        assert (entry.action, entry.actor) == ("search.refused", who.id)
        assert entry.detail == {"reason": reason, "wanted": wanted}
        return str(caught.value)


@pytest.fixture
async def office() -> Office:
    home = house()
    ports = replace(home.duty.ports, cases=home.stores.cases)
    for who in (MEI, ANN, EVE, BOSS, JUDGE, NOBODY):
        await ports.principals.create(
            Principal(id=who.id, name=who.name, role=Role.VIEWER, created_at=home.clock.now())
        )
    case = await case_keeping.open_case(
        ports, BOSS, title="lost child", purpose=PURPOSE, owner="mei", members=["ann"], cameras=["c1", "c2"], quota=3,
        expires_at=home.clock.now() + timedelta(days=7),
    )  # fmt: skip
    return Office(home, ports, case)


async def test_the_owner_and_members_may_search_in_the_cameras_of_their_case(office: Office) -> None:
    for who in (MEI, ANN):
        assert await office.leave(who) == cases.Leave(office.case, "", ("c1", "c2"))
    assert await office.leave(cameras=()) == cases.Leave(office.case, "", ("c1", "c2"))
    await office.change(cameras=())
    assert (await office.leave(cameras=("anywhere",))).cameras == ()


@pytest.mark.parametrize("purpose", ["", " ", "x", "test", "123456789", "aaaaaaaaaaaa", "ababababab", "......", "找人"])
async def test_without_a_purpose_nobody_searches(office: Office, purpose: str) -> None:
    await office.refused(office.leave(purpose=purpose), "purpose", "search", MEI)


@pytest.mark.parametrize("purpose", ["find her", "寻找走失的老人", "вор в магазине"])
async def test_a_purpose_may_be_of_any_script(office: Office, purpose: str) -> None:
    assert (await office.leave(purpose=purpose)).case == office.case


async def test_without_the_scope_nobody_searches_sees_or_takes_away(office: Office) -> None:
    search = await office.begun()
    for who in (NOBODY, BOSS, JUDGE):
        await office.refused(office.leave(who), "scope", "search", who)
        await office.refused(cases.leave_to_view(office.ports, who, search.id), "scope", "view", who)
        await office.refused(cases.leave_to_export(office.ports, who, search.id), "scope", "export", who)
        await office.refused(cases.leave_to_list(office.ports, who, office.case.id), "scope", "list", who)


#: What can be tried on a case or a search, by the word for it.
ATTEMPTS: dict[str, Callable[[Office, Actor, str, str], Awaitable[object]]] = {
    "search": lambda office, who, case, _: office.leave(who, case_id=case),
    "view": lambda office, who, _, search: cases.leave_to_view(office.ports, who, search),
    "export": lambda office, who, _, search: cases.leave_to_export(office.ports, who, search, "svg"),
    "list": lambda office, who, case, _: cases.leave_to_list(office.ports, who, case),
    "look": lambda office, who, case, _: cases.leave_to_look(
        office.ports, who, case_id=case, purpose=PURPOSE, what="d1"
    ),
}


@pytest.mark.parametrize("wanted", list(ATTEMPTS))
async def test_what_is_anothers_is_told_like_what_is_not_there(office: Office, wanted: str) -> None:
    search = await office.begun()
    there = await office.refused(ATTEMPTS[wanted](office, EVE, office.case.id, search.id), "member", wanted, EVE)
    reason = "search" if wanted in {"view", "export"} else "case"
    ghost = await office.refused(ATTEMPTS[wanted](office, EVE, new_id(), new_id()), reason, wanted, EVE)
    assert there == ghost


@pytest.mark.parametrize("wanted", list(ATTEMPTS))
@pytest.mark.parametrize("over", ["closed", "expired"])
async def test_in_a_case_that_is_over_nothing_is_shown(office: Office, wanted: str, over: str) -> None:
    search = await office.begun()
    await ATTEMPTS[wanted](office, MEI, office.case.id, search.id)
    if over == "closed":
        await office.change(close=True)
    else:
        office.home.clock.advance(timedelta(days=7).total_seconds())
    await office.refused(ATTEMPTS[wanted](office, MEI, office.case.id, search.id), over, wanted, MEI)


async def test_the_quota_is_the_most(office: Office) -> None:
    for _ in range(3):
        await office.leave()
        await office.begun()
    await office.refused(office.leave(), "quota", "search", MEI)
    await office.change(quota=4)
    await office.leave()


async def test_who_loses_a_race_for_the_last_of_the_quota_is_refused_and_audited(office: Office) -> None:
    await office.change(quota=1)
    searches = [office.search(who) for who in (MEI, ANN)]
    for who in (MEI, ANN):
        await office.leave(who)
    keep = [
        cases.keep_search(office.ports, MEI, search, cases.entry_of(office.ports, MEI, "search.begun", "s", {}))
        for search in searches
    ]
    assert (await keep[0]).searches == 1
    await office.refused(keep[1], "quota", "search", MEI)
    await office.change(close=True)
    late = cases.keep_search(office.ports, MEI, searches[1], cases.entry_of(office.ports, MEI, "search.begun", "s", {}))
    await office.refused(late, "closed", "search", MEI)


async def test_a_target_seen_outside_the_cameras_of_the_case_is_not_searched(office: Office) -> None:
    for seen_at in (("c3",), ("c1", "c3")):
        await office.refused(office.leave(cameras=seen_at), "camera", "search", MEI)
    leave = await office.leave(cameras=("c1", "c2"))
    await cases.check_cameras(office.ports, MEI, leave, ["c2"])
    await office.refused(cases.check_cameras(office.ports, MEI, leave, ["c3"]), "camera", "search", MEI)


async def test_searching_by_face_needs_a_second_person_and_for_a_time(office: Office) -> None:
    await office.refused(office.leave(by_face=True), "approval", "search", MEI)
    asked = await case_keeping.ask_approval(office.ports, MEI, office.case.id, "no other way is left")
    await office.refused(office.leave(by_face=True), "approval", "search", MEI)
    until = office.home.clock.now() + timedelta(hours=1)
    await case_keeping.decide_approval(office.ports, JUDGE, office.case.id, asked.id, grant=True, expires_at=until)
    assert (await office.leave(by_face=True)).approval_id == asked.id
    assert (await office.leave(ANN, by_face=True)).approval_id == asked.id
    office.home.clock.advance(3600)
    await office.refused(office.leave(by_face=True), "approval", "search", MEI)


async def test_what_was_denied_is_no_leave(office: Office) -> None:
    asked = await case_keeping.ask_approval(office.ports, MEI, office.case.id, "no other way is left")
    denied = await case_keeping.decide_approval(office.ports, JUDGE, office.case.id, asked.id, grant=False)
    assert (denied.granted, denied.expires_at) == (False, None)
    await office.refused(office.leave(by_face=True), "approval", "search", MEI)


async def test_nobody_approves_for_themselves(office: Office) -> None:
    asked = await case_keeping.ask_approval(office.ports, BOTH, office.case.id, "no other way is left")
    attempt = case_keeping.decide_approval(office.ports, BOTH, office.case.id, asked.id, grant=True)
    await office.refused(attempt, "second_person", "decide", BOTH)
    attempt = case_keeping.decide_approval(office.ports, MEI, office.case.id, asked.id, grant=True)
    await office.refused(attempt, "scope", "decide", MEI)
    ann = actor("ann", Scope.ASSOCIATION_SEARCH, Scope.ASSOCIATION_APPROVE)
    await case_keeping.decide_approval(office.ports, ann, office.case.id, asked.id, grant=True)
    await office.leave(MEI, by_face=True)
    await office.refused(office.leave(ann, by_face=True), "approval", "search", ann)


async def test_an_approval_is_decided_once_and_ends_with_its_case(office: Office) -> None:
    asked = await case_keeping.ask_approval(office.ports, MEI, office.case.id, "no other way is left")
    with pytest.raises(Conflict):
        await case_keeping.ask_approval(office.ports, MEI, office.case.id, "no other way is left")
    with pytest.raises(InvalidInput):
        await case_keeping.ask_approval(office.ports, ANN, office.case.id, "why")
    decide = case_keeping.decide_approval
    for far in (timedelta(0), timedelta(days=7, seconds=1)):
        until = office.home.clock.now() + far
        with pytest.raises(InvalidInput):
            await decide(office.ports, JUDGE, office.case.id, asked.id, grant=True, expires_at=until)
    await office.change(expires_at=office.home.clock.now() + timedelta(hours=2))
    granted = await decide(office.ports, JUDGE, office.case.id, asked.id, grant=True)
    assert granted.expires_at == office.case.expires_at
    with pytest.raises(Conflict):
        await decide(office.ports, JUDGE, office.case.id, asked.id, grant=False)
    await office.refused(decide(office.ports, JUDGE, office.case.id, new_id(), grant=True), "approval", "decide", JUDGE)
    await office.refused(decide(office.ports, JUDGE, new_id(), asked.id, grant=True), "case", "decide", JUDGE)
    again = await case_keeping.ask_approval(office.ports, ANN, office.case.id, "no other way is left")
    await office.change(close=True)
    await office.refused(decide(office.ports, JUDGE, office.case.id, again.id, grant=True), "closed", "decide", JUDGE)


async def test_a_search_by_face_that_nobody_approved_is_not_shown(office: Office) -> None:
    good = await office.begun(by_face=True, approval_id=await office.approved())
    bad = await office.begun(by_face=True, approval_id=new_id())
    assert (await cases.leave_to_view(office.ports, MEI, good.id)).approval_id == good.approval_id
    await office.refused(cases.leave_to_view(office.ports, MEI, bad.id), "approval", "view", MEI)
    await office.refused(cases.leave_to_export(office.ports, MEI, bad), "approval", "export", MEI)


async def test_every_view_and_export_is_in_the_audit_log_with_its_case(office: Office) -> None:
    search = await office.begun()
    assert (await cases.leave_to_view(office.ports, ANN, search.id)).search == search
    await cases.leave_to_export(office.ports, MEI, search, "geojson")
    await cases.leave_to_list(office.ports, MEI, office.case.id)
    await cases.leave_to_look(office.ports, MEI, case_id=office.case.id, purpose=PURPOSE, what="d1")
    told = [(e.actor, e.action, e.target, e.detail) for e in (await office.audited())[-4:]]
    case = {"case": office.case.id}
    assert told == [
        (ANN.id, "search.viewed", f"search:{search.id}", case),
        (MEI.id, "search.exported", f"search:{search.id}", {**case, "form": "geojson"}),
        (MEI.id, "searches.listed", f"case:{office.case.id}", {}),
        (MEI.id, "detection.viewed", "detection:d1", case),
    ]


async def test_the_audit_log_of_a_refusal_has_nothing_that_was_sent(office: Office) -> None:
    secret = "Zhang Wei, 13800138000"
    for attempt in (
        office.leave(case_id=secret),
        office.leave(purpose="1" + secret[-11:]),
        office.leave(cameras=(secret,)),
        cases.leave_to_view(office.ports, MEI, secret),
        cases.leave_to_list(office.ports, MEI, secret),
    ):
        with pytest.raises(Forbidden) as caught:
            await attempt
        assert secret not in str(caught.value)
    assert secret not in repr(await office.audited())
    assert "13800138000" not in repr(await office.audited())


async def test_a_case_is_opened_with_every_wrong_field_named(office: Office) -> None:
    now = office.home.clock.now()
    with pytest.raises(InvalidInput) as caught:
        await case_keeping.open_case(
            office.ports, BOSS, title="", purpose="x", owner="ghost", members=["mei", "spook"], cameras=[], quota=1,
            expires_at=now,
        )  # fmt: skip
    assert [field for field, _ in caught.value.faults] == ["owner", "members", "purpose", "expires_at"]
    attempt = case_keeping.open_case(
        office.ports, MEI, title="mine", purpose=PURPOSE, owner="mei", members=[], cameras=[], quota=99,
        expires_at=now + timedelta(days=1),
    )  # fmt: skip
    await office.refused(attempt, "scope", "open", MEI)
    assert office.case.owner == MEI.id
    assert office.case.members == (ANN.id,)


async def test_a_case_changes_as_it_was_read_and_stays_closed(office: Office) -> None:
    first = office.case.revision
    later = office.case.expires_at + timedelta(days=1)
    await office.change(expires_at=later, members=["ann", "eve", "ann"], cameras=["c3"], owner="ann")
    kept = await case_keeping.get_case(office.ports, EVE, office.case.id)
    assert (kept.expires_at, kept.members, kept.cameras, kept.owner) == (later, (ANN.id, EVE.id), ("c3",), ANN.id)
    with pytest.raises(PreconditionFailed):
        await case_keeping.change(office.ports, BOSS, kept.id, {first}, quota=9)
    assert await case_keeping.change(office.ports, BOSS, kept.id, {kept.revision}, quota=kept.quota) == kept
    await office.change(close=True)
    assert office.case.closed_at == office.home.clock.now()
    with pytest.raises(Conflict):
        await office.change(expires_at=later + timedelta(days=1))
    assert [e.action for e in (await office.audited())[-2:]] == ["case.changed", "case.closed"]
    await office.refused(case_keeping.change(office.ports, ANN, kept.id, None, quota=9), "scope", "change", ANN)


async def test_people_list_their_own_cases_and_overseers_all(office: Office) -> None:
    now = office.home.clock.now()
    other = await case_keeping.open_case(
        office.ports, BOSS, title="theft", purpose="find a thief", owner="eve", members=[], cameras=[], quota=1,
        expires_at=now + timedelta(days=1),
    )  # fmt: skip
    for who, wanted in ((MEI, [office.case]), (ANN, [office.case]), (EVE, [other]), (BOSS, [other, office.case]),
                        (JUDGE, [other, office.case])):  # fmt: skip
        assert list((await case_keeping.list_cases(office.ports, who, 10)).items) == wanted
    await office.refused(case_keeping.list_cases(office.ports, NOBODY, 10), "scope", "list", NOBODY)
    await office.refused(case_keeping.get_case(office.ports, MEI, other.id), "member", "list", MEI)
    await office.refused(case_keeping.list_approvals(office.ports, MEI, other.id), "member", "list", MEI)
    await office.refused(case_keeping.ask_approval(office.ports, MEI, other.id, PURPOSE), "member", "approval", MEI)
    assert await case_keeping.list_approvals(office.ports, JUDGE, other.id) == []


def test_what_is_asked_of_people_comes_with_no_role_and_only_by_name() -> None:
    for role in Role:
        person = Principal(id="u", name="u", role=role, created_at=house().clock.now())
        assert not Actor.of(person).scopes & BY_NAME
        assert Actor.of(person, frozenset({Scope.ASSOCIATION_SEARCH})).scopes == {Scope.ASSOCIATION_SEARCH}
    viewer = Principal(id="u", name="u", role=Role.VIEWER, created_at=house().clock.now())
    assert Actor.of(viewer, frozenset(Scope)).scopes == {Scope.READ} | BY_NAME
    assert msgspec.json.decode(msgspec.json.encode(Scope.ASSOCIATION_SEARCH)) == "association:search"
