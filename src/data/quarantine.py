"""Rejected rows: each is kept with its file, row, column and reason, so that read = accepted + rejected."""

import json
from collections import Counter
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any

from ..errors import InputError
from ..files import replacing, write_json


class Quarantine:
    """Counts rows by file and writes those that are turned away; made by :func:`open_quarantine`."""

    def __init__(self, file: IO[str]) -> None:
        self._file = file
        self.read: Counter[str] = Counter()
        self.rejected: Counter[str] = Counter()
        self.reasons: Counter[tuple[str, str]] = Counter()
        self._seen: set[tuple[str, int]] = set()

    def count(self, file: str, rows: int) -> None:
        """Count rows that were read."""
        self.read[file] += rows

    def reject(self, file: str, row: int, column: str, found: Any, reason: str) -> None:
        """Keep one row's fault; a row with several faults counts once."""
        line = {"file": file, "row": row, "column": column, "found": found, "reason": reason}
        self._file.write(json.dumps(line, ensure_ascii=False) + "\n")
        if (file, row) not in self._seen:
            self._seen.add((file, row))
            self.rejected[file] += 1
            self.reasons[(column, reason)] += 1

    def is_rejected(self, file: str, row: int) -> bool:
        """Tell whether a row was turned away."""
        return (file, row) in self._seen

    def rejected_rows(self, file: str) -> Iterable[int]:
        """Name the rows of a file that were turned away."""
        return sorted(row for name, row in self._seen if name == file)

    def summary(self) -> dict[str, dict[str, int]]:
        """Return ``{file: {read, accepted, rejected}}``."""
        return {
            file: {"read": read, "accepted": read - self.rejected[file], "rejected": self.rejected[file]}
            for file, read in sorted(self.read.items())
        }

    def require_at_most(self, share: float) -> None:
        """Stop when too much was rejected.

        :raises InputError: Naming the commonest reasons and what to do.
        """
        for file, counts in self.summary().items():
            if counts["rejected"] > share * counts["read"]:
                reasons = "; ".join(f"{column}: {reason} ({n})" for (column, reason), n in self.reasons.most_common(3))
                raise InputError(
                    f"{file}: {counts['rejected']} of {counts['read']} rows rejected, more than {share:.0%} "
                    f"({reasons}); mend the mapping or the file, or raise --max-rejected"
                )


@contextmanager
def open_quarantine(folder: Path, about: dict[str, Any]) -> Iterator[Quarantine]:
    """Write ``rejected.jsonl`` and ``import.json`` into ``folder`` when the block succeeds."""
    with replacing(folder / "rejected.jsonl") as temporary, temporary.open("w", encoding="utf-8") as file:
        quarantine = Quarantine(file)
        yield quarantine
        file.flush()
        write_json({"files": quarantine.summary(), **about}, folder / "import.json")
