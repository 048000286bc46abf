"""What a wish names: kinds, years, people, countries, moods, films to be like, and what is not wanted."""
from __future__ import annotations
from daemon.inference.chat.wishes import Slots
def has_like(part, plain, language): return any(t.kind=="like" and i+1<len(part) and part[i+1].kind in {"title","name"} for i,t in enumerate(part))
def slots_of(parts, plain, language): return Slots()
