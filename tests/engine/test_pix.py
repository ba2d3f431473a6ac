"""Pix: published codes come out letter by letter, and a reader of EMV's fields reads back what was written."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from recado.engine.pix import (
    MAX_CITY,
    MAX_NAME,
    KeyKind,
    PixKey,
    br_code,
    crc16,
    plain,
    read_amount,
    read_key,
    read_txid,
)

# The example of Banco Central's "Manual de Padrões para Iniciação do Pix": a static code.
MANUAL = (
    "00020126580014br.gov.bcb.pix0136123e4567-e12b-12d1-a456-4266554400005204000053039865802BR"
    "5913Fulano de Tal6008BRASILIA62070503***63041D3D"
)
EVP = PixKey("EVP", "123e4567-e12b-12d1-a456-426655440000")


def fields_of(code: str) -> dict[str, str]:
    """Reads the fields of an EMV text, each with two digits of id and two of length; the whole of it must be used."""
    fields: dict[str, str] = {}
    while code:
        id, length = code[:2], int(code[2:4])
        assert len(code) >= 4 + length
        assert id not in fields
        fields[id] = code[4 : 4 + length]
        code = code[4 + length :]
    return fields


def is_sealed(code: str) -> bool:
    """Checks the CRC bit by bit, as a division of polynomials, and not as the code under test does it."""
    bits = int.from_bytes(code[:-4].encode("ascii")) << 16
    length = len(code[:-4]) * 8
    bits ^= 0xFFFF << length  # the register begins with ones
    for place in range(length + 15, 15, -1):
        if bits >> place & 1:
            bits ^= 0x11021 << (place - 16)
    return f"{bits:04X}" == code[-4:]


def test_the_manuals_own_code_comes_out() -> None:
    assert br_code(EVP, name="Fulano de Tal", city="BRASILIA") == MANUAL


@pytest.mark.parametrize(
    ("text", "crc"),
    [
        ("123456789", "29B1"),  # the check value of CRC-16/CCITT-FALSE
        (MANUAL[:-4], "1D3D"),
        (  # the manual's example of a dynamic code
            "00020101021226720014br.gov.bcb.pix2550bx.com.br/pix/8b3da2f3-9a41-40d1-a91a-bd93113bd441"
            "5204000053039865406123.455802BR5913Fulano de Tal6008BRASILIA62190515RP12345678-20196304",
            "45C8",
        ),
    ],
)
def test_the_checksum_is_that_of_published_codes(text: str, crc: str) -> None:
    assert f"{crc16(text.encode()):04X}" == crc
    assert is_sealed(text + crc)


names = st.text(min_size=1).filter(lambda text: plain(text, limit=MAX_NAME))
cities = st.text(min_size=1).filter(lambda text: plain(text, limit=MAX_CITY))
amounts = st.none() | st.decimals("0.01", "9999999999.99", places=2)
txids = st.just("***") | st.from_regex(r"[a-zA-Z0-9]{1,25}", fullmatch=True)
keys = st.sampled_from(
    [EVP, PixKey("CPF", "52998224725"), PixKey("EMAIL", f"{'a' * 64}@{'b' * 8}.com")]
)


@given(key=keys, name=names, city=cities, amount=amounts, txid=txids)
def test_what_is_written_can_be_read_back(
    key: PixKey, name: str, city: str, amount: Decimal | None, txid: str
) -> None:
    code = br_code(key, name=name, city=city, amount=amount, txid=txid)

    fields = fields_of(code)
    assert is_sealed(code)
    assert fields_of(fields["26"]) == {"00": "br.gov.bcb.pix", "01": key.value}
    assert fields.get("54") == (None if amount is None else f"{amount:.2f}")
    assert fields_of(fields["62"]) == {"05": txid}
    assert (fields["59"], fields["60"]) == (plain(name, limit=25), plain(city, limit=15))
    assert {id: fields[id] for id in ("00", "52", "53", "58")} == {
        "00": "01",
        "52": "0000",
        "53": "986",
        "58": "BR",
    }
    assert code.isascii()
    assert list(fields) == sorted(fields)


@pytest.mark.parametrize(
    ("written", "kind", "key"),
    [
        (" 529.982.247-25 ", "CPF", "52998224725"),
        ("52998224725", "CPF", "52998224725"),
        ("11.222.333/0001-81", "CNPJ", "11222333000181"),
        ("12.abc.345/01de-35", "CNPJ", "12ABC34501DE35"),
        ("Ana@Padaria.com.br", "EMAIL", "ana@padaria.com.br"),
        ("+55 (11) 98765-4321", "PHONE", "+5511987654321"),
        ("+551133334444", "PHONE", "+551133334444"),
        ("123E4567-E12B-12D1-A456-426655440000", "EVP", "123e4567-e12b-12d1-a456-426655440000"),
    ],
)
def test_a_key_is_read_in_any_spelling(written: str, kind: KeyKind, key: str) -> None:
    assert read_key(written) == PixKey(kind, key)


@pytest.mark.parametrize(
    "written",
    [
        "",
        "529.982.247-26",  # its check digits are wrong
        "111.111.111-11",
        "11.222.333/0001-80",
        "12.abc.345/01de-36",
        "11987654321",  # a telephone without +55, or a mistyped CPF
        "+1 650 555 1234",
        "+55119876543",
        "ana@padaria",
        f"{'a' * 64}@{'b' * 9}.com",  # 78 characters
        "123e4567e12b12d1a456426655440000",
    ],
)
def test_what_is_no_key_is_none(written: str) -> None:
    assert read_key(written) is None


@pytest.mark.parametrize(
    ("written", "amount"),
    [
        (10, "10.00"),
        (19.9, "19.90"),
        (12.345, "12.35"),
        (0.005, "0.01"),
        ("19,90", "19.90"),
        ("R$ 1.234,56", "1234.56"),
        ("R$\N{NO-BREAK SPACE}19,90", "19.90"),
        (9_999_999_999.99, "9999999999.99"),
    ],
)
def test_an_amount_has_cents(written: object, amount: str) -> None:
    assert read_amount(written) == Decimal(amount)


@pytest.mark.parametrize("written", [None, True, "", "dez", 0, "0,00", 0.004, -1, "-1", 1e10, [1]])
def test_what_is_no_amount_is_none(written: object) -> None:
    assert read_amount(written) is None


@pytest.mark.parametrize(
    ("written", "txid"),
    [("", "***"), ("***", "***"), (" PEDIDO7 ", "PEDIDO7"), ("a" * 25, "a" * 25)],
)
def test_an_id_is_letters_and_digits(written: str, txid: str) -> None:
    assert read_txid(written) == txid


@pytest.mark.parametrize("written", ["a" * 26, "PED-7", "ção", "a b", "****"])
def test_another_id_is_none(written: str) -> None:
    assert read_txid(written) is None


@pytest.mark.parametrize(
    ("written", "shown"),
    [
        ("Padaria São João & Cia", "Padaria Sao Joao & Cia"),
        ("  Ana\n\tSouza 🍞 ", "Ana Souza"),
        ("Município de Nossa Senhora do Ó", "Municipio de Nossa Senhor"),
        ("Loja da Rua 25 de Março na", "Loja da Rua 25 de Marco n"),
        ("北京", ""),
    ],
)
def test_a_name_is_plain_and_not_too_long(written: str, shown: str) -> None:
    assert plain(written, limit=25) == shown


def test_a_code_without_a_readable_name_is_refused() -> None:
    with pytest.raises(ValueError, match="name"):
        br_code(EVP, name="北京", city="BRASILIA")
