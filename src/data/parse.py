"""Counts, times and flags as people export them, read column by column.

Each function takes a text column and returns the value, null where the text is empty **or** cannot be read;
the caller tells the two apart, so that nothing unreadable becomes "not observed" in silence.
"""

import polars as pl

_MAGNITUDES = {"": 1.0, "k": 1e3, "m": 1e6, "b": 1e9, "md": 1e9, "mio": 1e6}
_DIGITS = {chr(start + digit): str(digit) for start in (0x0660, 0x06F0) for digit in range(10)}  # Arabic-Indic, Persian
_SIGNS = {"٬": ",", "٫": ".", "−": "-", "\u00a0": " ", "\u202f": " ", "\u2009": " "}  # the last three: kinds of blanks
_FLAGS = {"1": True, "true": True, "yes": True, "oui": True, "vrai": True,
          "0": False, "false": False, "no": False, "non": False, "faux": False}  # fmt: skip
_TIME_FORMATS = ("%Y-%m-%dT%H:%M:%S%.f", "%Y-%m-%d %H:%M:%S%.f", "%Y-%m-%d %H:%M", "%Y-%m-%d")
_ZONED_FORMATS = ("%Y-%m-%dT%H:%M:%S%.f%#z", "%Y-%m-%d %H:%M:%S%.f%#z")


def blank(text: pl.Expr) -> pl.Expr:
    """Tell whether a cell holds nothing: null, or white space only."""
    return text.is_null() | (text.str.strip_chars() == "")


def number(text: pl.Expr) -> pl.Expr:
    """Read a number with any usual separators, digits and magnitudes: ``304.9K``, ``1,2 M``, ``12 345``, ``١٢٣``.

    A separator followed by groups of exactly three digits separates thousands; else it is a decimal sign.
    With a magnitude a single separator is always a decimal sign (``1.234K`` is 1,234).
    """
    plain = text.str.replace_many(_DIGITS | _SIGNS).str.strip_chars().str.to_lowercase()
    parts = plain.str.extract_groups(r"^(?<sign>-?)(?<body>\d[\d., ']*?)\s*(?<suffix>k|m|b|md|mio)?$")
    suffix = parts.struct.field("suffix").fill_null("")
    body = parts.struct.field("body").str.replace_all(r"[ ']", "")
    grouped = body.str.contains(
        r"^\d{1,3}(,\d{3})+(\.\d+)?$|^\d{1,3}(\.\d{3}){2,}$|^\d{1,3}\.\d{3}$|^\d{1,3}(\.\d{3})+,\d+$"
    )
    single = body.str.count_matches(r"[.,]") == 1
    is_thousands = grouped & ~(single & (suffix != ""))
    last_is_comma = body.str.contains(r",\d+$") & body.str.contains(r"\.\d{3}")
    thousands = (
        pl.when(last_is_comma)
        .then(body.str.replace_all(".", "", literal=True).str.replace(",", ".", literal=True))
        .when(body.str.contains(r"^\d{1,3}(\.\d{3})+$"))
        .then(body.str.replace_all(".", "", literal=True))
        .otherwise(body.str.replace_all(",", "", literal=True))
    )
    digits = pl.when(is_thousands).then(thousands).otherwise(body.str.replace(",", ".", literal=True))
    sign = pl.when(parts.struct.field("sign") == "-").then(-1.0).otherwise(1.0)
    magnitude = suffix.replace_strict(_MAGNITUDES, default=None, return_dtype=pl.Float64)
    return digits.cast(pl.Float64, strict=False) * sign * magnitude


def count(text: pl.Expr) -> pl.Expr:
    """Read a whole number of at least 0; what is not whole or is negative is unreadable."""
    value = number(text).round(6)
    return pl.when((value >= 0) & (value == value.floor())).then(value).cast(pl.Int64, strict=False)


def money(text: pl.Expr) -> pl.Expr:
    """Read an amount of at least 0, without a currency sign."""
    value = number(text)
    return pl.when(value >= 0).then(value)


def times(text: pl.Series, timezone: str = "UTC") -> pl.Series:
    """Read a column of times, see :func:`time`."""
    return text.to_frame("text").select(time(pl.col("text"), timezone)).to_series()


def time(text: pl.Expr, timezone: str = "UTC") -> pl.Expr:
    """Read a time: ISO 8601 with or without a zone, a date, or Unix seconds; returns UTC.

    :param timezone: The zone of times that name none.
    """
    plain = text.str.strip_chars()
    zoned = [plain.str.to_datetime(form, time_unit="us", time_zone="UTC", strict=False) for form in _ZONED_FORMATS]
    local = [
        plain.str.to_datetime(form, time_unit="us", strict=False)
        .dt.replace_time_zone(timezone, ambiguous="earliest", non_existent="null")
        .dt.convert_time_zone("UTC")
        for form in _TIME_FORMATS
    ]
    seconds = pl.when(plain.str.contains(r"^\d{9,10}$")).then(plain).cast(pl.Int64, strict=False)
    unix = (seconds * 1_000_000).cast(pl.Datetime("us", "UTC"))
    return pl.coalesce([*zoned, *local, unix])


def flag(text: pl.Expr) -> pl.Expr:
    """Read true or false in English, French or as 0 and 1."""
    return text.str.strip_chars().str.to_lowercase().replace_strict(_FLAGS, default=None, return_dtype=pl.Boolean)
