"""A secret is found in every spelling that another language's JSON gives it, and the rest of the text stays."""

import json

import pytest

from recado.calls.masks import SHOWN, Mask

SECRET = "s3cr&t/+é😀\"\\'x"


def escaped(text: str, *, upper: bool = False, level: int = 1) -> str:
    """Writes every sign that JSON lets one write so as `\\uXXXX`, and the slash as `\\/`."""
    raw = text.encode("utf-16-be")
    units = [raw[i : i + 2].hex() for i in range(0, len(raw), 2)]
    shown = "".join(
        "\\/" if unit == "002f" else f"\\u{unit.upper() if upper else unit}" for unit in units
    )
    return (
        shown if level == 1 else json.dumps(escaped(shown, level=1) if level > 2 else shown)[1:-1]
    )


def php(text: str) -> str:
    """PHP's json_encode: ASCII only, slashes escaped."""
    return json.dumps(text)[1:-1].replace("/", "\\/")


def dotnet(text: str) -> str:
    """System.Text.Json: ASCII only, HTML's signs and the plus as `\\uXXXX` in capitals."""
    shown = json.dumps(text)[1:-1].replace('\\"', "\\u0022")
    for sign in "&'+<>":
        shown = shown.replace(sign, f"\\u{ord(sign):04X}")
    return shown


@pytest.mark.parametrize(
    "spelled",
    [
        php(SECRET),
        dotnet(SECRET),
        escaped(SECRET),
        escaped(SECRET, upper=True),
        escaped(SECRET, level=2),
        json.dumps(php(SECRET))[1:-1],
        json.dumps(json.dumps(dotnet(SECRET))[1:-1])[1:-1],
        json.dumps(SECRET, ensure_ascii=False)[1:-1],
        "s3cr\\u0026t\\/+é😀\"\\'x",
    ],
)
def test_an_escaped_secret_is_masked_and_nothing_else(spelled: str) -> None:
    before, after = '{"n\\u00e3o": "caf\\u00e9 \\/ ', '", "b": "\\n"}'

    assert Mask([SECRET]).text(before + spelled + after) == before + SHOWN + after


def test_two_in_a_row_and_one_inside_the_other_are_masked() -> None:
    mask = Mask(["abc/def", "c/d"])

    assert mask.text("abc\\/defabc/def c\\/d") == f"{SHOWN}{SHOWN} {SHOWN}"


def test_a_path_that_looks_like_an_escape_is_found_as_it_is() -> None:
    assert Mask(["C:\\new\\table"]).text("in C:\\new\\table or C:\\\\new\\\\table") == (
        f"in {SHOWN} or {SHOWN}"
    )


@pytest.mark.parametrize("text", ["\\u12", "\\", "\\\\u0026", "\\ud800 \\udc00", "a\\/b\\u0026c"])
def test_a_text_without_secrets_is_as_it_was(text: str) -> None:
    assert Mask([SECRET]).text(text) == text
    assert Mask([]).text(text) == text


def test_secrets_in_texts_of_a_value_are_masked_too() -> None:
    value = {"log": [json.dumps({"k": SECRET}), php(SECRET)]}

    assert Mask([SECRET]).value(value) == {"log": [f'{{"k": "{SHOWN}"}}', SHOWN]}
