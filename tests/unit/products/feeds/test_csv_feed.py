from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path

import pytest

from daemon.errors import InvalidInput, UnreadableFile
from daemon.products.feeds import FeedOptions, open_feed
from daemon.products.feeds.headers import CANONICAL
from daemon.products.feeds.options import MAX_ROW
from daemon.products.imports import Reject
from daemon.products.product import Availability, Status, Unparsed
from tests.unit.products.feeds.reading import read


def test_every_canonical_header_fills_its_field(tmp_path: Path) -> None:
    row = {
        "id": "7", "sku": "A-7", "gtin": "'4006381333931", "item_group_id": "g", "slug": "tea", "title": "Tea",
        "description": "Green tea", "category": "Food > Tea", "brand": "Leaf", "price": "12.90", "sale_price": "9.90",
        "sale_start": "2026-11-01T00:00:00Z", "sale_end": "2026-11-30T00:00:00Z", "cost": "4", "is_free": "no",
        "clearance": "yes", "currency": "EUR", "stock": "12", "track_inventory": "true", "backorder": "deny",
        "availability": "in stock", "availability_date": "2026-12-01", "status": "active", "archived_at": "",
        "image": "https://a.example/1.jpg | https://a.example/2.jpg", "link": "https://a.example/tea",
        "created_at": "2026-01-01", "updated_at": "2026-01-02", "expires_at": "2027-01-01", "owner": "mei",
    }  # fmt: skip
    assert set(row) == set(CANONICAL)
    quoted = ",".join(f'"{cell}"' for cell in row.values())
    outcome = read(tmp_path, ",".join(row) + "\n" + quoted + "\n", timezone="Asia/Shanghai")
    product = outcome.only
    assert (product.id, product.sku, product.gtin, product.slug, product.owner) == (
        "7",
        "A-7",
        "'4006381333931",
        "tea",
        "mei",
    )
    assert (product.title, product.description, product.category) == ("Tea", "Green tea", "Food > Tea")
    assert (product.price, product.sale_price, product.cost) == (Decimal("12.90"), Decimal("9.90"), Decimal(4))
    assert (product.is_free, product.clearance, product.track_inventory, product.backorder) == (
        False,
        True,
        True,
        False,
    )
    assert (product.stock, product.currency, product.brand) == (Decimal(12), "EUR", "Leaf")
    assert (product.availability, product.status) == (Availability.IN_STOCK, Status.LISTED)
    assert product.images == ("https://a.example/1.jpg", "https://a.example/2.jpg")
    assert product.sale_end == datetime(2026, 11, 30, tzinfo=UTC)
    assert product.created_at == datetime(2025, 12, 31, 16, tzinfo=UTC)
    assert product.expires_at == datetime(2027, 1, 1, 15, 59, 59, tzinfo=UTC)  # the last day is part of it
    assert product.item_group_id == "g"
    assert product.link == "https://a.example/tea"
    assert product.archived_at is None
    assert outcome.feed.fields == set(CANONICAL)
    assert outcome.feed.warnings == []
    assert outcome.parsed[0].line == 2
    assert outcome.parsed[0].document == row


def test_headers_and_cells_padded_with_blanks_are_read_as_if_they_were_not(tmp_path: Path) -> None:
    product = read(tmp_path, " ID , Title\t,price \n  7  ,  Tea  , 12.90  \n").only
    assert (product.id, product.title, product.price) == ("7", "Tea", Decimal("12.90"))


@pytest.mark.parametrize("nothing", ["", "  ", "null", "NULL", "N/A", "n/a", "None", "nil", "undefined", "\\N"])
def test_programs_words_for_nothing_are_blank_cells(tmp_path: Path, nothing: str) -> None:
    product = read(tmp_path, f"id,title,brand,price,stock,image,sale_end,is_free\n1,T,{','.join([nothing] * 6)}\n").only
    assert (product.brand, product.price, product.stock, product.images) == (None, None, None, ())
    assert (product.sale_end, product.is_free) == (None, None)


