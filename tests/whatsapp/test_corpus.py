"""Meta's own published examples. They are not ours to copy, so the tests skip where the folder is absent."""

import json
from collections import Counter
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from recado.whatsapp.webhook import Inbound, Payload, parse

CORPUS = Path(__file__).parents[3] / "shared" / "corpus" / "webhooks"
FILES = sorted(CORPUS.glob("*.json"))
RECEIVED_AT = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)

pytestmark = pytest.mark.skipif(not FILES, reason="the corpus is not on this machine")


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_an_example_of_metas_is_understood(path: Path) -> None:
    body = path.read_bytes()
    told = [(entry, change) for entry in json.loads(body)["entry"] for change in entry["changes"]]

    payload = parse(body, RECEIVED_AT)

    found = [(entry, change) for entry in payload.entries for change in entry.changes]
    assert payload.odd == 0
    assert [(entry.id, change.field) for entry, change in found] == [
        (entry["id"], change["field"]) for entry, change in told
    ]
    for (_, expected), (_, change) in zip(told, found, strict=True):
        value = expected["value"]
        ours = expected["field"] == "messages"
        assert change.phone_number_id == value.get("metadata", {}).get("phone_number_id")
        assert [each.wamid for each in change.statuses] == [
            each["id"] for each in (value.get("statuses", []) if ours else [])
        ]
        assert (change.account is None) is ours
        if change.account is not None:
            assert json.loads(change.account) == value
        messages = value.get("messages", []) if ours else []
        for inbound, message in zip(change.messages, messages, strict=True):
            check_message(inbound, message, value)


def check_message(inbound: Inbound, told: dict[str, Any], value: dict[str, Any]) -> None:
    assert inbound.key == inbound.message.id == told["id"]
    assert inbound.message.context_id == told.get("context", {}).get("id")
    assert inbound.group_id == told.get("group_id")
    assert inbound.message.referral == told.get("referral")
    identities = {inbound.wa_id, inbound.user_id}
    assert identities & {told.get("from"), told.get("from_user_id")}
    for contact in value.get("contacts", []):
        assert inbound.name == contact["profile"]["name"]
        assert inbound.username == contact["profile"].get("username")
    assert (inbound.message.type, inbound.message.text) == expected_words(told)


def expected_words(told: dict[str, Any]) -> tuple[str, str]:
    """Says independently of the parser which type and text each example must get."""
    kind = told["type"]
    member = told.get(kind, {})
    match kind:
        case "text":
            return kind, member["body"]
        case "image" | "video" | "audio" | "document" | "sticker":
            return kind, member.get("caption", "")
        case "interactive":
            reply = member[member["type"]]
            return member["type"], reply.get("title", "")
        case "button":
            return kind, member["text"]
        case "location":
            return kind, member.get("name", "")
        case "contacts":
            return kind, member[0]["name"]["formatted_name"]
        case "system":
            return kind, member["body"]
        case _:
            return kind, ""


def test_the_corpus_is_counted(capsys: pytest.CaptureFixture[str]) -> None:
    counts: Counter[str] = Counter()
    for path in FILES:
        counts.update(kinds(parse(path.read_bytes(), RECEIVED_AT)))

    with capsys.disabled():
        print(f"\n{len(FILES)} examples of Meta's: {dict(counts.most_common())}")
    assert counts["text"] >= 9
    assert counts["status"] >= 5
    assert counts["account"] >= 20


def kinds(payload: Payload) -> list[str]:
    found: list[str] = []
    for entry in payload.entries:
        for change in entry.changes:
            found += [each.message.type for each in change.messages]
            found += ["status"] * len(change.statuses)
            found += ["account"] * (change.account is not None)
            found += ["error"] * len(change.errors)
    return found
