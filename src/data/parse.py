"""Counts, times and flags as people export them, read column by column.

Each function takes a text column and returns the value, null where the text is empty **or** cannot be read;
the caller tells the two apart, so that nothing unreadable becomes "not observed" in silence.
"""

from functools import cache

import dateparser
import polars as pl
from babel.dates import get_month_names

_MAGNITUDES = {"": 1.0, "k": 1e3, "m": 1e6, "b": 1e9, "md": 1e9, "mio": 1e6, "mrd": 1e9, "mille": 1e3, "mln": 1e6,
               "million": 1e6, "millions": 1e6, "ألف": 1e3, "الف": 1e3, "مليون": 1e6, "bn": 1e9}  # fmt: skip
_DIGITS = {chr(start + digit): str(digit) for start in (0x0660, 0x06F0) for digit in range(10)}  # Arabic-Indic, Persian
# signs as ASCII has them: blanks of three kinds become one, marks of direction go
_SIGNS = {"٬": ",", "٫": ".", "−": "-", "\u00a0": " ", "\u202f": " ", "\u2009": " ", "’": "'",
          "\u200e": "", "\u200f": "", "\u061c": "", "\ufeff": ""}  # fmt: skip
_CURRENCY = r"(?i)^(?:mad|dhs?|د\.?\s?م\.?|درهم)\s*|\s*(?:mad|dhs?|dirhams?|د\.?\s?م\.?|درهم)\.?$"
_FLAGS = {"1": True, "true": True, "yes": True, "oui": True, "vrai": True, "نعم": True, "y": True, "o": True,
          "0": False, "false": False, "no": False, "non": False, "faux": False, "لا": False, "n": False}  # fmt: skip
_TIME_FORMATS = ("%Y-%m-%dT%H:%M:%S%.f", "%Y-%m-%d %H:%M:%S%.f", "%Y-%m-%d %H:%M", "%Y-%m-%d", "%Y/%m/%d %H:%M:%S",
                 "%Y/%m/%d", "%Y-%m-%dT%H:%M", "%Y-%m-%d %I:%M %p", "%Y%m%d")  # fmt: skip
_ZONED_FORMATS = ("%Y-%m-%dT%H:%M:%S%.f%#z", "%Y-%m-%d %H:%M:%S%.f%#z", "%Y-%m-%d %H:%M:%S%.f %#z",
                  "%a %b %d %H:%M:%S %z %Y", "%a, %d %b %Y %H:%M:%S %z")  # fmt: skip
_CLOCK = r"(?:[\sT,]+(?:à|at|على|الساعة)?\s*(\d{1,2})[:hH](\d{2})(?::(\d{2}))?\s*(am|pm|ص|م)?)?$"
_NUMERIC_DATE = r"(?i)^(\d{1,2})[/.\-](\d{1,2})[/.\-](\d{4}|\d{2})" + _CLOCK
_DAY_FIRST = r"(?i)^(?:[^\W\d]+[.,]?\s+)?(\d{1,2})(?:er|st|nd|rd|th)?\s+([^\W\d]+)\.?,?\s+(\d{4})" + _CLOCK
_MONTH_FIRST = r"(?i)^(?:[^\W\d]+,\s+)?([^\W\d]+)\.?\s+(\d{1,2})(?:st|nd|rd|th)?,?\s+(\d{4})" + _CLOCK
_LANGUAGES = ["fr", "ar", "en", "es"]
_MOROCCAN_MONTHS = {"غشت": 8, "شتنبر": 9, "نونبر": 11, "دجنبر": 12, "يوليوز": 7, "ماي": 5}
SOUND_YEARS = (1970, 2100)  # what lies beyond is a slip, not a time
MOST_ODD_TIMES = 1_000  # distinct times a chunk that are looked at one by one


def blank(text: pl.Expr) -> pl.Expr:
    """Tell whether a cell holds nothing: null, or white space only."""
    return text.is_null() | (text.str.strip_chars() == "")


def plain_digits(text: pl.Expr) -> pl.Expr:
    """Write digits, separators and blanks of Arabic and French text as ASCII has them."""
    return text.str.replace_many(_DIGITS | _SIGNS).str.strip_chars()


def number(text: pl.Expr) -> pl.Expr:
    """Read a number with any usual separators, digits and magnitudes: ``304.9K``, ``1,2 M``, ``12 345``, ``١٢٣``.

    A separator followed by groups of exactly three digits separates thousands; else it is a decimal sign.
    With a magnitude a single separator is always a decimal sign (``1.234K`` is 1,234).
    """
    plain = plain_digits(text).str.to_lowercase()
    parts = plain.str.extract_groups(r"^(?<sign>-?)(?<body>\d[\d., ']*?)\s*(?<suffix>[\p{L}]{1,8})?$")
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
    return pl.when((value >= 0) & (value == value.floor()) & (value < 2**53)).then(value).cast(pl.Int64, strict=False)


def money(text: pl.Expr) -> pl.Expr:
    """Read an amount of at least 0, with or without a sign of dirhams: ``1.234,50 DH``."""
    value = number(plain_digits(text).str.replace_all(_CURRENCY, ""))
    return pl.when((value >= 0) & value.is_finite()).then(value)


