"""Telephone numbers: one spelling for one person, and the international form."""

import unicodedata

import phonenumbers

MEXICO = "52"
ARGENTINA = "54"


def digits(text: str) -> str:
    """Keeps only the digits of a text, in whatever script they were written."""
    return "".join(str(unicodedata.digit(sign)) for sign in text if sign.isdigit())


def canonical(digits: str) -> str:
    """Maps the spellings of one number, given as digits with country code, to a single one.

    Only for finding people: a message is sent to the digits as Meta last wrote them, because Meta keeps
    either spelling for an account and does not move it.
    """
    match digits[:2]:
        case "55" if _is_old_brazilian_mobile(digits):
            return digits[:4] + "9" + digits[4:]
        case "52" if len(digits) == 13 and digits[2] == "1":
            return (
                MEXICO + digits[3:]
            )  # Mexico dropped the 1 of its mobiles in 2019, WhatsApp did not
        case "54" if len(digits) == 12 and digits[2] not in "09":
            return ARGENTINA + "9" + digits[2:]  # WhatsApp's FAQ: all of Argentina has the 9
        case _:
            return digits


def e164(text: str, region: str = "BR") -> str | None:
    """Writes a number as `+` and digits; None when the text holds no digit.

    What the numbering plans know is put right (a missing country code is the region's). Anything else, such as
    a made-up number in a test, keeps its own digits.
    """
    plain = digits(text).removeprefix("00") or digits(text)
    if not plain:
        return None
    local = None if text.strip().startswith(("+", "00")) else _known(text, region)
    return local or _known("+" + plain, None) or "+" + plain


def _is_old_brazilian_mobile(digits: str) -> bool:
    # Area code and eight digits. Old mobiles began with 6 to 9; 2 to 5 are landlines, which got no ninth digit.
    return len(digits) == 12 and "0" not in digits[2:4] and digits[4] in "6789"


def _known(text: str, region: str | None) -> str | None:
    try:
        number = phonenumbers.parse(text, region)
    except phonenumbers.NumberParseException:
        return None
    if not phonenumbers.is_valid_number(number):
        return None
    return str(phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164))
