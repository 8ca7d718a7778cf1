"""Two hundred files that no importer should ever see: each is imported, and what came of it is told in one line.

``python tests/helpers/hostile.py`` writes the table of docs/hostile-files.md.
"""

import gzip
import io
import json
import os
import sys
import tarfile
import tempfile
import zipfile
from collections.abc import Iterator
from contextlib import redirect_stderr, redirect_stdout
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from unittest.mock import patch

from thiqa.cli import main

PAGE = Path(__file__).parents[2] / "docs" / "hostile-files.md"
HEAD = """# Hostile files

Written by `python tests/helpers/hostile.py`; a test imports every file again and compares. Exit 0 is an import whose
rows are counted (read = accepted + rejected), exit 2 a refusal in one clear line that leaves nothing behind. There is
no third.

| # | source | file | exit | read | accepted | rejected | what is said |
|--:|---|---|--:|--:|--:|--:|---|
"""
MEDIA = {"id": "1", "media_type": "IMAGE", "timestamp": "2024-01-01T00:00:00+0000", "username": "amal"}
VIDEO = {"kind": "youtube#video", "id": "v", "snippet": {"channelId": "UC1", "publishedAt": "2024-01-01T00:00:00Z"}}
POST = {"id": "7_8", "message": "m", "created_time": "2024-01-01T00:00:00+0000", "status_type": "added_photos"}
RESEARCH = {"id": 5, "create_time": 1700000000, "username": "amal", "video_description": "d"}
ITEM = {
    "id": "6",
    "createTime": 1700000000,
    "desc": "d",
    "author": {"id": "9", "uniqueId": "amal"},
    "stats": {"diggCount": 1},
}
OBJECTS: dict[str, tuple[dict[str, Any], str, str]] = {  # source: an object, its count, its date
    "instagram-graph": (MEDIA, "like_count", "timestamp"),
    "facebook-pages": (POST, "views", "created_time"),
    "youtube-data": (VIDEO, "statistics.likeCount", "snippet.publishedAt"),
    "tiktok-research": (RESEARCH, "like_count", "create_time"),
    "tiktok-web": (ITEM, "stats.diggCount", "createTime"),
}
ODD_COUNTS = [-1, 1.5, "NaN", "beaucoup", 10**30, True, [], {"a": 1}, "1e400", "٣", ""]
ODD_DATES = ["yesterday", "2024-13-45T00:00:00Z", "9999999999999999", -5, [], "0000-00-00"]
CSV = b"id,compte,date,caption,likes\np1,amal,2024-01-01,bonjour,12\n"


@dataclass(frozen=True)
class Hostile:
    """One file: the source that it is given to, its name, its bytes."""

    source: str
    name: str
    content: bytes


def changed(item: dict[str, Any], path: str, value: Any) -> dict[str, Any]:
    """Return a copy with one nested value replaced."""
    head, _, rest = path.partition(".")
    inner = item.get(head) if isinstance(item.get(head), dict) else {}
    return item | {head: changed(inner, rest, value) if rest else value}


