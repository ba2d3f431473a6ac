"""E-mail addresses, telephone numbers and web addresses, as people type them."""

import re

import phonenumbers

from recado.engine.phones import e164

EMAIL = re.compile(
    r"[a-z0-9._%+-]{1,64}@(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z]{2,24}",
    re.IGNORECASE | re.ASCII,
)
PHONE = re.compile(r"\+?[\d\s().\-/]{8,40}")
URL = re.compile(
    r"(?P<scheme>https?://)?(?P<host>(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z]{2,24}|localhost)"
    r"(?::\d{1,5})?(?:[/?#]\S*)?",
    re.IGNORECASE | re.ASCII,
)
MAX_EMAIL = 254
MAX_URL = 2_048


def read_email(text: str) -> str | None:
    """Reads an e-mail address, in lower case as phones capitalise it at will."""
    typed = text.strip().lower()
    if len(typed) > MAX_EMAIL or ".." in typed or typed.startswith("."):
        return None
    return typed if EMAIL.fullmatch(typed) else None


def read_phone(text: str, region: str = "BR") -> str | None:
    """Reads a telephone number that the numbering plans know, as `+` and digits."""
    typed = text.strip()
    number = e164(typed, region) if PHONE.fullmatch(typed) else None
    return number if number and _is_valid(number) else None


def read_url(text: str) -> str | None:
    """Reads a web address; one without a scheme gets https."""
    typed = text.strip()
    found = URL.fullmatch(typed) if len(typed) <= MAX_URL else None
    if found is None:
        return None
    return typed if found["scheme"] else f"https://{typed}"


def _is_valid(number: str) -> bool:
    try:
        return phonenumbers.is_valid_number(phonenumbers.parse(number, None))
    except phonenumbers.NumberParseException:
        return False
