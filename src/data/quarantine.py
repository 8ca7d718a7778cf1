"""Rejected rows: each is kept with its file, row, column and reason, so that read = accepted + rejected."""

import json
from collections import Counter, defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any

from ..errors import InputError
from ..files import plain, read_json
from .scrub import scrub

REJECTED, IMPORTED = "rejected.jsonl", "import.json"
FOUND_LENGTH = 80


class Quarantine:
    """Counts rows by file and writes those that are turned away; made by :func:`open_quarantine`.

    A *fault* is a row that should have been read; a row *set aside* is sound but has no place in the tables. Both are
    rejected and written, only faults count towards the share that stops an import.
    """

    def __init__(self, file: IO[str]) -> None:
        self._file = file
        self.read: Counter[str] = Counter()
        self.faults: Counter[str] = Counter()
        self.reasons: dict[str, Counter[tuple[str, str]]] = defaultdict(Counter)
        self.together = False  # whether the share of faults is that of all files: pages of answers are small
        self._rows: dict[str, set[int]] = defaultdict(set)

    def close(self) -> None:
        """Finish the file of rejected rows."""
        self._file.close()

    def count(self, file: str, rows: int) -> None:
        """Count rows that were read."""
        self.read[file] += rows

    def reject(self, file: str, row: int, column: str, found: Any, reason: str, *, fault: bool = True) -> None:
        """Keep one row's fault; a row with several faults counts once."""
        shown: Any = found if found is None or isinstance(found, int | float | bool) else str(found)[:FOUND_LENGTH]
        if isinstance(found, list):  # cells of a row that does not fit may hold anything
            shown = [scrub(str(cell)[:FOUND_LENGTH]) for cell in found]
        line = {"file": file, "row": row, "column": column, "found": shown, "reason": reason, "fault": fault}
        self._file.write(json.dumps(line, ensure_ascii=False) + "\n")
        if row not in self._rows[file]:
            self._rows[file].add(row)
            self.faults[file] += fault
            self.reasons[file][(column, reason)] += 1

    def rejected_rows(self, file: str) -> set[int]:
        """Name the rows of a file that were turned away."""
        return self._rows[file]

    def summary(self) -> dict[str, dict[str, int]]:
        """Return ``{file: {read, accepted, rejected}}``."""
        return {
            file: {"read": read, "accepted": read - len(self._rows[file]), "rejected": len(self._rows[file])}
            for file, read in sorted(self.read.items())
        }

    def commonest(self, *files: str) -> str:
        """Say the three commonest reasons, of some files or of all, on one line."""
        reasons = sum((self.reasons[file] for file in files or list(self.reasons)), Counter[tuple[str, str]]())
        return "; ".join(
            f"{column + ': ' if column else ''}{reason} ({rows})" for (column, reason), rows in reasons.most_common(3)
        )

    def require_at_most(self, share: float) -> None:
        """Stop when too much was rejected for a fault.

        :raises InputError: Naming the commonest reasons and what to do.
        """
        groups = [("all files", list(self.read))] if self.together else [(file, [file]) for file in sorted(self.read)]
        for name, files in groups:
            read, faults = (sum(counts[file] for file in files) for counts in (self.read, self.faults))
            if faults > share * read:
                raise InputError(
                    f"{name if len(files) > 1 else files[0]}: {faults} of {read} rows rejected, more than {share:.0%} "
                    f"({self.commonest(*files)}); mend the mapping or the file, or raise --max-rejected"
                )


@contextmanager
def open_quarantine(folder: Path) -> Iterator[Quarantine]:
    """Write ``rejected.jsonl`` into ``folder``."""
    with (folder / REJECTED).open("w", encoding="utf-8", errors="replace") as file:
        yield Quarantine(file)


def write_record(folder: Path, before: Path, quarantine: Quarantine, about: dict[str, Any]) -> None:
    """Write ``import.json``, and keep what earlier imports into ``before`` wrote on other files.

    :param folder: Holds the ``rejected.jsonl`` of this import, and receives both files.
    """
    earlier = read_json(before / IMPORTED) if (before / IMPORTED).exists() else {}
    others = {name: row for name, row in earlier.get("files", {}).items() if name not in quarantine.read}
    if others:
        _keep_rejected(before / REJECTED, folder / REJECTED, set(others))
    record = {**earlier, **about, "files": dict(sorted({**others, **quarantine.summary()}.items()))}
    text = json.dumps(plain(record), ensure_ascii=False, indent=2) + "\n"
    (folder / IMPORTED).write_text(text, encoding="utf-8", errors="replace")


def _keep_rejected(earlier: Path, now: Path, files: set[str]) -> None:
    if earlier.exists():
        with earlier.open(encoding="utf-8") as lines, now.open("a", encoding="utf-8") as file:
            file.writelines(line for line in lines if json.loads(line)["file"] in files)
