"""Pix: the BR Code that a bank app pays ("copia e cola" and QR), written by the rules of Banco Central's manual.

A BR Code is EMV's merchant-presented QR code: fields of two digits of id, two of length and the value, closed by a
CRC. Ours is a static one: it names a key, and says the amount and an id where they are known.
"""

import re
import unicodedata
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal
from typing import Literal

from recado.engine.addresses import read_email
from recado.engine.documents import read_cnpj, read_cpf
from recado.engine.events import Json
from recado.engine.numbers import read_number

# Limits of the manual, in characters.
MAX_NAME = 25
MAX_CITY = 15
MAX_EMAIL = 77
MAX_AMOUNT = Decimal("9999999999.99")
ANY_TXID = "***"  # the payer's bank gives no id on to us

KeyKind = Literal["CPF", "CNPJ", "EMAIL", "PHONE", "EVP"]

_CENT = Decimal("0.01")
_CURRENCY = re.compile(r"^\s*R\$\s*")
_TXID = re.compile(r"[a-zA-Z0-9]{1,25}")
_PHONE = re.compile(r"\+55[1-9][0-9]9?[0-9]{8}")
_PHONE_SIGNS = re.compile(r"[\s().-]")
_EVP = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")


@dataclass(frozen=True, slots=True)
class PixKey:
    """A key as banks write it, and of which kind it is."""

    kind: KeyKind
    value: str


def read_key(text: str) -> PixKey | None:
    """Reads a Pix key in any spelling; None for what is none. A telephone needs its +55, else it might be a CPF."""
    text = text.strip()
    if text.startswith("+"):
        phone = _PHONE_SIGNS.sub("", text)
        return PixKey("PHONE", phone) if _PHONE.fullmatch(phone) else None
    if "@" in text:
        email = read_email(text)
        return PixKey("EMAIL", email) if email and len(email) <= MAX_EMAIL else None
    if _EVP.fullmatch(text.lower()):
        return PixKey("EVP", text.lower())
    if cpf := read_cpf(text):
        return PixKey("CPF", cpf)
    cnpj = read_cnpj(text)
    return PixKey("CNPJ", cnpj) if cnpj else None


def read_txid(text: str) -> str | None:
    """Reads the id that comes back with the payment: up to 25 letters and digits, none at all for an empty text."""
    text = text.strip()
    if text in ("", ANY_TXID):
        return ANY_TXID
    return text if _TXID.fullmatch(text) else None


def read_amount(value: Json) -> Decimal | None:
    """Reads an amount in reais, rounded to cents; None for what is no number, nothing or too much."""
    number = read_number(_CURRENCY.sub("", value) if isinstance(value, str) else value)
    if number is None or not 0 < number <= MAX_AMOUNT:
        return None
    rounded = number.quantize(_CENT, ROUND_HALF_UP)
    return rounded if 0 < rounded <= MAX_AMOUNT else None


def plain(text: str, *, limit: int) -> str:
    """Writes a name in plain ASCII, as every bank app reads it, and cuts it where the manual ends it."""
    spread = unicodedata.normalize("NFKD", text)
    ascii = "".join(sign for sign in spread if " " <= sign <= "~" or sign.isspace())
    return " ".join(ascii.split())[:limit].rstrip()


def br_code(
    key: PixKey, *, name: str, city: str, amount: Decimal | None = None, txid: str = ANY_TXID
) -> str:
    """Writes the "copia e cola"; names are made plain. Raises ValueError where nothing is left of one."""
    name, city = plain(name, limit=MAX_NAME), plain(city, limit=MAX_CITY)
    if not (name and city):
        raise ValueError("a BR Code needs the receiver's name and city")
    account = _field(0, "br.gov.bcb.pix") + _field(1, key.value)
    fields = [
        _field(0, "01"),
        _field(26, account),
        _field(52, "0000"),  # no merchant category
        _field(53, "986"),  # real
        _field(54, f"{amount:.2f}") if amount is not None else "",
        _field(58, "BR"),
        _field(59, name),
        _field(60, city),
        _field(62, _field(5, txid)),
        "6304",
    ]
    open = "".join(fields)
    return f"{open}{crc16(open.encode('ascii')):04X}"


def crc16(data: bytes) -> int:
    """Computes the checksum that EMV prescribes: CRC-16 with polynomial 0x1021, beginning with 0xFFFF."""
    crc = 0xFFFF
    for byte in data:
        crc ^= byte << 8
        for _ in range(8):
            crc = (crc << 1) ^ 0x1021 if crc & 0x8000 else crc << 1
        crc &= 0xFFFF
    return crc


def _field(id: int, value: str) -> str:
    return f"{id:02}{len(value):02}{value}"