def times(text: pl.Series, timezone: str = "UTC") -> pl.Series:
    """Read a column of times, in UTC: ISO 8601, Unix seconds or milliseconds, and as people of a country write them.

    Day and month of ``03/04/2024`` are told by the other values of the column, else the day comes first.

    :param timezone: The zone of times that name none.
    """
    frame = pl.DataFrame({"text": text.cast(pl.String)})
    frame = frame.with_columns(plain_digits(pl.col("text")).replace("", None))
    frame = frame.with_columns(time=_machine_time(timezone))
    odd = frame.filter(pl.col("time").is_null() & pl.col("text").is_not_null())["text"].unique()
    if len(odd):
        read = _human_times(odd, timezone)
        frame = frame.with_columns(
            time=pl.coalesce("time", pl.col("text").replace_strict(odd, read, default=None, return_dtype=read.dtype))
        )
    sound = pl.col("time").dt.year().is_between(*SOUND_YEARS)
    return frame.select(pl.when(sound).then("time")).to_series().rename(text.name)


def _machine_time(timezone: str) -> pl.Expr:
    plain = pl.col("text")
    zoned = [plain.str.to_datetime(form, time_unit="us", time_zone="UTC", strict=False) for form in _ZONED_FORMATS]
    local = [_in_utc(plain.str.to_datetime(form, time_unit="us", strict=False), timezone) for form in _TIME_FORMATS]
    number = pl.when(plain.str.contains(r"^\d{9,10}$|^\d{12,13}$")).then(plain).cast(pl.Int64, strict=False)
    unix = pl.when(number < 10**11).then(number * 1_000_000).otherwise(number * 1_000).cast(pl.Datetime("us", "UTC"))
    return pl.coalesce([*zoned, unix, *local])


def _in_utc(local: pl.Expr, timezone: str) -> pl.Expr:
    zoned = local.dt.replace_time_zone(timezone, ambiguous="earliest", non_existent="null")
    return zoned.dt.convert_time_zone("UTC")


def _human_times(odd: pl.Series, timezone: str) -> pl.Series:
    """Read distinct texts: numbers in the order of a country, names of months, and last whatever else is a date."""
    frame = pl.DataFrame({"text": odd})
    parts = frame.select(
        n=pl.col("text").str.extract_groups(_NUMERIC_DATE),
        d=pl.col("text").str.extract_groups(_DAY_FIRST),
        m=pl.col("text").str.extract_groups(_MONTH_FIRST),
    )
    first, second = (parts["n"].struct.field(str(group)).cast(pl.Int64, strict=False) for group in (1, 2))
    month_first = bool((second > 12).any()) and not bool((first > 12).any())
    numeric = _dated(parts["n"], (2, 1, 3) if month_first else (1, 2, 3))
    local = numeric.zip_with(numeric.is_not_null(), _dated(parts["d"], (1, 2, 3)))
    local = local.zip_with(local.is_not_null(), _dated(parts["m"], (2, 1, 3)))
    left = frame.filter(local.is_null())["text"].head(MOST_ODD_TIMES)
    settings = {"DATE_ORDER": "DMY", "REQUIRE_PARTS": ["day", "month", "year"], "TO_TIMEZONE": "UTC",
                "RETURN_AS_TIMEZONE_AWARE": True, "TIMEZONE": timezone, "STRICT_PARSING": True,
                "PARSERS": ["absolute-time"]}  # fmt: skip
    last = {text: dateparser.parse(text[:60], languages=_LANGUAGES, settings=settings) for text in left}
    found = pl.Series([last.get(text) for text in odd], dtype=pl.Datetime("us", "UTC"))
    return pl.select(pl.coalesce(_in_utc(pl.lit(local), timezone), pl.lit(found))).to_series()


def _dated(parts: pl.Series, order: tuple[int, int, int]) -> pl.Series:
    """Put day, month, year and clock of a match together; impossible ones are null."""
    groups = {name: parts.struct.field(str(index)) for name, index in zip("dmy", order, strict=True)}
    names = pl.DataFrame({**groups, "h": parts.struct.field("4"), "i": parts.struct.field("5"),
                          "s": parts.struct.field("6"), "half": parts.struct.field("7")})  # fmt: skip
    year = pl.when(pl.col("y").str.len_chars() == 2).then("20" + pl.col("y")).otherwise("y")
    month = pl.col("m").str.to_lowercase().replace_strict(_months(), default=pl.col("m"), return_dtype=pl.String)
    late = pl.col("half").str.to_lowercase().is_in(["pm", "م"])
    early = pl.col("half").str.to_lowercase().is_in(["am", "ص"])
    hour = pl.col("h").cast(pl.Int64, strict=False).fill_null(0)
    hour = pl.when(late & (hour < 12)).then(hour + 12).when(early & (hour == 12)).then(0).otherwise(hour)
    whole = pl.concat_str(
        [year, month, pl.col("d"), hour.cast(pl.String), pl.col("i").fill_null("0"), pl.col("s").fill_null("0")],
        separator=" ",
    )
    return names.select(whole.str.to_datetime("%Y %m %d %H %M %S", time_unit="us", strict=False)).to_series()


@cache
def _months() -> dict[str, str]:
    """Name the months in the languages of exports, with the names that only Morocco uses."""
    names = dict(_MOROCCAN_MONTHS)
    for locale in ("fr", "en", "ar", "ar_MA", "es"):
        for width in ("wide", "abbreviated"):
            for month, name in get_month_names(width, locale=locale).items():
                names[name.lower().rstrip(".")] = month
    plain = {name.translate(str.maketrans("éûèô", "eueo")): month for name, month in names.items()}
    return {name: str(month) for name, month in (plain | names).items()}


def flag(text: pl.Expr) -> pl.Expr:
    """Read true or false in English, French, Arabic or as 0 and 1."""
    return text.str.strip_chars().str.to_lowercase().replace_strict(_FLAGS, default=None, return_dtype=pl.Boolean)
