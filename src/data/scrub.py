"""Contact details taken out of texts that leave ``data/raw``."""

import re

import phonenumbers

_EMAIL = re.compile(r"[\w.+-]{1,64}\s?(?:@|\(at\)|\[at\]|\(arobase\))\s?[\w-]{1,63}(?:\.[\w-]{1,63}){1,4}")
_LINK = re.compile(
    r"(?:https?://|www\.|(?<![\w@.])(?:m\.|fr-fr\.)?(?:wa\.me|t\.me|fb\.me|fb\.com|facebook\.com|instagram\.com|instagr\.am|"
    r"snapchat\.com|tiktok\.com|linktr\.ee|telegram\.me|chat\.whatsapp\.com)/)\S{1,500}",
    re.IGNORECASE,
)
_PHONE = re.compile(r"(?:\+|00)?\d(?:[ .\-/]?\d){7,14}")
_DATE = re.compile(r"\d{1,2}([./-])\d{1,2}\1(?:19|20)\d\d|(?:19|20)\d\d([./-])\d{1,2}\2\d{1,2}")
_DIGITS = str.maketrans("٠١٢٣٤٥٦٧٨٩۰۱۲۳۴۵۶۷۸۹", "01234567890123456789")
_MANY_DIGITS = re.compile(r"(?:\d\W{0,2}){8}")
_COUNTRIES = ("MA", "FR")  # how numbers without a country's prefix are read


def scrub(text: str) -> str:
    """Replace e-mail addresses, links to profiles and sites, and phone numbers by a mark.

    >>> scrub("appelle 06 12 34 56 78 ou ecris a a.b@c.ma")
    'appelle [phone] ou ecris a [email]'
    >>> scrub("٠٦١٢٣٤٥٦٧٨ wa.me/212600 (0)6-12-34-56-78 instagram.com/amal.x")
    '[phone] [link] [phone] [link]'
    """
    text = _LINK.sub("[link]", _EMAIL.sub("[email]", text))
    if not _MANY_DIGITS.search(text):
        return text
    plain = text.translate(_DIGITS)  # one sign for one sign: places stay the same
    spans = [match.span() for match in _PHONE.finditer(plain)]
    for country in _COUNTRIES:
        spans += [(match.start, match.end) for match in phonenumbers.PhoneNumberMatcher(plain, country)]
    return _marked(text, [span for span in spans if not _DATE.fullmatch(plain[slice(*span)].strip())])


def _marked(text: str, spans: list[tuple[int, int]]) -> str:
    """Replace spans, overlapping ones as one."""
    out, at = [], 0
    for start, end in sorted(spans):
        if start >= at:
            out += [text[at:start], "[phone]"]
        at = max(at, end)
    return "".join([*out, text[at:]])
