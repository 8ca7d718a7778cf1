"""Files as interfaces: written whole or not at all, and the same bytes for the same content."""

import hashlib
import json
import math
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

SIGNIFICANT_DIGITS = 9  # float sums of a parallel engine are not stable beyond this


@contextmanager
def replacing(target: Path) -> Iterator[Path]:
    """Yield a temporary name beside ``target`` (file or folder) and move it there when the block succeeds.

    A killed or failing block leaves ``target`` as it was; a block that wrote nothing removes it.
    """
    target.parent.mkdir(parents=True, exist_ok=True)
    temporary = target.with_name(f".{target.name}.{os.getpid()}.tmp")
    remove(temporary)
    try:
        yield temporary
        if target.is_dir() or not temporary.exists():
            remove(target)
        if temporary.exists():
            temporary.replace(target)
    finally:
        remove(temporary)


def remove(path: Path) -> None:
    """Remove a file or a folder, if it is there."""
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)


def round_significant(value: float, digits: int = SIGNIFICANT_DIGITS) -> float:
    """Round to significant digits, leaving zero and non-finite values alone."""
    if value == 0 or not math.isfinite(value):
        return value
    return float(f"{value:.{digits - 1}e}")


def plain(value: Any) -> Any:
    """Turn nested values into what JSON holds: rounded floats, null for what is not a number, strings for keys."""
    if isinstance(value, dict):
        return {str(key): plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [plain(item) for item in value]
    if hasattr(value, "item"):  # NumPy scalars
        value = value.item()
    if isinstance(value, float):
        return round_significant(value) if math.isfinite(value) else None
    return value


def write_json(value: Any, path: Path) -> None:
    """Write JSON with a stable order of keys as given, rounded floats and a closing newline."""
    with replacing(path) as temporary:
        temporary.write_text(json.dumps(plain(value), ensure_ascii=False, indent=2) + "\n", encoding="utf-8")


def read_json(path: Path) -> Any:
    """Read JSON."""
    return json.loads(path.read_text(encoding="utf-8"))


def rounded(table: pa.Table, digits: int = SIGNIFICANT_DIGITS) -> pa.Table:
    """Round every float column to significant digits, in Arrow; whole numbers stay as they are."""
    for index, field in enumerate(table.schema):
        if pa.types.is_floating(field.type):
            table = table.set_column(index, field, _rounded_column(table.column(index).cast(pa.float64()), digits))
    return table


def _rounded_column(column: pa.ChunkedArray, digits: int) -> pa.ChunkedArray:
    magnitude = pc.floor(pc.log10(pc.abs(column)))
    scale = pc.power(pa.scalar(10.0), pc.subtract(pa.scalar(float(digits - 1)), magnitude))
    result = pc.divide(pc.round(pc.multiply(column, scale)), scale)
    whole = pc.equal(pc.floor(column), column)
    return pc.if_else(pc.or_(whole, pc.invert(pc.is_finite(result))), column, result)


def write_parquet(table: pa.Table, path: Path) -> None:
    """Write one Parquet file atomically, floats rounded, without metadata that changes from run to run."""
    with replacing(path) as temporary:
        pq.write_table(rounded(table).replace_schema_metadata(None), temporary, compression="zstd")


def digest(*paths: Path) -> str:
    """SHA-256 over the names and contents of files, folders taken recursively; names are relative."""
    total = hashlib.sha256()
    for path in paths:
        for file in sorted(path.rglob("*")) if path.is_dir() else [path]:
            if file.is_file() and "__pycache__" not in file.parts:
                total.update(str(file.relative_to(path.parent)).encode())
                total.update(hashlib.sha256(file.read_bytes()).digest())
    return total.hexdigest()
