"""Golden files: every payload of `payloads/` parses to the `.expected.json` beside it.

`RECADO_GOLDEN=1 pytest tests/whatsapp/test_payloads.py` rewrites them; read the difference before committing it.
"""

import os
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import msgspec
import pytest

from recado.whatsapp.webhook import parse
from recado.whatsapp.wire import loose

PAYLOADS = Path(__file__).parent / "payloads"
EXPECTED = ".expected.json"
RECEIVED_AT = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)
UNSET = (None, (), "", False, b"null")
CASES = sorted(path.stem for path in PAYLOADS.glob("*.json") if not path.name.endswith(EXPECTED))


@pytest.mark.parametrize("case", CASES)
def test_a_payload_parses_to_its_golden_file(case: str) -> None:
    body = (PAYLOADS / f"{case}.json").read_bytes()
    expected = PAYLOADS / f"{case}{EXPECTED}"

    found = readable(parse(body, RECEIVED_AT))

    if os.environ.get("RECADO_GOLDEN") == "1":
        expected.write_bytes(msgspec.json.format(msgspec.json.encode(found)) + b"\n")
    assert found == msgspec.json.decode(expected.read_bytes())


def test_every_golden_file_has_its_payload() -> None:
    golden = {path.name.removesuffix(EXPECTED) for path in PAYLOADS.glob(f"*{EXPECTED}")}

    assert golden == set(CASES)


def readable(source: Any) -> Any:
    """Writes a parsed payload as plain JSON: without what is unset, raw bytes as the JSON that they are."""
    match source:
        case msgspec.Struct():
            members = {name: getattr(source, name) for name in source.__struct_fields__}
            return {key: readable(each) for key, each in members.items() if each not in UNSET}
        case tuple():
            return [readable(item) for item in source]
        case bytes():
            return loose(source)
        case datetime():
            return source.isoformat()
        case _:
            return source
