"""Ids as the importers make them: ``platform:16 hexadecimal digits``, built in bulk."""

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from ...tables import PLATFORMS
from .draws import Ints, Words

# platforms in the order of their names, so that ids sorted by (platform, number) are sorted as text
BY_NAME = tuple(sorted(PLATFORMS))
_HEX = np.frombuffer("".join(f"{byte:02x}" for byte in range(256)).encode(), dtype="S2")
_PREFIX = pa.array([f"{name}:" for name in BY_NAME])


def scrambled(numbers: Ints | Words, salt: int) -> Words:
    """Mix counters into 64 bits that look random, one to one (splitmix64), so distinct counters stay distinct."""
    with np.errstate(over="ignore"):
        word = numbers.astype(np.uint64) + np.uint64(salt % 2**64) * np.uint64(0x9E3779B97F4A7C15)
        word = (word ^ (word >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
        word = (word ^ (word >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
        return np.asarray(word ^ (word >> np.uint64(31)), dtype=np.uint64)


def hexadecimal(words: Words) -> pa.Array:
    """Write each number with 16 hexadecimal digits."""
    digits = _HEX[np.ascontiguousarray(words.astype(">u8")).view(np.uint8)].tobytes()
    offsets = np.arange(len(words) + 1, dtype=np.int32) * 16
    return pa.StringArray.from_buffers(len(words), pa.py_buffer(offsets), pa.py_buffer(digits))


def ids(platform: Ints, words: Words) -> pa.Array:
    """Join platforms (positions in :data:`BY_NAME`) and numbers into ids."""
    return pc.binary_join_element_wise(_PREFIX.take(pa.array(platform)), hexadecimal(words), "")


def post_words(number: Ints) -> Words:
    """Return the numbers of posts: 9 digits that count, so that blocks come sorted, and 7 that scramble."""
    high = number.astype(np.uint64) << np.uint64(28)
    return high | (scrambled(number, 0x905) >> np.uint64(36))


def comment_words(post_number: Ints, place: Ints) -> Words:
    """Return the numbers of comments: the post's 9 digits, 3 for the place in its thread, 4 that scramble."""
    high = (post_number.astype(np.uint64) << np.uint64(28)) | (place.astype(np.uint64) << np.uint64(16))
    return np.asarray(high | (scrambled(high, 0xC03) >> np.uint64(48)))
