"""The written forms that models read: normal spelling, and a code of sounds that Latin and Arabic letters share."""

import polars as pl

# One letter of Tifinagh each; no tokenizer and no n-gram learns the script from a few hundred texts.
_TIFINAGH = {
    "ⴰ": "a", "ⴱ": "b", "ⴳ": "g", "ⴷ": "d", "ⴹ": "d", "ⴻ": "e", "ⴼ": "f", "ⴽ": "k", "ⵀ": "h", "ⵃ": "h", "ⵄ": "3",
    "ⵅ": "kh", "ⵇ": "q", "ⵉ": "i", "ⵊ": "j", "ⵍ": "l", "ⵎ": "m", "ⵏ": "n", "ⵓ": "u", "ⵔ": "r", "ⵕ": "r", "ⵖ": "gh",
    "ⵙ": "s", "ⵚ": "s", "ⵛ": "ch", "ⵜ": "t", "ⵟ": "t", "ⵡ": "w", "ⵢ": "y", "ⵣ": "z", "ⵥ": "z", "ⵯ": "w", "ⴲ": "b",
    "ⴵ": "j", "ⵞ": "ch", "ⵠ": "v", "ⵒ": "p", "ⵁ": "h", "ⴿ": "k", "ⴴ": "g", "ⴶ": "g", "ⵆ": "kh",
}  # fmt: skip
_ARABIC = {"أ": "ا", "إ": "ا", "آ": "ا", "ٱ": "ا", "ى": "ي", "ة": "ه", "ـ": "", "ؤ": "و", "ئ": "ي", "گ": "ك", "ڭ": "ك",
           "ݣ": "ك", "ڤ": "ف", "پ": "ب", "چ": "ش", "ی": "ي", "ک": "ك", "؟": "?", "،": ",", "؛": ";"}  # fmt: skip
_ARABIC_DIGITS = dict(zip("٠١٢٣٤٥٦٧٨٩۰۱۲۳۴۵۶۷۸۹", "01234567890123456789", strict=True))
_QUOTES = {"’": "'", "‘": "'", "“": '"', "”": '"', "«": '"', "»": '"', "…": "...", "\ufe0f": ""}
_INVISIBLE = "[\\u200b-\\u200c\\u200e-\\u200f\\u202a-\\u202e\\u2060-\\u2069\\ufeff]"  # the joiner of emoji stays
# Sounds: consonants that both scripts write, Arabizi's digits included; vowels go, since Arabic rarely writes them.
_SOUNDS_ARABIC = {
    "ب": "b", "ت": "t", "ث": "t", "ج": "j", "ح": "h", "خ": "x", "د": "d", "ذ": "d", "ر": "r", "ز": "z", "س": "s",
    "ش": "c", "ص": "s", "ض": "d", "ط": "t", "ظ": "d", "ع": "3", "غ": "g", "ف": "f", "ق": "q", "ك": "k", "ل": "l",
    "م": "m", "ن": "n", "ه": "h", "و": "", "ي": "", "ا": "", "ء": "",
}  # fmt: skip
_SOUNDS_PAIRS = {"ch": "c", "sh": "c", "kh": "x", "gh": "g", "ou": "", "th": "t", "dh": "d", "ph": "f", "qu": "k"}
_SOUNDS_LATIN = {"7": "h", "9": "q", "5": "x", "8": "g", "p": "b", "v": "f", "w": "", "y": "", "a": "", "e": "",
                 "i": "", "o": "", "u": "", "2": ""}  # fmt: skip


def latin(text: pl.Expr) -> pl.Expr:
    """Write Tifinagh in Latin letters, and leave everything else alone."""
    return text.fill_null("").str.replace_many(_TIFINAGH)


def normal(text: pl.Expr) -> pl.Expr:
    """Write a text in its normal spelling, with one blank at both ends.

    Lower case, accents and vowel signs dropped, one form of each Arabic letter, Tifinagh in Latin letters, addresses
    as ``<url>``, runs of three and more signs cut to two. Punctuation, emoji, ``#`` and ``@`` stay.
    """
    plain = text.fill_null("").str.normalize("NFKD").str.replace_all(_INVISIBLE, "").str.to_lowercase()
    plain = plain.str.replace_many({**_ARABIC, **_ARABIC_DIGITS, **_QUOTES, **_TIFINAGH}).str.replace_all(r"\p{M}", "")
    plain = plain.str.replace_all(r"(?:https?://|www\.)\S+|\b[a-z0-9-]+\.(?:com|ma|net|org|me|ly|fr)\b\S*", " <url> ")
    plain = plain.str.replace_all(r"\d{5,}", "00000").str.replace_all(r"\s+", " ")
    return pl.concat_str(pl.lit(" "), plain.str.strip_chars(), pl.lit(" "))


def sounds(normalised: pl.Expr) -> pl.Expr:
    """Reduce normal spelling to a code of consonants, so that ``chrit`` and ``شريت`` become one word.

    Digits are sounds only inside a word of letters; numbers, signs and emoji are dropped.
    """
    words = normalised.str.replace_all(r"(^| )[#@]?\d[\d.,%]*( |$)", "$1$2").str.replace_all("<url>", "")
    code = words.str.replace_many(_SOUNDS_PAIRS).str.replace_many({**_SOUNDS_ARABIC, **_SOUNDS_LATIN})
    return code.str.replace_all(r"[^a-z39]+", " ")
