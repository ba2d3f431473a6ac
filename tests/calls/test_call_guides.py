"""The guides to API calls and webhooks say what the code does: its figures, what goes out, how a signature is verified."""

import re
from pathlib import Path
from typing import Any

import pytest

from recado.calls.http import MOST_BYTES
from recado.calls.redirects import MOST
from recado.calls.webhook_signature import sign
from recado.engine.flow import MAX_VALUE_BYTES, MAX_VARIABLES_BYTES
from recado.engine.json_paths import MOST_WORK
from recado.engine.requests import Http
from recado.nodes.api_call import HARMLESS, ApiCall
from tests.engine.flows import flow, node
from tests.engine.script import Script, program_of

GUIDES = Path(__file__).parents[2] / "docs" / "guide"
CALLS = (GUIDES / "api-calls.md").read_text("utf-8")
WEBHOOKS = (GUIDES / "webhooks.md").read_text("utf-8")
PYTHON = re.compile(r"```python\n(.*?)```", re.DOTALL)
TEXT = re.compile(r"```text\n(.*?)\n```", re.DOTALL)


def test_the_limits_are_those_of_the_code() -> None:
    time = ApiCall.model_json_schema()["properties"]["timeout"]

    for row in (
        f"| read of an answer, unpacked | {MOST_BYTES:,} bytes |",
        f"| kept in `save_to`, and in each `extract` | {MAX_VALUE_BYTES:,} bytes of JSON |",
        f"| kept by all of `extract` together | {MAX_VARIABLES_BYTES:,} bytes |",
        f"| bytes of the answer times expressions in `extract` | {MOST_WORK:,} |",
        f"| body of the request, filled | {MAX_VALUE_BYTES:,} bytes |",
        f"| time, with all redirects | {time['default']} s, at most {time['maximum']} s (`timeout`) |",
        f"| redirects | {MOST} |",
    ):
        assert row in CALLS
    assert set(HARMLESS) == {"GET", "HEAD", "PUT", "DELETE"}


def test_a_body_goes_out_as_the_guide_says() -> None:
    written, sent = TEXT.findall(CALLS)
    call = node("call", "api_call", method="POST", url="https://a.example", body=written)
    values = {"nome": 'Ana "Bia"', "itens": [1, 2]}
    script = Script(program_of({**flow(call, edges="start call"), "variables": values}))
    script.step("oi")

    assert script.play.call is not None
    match script.play.call.request:
        case Http(body=(str(body),)):
            assert body == sent
        case other:
            raise AssertionError(other)


@pytest.mark.parametrize("secret", ["um-segredo", "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"])
def test_the_check_of_the_guide_takes_what_is_genuine_and_nothing_else(secret: str) -> None:
    (code,) = PYTHON.findall(WEBHOOKS)
    named: dict[str, Any] = {}
    exec(code, named)
    is_genuine = named["is_genuine"]
    body = b'{"contact": {"name": "Ana"}}'
    headers = sign(secret, id="s1:v1", timestamp=1_800_000_000, body=body)

    assert is_genuine(secret, headers, body)
    assert not is_genuine(secret, headers, body + b" ")
    assert not is_genuine(secret[:-1] + "A", headers, body)
    assert not is_genuine(secret, {**headers, "webhook-timestamp": "1800000001"}, body)
