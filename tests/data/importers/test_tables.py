"""Tables of any shape: separators, encodings, Excel, JSON lines, Parquet, and a mapping that is proposed."""

import json
import zipfile
from pathlib import Path

import polars as pl
import pytest
import yaml

from thiqa.config import parse
from thiqa.data.importers import Mapping, import_csv
from thiqa.data.importers.guess import guess
from thiqa.data.importers.mapped import tables_in
from thiqa.errors import InputError

SHEET = """<worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><sheetData>{}</sheetData></worksheet>"""
BOOK = """<workbook xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"
 xmlns:r="http://schemas.openxmlformats.org/officeDocument/2006/relationships"><sheets>
 <sheet name="a" sheetId="1" r:id="rId1"/></sheets></workbook>"""
PACKAGE = "http://schemas.openxmlformats.org/package/2006"
RELATION = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
ROWS = [["post id", "compte", "légende", "nb commentaires"], ["p1", "amal", "قهوة الصباح", "1,2 K"],
        ["p2", "amal", "été & soleil", "12"]]  # fmt: skip


def excel(path: Path, rows: list[list[str]]) -> Path:
    """Write the least that is an Excel file."""
    one = '<c t="inlineStr"><is><t>{}</t></is></c>'
    lines = ("".join(one.format(cell.replace("&", "&amp;")) for cell in row) for row in rows)
    cells = "".join(f"<row>{line}</row>" for line in lines)
    with zipfile.ZipFile(path, "w") as file:
        types = "application/vnd.openxmlformats-officedocument.spreadsheetml"
        file.writestr("[Content_Types].xml", f'<Types xmlns="{PACKAGE}/content-types">'
                      '<Default Extension="rels" ContentType="application/vnd.openxmlformats-package'
                      '.relationships+xml"/>'
                      f'<Override PartName="/xl/workbook.xml" ContentType="{types}.sheet.main+xml"/>'
                      f'<Override PartName="/xl/worksheets/sheet1.xml" ContentType="{types}.worksheet+xml"/>'
                      "</Types>")  # fmt: skip
        head = f'<Relationships xmlns="{PACKAGE}/relationships">'
        file.writestr("_rels/.rels", f'{head}<Relationship Id="rId1" Type="{RELATION}/officeDocument" '
                      'Target="xl/workbook.xml"/></Relationships>')  # fmt: skip
        file.writestr("xl/_rels/workbook.xml.rels", f'{head}<Relationship Id="rId1" Type="{RELATION}/worksheet" '
                      'Target="worksheets/sheet1.xml"/></Relationships>')  # fmt: skip
        file.writestr("xl/workbook.xml", BOOK)
        file.writestr("xl/worksheets/sheet1.xml", SHEET.format(cells))
    return path


def as_file(folder: Path, kind: str) -> Path:
    folder.mkdir()
    lines = {sign: "\n".join(sign.join(f'"{cell}"' for cell in row) for row in ROWS) for sign in ",;\t"}
    path = folder / f"posts.{kind.partition('-')[0]}"
    if kind == "xlsx":
        return excel(path, ROWS)
    if kind == "jsonl":
        path.write_text("\n".join(json.dumps(dict(zip(ROWS[0], row, strict=True))) for row in ROWS[1:]))
    elif kind == "parquet":
        pl.DataFrame(ROWS[1:], schema=ROWS[0], orient="row").write_parquet(path)
    else:
        sign, code = {"csv-utf16": ("\t", "utf-16"), "csv-1256": (";", "cp1256"), "csv": (",", "utf-8-sig"),
                      "tsv": ("\t", "utf-8")}[kind]  # fmt: skip
        path.write_bytes(("sep=;\n" * (sign == ";") + lines[sign]).encode(code, errors="replace"))
    return path


@pytest.mark.parametrize("kind", ["csv", "csv-utf16", "csv-1256", "tsv", "xlsx", "jsonl", "parquet"])
def test_the_same_rows_in_every_shape(tmp_path: Path, kind: str):
    path = as_file(tmp_path / "e", kind)
    mapping = parse(Mapping, yaml.safe_load(guess(tables_in(path))), "guessed")
    counts = import_csv(path, tmp_path / "t", mapping=mapping)
    assert list(counts.values()) == [{"read": 2, "accepted": 2, "rejected": 0}]
    posts = pl.read_parquet(tmp_path / "t/posts.parquet")
    assert posts["caption"][0] == "قهوة الصباح"
    assert posts["comments"].to_list() == [1200, 12]
    assert posts["creator_id"].n_unique() == 1


def test_a_mapping_is_not_invented(tmp_path: Path):
    (tmp_path / "x.csv").write_text("alpha,beta\n1,2\n")
    with pytest.raises(InputError, match=r"no column names that are known.*x\.csv: alpha, beta"):
        guess(tables_in(tmp_path))


def test_pages_of_one_table_by_pattern_and_followers_by_the_day_of_the_file(tmp_path: Path):
    for day, followers in (("2024-01-01", "1 000"), ("2024-02-01", "1 500")):
        (tmp_path / f"profil_{day}.csv").write_text(f"compte;abonnés\namal;{followers}\n")
    mapping = yaml.safe_load(guess(tables_in(tmp_path)))
    for table in mapping["tables"].values():
        table["file"] = "profil_*.csv"
    import_csv(tmp_path, tmp_path / "t", mapping=parse(Mapping, mapping, "guessed"))
    audience = pl.read_parquet(tmp_path / "t/audience.parquet")
    assert audience.select(pl.col("observed_at").dt.month(), "followers").rows() == [(1, 1000), (2, 1500)]
