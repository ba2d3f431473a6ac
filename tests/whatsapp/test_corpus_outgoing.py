"""The fake takes every body that Meta publishes as an example of `/messages`."""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from recado.whatsapp.fake_records import FakeTemplate
from recado.whatsapp.fake_rules import Known, check
from tests.whatsapp.meta_schema import CORPUS

FOLDER = CORPUS / "outgoing"
# Bodies of other endpoints, by what only they carry.
ELSEWHERE = {
    "encrypted_contents": "belongs to /messages_encrypted",
    "call_id": "belongs to /calls",
    "session": "belongs to /calls",
    "connection": "belongs to /calls",
}
PLACEHOLDER = re.compile(
    r"<[A-Z0-9_ -]*>?|\{\{[\w -]+\}\}|&lt;|http\(s\)|^[A-Z]+(_[A-Z0-9]+)+$|\+?\d+x+$"
)
# What a reader puts in for a placeholder, by the key that holds it.
FILLED: dict[str, object] = {
    "to": "+16505551234",
    "type": "text",
    "link": "https://example.com/file",
    "message_id": "wamid.HBgLMTY1MDM4Nzk0MzkVAgARGBJDQjZCMzlEQUE4OTJBMTE4RTUA",
    "emoji": "👍",
    "latitude": -23.5,
    "longitude": -46.6,
}
NOT_ONE_BODY = {
    "doc--onboarding---MESSAGE_TYPE.json": "its keys are placeholders",
    "doc--address-messages--interactive.address_message-2.json": "its parameters are a placeholder",
    "spec--send-reply-to-list-message.json": "it lacks its type",
}


def has_placeholder(body: object) -> bool:
    return any(PLACEHOLDER.search(text) for _, text in strings(body))


def strings(value: object, key: str = "") -> Iterator[tuple[str, str]]:
    match value:
        case str():
            yield key, value
        case dict():
            for name, inner in value.items():
                yield "", str(name)
                yield from strings(inner, str(name))
        case list():
            for inner in value:
                yield from strings(inner, key)


def reason_to_skip(path: Path, body: dict[str, Any]) -> str | None:
    elsewhere = next((why for key, why in ELSEWHERE.items() if key in body), None)
    if elsewhere is not None:
        return elsewhere
    return "has placeholders" if has_placeholder(body) else None


def known_to(body: dict[str, Any]) -> Known:
    """Makes the world in which Meta's example was sent: its files, its template, its message."""
    media = {text for key, text in strings(body) if key == "id"}
    templates = {}
    if "template" in body:
        name, language = body["template"]["name"], body["template"]["language"]["code"]
        templates[name, language] = FakeTemplate(name=name, language=language)
    return Known(media=media, templates=templates, inbound={str(body.get("message_id"))})


def bodies() -> list[tuple[Path, dict[str, Any]]]:
    return [(path, json.loads(path.read_bytes())) for path in sorted(FOLDER.glob("*.json"))]


@pytest.mark.skipif(not FOLDER.is_dir(), reason="Meta's examples are not on this machine")
def test_every_filled_example_is_accepted() -> None:
    skipped: dict[str, int] = {}
    accepted, refused = 0, []
    for path, body in bodies():
        reason = reason_to_skip(path, body)
        if reason is not None:
            skipped[reason] = skipped.get(reason, 0) + 1
            continue
        error = check(body, known_to(body))
        accepted += error is None
        if error is not None:
            refused.append((path.name, error.message, error.details))

    print(f"\nMeta's examples: {accepted} accepted, skipped: {skipped}")
    assert refused == []
    assert accepted >= 39


@pytest.mark.skipif(not FOLDER.is_dir(), reason="Meta's examples are not on this machine")
def test_examples_with_placeholders_are_accepted_once_these_are_filled_in() -> None:
    accepted, refused = 0, []
    for path, body in bodies():
        if reason_to_skip(path, body) != "has placeholders" or path.name in NOT_ONE_BODY:
            continue
        filled = fill(body)
        error = check(filled, known_to(filled))
        accepted += error is None
        if error is not None:
            refused.append((path.name, error.message, error.details))

    print(
        f"\nMeta's examples with placeholders: {accepted} accepted, {len(NOT_ONE_BODY)} no bodies"
    )
    assert refused == []
    assert accepted >= 65


def fill(value: Any, key: str = "") -> Any:
    match value:
        case dict():
            return {name: fill(inner, name) for name, inner in value.items()}
        case list():
            return [fill(inner, f"{key}#{index}") for index, inner in enumerate(value)]
        case str() if PLACEHOLDER.search(value):
            return FILLED.get(key, value)
        case _:
            return value
