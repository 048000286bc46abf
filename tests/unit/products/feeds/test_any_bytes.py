"""Whatever bytes a file holds, reading it ends in products, rejects and warnings, or in one UnreadableFile."""

from __future__ import annotations

import json
import random
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from daemon.errors import UnreadableFile
from daemon.products.feeds import FeedOptions, open_feed
from daemon.products.feeds.options import FORMATS
from daemon.products.imports import Parsed, Reject

CSV = (
    "id,title,price,sale_price,stock,status,image,sale_end\n"
    '1,"Red, dress",19.90,,3,listed,https://a.example/1.jpg|https://a.example/2.jpg,2026-11-30\n'
    '2,"蓝色 ""外套""\n第二行",1299,999,0,下架,,2026-11-30T10:00:00+08:00\n'
).encode()
SHOPIFY = (
    b"Handle,Title,Published,Option1 Name,Option1 Value,Variant SKU,Variant Price,Variant Compare At Price,"
    b"Variant Inventory Qty,Variant Barcode,Image Src\n"
    b"shirt,Shirt,true,Size,S,sh-s,20,30,1,'7350177880121,https://a.example/s.jpg\n"
    b"shirt,,,,M,sh-m,20,,0,,\nshirt,,,,,,,,,,https://a.example/t.jpg\nhat,Hat,false,,,,5,,2,,\n"
)
JSON = json.dumps(
    {"meta": {"n": 2}, "products": [{"id": 1, "title": "Tee \ud800", "price": 1.10}, {"id": "b", "variants": [{}, {}]}]}
).encode()
LINES = b'{"id": 1, "title": "Tea", "price": 3}\n{"id": 2, "price": NaN}\n'
MERCHANT = (
    '<?xml version="1.0"?><rss version="2.0" xmlns:g="http://base.google.com/ns/1.0"><channel><title>Shop</title>'
    "<item><g:id>1</g:id><title>شاي</title><g:price>6250.00 EGP</g:price><g:availability>in stock</g:availability>"
    "<g:shipping><g:price>5 EGP</g:price></g:shipping></item><item><g:id>2</g:id></item></channel></rss>"
).encode()
VALID = {
    "csv": CSV,
    "tsv": CSV.replace(b",", b"\t"),
    "shopify": SHOPIFY,
    "json": JSON,
    "jsonl": LINES,
    "merchant": MERCHANT,
}
ENCODINGS = ("utf-8", "utf-8-sig", "utf-16", "utf-16-le", "gb18030", "big5hkscs", "cp932", "cp1252")


def survives(path: Path, content: bytes, chosen: str) -> None:
    path.write_bytes(content)
    try:
        with open_feed(path, FeedOptions(format=chosen)) as feed:
            rows = list(feed.steps())
    except UnreadableFile:
        return
    ids = [row.product.id for row in rows if isinstance(row, Parsed)]
    assert len(ids) == len(set(ids))
    assert all(row is None or isinstance(row, Parsed | Reject) for row in rows)
    assert feed.progress <= len(content)
    if feed.broken is not None or any(
        isinstance(row, Reject) and "was given on line" not in row.reason for row in rows
    ):
        assert not feed.complete


def quiet(examples: int) -> settings:
    return settings(max_examples=examples, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


@given(content=st.binary(max_size=400), chosen=st.sampled_from(FORMATS))
@quiet(150)
def test_any_bytes_are_read_or_refused(tmp_path: Path, content: bytes, chosen: str) -> None:
    survives(tmp_path / "any", content, chosen)


@given(
    content=st.text(alphabet=st.sampled_from('id,title\n\r\t"{}[]<>:;|1.5é红\x00\\/ -'), max_size=200),
    chosen=st.sampled_from(FORMATS),
)
@quiet(150)
def test_any_text_of_the_formats_own_characters_is_read_or_refused(tmp_path: Path, content: str, chosen: str) -> None:
    survives(tmp_path / "any", content.encode(), chosen)


def mutated(content: bytes, seed: int) -> bytes:
    """Change, drop, double, move or cut a few pieces of a valid file."""
    chance = random.Random(seed)
    data = bytearray(content)
    for _ in range(chance.randint(1, 6)):
        at, length = chance.randrange(len(data) or 1), chance.randint(1, 30)
        piece = bytes(data[at : at + length])
        other = chance.choice(
            [b"", piece * 2, piece[::-1], chance.randbytes(3), b'"', b"\0", b"\n", b"]", b"</item>", b"&x;"]
        )
        data[at : at + chance.choice([0, len(piece)])] = other
        if chance.random() < 0.2:
            del data[chance.randrange(len(data) or 1) :]
    return bytes(data)


@pytest.mark.parametrize("made", sorted(VALID))
@given(seed=st.integers(0, 2**32), chosen=st.sampled_from([None, "auto"]))
@quiet(120)
def test_a_damaged_file_is_read_as_far_as_it_can_be(tmp_path: Path, made: str, seed: int, chosen: str | None) -> None:
    survives(tmp_path / "damaged", mutated(VALID[made], seed), chosen or made)


@given(seed=st.integers(0, 2**32), encoding=st.sampled_from(ENCODINGS), made=st.sampled_from(sorted(VALID)))
@quiet(100)
def test_a_damaged_file_of_any_encoding_is_read_or_refused(tmp_path: Path, seed: int, encoding: str, made: str) -> None:
    content = VALID[made].decode().encode(encoding, "replace")
    survives(tmp_path / "damaged", mutated(content, seed), "auto")


@pytest.mark.parametrize("made", sorted(VALID))
def test_what_is_damaged_here_is_whole_to_begin_with(tmp_path: Path, made: str) -> None:
    path = tmp_path / "whole"
    path.write_bytes(VALID[made])
    feed = open_feed(path)
    assert feed.format == made
    assert len([row for row in feed if isinstance(row, Parsed)]) == 2
    assert feed.complete


@pytest.mark.slow
def test_ten_thousand_damaged_files_are_read_or_refused(tmp_path: Path) -> None:
    chance = random.Random(20261125)
    for _ in range(10_000):
        made = chance.choice(sorted(VALID))
        content = VALID[made]
        if chance.random() < 0.5:
            content = content.decode().encode(chance.choice(ENCODINGS), "replace")
        chosen = chance.choice([made, "auto", *FORMATS])
        survives(tmp_path / "damaged", mutated(content, chance.getrandbits(32)), chosen)
