"""Documents with keys and values that nobody would expect, for property tests."""

from __future__ import annotations

from datetime import UTC, datetime

from bson import DatetimeMS, Decimal128, Int64, ObjectId
from hypothesis import strategies as st

NOW = datetime(2026, 11, 25, 9, 0, tzinfo=UTC)
OID = ObjectId("65f1a2b3c4d5e6f708091a01")
ODD = st.text(max_size=8).filter(lambda text: "\0" not in text)
KEYS = st.one_of(
    ODD,
    st.sampled_from(["", "$", "$set", "a.b", "price.common", "price", "title", "name", "state", "status", "qty",
                     "category", "image", "updatedAt", '"', "'", "\\", "#", "=", "\n", "\u202e", "价格", "名称",
                     "Price", "variants", "description", "content", "\U0001f600", "[mongodb]", '"""', "brand", "url"]),
)  # fmt: skip
VALUES = st.recursive(
    st.one_of(
        st.none(), st.booleans(), st.integers(-(2**31), 2**31 - 1), st.floats(), ODD, st.just(NOW), st.just(OID),
        st.just(DatetimeMS(2**60)),
        st.sampled_from(["published", "draft", "live", "sold", "12,50", "https://a.example/1.jpg", '"\\\n', "x" * 300]),
        st.just(Decimal128("39.90")), st.binary(max_size=4), st.integers(2**40, 2**50).map(Int64),
    ),
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(KEYS, inner, max_size=3)),
    max_leaves=6,
)  # fmt: skip
SHOPS = st.lists(st.dictionaries(KEYS.filter(lambda key: key != "_id"), VALUES, max_size=8), min_size=1, max_size=6)
