"""What must not be learned, because a network may say it again."""

from __future__ import annotations

from daemon.inference.chat.normalisation import normalised
from daemon.inference.chat.safety import deidentified, judge_outgoing


def unfit(text: str) -> str:
    """Return why a turn must not be learned, "" where it may: what we would not say, and what tells who somebody is.

    A turn with personal data is left out as a whole, for a network would learn to say what stands in their place.
    """
    if deidentified(text) != normalised(text):
        return "personal data"
    finding = judge_outgoing(text)
    return "" if finding is None else finding.kind.replace("_", " ")