def test_nan_is_no_blank_price_but_a_price_for_its_rule(tmp_path: Path) -> None:
    price = read(tmp_path, "id,price,brand\n1,NaN,nan\n").only.price
    assert isinstance(price, Decimal)
    assert price.is_nan()


def test_no_status_column_means_listed_and_is_one_warning(tmp_path: Path) -> None:
    outcome = read(tmp_path, "id,title\n1,a\n2,b\n3,c\n")
    assert {product.status for product in outcome.products} == {Status.LISTED}
    assert [w.field for w in outcome.feed.warnings].count("status") == 1
    assert "status" not in outcome.feed.fields


def test_a_column_absent_from_the_file_is_one_warning(tmp_path: Path) -> None:
    outcome = read(tmp_path, "id,title\n" + "".join(f"{n},t\n" for n in range(50)))
    fields = [warning.field for warning in outcome.feed.warnings]
    assert {"price", "currency", "stock", "image"} <= set(fields)
    assert len(fields) == len(set(fields))
    assert "title" not in fields


@pytest.mark.parametrize(
    ("header", "cells", "price", "sale_price"),
    [
        ("price,sale_price", "20,15", "20", "15"),
        ("initial_price,final_price", "20,15", "20", "15"),
        ("initial_price,final_price", "15,15", "15", None),
        ("initial_price,final_price", "10,15", "15", None),
        ("initial_price,final_price", "0,15", "15", None),
        ("initial_price,final_price", ",15", "15", None),
        ("initial_price,final_price", "null,15", "15", None),
        ("initial_price,final_price", "20,", None, None),
        ("initial_price,final_price", "twenty,15", "15", None),
        ("initial_price,final_price", "NaN,15", "15", None),
        ("initial_price", "20", "20", None),
        ("final_price", "15", "15", None),
        ("price,compare_at_price", "15,20", "20", "15"),
        ("price,compare_at_price", "15,0", "15", None),
        ("Price,MSRP,Sale Price", "18,20,15", "18", "15"),
        ("Regular price,Sale price", "20,15", "20", "15"),
        ("price,regular_price,sale_price", "15,20,15", "20", "15"),
        ("price,regular_price", "15,20", "20", "15"),
        ("regular_price", "20", "20", None),
        ("原价,现价", "20,15", "20", "15"),
        ("划线价,价格", "20,15", "20", "15"),
    ],
)
def test_list_above_final_is_a_sale_and_any_other_list_price_says_nothing(
    tmp_path: Path, header: str, cells: str, price: str | None, sale_price: str | None
) -> None:
    outcome = read(tmp_path, f"id,{header}\n1,{cells}\n")
    expected = tuple(None if amount is None else Decimal(amount) for amount in (price, sale_price))
    assert (outcome.only.price, outcome.only.sale_price) == expected
    assert "price" in outcome.feed.fields


def test_a_currency_written_into_prices_counts_where_there_is_no_column(tmp_path: Path) -> None:
    outcome = read(tmp_path, "id,price\n1,12.90 EUR\n2,$5\n")
    assert [(p.price, p.currency) for p in outcome.products] == [(Decimal("12.90"), "EUR"), (Decimal(5), "$")]
    assert "currency" in outcome.feed.fields


def test_two_different_currencies_in_one_row_leave_the_price_open(tmp_path: Path) -> None:
    product = read(tmp_path, "id,price,currency\n1,12.90 EUR,USD\n").only
    assert product.price == Unparsed("12.90 EUR", ambiguous=True)
    assert product.currency == "USD"


def test_the_catalogues_currency_fills_in_and_a_stated_one_wins(tmp_path: Path) -> None:
    outcome = read(tmp_path, "id,price\n1,12.90\n2,9.90 EUR\n3,¥100\n", currency="CNY")
    assert [p.currency for p in outcome.products] == ["CNY", "EUR", "CNY"]
    assert "currency" in outcome.feed.fields


def test_numbers_wait_for_a_locale(tmp_path: Path) -> None:
    text = 'id,price,stock\n1,"1.234,50","1.234"\n'
    assert read(tmp_path, text, locale="de_DE").only.stock == Decimal(1234)
    product = read(tmp_path, 'id,price,stock\n1,"12,50","1.234"\n').only
    assert product.price == Unparsed("12,50", ambiguous=True)
    assert product.stock == Unparsed("1.234", ambiguous=True)


