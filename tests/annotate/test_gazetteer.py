"""Places are found as whole words in every script, and users can add their own."""

import polars as pl
import pytest

from thiqa.annotate import read_gazetteer
from thiqa.errors import InputError
from thiqa.models.text.fold import fold

HEAD = "place,kind,city,latin,arabizi,arabic,tifinagh,latitude,longitude,source\n"


def found(text: str, gazetteer=None) -> list[str]:
    frame = pl.DataFrame({"text": [text]})
    return frame.select((gazetteer or read_gazetteer()).find(fold(pl.col("text")))).item().to_list()


@pytest.mark.parametrize(
    "text",
    ["Je suis à Hay Mohammadi !", "ana f 7ay mohammadi daba", "حنا فالحي المحمدي", "#HayMohammadi", "l7ay mohammadi"],
)
def test_one_place_in_many_spellings(text):
    assert found(text) == ["casablanca/hay-mohammadi"]


def test_prefixes_of_arabic_and_tifinagh():
    assert found("فالرباط وللدار البيضاء") == ["casablanca", "rabat"]
    assert found("ⴰⴳⴷⴰⵍ") == ["rabat/agdal"]


@pytest.mark.parametrize("text", ["", "safi baraka", "السلام عليكم", "des mains sales", "agdalien", "Marjane market"])
def test_everyday_words_and_parts_of_words_are_no_places(text):
    assert found(text) == []


def test_each_place_once_in_one_order():
    assert found("Rabat, Agdal, rabat et Fès") == ["fes", "rabat", "rabat/agdal"]


def test_cities_by_the_names_people_list():
    names = pl.Series(["Fès", "fes", "الدار البيضاء", "Agdal", "Paris", None, "el jadida"])
    assert read_gazetteer().city_of(names).to_list() == ["fes", "fes", "casablanca", "rabat", None, None, "el-jadida"]


def test_positions_are_in_morocco_and_every_neighbourhood_has_its_city():
    table = read_gazetteer().table()
    cities = table.filter(pl.col("kind") == "city")
    assert cities["latitude"].is_between(21, 36).all()
    assert cities["longitude"].is_between(-17, -1).all()
    assert set(table["city"]) == set(cities["place"])


def test_a_user_adds_a_place(tmp_path):
    (tmp_path / "more.csv").write_text(HEAD + "casablanca/ma-rue,neighbourhood,casablanca,Ma Rue,,زنقتي,,,,me\n")
    more = read_gazetteer(tmp_path / "more.csv")
    assert found("Ma rue à Casablanca", more) == ["casablanca", "casablanca/ma-rue"]
    assert len(more.places) == len(read_gazetteer().places) + 1


@pytest.mark.parametrize(
    ("rows", "said"),
    [("x,town,x,X,,,,,,\n", "line 2"), ("x,city,y,X,,,,,,\n", "line 2"), ("x,city,x,X,,,,far,1,\n", "latitude")],
)
def test_a_bad_row_is_named(tmp_path, rows, said):
    (tmp_path / "bad.csv").write_text(HEAD + rows)
    with pytest.raises(InputError, match=said):
        read_gazetteer(tmp_path / "bad.csv")


def test_a_file_that_is_no_gazetteer(tmp_path):
    (tmp_path / "bad.csv").write_text("a,b\n1,2\n")
    with pytest.raises(InputError, match="column place, kind"):
        read_gazetteer(tmp_path / "bad.csv")
    with pytest.raises(InputError, match="cannot be read"):
        read_gazetteer(tmp_path / "nothing.csv")
