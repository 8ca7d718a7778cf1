"""People leave as keyed hashes: the same person has the same id in every import made with the same key."""

import hmac
import os

import polars as pl

from ..keyfile import own_secret

KEY_VARIABLE = "THIQA_ID_KEY"
ID_BYTES = 8  # 64 bits: no collision to fear among the accounts of one country


def id_key() -> bytes:
    """Return the secret key of this user: ``THIQA_ID_KEY``, else a file made once with mode 600."""
    from_environment = os.environ.get(KEY_VARIABLE)
    if from_environment:
        return from_environment.encode()
    return own_secret("id.key").encode()


def keyed_hash(native_id: str, key: bytes) -> str:
    """Hash one native id: HMAC-SHA256 with the user's key, the first 64 bits in hexadecimal."""
    return hmac.digest(key, native_id.encode(), "sha256")[:ID_BYTES].hex()


def person_ids(native: pl.Series, platform: pl.Series, key: bytes) -> pl.Series:
    """Turn native ids into ``platform:hash``; each distinct id is hashed once, a null stays null."""
    distinct = native.drop_nulls().unique()
    hashes = {value: keyed_hash(value, key) for value in distinct}
    return platform + ":" + native.replace_strict(hashes, return_dtype=pl.String)