def documents(good: dict[str, Any]) -> Iterator[tuple[str, bytes]]:
    """Yield broken JSON documents around a good object."""
    text = json.dumps(good)
    yield from {
        "empty": b"",
        "blank": b" \n\t ",
        "null": b"null",
        "number": b"42",
        "text": b'"x"',
        "empty list": b"[]",
        "empty object": b"{}",
        "cut short": text[: len(text) // 2].encode(),
        "one bracket": b"[",
        "comma at the end": f"[{text},]".encode(),
        "two documents": f"{text}{text}".encode(),
        "html": b"<!doctype html><html><body>Log in</body></html>",
        "zero bytes": b"\0" * 64,
        "noise": bytes(range(256)) * 4,
        "deep lists": b"[" * 50_000 + b"]" * 50_000,
        "deep objects": b'{"data":' * 20_000 + b"1" + b"}" * 20_000,
        "quite deep": b'{"data":' * 300 + text.encode() + b"}" * 300,
        "a long number": b"[" + b"9" * 6_000 + b"]",
        "single quotes": str(good).encode(),
        "latin-1": text.replace("amal", "été").encode("latin-1", "replace"),
        "utf-16 without a mark": text.encode("utf-16-le"),
        "half a pair": text.replace('"1"', '"\\ud800"').encode(),
        "error answer": b'{"error": {"code": 190, "message": "expired"}}',
        "list of lists": f"[[[{text}]]]".encode(),
        "list of texts": b'["a", "b"]',
        "id is null": json.dumps(good | {"id": None}).encode(),
        "id is a list": json.dumps(good | {"id": [1]}).encode(),
        "id is an object": json.dumps(good | {"id": {"x": {}}}).encode(),
        "key is a number in disguise": json.dumps({"1": good, "2": 5, "3": None}).encode(),
    }.items()


def packed(name: str, content: bytes, **more: bytes) -> bytes:
    """Zip files."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for member, body in {name: content, **more}.items():
            archive.writestr(member, body)
    return buffer.getvalue()


def linked() -> bytes:
    """Zip a link to a file outside."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        link = zipfile.ZipInfo("link.json")
        link.external_attr = 0o120777 << 16
        archive.writestr(link, "/etc/passwd")
    return buffer.getvalue()


def tar() -> bytes:
    """Make a tar, which is not read."""
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as archive:
        archive.addfile(tarfile.TarInfo("a.json"))
    return buffer.getvalue()


def archives() -> Iterator[tuple[str, bytes]]:
    """Yield broken and dangerous archives."""
    good = json.dumps(VIDEO).encode()
    whole = packed("a.json", good)
    yield from {
        "path up.zip": packed("../../a.json", good),
        "absolute.zip": packed("/etc/a.json", good),
        "drive.zip": packed("C:\\a.json", good),
        "backslashes.zip": packed("..\\..\\a.json", good),
        "bomb.zip": packed("a.json", b" " * 40_000_000),
        "zip in zip.zip": packed("b.zip", whole),
        "cut.zip": whole[: len(whole) // 2],
        "not.zip": b"PK\x03\x04 no zip",
        "empty.zip": packed("a/", b""),
        "link.zip": linked(),
        "pictures.zip": packed("a.jpg", b"x"),
        "wrong sum.zip": whole[:40] + bytes([whole[40] ^ 255]) + whole[41:],
        "bomb.json.gz": gzip.compress(b" " * 40_000_000),
        "cut.json.gz": gzip.compress(good * 50)[:-9],
        "not.json.gz": b"no gzip",
        "empty.json.gz": b"",
        "twice.json.gz": gzip.compress(gzip.compress(good)),
        "a.tar": tar(),
        "__MACOSX.zip": packed("__MACOSX/._a.json", good),
        "hidden.zip": packed(".a.json", good),
    }.items()


def sheets() -> Iterator[tuple[str, bytes]]:
    """Yield broken tables."""
    yield from {
        "empty.csv": b"",
        "blank.csv": b"\n\n\n",
        "header alone.csv": CSV.splitlines()[0],
        "no header.csv": b"p1,amal,1,2,3\n",
        "short row.csv": CSV + b"p2,amal\n",
        "long row.csv": CSV + b"p2,amal,2024-01-01,x,1,2,3\n",
        "open quote.csv": CSV + b'p2,amal,2024-01-01,"never closed,1\n',
        "zero bytes.csv": CSV.replace(b"bonjour", b"bon\0jour"),
        "utf-16.csv": CSV.decode().encode("utf-16"),
        "windows-1256.csv": CSV.replace(b"bonjour", "قهوة الصباح".encode("cp1256")),
        "semicolons.csv": CSV.replace(b",", b";"),
        "tabs.tsv": CSV.replace(b",", b"\t"),
        "carriage returns.csv": CSV.replace(b"\n", b"\r"),
        "same name twice.csv": CSV.replace(b"compte", b"id"),
        "no name.csv": CSV.replace(b"caption", b""),
        "formula.csv": CSV.replace(b"bonjour", b"=cmd|'/c calc'!A1"),
        "script.csv": CSV.replace(b"bonjour", b"<script>alert(1)</script>"),
        "negative.csv": CSV.replace(b"12", b"-12"),
        "words.csv": CSV.replace(b"12", b"beaucoup"),
        "no date.csv": CSV.replace(b"2024-01-01", b"bientot"),
        "year 0.csv": CSV.replace(b"2024-01-01", b"0000-01-01"),
        "huge cell.csv": CSV.replace(b"bonjour", b"x" * 11_000_000),
        "noise.csv": bytes(range(256)) * 20,
        "no rows.jsonl": b"",
        "texts.jsonl": b'"a"\n"b"\n',
        "mixed.jsonl": b'{"id": "1", "compte": "a", "caption": "x"}\n[1]\n{oops\n',
        "nested.jsonl": b'{"id": "1", "compte": "a", "caption": {"deep": {"er": 1}}}\n',
        "not.xlsx": b"PK no excel",
        "empty.xlsx": b"",
        "zip.xlsx": packed("a.txt", b"x"),
        "not.parquet": b"PAR1xxxx",
        "empty.parquet": b"",
        "direction.csv": CSV.replace(b"bonjour", "\u202egnp.exe".encode()),
        "same row twice.csv": CSV + CSV.splitlines()[1],
    }.items()


def hostile_files() -> list[Hostile]:
    """Make all files."""
    found = []
    for source, (good, count, date) in OBJECTS.items():
        found += [Hostile(source, f"{name}.json", content) for name, content in documents(good)]
        odd = [("count", count, value) for value in ODD_COUNTS] + [("date", date, value) for value in ODD_DATES]
        found += [
            Hostile(source, f"{what} {index}.json", json.dumps(changed(good, path, value)).encode())
            for index, (what, path, value) in enumerate(odd)
        ]
    found += [Hostile("youtube-data", name, content) for name, content in archives()]
    found += [Hostile("csv", name, content) for name, content in sheets()]
    found += [
        Hostile("account-archive", f"posts_1.json/{name}", content)
        for name, content in documents({"creation_timestamp": 1})
    ]
    return found


def outcome(file: Hostile, folder: Path) -> tuple[int, str, dict[str, int]]:
    """Import one file as a user would; returns the exit code, the first line that is said, and the counts."""
    name = file.name.removeprefix("posts_1.json/")
    path = folder / ("posts_1.json" if file.source == "account-archive" else name)
    path.write_bytes(file.content)
    into, said = folder / "tables", io.StringIO()
    arguments = ["import", file.source, str(path), "--into", str(into), "--max-rejected", "1"]
    if file.source == "csv":
        mapping = folder / "mapping.yaml"
        with (
            redirect_stdout(said),
            redirect_stderr(said),
            patch.object(sys, "argv", ["thiqa", "import", "csv", str(path), "--guess"]),
        ):
            code = ended(main)
        if code:
            return code, shown(said.getvalue(), folder), {}
        mapping.write_text(said.getvalue(), encoding="utf-8")
        arguments += ["--mapping", str(mapping)]
    said = io.StringIO()
    with redirect_stdout(said), redirect_stderr(said), patch.object(sys, "argv", ["thiqa", *arguments]):
        code = ended(main)
    counts = {"read": 0, "accepted": 0, "rejected": 0}
    if code == 0:
        for row in json.loads((into / "import.json").read_text(encoding="utf-8"))["files"].values():
            counts = {name: counts[name] + row[name] for name in counts}
    elif into.exists():
        raise AssertionError(f"{file.name}: a refused import left {list(into.iterdir())}")
    return code, shown(said.getvalue(), folder) if code else "", counts


def ended(command: Any) -> int:
    """Run a command; returns its exit code."""
    try:
        command()
    except SystemExit as error:
        return int(error.code or 0)
    return 0


def shown(text: str, folder: Path) -> str:
    """Return the first line without what differs from run to run."""
    line = text.strip().splitlines()[0] if text.strip() else ""
    return line.replace(f"{folder}/", "")


def cells(file: Hostile, folder: Path) -> list[str]:
    """Import one file; returns source, file, exit code, the three counts and what is said, as the table shows them."""
    code, line, counts = outcome(file, folder)
    numbers = [str(counts[name]) if code == 0 else "" for name in ("read", "accepted", "rejected")]
    return [file.source, file.name, str(code), *numbers, line.replace("|", "/").replace("<", "&lt;")[:150]]


def page(rows: list[list[str]]) -> str:
    """Write the page."""
    return HEAD + "".join(f"| {index} | {' | '.join(row)} |\n" for index, row in enumerate(rows, 1))


def every_file() -> Iterator[list[str]]:
    """Import every file, each in a folder of its own."""
    for file in hostile_files():
        with tempfile.TemporaryDirectory() as folder:
            yield cells(file, Path(folder))


if __name__ == "__main__":
    os.environ.setdefault("THIQA_ID_KEY", "hostile")
    listed = list(every_file())
    PAGE.write_text(page(listed), encoding="utf-8")
    print(f"{PAGE}: {len(listed)} files")