def test_machine_written_exponents_are_exact(tmp_path: Path) -> None:
    assert read(tmp_path, "id,price\n1,1.000000000000000e-02\n").only.price == Decimal("0.01")


def test_text_where_a_number_belongs_stays_for_its_rule(tmp_path: Path) -> None:
    product = read(tmp_path, "id,price,stock,status,is_free,availability\n1,ask us,many,Wibble,maybe,someday\n").only
    assert product.price == Unparsed("ask us")
    assert product.stock == Unparsed("many")
    assert product.status == Unparsed("Wibble")
    assert product.is_free == Unparsed("maybe")
    assert product.availability == Unparsed("someday")


def test_amounts_of_absurd_magnitude_stay_text(tmp_path: Path) -> None:
    stock = read(tmp_path, "id,title\n1,a\n").only.stock
    assert stock is None
    price = read(tmp_path, '[{"id": 1, "price": 1e999999}]', "p.json").only.price
    assert price == Unparsed("1E+999999")


def test_ids_are_the_column_else_the_sku_else_the_row_number(tmp_path: Path) -> None:
    outcome = read(tmp_path, "id,sku,title\nx,A,1\n,B,2\n\n,,3\n")
    assert outcome.ids == ["x", "B", "3"]
    assert "id" in outcome.warned
    assert read(tmp_path, "sku,title\nA,1\n").ids == ["A"]
    assert read(tmp_path, "title\none\ntwo\n").ids == ["1", "2"]


def test_the_prefix_of_a_source_is_set_before_every_id(tmp_path: Path) -> None:
    assert read(tmp_path, "id,title\n1,a\n,b\n", id_prefix="eu-").ids == ["eu-1", "eu-2"]


def test_the_later_of_two_rows_with_one_id_is_rejected_with_both_lines_named(tmp_path: Path) -> None:
    outcome = read(tmp_path, 'id,title\n1,"first\nwith a break"\n2,second\n1,third\n')
    assert [p.title for p in outcome.products] == ["first\nwith a break", "second"]
    ((line, field, reason),) = outcome.reasons
    assert (line, field) == (5, "id")
    assert "line 5" in reason
    assert "line 2" in reason
    assert outcome.feed.complete  # nothing is hidden by a repetition


def test_a_repeated_sku_without_an_id_is_known_by_its_row_where_a_file_is_only_looked_at(tmp_path: Path) -> None:
    text = "sku,title\nA1,one\nA1,two\nB,three\n"
    assert read(tmp_path, text).ids == ["A1", "B"]
    assert read(tmp_path, text, number_repeats=True).ids == ["A1", "2", "B"]
    assert read(tmp_path, "id,title\n1,one\n1,two\n", number_repeats=True).ids == ["1"]


def test_status_words_that_nobody_knows_are_named_with_their_count(tmp_path: Path) -> None:
    outcome = read(tmp_path, "id,title,status\n1,T,listed\n2,U,gone fishing\n3,V,gone fishing\n")
    (message,) = [warning.message for warning in outcome.feed.warnings if warning.field == "status"]
    assert "gone fishing" in message
    assert "2 products" in message


@pytest.mark.parametrize("bad_id", ["a\x07b", "a\nb", "x" * 501])
def test_ids_that_no_store_could_hold_are_rejected(tmp_path: Path, bad_id: str) -> None:
    outcome = read(tmp_path, f'id,title\n"{bad_id}",T\n2,U\n')
    assert outcome.ids == ["2"]
    assert outcome.reasons[0][:2] == (2, "id")


def test_lines_stay_true_over_quoted_breaks_blank_lines_and_every_line_end(tmp_path: Path) -> None:
    outcome = read(tmp_path, b'id,title\r\n1,"a\r\nb"\r\n\r\n2,c\r3,d\n4,e')
    assert [(parsed.product.id, parsed.line) for parsed in outcome.parsed] == [("1", 2), ("2", 5), ("3", 6), ("4", 7)]
    assert outcome.products[0].title == "a\r\nb"


