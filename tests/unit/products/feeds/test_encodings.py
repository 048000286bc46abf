from __future__ import annotations

from pathlib import Path

import pytest

from daemon.products.feeds.encodings import UNDECODABLE, decoder, guess_legacy, is_known
from tests.unit.products.feeds.reading import read

CHINESE = "商品编号,商品名称,价格\n1,红色连衣裙 夏季新款,199\n2,男士休闲皮鞋 真皮,399\n"
TRADITIONAL = "商品編號,商品名稱,價格\n1,紅色連衣裙 夏季新款,199\n2,男士休閒皮鞋 真皮,399\n"
JAPANESE = "id,商品名,価格\n1,赤いワンピース,1990\n2,紳士靴 本革,3990\n"
KOREAN = "id,상품명,가격\n1,빨간 원피스,19900\n2,남성 가죽 구두,39900\n"
WESTERN = "id,title,price\n1,Café crème,3.50\n2,Grüner Tee – 100 g,4.20\n3,Año nuevo,5\n"
RUSSIAN = "id,название,цена\n1,Красное платье,199\n2,Кожаные туфли,399\n"
POLISH = "id,nazwa,cena\n1,Łódź podwodna żółta,19\n2,Gęś ceramiczna świąteczna,3\n"


@pytest.mark.parametrize(
    ("text", "encoding"),
    [
        (CHINESE, "gb18030"), (CHINESE, "gbk"), (TRADITIONAL, "big5"), (JAPANESE, "cp932"), (JAPANESE, "euc_jp"),
        (KOREAN, "cp949"), (WESTERN, "cp1252"), (RUSSIAN, "cp1251"), (POLISH, "cp1250"),
    ],
)  # fmt: skip
def test_old_encodings_are_found_and_the_guess_is_a_warning(tmp_path: Path, text: str, encoding: str) -> None:
    outcome = read(tmp_path, text.encode(encoding), map={"title": text.splitlines()[0].split(",")[1]})
    titles = [line.split(",")[1] for line in text.splitlines()[1:]]
    assert [product.title for product in outcome.products] == titles
    assert any("not UTF-8" in warning.message for warning in outcome.feed.warnings)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "utf-32"])
def test_unicode_is_read_with_and_without_a_mark(tmp_path: Path, encoding: str) -> None:
    outcome = read(tmp_path, CHINESE.encode(encoding))
    assert [product.title for product in outcome.products] == ["红色连衣裙 夏季新款", "男士休闲皮鞋 真皮"]


def test_utf16_of_the_other_byte_order_is_read_by_its_mark(tmp_path: Path) -> None:
    assert read(tmp_path, b"\xfe\xff" + "id,title\n1,茶\n".encode("utf-16-be")).only.title == "茶"


@pytest.mark.parametrize(
    "text", ["1,caf\xe9\n", "id,title\n1,Stra\xdfe\n", "titre;prix\nTh\xe9 vert;12\n", "id,title\n1,\x80uro\n"]
)
def test_a_single_accent_is_western(text: str) -> None:
    assert guess_legacy(text.encode("latin-1")) == "cp1252"


def test_an_accent_after_a_long_ascii_beginning_is_noticed(tmp_path: Path) -> None:
    content = b"id,title\n" + b"".join(b"%d,plain\n" % n for n in range(60_000)) + b"x,caf\xe9\n"
    outcome = read(tmp_path, content)
    assert outcome.products[-1].title == "café"
    assert outcome.feed.encoding == "cp1252"


def test_a_few_broken_bytes_in_utf8_spoil_their_own_rows(tmp_path: Path) -> None:
    rows = [f"{n},红色连衣裙".encode() for n in range(20)]
    rows[7] = b"7,\xe7\xba"
    outcome = read(tmp_path, b"id,title\n" + b"\n".join(rows) + b"\n")
    assert len(outcome.products) == 19
    ((line, field, reason),) = outcome.reasons
    assert (line, field) == (9, "title")
    assert "not in the encoding of the file" in reason
    assert not outcome.feed.complete


def test_every_byte_that_cannot_be_decoded_leaves_a_mark() -> None:
    assert decoder("utf-8").decode(b"a\xffb\xe7", True) == f"a{UNDECODABLE}b{UNDECODABLE}"
    assert decoder("utf-16-le").decode(b"a\0\0\xd8b\0c", True) == f"a{UNDECODABLE}b{UNDECODABLE}"


@pytest.mark.parametrize(
    ("name", "known"),
    [("GBK", True), ("Shift_JIS", True), ("rot13", False), ("idna", False), ("utf-7", False), ("x", False)],
)
def test_a_file_may_name_character_encodings_only(name: str, known: bool) -> None:
    assert is_known(name) is known
