from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from daemon.errors import UnreadableFile
from daemon.inference.chat.films.importing import Format, Reject, detected, read_films
from daemon.inference.chat.films.wikipedia_films import directors_in
from daemon.inference.chat.wishes import GENRES
from daemon.ports.films import Feedback, Film, Person, Verdict

DATA = Path(__file__).parents[5] / ".." / "shared" / "data" / "chat" / "movies"


def read(path: Path, form: Format = "auto") -> tuple[list[Film], list[Feedback], list[Reject]]:
    batches = list(read_films(path, form, batch=2))
    return (
        [film for batch in batches for film in batch.films],
        [said for batch in batches for said in batch.feedback],
        [reject for batch in batches for reject in batch.rejects],
    )


def movielens(folder: Path, movies: str, ratings: str | None = None) -> Path:
    (folder / "movies.csv").write_text("movieId,title,genres\n" + movies, encoding="utf-8")
    if ratings is not None:
        (folder / "ratings.csv").write_text("userId,movieId,rating,timestamp\n" + ratings, encoding="utf-8")
    return folder


def table(folder: Path, text: str, encoding: str = "utf-8") -> Path:
    path = folder / "films.csv"
    path.write_bytes(text.encode(encoding))
    return path


@pytest.mark.parametrize(
    ("written", "title", "others", "year"),
    [
        ("Toy Story (1995)", "Toy Story", (), 1995),
        ('"Matrix, The (1999)"', "The Matrix", (), 1999),
        ('"City of Lost Children, The (Cité des enfants perdus, La) (1995)"', "The City of Lost Children",
         ("La Cité des enfants perdus",), 1995),
        ("Seven (a.k.a. Se7en) (1995)", "Seven", ("Se7en",), 1995),
        ('"Avventura, L\' (1960)"', "L'Avventura", (), 1960),
        ("(500) Days of Summer (2009)", "(500) Days of Summer", (), 2009),
        ("Hyena Road", "Hyena Road", (), None),
        ("2001 (1066)", "2001", ("1066",), None),
        ("(1995)", "(1995)", (), 1995),
    ],
)  # fmt: skip
def test_titles_of_movielens_are_turned_forward(
    tmp_path: Path, written: str, title: str, others: tuple[str, ...], year: int | None
) -> None:
    ((film,), _, rejects) = read(movielens(tmp_path, f"7,{written},Sci-Fi|Children|(no genres listed)\n"))
    assert rejects == []
    assert (film.id, film.title_en, film.other_titles, film.year) == ("movielens:7", title, others, year)
    assert film.genres == ("science_fiction", "children")


def test_ratings_become_feedback_of_people_who_are_nobody_here(tmp_path: Path) -> None:
    good = "1,7,5.0,1260759144\n1,8,2.0,1\n2,7,3.0,2\n"
    lines = good + "2,9,4.0,3\n2,7,nan,3\n2,7,9,3\n2,7,4,soon\n,7,4,1\n2,7,4,99999999999999\n"
    films, feedback, rejects = read(movielens(tmp_path, "7,A (1990),War\n8,B (1991),War\n", lines))
    assert [film.id for film in films] == ["movielens:7", "movielens:8"]
    assert [(said.person, said.film, said.verdict) for said in feedback] == [
        ("movielens:1", "movielens:7", Verdict.LIKED),
        ("movielens:1", "movielens:8", Verdict.DISLIKED),
        ("movielens:2", "movielens:7", Verdict.SEEN),
    ]
    assert [reject.line for reject in rejects] == [5, 6, 7, 8, 9, 10]
    assert all(reject.file == "ratings.csv" and reject.reason for reject in rejects)