@pytest.mark.parametrize("row", ["2,b", "2,b,3,4", "2"])
def test_a_row_of_another_width_is_rejected_and_the_others_are_kept(tmp_path: Path, row: str) -> None:
    outcome = read(tmp_path, f"id,title,price\n1,a,1\n{row}\n3,c,3\n")
    assert outcome.ids == ["1", "3"]
    ((line, _, reason),) = outcome.reasons
    assert line == 3
    assert "cells where the header has 3" in reason
    assert outcome.rejects[0].row["id"] == "2"
    assert not outcome.feed.complete


def test_blank_cells_beyond_the_header_do_no_harm(tmp_path: Path) -> None:
    assert read(tmp_path, "id,title\n1,a,,\n,,,\n2,b\n").ids == ["1", "2"]


def test_a_quote_that_is_never_closed_spoils_its_own_row_alone(tmp_path: Path) -> None:
    outcome = read(tmp_path, 'id,title\n1,a\n2,"b\n3,c\n4,d\n')
    assert outcome.ids == ["1", "3", "4"]
    ((line, _, reason),) = outcome.reasons
    assert line == 3
    assert "never closed" in reason


def test_a_quote_inside_a_quoted_cell_spoils_its_own_row_alone(tmp_path: Path) -> None:
    outcome = read(tmp_path, 'id,title\n1,"27" monitor"\n2,27" monitor\n3,"27"" monitor"\n')
    assert [(p.id, p.title) for p in outcome.products] == [("2", '27" monitor'), ("3", '27" monitor')]
    assert outcome.reasons[0][0] == 2


def test_broken_quotes_on_every_line_are_read_in_linear_time(tmp_path: Path) -> None:
    filler = "x" * 1000
    lines = 20_000  # of a shape in which a quote once open never closes: 20 MB
    outcome = read(tmp_path, "id,title\n" + f'{filler}","b\n' * lines + "z,last\n")
    assert outcome.rejects
    assert not outcome.feed.complete


def test_a_cell_of_a_megabyte_is_read(tmp_path: Path) -> None:
    assert len(read(tmp_path, f'id,description\n1,"{"ab " * 400_000}"\n').only.description or "") > 1_000_000


def test_a_row_beyond_the_limit_is_rejected_and_reading_goes_on(tmp_path: Path) -> None:
    outcome = read(tmp_path, b"id,title\n1,a\n2," + b"x" * (MAX_ROW + 10) + b"\n3,c\n")
    assert outcome.ids == ["1", "3"]
    assert outcome.reasons[0][0] == 3


def test_nul_characters_spoil_their_own_row(tmp_path: Path) -> None:
    outcome = read(tmp_path, "id,title\n1,a\n2,b\0c\n3,d\n")
    assert outcome.ids == ["1", "3"]
    assert outcome.reasons == [(3, "title", "a NUL character")]


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
def test_delimiters_are_found_by_what_they_make_of_the_header(tmp_path: Path, delimiter: str) -> None:
    text = "id,title,price\n1,a; b | c,5\n2,d; e | f,6\n".replace(",", delimiter)
    outcome = read(tmp_path, text.replace("a; b | c", "a").replace("d; e | f", "d"))
    assert [(p.id, p.price) for p in outcome.products] == [("1", Decimal(5)), ("2", Decimal(6))]


def test_a_description_full_of_semicolons_does_not_change_the_delimiter(tmp_path: Path) -> None:
    text = "id,title,description\n" + "".join(f"{n},t,a;b;c;d;e;f\n" for n in range(9))
    assert len(read(tmp_path, text).products) == 9


def test_the_line_by_which_spreadsheets_state_a_delimiter_is_obeyed(tmp_path: Path) -> None:
    outcome = read(tmp_path, "sep=;\nid;title;price\n1;a,b;5\n")
    assert (outcome.only.title, outcome.parsed[0].line) == ("a,b", 3)


def test_a_file_of_one_column_is_read(tmp_path: Path) -> None:
    assert [p.title for p in read(tmp_path, "title\nTea\nCoffee\n").products] == ["Tea", "Coffee"]


