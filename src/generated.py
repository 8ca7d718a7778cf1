"""Pages that code writes: each is written, or with ``--check`` only compared with the one that is there."""

import re
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

from .files import replacing


def write_or_check(pages: Mapping[Path, str], arguments: Sequence[str], command: str) -> None:
    """Write pages, or end with 1 where ``--check`` is among the arguments and a page differs or is not there.

    :param command: What writes them, named to whoever finds one stale.
    """
    for path, text in pages.items():
        if "--check" not in arguments:
            with replacing(path) as temporary:
                temporary.write_text(text, encoding="utf-8")
        elif not path.exists() or path.read_text(encoding="utf-8") != text:
            sys.exit(f"{path} is stale: run {command}")


def filled(page: str, block: str, text: str) -> str:
    r"""Put a text between ``<!-- block:begin -->`` and ``<!-- block:end -->`` of a page.

    >>> filled("a <!-- n:begin -->old<!-- n:end --> z", "n", "new")
    'a <!-- n:begin -->\nnew<!-- n:end --> z'
    """
    begin, end = f"<!-- {block}:begin -->", f"<!-- {block}:end -->"
    return re.sub(f"{begin}.*?{end}", lambda _: f"{begin}\n{text}{end}", page, flags=re.DOTALL)
