"""What every export says of itself: who searched for what reason, and who took it when."""

from __future__ import annotations

from datetime import datetime

import msgspec


class About(msgspec.Struct, frozen=True, kw_only=True):
    """Goes into every form of a result. exported_by: who took it, where that is not the searcher.

    Ids are those of the search, the case and the principals; searcher_name, exported_by_name as people know them.
    """

    search: str
    case: str
    purpose: str
    searcher: str
    exported_at: datetime
    case_title: str = ""
    searcher_name: str = ""
    exported_by: str = ""
    exported_by_name: str = ""
    body_model: str = ""
    face_model: str = ""
    horizon_s: float | None = None
    query_detection: str = ""