def test_wikipedia_gives_people_countries_and_two_sentences(tmp_path: Path) -> None:
    extract = "Heat is a 1995 American crime film written and directed by Michael Mann. It stars Al Pacino. It is long."
    entry = {"title": "Heat", "year": 1995, "cast": ["Al Pacino"], "genres": ["Crime", "Teen Slasher"],
             "href": "Heat_(1995_film)", "extract": extract}  # fmt: skip
    path = tmp_path / "a.json"
    path.write_text(json.dumps([entry]), encoding="utf-8")
    assert read(path)[0] == [
        Film(
            id="wikipedia:Heat_(1995_film)", title_en="Heat", year=1995, genres=("crime",), countries=("US",),
            directors=(Person(en="Michael Mann"),), cast=(Person(en="Al Pacino"),),
            summary_en="Heat is a 1995 American crime film written and directed by Michael Mann. It stars Al Pacino.",
        )
    ]  # fmt: skip
    assert read(tmp_path)[0] == read(path)[0]


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("film directed by Joel Coen and Ethan Coen.", ("Joel Coen", "Ethan Coen")),
        ("directed by A. Smith, Cora de la Cruz, and Li Wei and with", ("A. Smith", "Cora de la Cruz", "Li Wei")),
        ("directed by Luc Besson in his debut", ("Luc Besson",)),
        ("directed by himself", ()),
        ("a film of nobody", ()),
        ("directed by " + "A" * 100_000, ("A" * 300,)),
    ],
)  # fmt: skip
def test_directors_are_read_from_articles(text: str, names: tuple[str, ...]) -> None:
    assert directors_in(text) == names


CHINESE = (
    "片名,年份,类型,导演,主演,国家/地区,片长,简介\n"
    "霸王别姬,1993年,剧情/爱情,陈凯歌 Chen Kaige,张国荣、张丰毅,中国大陆 / 香港,171分钟,两位名伶。\n"
)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030", "utf-16"])
def test_a_chinese_table_is_read_in_any_encoding(tmp_path: Path, encoding: str) -> None:
    assert read(table(tmp_path, CHINESE, encoding))[0] == [
        Film(
            id="csv:霸王别姬-1993", title_zh="霸王别姬", year=1993, genres=("drama", "romance"),
            countries=("CN", "HK"), directors=(Person(en="Chen Kaige", zh="陈凯歌"),),
            cast=(Person(zh="张国荣"), Person(zh="张丰毅")), minutes=171, summary_zh="两位名伶。",
        )
    ]  # fmt: skip


@pytest.mark.parametrize("mark", [",", "\t", ";", "|"])
def test_any_delimiter_and_either_language_will_do(tmp_path: Path, mark: str) -> None:
    rows = [["Title", "title_zh", "Year", "Country"], ["Yi Yi", "一一", "2000", "Taiwan"]]
    (film,) = read(table(tmp_path, "\n".join(mark.join(row) for row in rows)))[0]
    assert (film.id, film.title_en, film.title_zh, film.countries) == ("csv:yi-yi-2000", "Yi Yi", "一一", ("TW",))


def test_rows_that_cannot_be_read_are_told_and_the_others_are_read(tmp_path: Path) -> None:
    text = 'title,year\nA,1990\n,1991\nB,soon\nC,1066\n"D,1990\nE,1992\nF\n'
    films, _, rejects = read(table(tmp_path, text))
    assert [film.title_en for film in films] == ["A", "E"]
    assert [reject.line for reject in rejects] == [3, 4, 5, 6, 8]
    assert all(reject.reason for reject in rejects)


@pytest.mark.parametrize(
    ("name", "content", "told"),
    [
        ("a.csv", b"colour,size\nred,1\n", "title"),
        ("a.csv", b"", "header"),
        ("a.csv", b"PK\x03\x04xxxx", "ZIP"),
        ("a.json", b"[1, 2", "no JSON"),
        ("a.json", b'{"a": 1}', "no list"),
        ("a.json", b"[" * 100_000, "no JSON"),
        ("a.json", b"[\xff\xfe]", "no JSON"),
    ],
)
def test_a_file_that_is_none_of_films_is_refused_with_what_was_expected(
    tmp_path: Path, name: str, content: bytes, told: str
) -> None:
    path = tmp_path / name
    path.write_bytes(content)
    with pytest.raises(UnreadableFile, match=told):
        read(path)


def test_what_is_not_there_or_an_empty_folder_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UnreadableFile, match="neither"):
        read(tmp_path)
    with pytest.raises(UnreadableFile, match="No such file"):
        read(tmp_path / "nothing")
    for form in ("movielens", "wikipedia", "vega", "csv"):
        with pytest.raises(UnreadableFile):
            read(tmp_path, form)


