"""Contact details taken out of texts that leave ``data/raw``."""

import re

_EMAIL = re.compile(r"[\w.+-]{1,64}@[\w-]{1,63}(?:\.[\w-]{1,63}){1,4}")
_LINK = re.compile(r"(?:https?://|www\.|wa\.me/|t\.me/)\S{1,500}", re.IGNORECASE)
_PHONE = re.compile(r"(?:\+|00)?\d(?:[ .\-/]?\d){7,14}")


def scrub(text: str) -> str:
    """Replace e-mail addresses, links and phone numbers by a mark.

    >>> scrub("appelle 06 12 34 56 78 ou ecris a a.b@c.ma")
    'appelle [phone] ou ecris a [email]'
    """
    return _PHONE.sub("[phone]", _LINK.sub("[link]", _EMAIL.sub("[email]", text)))
