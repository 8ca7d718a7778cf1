"""From bytes to text: byte-order marks, UTF-16, and the Windows encodings of Arabic and French exports."""

import codecs
import html
import io
import re
from typing import IO

from charset_normalizer import from_bytes

from .found import Found, readable

SAMPLE_BYTES = 200_000
_MARKS = ((codecs.BOM_UTF8, "utf-8-sig"), (codecs.BOM_UTF32_LE, "utf-32"), (codecs.BOM_UTF32_BE, "utf-32"),
          (codecs.BOM_UTF16_LE, "utf-16"), (codecs.BOM_UTF16_BE, "utf-16"))  # fmt: skip
_WINDOWS = ["cp1256", "cp1252"]
_BREAK = re.compile(r"<br\s*/?>", re.IGNORECASE)
_TAG = re.compile(r"</?(?:a|b|i|u|s|p|em|div|img|span|font|strong|quot)(?:\s[^<>]{0,2000})?/?>", re.IGNORECASE)
_SURROGATE = re.compile("[\ud800-\udfff]")


def encoding(found: Found) -> str:
    """Find a file's encoding: its mark, else UTF-8 if all of it is, else UTF-16 by its zeros, else a guess.

    :raises InputError: If the file cannot be read.
    """
    with readable(found) as stream:
        head = stream.read(SAMPLE_BYTES)
        for mark, name in _MARKS:
            if head.startswith(mark):
                return name
        if head[:200].count(0) > len(head[:200]) // 4:
            return "utf-16-le" if head[1:200:2].count(0) >= head[0:200:2].count(0) else "utf-16-be"
        if _is_utf8(head, stream):
            return "utf-8"
    return guessed(head)


def _is_utf8(head: bytes, stream: IO[bytes]) -> bool:
    decoder = codecs.getincrementaldecoder("utf-8")()
    try:
        decoder.decode(head)
        while block := stream.read(1 << 20):
            decoder.decode(block)
        decoder.decode(b"", final=True)
    except UnicodeDecodeError:
        return False
    return True


def guessed(sample: bytes) -> str:
    """Choose between the Windows encodings of Arabic and of French by the letters that come out."""
    odd = b"\n".join(line for line in sample.splitlines() if not line.isascii())[:SAMPLE_BYTES]
    best = from_bytes(odd or sample, cp_isolation=_WINDOWS, threshold=0.9).best()
    return best.encoding if best else "cp1252"


def as_text(stream: IO[bytes], name: str) -> io.TextIOWrapper:
    """Decode a stream; what no encoding explains becomes U+FFFD, line ends stay as they are."""
    return io.TextIOWrapper(stream, encoding=name, errors="replace", newline="")


def clean(text: str) -> str:
    r"""Take out what is no text: HTML remnants, zero bytes, halves of a pair of code units.

    >>> clean("C&#39;est <b>top</b><br>merci <3")
    "C'est top\nmerci <3"
    """
    if "<" in text:
        text = _TAG.sub("", _BREAK.sub("\n", text))
    if "&" in text:
        text = html.unescape(text)
    return whole(text)


def whole(text: str) -> str:
    """Replace what UTF-8 cannot hold, and take out zero bytes."""
    if "\0" in text:
        text = text.replace("\0", "")
    return text if text.isascii() else _SURROGATE.sub("\ufffd", text)


def unmangled(text: str) -> str:
    r"""Mend UTF-8 that was read as Latin-1, as in Instagram's and Facebook's own archives.

    >>> unmangled("Ã©tÃ© \u00f0\u009f\u0098\u008d"), unmangled("été")
    ('été 😍', 'été')
    """
    if text.isascii():
        return text
    try:
        return text.encode("latin-1").decode("utf-8")
    except UnicodeError:
        return text
