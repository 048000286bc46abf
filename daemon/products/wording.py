"""The text of a message, made to be read on a phone: what, which product, why, what was done, what to do.

Every value that came from a product or a person passes through `plain`; every time is shown with its zone.
"""

from __future__ import annotations

import shlex
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from daemon.products.gathering import Bundle, Form, Story, groups, stories
from daemon.products.handles import HandleIndex
from daemon.products.incidents import Decision, Kind, News
from daemon.products.local_time import shown
from daemon.products.notices import Entry
from daemon.products.phrases import TABLES, Language, field_name
from daemon.products.plain_text import plain
from daemon.products.remedies import RECOVERY
from daemon.products.translations import check_title, translated, translated_value
from daemon.products.verdicts import Severity

#: Characters that are shown of each thing, and of a whole subject.
_TITLE, _ID, _VALUE, _MESSAGE, _SHORT, _SUBJECT = 60, 60, 60, 160, 40, 160
#: Rules and owners that a digest names.
_DIGEST_NAMES: Final = 10


@dataclass(frozen=True, slots=True, kw_only=True)
class Wording:
    """How a channel is spoken to. zone: IANA name; lines: the most that a message lists.

    chat: those who read it answer where they read it, by the handles of incidents, and need no shell.
    """

    language: Language = "en"
    zone: str = "UTC"
    lines: int = 20
    chat: bool = False

    def render(self, bundle: Bundle, channel: str) -> tuple[str, str]:
        """Return subject and text of a bundle for a channel."""
        renderers: Mapping[Form, Callable[[Bundle, str], tuple[str, list[str]]]] = {
            Form.STORIES: self._stories,
            Form.SUMMARY: self._summary,
            Form.EXPIRED: self._expired,
            Form.DIGEST: self._digest,
            Form.STATUS: self._status,
            Form.TEST: self._test,
        }
        subject, lines = renderers[bundle.form](bundle, channel)
        return plain(subject, _SUBJECT), "\n".join(lines)

    def _say(self, key: str, **values: object) -> str:
        return TABLES[self.language][key].format(**values)

    def _stories(self, bundle: Bundle, _channel: str) -> tuple[str, list[str]]:
        told = sorted(stories(bundle.entries), key=lambda story: (_over(story), -_severity(story).rank))
        first = told[0].entries[-1]
        what = self._subject_of(first) if len(told) == 1 else self._say("products", count=len(told))
        subject = self._say(
            "subject", tag=self._tag(told), title=self._rule(first), what=what, about=self._about(first)
        )
        index = HandleIndex({story.entries[-1].incident_id for story in told})
        lines = [self._handled(story, index) for story in told[: self.lines]]
        return subject, [*lines, *self._more(len(told), first.rule), *self._to_do(told, index)]

    def _handled(self, story: Story, index: HandleIndex) -> str:
        """Return the line of a story; in a chat, with the handle by which it can be named."""
        incident_id = story.entries[-1].incident_id
        if not self.chat or not incident_id:
            return self._story(story)
        return self._say("chat.line", handle=index.handle(incident_id), line=self._story(story))

    def _summary(self, bundle: Bundle, channel: str) -> tuple[str, list[str]]:
        told = stories(bundle.entries)
        key = "chat.summary.subject" if self.chat else "summary.subject"
        subject = self._say(key, tag=self._tag(told), count=len(told), channel=channel)
        parts = groups(bundle.entries)
        lines = [self._group(part) for part in parts[: self.lines]]
        if self.chat and len(parts) <= self.lines:
            lines.append(self._say("chat.summary.look", command=self._command("")))
        return subject, [*lines, *self._more(len(parts), "")]

    def _group(self, group: Sequence[Entry]) -> str:
        counts = Counter(self._label(story) for story in stories(group))
        listed = self._listed(self._say("summary.count", news=news, count=n) for news, n in counts.most_common())
        return self._say("summary.line", title=self._rule(group[0]), about=self._about(group[0]), counts=listed)

    def _expired(self, bundle: Bundle, _channel: str) -> tuple[str, list[str]]:
        times = [entry.created_at for entry in bundle.entries]
        start, end = shown(min(times), self.zone), shown(max(times), self.zone)
        line = self._say("expired.line", count=len(times), start=start, end=end)
        return self._say("expired.subject", count=len(times)), [
            line,
            self._say("chat.expired.look" if self.chat else "expired.look"),
        ]

    def _digest(self, bundle: Bundle, _channel: str) -> tuple[str, list[str]]:
        facts = bundle.entries[-1].facts
        subject = self._say("digest.subject", day=facts.get("day", ""), count=facts.get("open", "0"))
        if facts.get("open", "0") == "0":
            return subject, [self._say("digest.none")]
        severities = [
            self._say("digest.pair", name=self._say(f"severity.{s}"), count=facts[f"severity.{s}"])
            for s in sorted(Severity, key=lambda s: -s.rank)
            if f"severity.{s}" in facts
        ]
        lines = [self._say("digest.severities", counts=self._listed(severities)), *self._digest_rules(facts)]
        owners = [
            self._say("digest.pair", name=plain(name, _SHORT) or self._say("digest.nobody"), count=count)
            for name, count in _largest(facts, "owner.")
        ]
        lines.append(self._say("digest.owners", counts=self._listed(owners)))
        states = {name: facts.get(name, "0") for name in ("acknowledged", "silenced")}
        lines.append(self._say("digest.states", **states))
        lines.append(self._say("digest.oldest", time=self._time(facts, "oldest_at")))
        return subject, lines

    def _digest_rules(self, facts: Mapping[str, str]) -> Iterable[str]:
        for rule, count in _largest(facts, "rule."):
            title = facts.get(f"title_zh.{rule}" if self.language == "zh" else f"title.{rule}", "")
            title = title or check_title(rule, self.language)
            yield self._say("digest.rule", title=plain(title, _TITLE), count=count)

    def _status(self, bundle: Bundle, _channel: str) -> tuple[str, list[str]]:
        entries = bundle.entries
        single = self._subject_of(entries[0])
        what = single if len(entries) == 1 else self._say("products", count=len(entries))
        lines = [
            self._say(
                "status.line",
                subject=self._subject_of(entry),
                before=self._status_name(entry.facts.get("before", "")),
                after=self._status_name(entry.facts.get("after", "")),
                reason=plain(entry.facts.get("reason", ""), _SHORT),
            )
            for entry in entries[: self.lines]
        ]
        return self._say("status.subject", what=what), [*lines, *self._more(len(entries), "")]

    def _test(self, bundle: Bundle, _channel: str) -> tuple[str, list[str]]:
        time = shown(bundle.entries[-1].created_at, self.zone)
        return self._say("test.subject"), [self._say("test.line", time=time)]

    def _story(self, story: Story) -> str:
        entry = story.entries[-1]
        why = self._why(story)
        if story.came_and_went:
            line = self._say("came_and_went", subject=self._subject_of(entry), why=why)
        else:
            line = self._say("line", news=self._label(story), subject=self._subject_of(entry), why=why)
        return line + (self._remedy(story.remedy) if story.remedy else "")

    def _why(self, story: Story) -> str:
        # What a checker or a mass incident says is its subject already.
        fault = self._fault(story.entries[-1].facts) if _kind(story) is Kind.PRODUCT else ""
        return (self._say("why", fault=fault) if fault else "") + self._when(story)

    def _fault(self, facts: Mapping[str, str]) -> str:
        field, parts = facts.get("field", ""), []
        if value := plain(translated_value(field, facts.get("value", ""), self.language), _VALUE):
            parts.append(self._say("value", field=field_name(field, self.language), value=value))
        if message := self._message(facts):
            parts.append(message)
        return self._listed(parts)

    def _message(self, facts: Mapping[str, str]) -> str:
        return plain(translated(facts.get("message", ""), self.language), _MESSAGE)

    def _when(self, story: Story) -> str:
        if not story.life:
            return ""
        start, facts = self._time(story.life[0].facts, "first_bad_at"), story.life[-1].facts
        end = self._time(facts, "ended_at")
        if not story.ended:
            return self._say("since", time=start) if start else ""
        text = self._say("until", start=start, end=end) if start and end else ""
        if story.life[-1].news == News.CLOSED and facts.get("closed_by"):
            text += self._say("closed_by", who=plain(facts["closed_by"], _SHORT), reason=self._reason(story, facts))
        return text

    def _reason(self, story: Story, facts: Mapping[str, str]) -> str:
        reason = facts.get("reason", "")
        decided = _kind(story) is Kind.MASS and reason in tuple(Decision)
        return self._say(f"decision.{reason}") if decided else plain(reason, _VALUE)

    def _remedy(self, entry: Entry) -> str:
        facts = entry.facts
        return self._say(
            "remedy.undone_by" if _undone_by_person(entry) else f"remedy.{entry.news}",
            before=self._status_name(facts.get("before", "")),
            after=self._status_name(facts.get("after", "")),
            pending=self._say("pending") if facts.get("in_shop") == "not yet" else "",
            who=plain(facts.get("ended_by_name") or facts.get("ended_by", ""), _SHORT) or self._say("somebody"),
        )

    def _to_do(self, told: Sequence[Story], index: HandleIndex) -> Iterable[str]:
        wrong = [story for story in told if story.life and not story.ended]
        if wrong:
            entry = wrong[0].entries[-1]
            key = {Kind.MASS: "do.mass", Kind.CHECKER: "do.checker"}.get(_kind(wrong[0]), "do.fix")
            if self.chat:
                key = "chat.do.pick" if key == "do.fix" and len(told) > 1 else f"chat.{key}"
            # Who decides looks at the products of the rule, not at the question.
            rule = entry.rule.removeprefix("mass:") if self.chat else entry.rule
            yield self._say(key, command=self._command(rule), handle=index.handle(entry.incident_id))
        if any(story.remedy and story.remedy.news == News.REMEDY_APPLIED and not story.ended for story in told):
            yield self._say("do.undone_by_itself")

    def _more(self, count: int, rule: str) -> Iterable[str]:
        """Say how many lines were left out, and how to see them."""
        if count > self.lines:
            yield self._say("more", count=count - self.lines, command=self._command(rule))

    def _command(self, rule: str) -> str:
        if self.chat:
            return self._say("chat.command", rule=plain(rule, _ID)).strip()
        return f"zhiban incidents --rule {shlex.quote(plain(rule, _ID))}" if rule else "zhiban incidents"

    def _tag(self, told: Sequence[Story]) -> str:
        wrong = [_severity(story) for story in told if not _over(story)]
        if not wrong:
            return self._say("tag_ended")
        return self._say("tag", severity=self._say(f"severity.{max(wrong, key=lambda s: s.rank)}"))

    def _label(self, story: Story) -> str:
        return self._say(f"news.{(story.life or story.entries)[-1].news}")

    def _rule(self, entry: Entry) -> str:
        title = entry.facts.get("rule_title_zh" if self.language == "zh" else "rule_title", "")
        return plain(title or check_title(entry.rule, self.language), _TITLE)

    def _subject_of(self, entry: Entry) -> str:
        title, id_ = plain(entry.facts.get("product_title", ""), _TITLE), plain(entry.product_id, _ID)
        if not id_:
            return self._message(entry.facts) or title
        return f"{title} ({id_})" if title else id_

    def _about(self, entry: Entry) -> str:
        things = [plain(thing, _SHORT) for thing in (entry.category, entry.owner) if thing]
        return self._say("about", things=self._listed(things)) if things else ""

    def _status_name(self, status: str) -> str:
        return TABLES[self.language].get(f"status.{status}", plain(status, _SHORT))

    def _listed(self, things: Iterable[str]) -> str:
        return self._say("joined").join(things)

    def _time(self, facts: Mapping[str, str], name: str) -> str:
        return shown(datetime.fromisoformat(facts[name]), self.zone) if facts.get(name) else ""


def _over(story: Story) -> bool:
    """Whether nobody needs to do anything about it any more."""
    last = story.entries[-1]
    return story.ended or (not story.life and last.news == News.REMEDY_UNDONE and not _undone_by_person(last))


def _undone_by_person(entry: Entry) -> bool:
    """Whether a remedy was taken back although its fault is still there."""
    return entry.news == News.REMEDY_UNDONE and entry.facts.get("ended_by", RECOVERY) != RECOVERY


def _severity(story: Story) -> Severity:
    return max((entry.severity for entry in story.entries), key=lambda severity: severity.rank)


def _kind(story: Story) -> Kind:
    return Kind(story.entries[-1].facts.get("kind", Kind.PRODUCT))


def _largest(facts: Mapping[str, str], prefix: str) -> list[tuple[str, int]]:
    counted = ((name.removeprefix(prefix), int(n)) for name, n in facts.items() if name.startswith(prefix))
    return sorted(counted, key=lambda pair: (-pair[1], pair[0]))[:_DIGEST_NAMES]