def test_a_file_with_a_header_alone_has_no_products(tmp_path: Path) -> None:
    outcome = read(tmp_path, "id,title,price\n")
    assert outcome.products == []
    assert outcome.feed.complete


def test_a_file_without_a_header_is_refused_with_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(UnreadableFile, match=r"no column is known in line 1 \(1001, Blue shirt, 19.90\)"):
        read(tmp_path, "1001,Blue shirt,19.90\n1002,Red shirt,29.90\n")


def test_of_two_columns_with_one_header_the_first_counts_and_a_warning_tells(tmp_path: Path) -> None:
    outcome = read(tmp_path, "id,price,price\n1,5,6\n")
    assert outcome.only.price == Decimal(5)
    assert any('"price" stands more than once' in warning.message for warning in outcome.feed.warnings)
    assert outcome.parsed[0].document == {"id": "1", "price": "5", "price (2)": "6"}


def test_a_map_names_the_column_of_a_field(tmp_path: Path) -> None:
    text = "id,title,Netto,Brutto\n1,Tea,10,11.90\n"
    assert read(tmp_path, text, map={"price": "Brutto", "cost": "netto"}).only.price == Decimal("11.90")
    assert read(tmp_path, text, map={"price": "Brutto", "cost": "netto"}).only.cost == Decimal(10)


def test_a_mapped_column_serves_no_other_field(tmp_path: Path) -> None:
    product = read(tmp_path, "id,title,name\n1,code,Tea\n", map={"title": "name", "sku": "title"}).only
    assert (product.title, product.sku) == ("Tea", "code")


def test_a_map_to_a_column_that_is_not_there_names_those_that_are(tmp_path: Path) -> None:
    with pytest.raises(UnreadableFile, match='no column "Preis"; the columns are id, title'):
        read(tmp_path, "id,title\n1,Tea\n", map={"price": "Preis"})


def test_a_map_of_no_field_names_the_nearest_one(tmp_path: Path) -> None:
    with pytest.raises(InvalidInput, match='did you mean "price"'):
        read(tmp_path, "id,title\n1,Tea\n", map={"prize": "title"})


def test_images_come_from_every_column_that_holds_some(tmp_path: Path) -> None:
    header = "id,image,additional_image_link,image_2"
    cells = '1,https://a.example/1.jpg|https://a.example/2.jpg,"https://a.example/3.jpg,https://a.example/1.jpg",https://a.example/4.jpg'
    urls = read(tmp_path, f"{header}\n{cells}\n").only.images
    assert [url[-5] for url in urls] == ["1", "2", "3", "4"]


@pytest.mark.parametrize(
    ("cell", "urls"),
    [
        (
            '"[""https://a.example/1.jpg"",""https://a.example/a,b|c.jpg""]"',
            ("https://a.example/1.jpg", "https://a.example/a,b|c.jpg"),
        ),
        ("https://a.example/1.jpg|/local/2.jpg", ("https://a.example/1.jpg", "/local/2.jpg")),
        ('"https://a.example/1.jpg, https://a.example/2.jpg"', ("https://a.example/1.jpg", "https://a.example/2.jpg")),
        ('"https://a.example/w_1,h_2/1.jpg"', ("https://a.example/w_1,h_2/1.jpg",)),
        ("[]", ()),
        ("|", ()),
    ],
)
def test_several_images_in_one_cell(tmp_path: Path, cell: str, urls: tuple[str, ...]) -> None:
    assert read(tmp_path, f"id,image\n1,{cell}\n").only.images == urls


@pytest.mark.parametrize(
    ("cell", "category"),
    [
        ("Food > Tea", "Food > Tea"),
        ('"[""Food"",""Tea""]"', "Food > Tea"),
        ('"[{""name"":""Food"",""url"":""https://a.example""},{""name"":""Tea""}]"', "Food > Tea"),
        ("[]", None),
        ("[sic] Tea", "[sic] Tea"),
    ],
)
def test_category_paths_may_be_json_lists(tmp_path: Path, cell: str, category: str | None) -> None:
    assert read(tmp_path, f"id,breadcrumb\n1,{cell}\n").only.category == category


