"""What an export says of itself, in words."""

from __future__ import annotations

from collections.abc import Iterable

from daemon.inference.association.result.about import About
from daemon.inference.association.result.words import Words


def about_lines(about: About, words: Words) -> Iterable[str]:
    """Return the lines: search, case and searcher; purpose; who took it when, and the models."""
    case = words.say("who", name=about.case_title, id=about.case) if about.case_title else about.case
    searcher = who(about.searcher_name, about.searcher, words)
    yield words.listed(
        [
            words.say("about.search", search=about.search),
            words.say("about.case", case=case),
            words.say("about.searcher", who=searcher),
        ]
    )
    yield words.say("about.purpose", purpose=about.purpose)
    time = words.time(about.exported_at.timestamp())
    taker = who(about.exported_by_name, about.exported_by or about.searcher, words)
    models = " + ".join(model for model in (about.body_model, about.face_model) if model)
    exported = words.say("about.exported_by", time=time, who=taker)
    yield words.listed([exported, words.say("about.models", models=models)] if models else [exported])


def who(name: str, principal: str, words: Words) -> str:
    """Return somebody as people know them."""
    return words.say("who", name=name, id=principal) if name else principal
