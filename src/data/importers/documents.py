"""JSON as it is saved: one answer a file, lists, lines, pages; large ones in parts, so that memory stays bounded."""

import json
from collections.abc import Iterator
from typing import Any, TextIO

from ...errors import InputError
from .decode import as_text, encoding
from .found import Found, readable

WHOLE_CHARACTERS = 16_000_000  # a larger document is read in parts
PART_ITEMS = 2_000
LONGEST_VALUE = 64_000_000  # characters of one value within a large document
DEEPEST_SPLIT = 3  # {"data": {"videos": [ … ]}} is split at its list
_DECODER = json.JSONDecoder(parse_int=str, parse_float=str, parse_constant=str)  # ids beyond 2^53 stay exact
_BLANK = " \t\r\n\ufeff"


class BadLine:
    """A line of JSON lines that is no JSON: one row, rejected."""

    def __init__(self, reason: str) -> None:
        self.reason = reason


def documents(found: Found) -> Iterator[tuple[int, Any]]:
    """Yield (line, document), numbers as text: the answer or its parts with line 0, or one document a line.

    :raises InputError: If the file is not JSON, with the place.
    """
    with readable(found) as stream, as_text(stream, encoding(found)) as text:
        try:
            head = text.read(WHOLE_CHARACTERS)
            if len(head) < WHOLE_CHARACTERS:
                yield from _small(head)
            else:
                yield from _large(head, text)
        except RecursionError:
            raise InputError(f"{found.name}: nested too deeply to be an answer of a platform; refused") from None
        except json.JSONDecodeError as error:
            raise InputError(_fault(found.name, error)) from None


def _fault(name: str, error: json.JSONDecodeError) -> str:
    at_end = error.pos >= len(error.doc.rstrip(_BLANK)) or error.msg.startswith("Unterminated")
    reason = "ends too early, cut short?" if at_end else error.msg
    if error.doc.lstrip(_BLANK)[:1] == "<":
        reason = "found HTML"
    if not error.doc.strip(_BLANK + "\0"):
        reason = "it is empty"
    return f"{name}: not JSON (line {error.lineno}, column {error.colno}: {reason}); save the answer again"


def _small(text: str) -> Iterator[tuple[int, Any]]:
    body = text.lstrip(_BLANK)
    try:
        yield 0, _DECODER.decode(body)
    except json.JSONDecodeError:
        if not _is_lines(body):
            raise
        yield from _lines(iter(body.splitlines()))


def _is_lines(text: str) -> bool:
    """Tell whether a text is JSON lines: its first line that holds something is a whole object."""
    first = next((line for line in text.splitlines() if line.strip()), "")
    try:
        return isinstance(_DECODER.decode(first.strip(_BLANK)), dict | list)
    except json.JSONDecodeError:
        return False


def _lines(lines: Iterator[str]) -> Iterator[tuple[int, Any]]:
    for number, line in enumerate(lines, 1):
        if not line.strip(_BLANK + "\0"):
            continue
        try:
            yield number, _DECODER.decode(line.strip(_BLANK))
        except json.JSONDecodeError as error:
            yield number, BadLine(f"not JSON ({error.msg})")


def _large(head: str, rest: TextIO) -> Iterator[tuple[int, Any]]:
    if _is_lines(head[: head.find("\n") + 1]):
        yield from _lines(_joined(head, rest))
    else:
        yield from ((0, part) for part in _split(_Window(head, rest), 0))


def _joined(head: str, rest: TextIO) -> Iterator[str]:
    *lines, last = head.split("\n")
    yield from lines
    yield last + rest.readline()
    yield from rest


class _Window:
    """A text too large to hold: what was not yet read is fetched when it is needed."""

    def __init__(self, head: str, rest: TextIO) -> None:
        self._text, self._rest, self._at, self._ended = head, rest, 0, False

    def _more(self) -> bool:
        if len(self._text) - self._at > LONGEST_VALUE:
            raise json.JSONDecodeError(f"a value of over {LONGEST_VALUE} characters", self._text, self._at)
        block = self._rest.read(WHOLE_CHARACTERS // 4)
        self._text, self._at, self._ended = self._text[self._at :] + block, 0, not block
        return bool(block)

    def peek(self) -> str:
        """Return the next sign that is not blank."""
        while True:
            while self._at < len(self._text) and self._text[self._at] in _BLANK:
                self._at += 1
            if self._at < len(self._text) or not self._more():
                return self._text[self._at : self._at + 1]

    def take(self, expected: str) -> str:
        """Pass over the next sign, which must be one of ``expected``."""
        sign = self.peek()
        if not sign or sign not in expected:
            raise json.JSONDecodeError(f"expected one of {expected}", self._text, self._at)
        self._at += 1
        return sign

    def value(self) -> Any:
        """Read one value."""
        self.peek()
        while True:
            try:
                value, end = _DECODER.raw_decode(self._text, self._at)
            except json.JSONDecodeError:
                if not self._more():
                    raise
                continue
            if end < len(self._text) or self._ended:
                self._at = end
                return value
            self._more()  # a number at the end of what was read may go on


def _split(window: _Window, depth: int) -> Iterator[Any]:
    """Yield a document in parts of the same shape: lists in slices, the other keys last."""
    sign = window.peek()
    if depth > DEEPEST_SPLIT or sign not in "{[" or not sign:
        yield window.value()
    elif sign == "[":
        yield from _split_list(window)
    else:
        yield from _split_object(window, depth)


def _split_list(window: _Window) -> Iterator[list[Any]]:
    window.take("[")
    part: list[Any] = []
    while window.peek() != "]":
        part.append(window.value())
        if len(part) == PART_ITEMS:
            yield part
            part = []
        if window.peek() != "]":
            window.take(",")
    window.take("]")
    if part:
        yield part


def _split_object(window: _Window, depth: int) -> Iterator[dict[str, Any]]:
    window.take("{")
    others: dict[str, Any] = {}
    while window.peek() != "}":
        key = window.value()
        window.take(":")
        if window.peek() in "{[":
            for part in _split(window, depth + 1):
                yield {key: part}
        else:
            others[key] = window.value()
        if window.peek() != "}":
            window.take(",")
    window.take("}")
    if others:
        yield others