def test_chinese_headers_are_understood(tmp_path: Path) -> None:
    outcome = read(
        tmp_path,
        "商品编号,商品名称,价格（元）,库存,商品状态,品牌,主图\n7,红色连衣裙,199.00,12,已下架,某某,https://a.example/1.jpg\n",
    )
    product = outcome.only
    assert (product.id, product.title, product.price, product.stock) == (
        "7",
        "红色连衣裙",
        Decimal("199.00"),
        Decimal(12),
    )
    assert (product.status, product.brand, product.images) == (Status.UNLISTED, "某某", ("https://a.example/1.jpg",))


@pytest.mark.parametrize(
    ("published", "status", "expected"),
    [
        ("true", "", Status.LISTED), ("false", "", Status.UNLISTED), ("false", "active", Status.UNLISTED),
        ("true", "draft", Status.DRAFT), ("false", "archived", Status.ARCHIVED), ("", "", Status.LISTED),
    ],
)  # fmt: skip
def test_of_published_and_status_the_one_that_hides_holds(
    tmp_path: Path, published: str, status: str, expected: Status
) -> None:
    assert read(tmp_path, f"id,published,status\n1,{published},{status}\n").only.status == expected


def test_a_file_that_is_written_to_while_it_is_read_proves_no_absence(tmp_path: Path) -> None:
    path = tmp_path / "growing.csv"
    path.write_text("id,title\n1,Tea\n2,Coffee\n")
    with open_feed(path) as feed:
        rows = iter(feed)
        next(rows)
        with path.open("a") as file:
            file.write("3,Cocoa\n")
        told = [row.reason for row in rows if isinstance(row, Reject)]
    assert told == ["the file was written to while it was read"]
    assert not feed.complete


def test_a_file_that_is_replaced_while_it_is_read_is_read_as_it_was(tmp_path: Path) -> None:
    path, newer = tmp_path / "products.csv", tmp_path / "newer.csv"
    path.write_text("id,title\n1,Tea\n2,Coffee\n")
    newer.write_text("id,title\n3,Cocoa\n")
    with open_feed(path) as feed:
        rows = iter(feed)
        next(rows)
        newer.replace(path)
        assert len(list(rows)) == 1
    assert feed.complete


def test_a_file_is_read_lazily(tmp_path: Path) -> None:
    path = tmp_path / "large.csv"
    path.write_text("id,title\n" + "".join(f"{n},{'t' * 100}\n" for n in range(20_000)))
    with open_feed(path, FeedOptions()) as feed:
        next(iter(feed))
        assert feed.progress < feed.size / 4
        assert not feed.complete


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (b"", "is empty"), (b" \r\n\n", "is empty"), (b"\xef\xbb\xbf", "is empty"),
        (b"PK\x03\x04rest", "Excel workbook"),
        (b"\x1f\x8b\x08rest", "gzip"), (bytes(range(256)) * 4, "binary"), (b"%PDF-1.7", "PDF"),
    ],
)  # fmt: skip
def test_what_is_no_product_file_is_refused_with_its_name(tmp_path: Path, content: bytes, told: str) -> None:
    with pytest.raises(UnreadableFile, match=told) as refused:
        read(tmp_path, content)
    assert str(tmp_path / "products.csv") in str(refused.value)


def test_absent_files_and_directories_are_refused(tmp_path: Path) -> None:
    with pytest.raises(UnreadableFile, match="No such file"):
        open_feed(tmp_path / "absent.csv")
    with pytest.raises(UnreadableFile, match="is a directory"):
        open_feed(tmp_path)
    (tmp_path / "x").touch()
    with pytest.raises(UnreadableFile, match=r"upload\.csv is empty"):
        open_feed(tmp_path / "x", label="upload.csv")


@pytest.mark.parametrize("wrong", [{"format": "xls"}, {"timezone": "Mars/Base"}, {"locale": "xx_YY_zz"}])
def test_options_that_mean_nothing_are_refused(tmp_path: Path, wrong: dict[str, str]) -> None:
    with pytest.raises(InvalidInput):
        read(tmp_path, "id,title\n1,a\n", **wrong)