KEYS = ["title", "year", "cast", "genres", "href", "extract", "Title", "Director", "Release Date", "Running Time min"]
ENTRY = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(KEYS), inner, max_size=6),
    max_leaves=12,
)


@settings(max_examples=80, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(entries=st.lists(ENTRY, max_size=4), form=st.sampled_from(["wikipedia", "vega"]))
def test_any_json_list_gives_films_or_reasons(tmp_path: Path, entries: list[Any], form: Format) -> None:
    path = tmp_path / "a.json"
    path.write_text(json.dumps(entries), encoding="utf-8")
    films, _, rejects = read(path, form)
    assert len(films) + len(rejects) == len(entries)
    assert all(set(film.genres) <= set(GENRES) and film.title_en for film in films)


@settings(max_examples=80, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(content=st.binary(max_size=200), header=st.sampled_from([b"title,year\n", b"", b"movieId,title,genres\n"]))
def test_any_bytes_give_films_reasons_or_a_clear_refusal(tmp_path: Path, content: bytes, header: bytes) -> None:
    (tmp_path / "movies.csv").write_bytes(header + content)
    for path in (tmp_path, tmp_path / "movies.csv"):
        try:
            films = read(path)[0]
        except UnreadableFile as error:
            films, told = [], str(error)
            assert str(tmp_path) in told
        assert all(film.id.count(":") >= 1 and (film.title_en or film.title_zh) for film in films)


def test_vega_gives_directors_lengths_and_years_of_the_right_century(tmp_path: Path) -> None:
    entries = [
        {"Title": "Snow White", "Release Date": "Dec 21 2037", "Major Genre": "Thriller/Suspense", "Director": None},
        {"Title": 1776, "Release Date": "Nov 09 1972", "Running Time min": 141, "Director": "Peter H. Hunt"},
        {"Title": None, "Release Date": "Jan 01 2001"},
        {"Title": "Undated", "Release Date": None, "Running Time min": "long", "Major Genre": "Black Comedy"},
    ]
    (tmp_path / "movies.json").write_text(json.dumps(entries), encoding="utf-8")
    assert detected(tmp_path) == detected(tmp_path / "movies.json") == "vega"
    films, _, rejects = read(tmp_path)
    assert [(film.id, film.year, film.minutes, film.genres) for film in films] == [
        ("vega:snow-white-1937", 1937, None, ("thriller", "suspense")),
        ("vega:1776-1972", 1972, 141, ()),
        ("vega:undated-", None, None, ("comedy",)),
    ]
    assert films[1].directors == (Person(en="Peter H. Hunt"),)
    assert rejects == [Reject("movies.json", 3, "no Title")]


def test_films_of_movielens_are_known_without_their_folder_and_ratings_are_sent_back_to_it(tmp_path: Path) -> None:
    folder = movielens(tmp_path, '1,"Matrix, The (1999)",Sci-Fi\n', "1,1,5,1\n")
    films, feedback, _ = read(folder / "movies.csv")
    assert [(film.id, film.title_en, film.year) for film in films] == [("movielens:1", "The Matrix", 1999)]
    assert feedback == []
    with pytest.raises(UnreadableFile, match="the folder that holds both"):
        read(folder / "ratings.csv")


def test_the_whole_of_real_catalogues_is_read_and_read_alike_again() -> None:
    if not DATA.is_dir():
        pytest.skip(f"no {DATA}")
    films, feedback, rejects = read(DATA / "movielens-small")
    assert (len(films), len(feedback), rejects) == (9_125, 100_004, [])
    assert detected(DATA / "wikipedia") == "wikipedia"
    path = DATA / "wikipedia" / "movies-1970s.json"
    first = read(path)[0]
    assert len(first) == len(json.loads(path.read_bytes()))
    assert sum(bool(film.directors) for film in first) > 0.7 * len(first)
    assert read(path)[0] == first
    films, _, rejects = read(DATA / "vega")
    assert (len(films), rejects) == (3_200, [Reject("movies.json", 3054, "no Title")])
