"""The parser beyond its golden files: what it refuses, what it bounds, and that nothing makes it raise."""

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from recado.whatsapp.quick import SHORT, quick
from recado.whatsapp.webhook import BadPayload, Inbound, Payload, parse, parse_patiently
from recado.whatsapp.wire import DEEPEST, LONGEST_TEXT

RECEIVED_AT = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)


def post(*messages: Any, **value: Any) -> bytes:
    inside = {"messages": list(messages), **value}
    return json.dumps({"entry": [{"changes": [{"field": "messages", "value": inside}]}]}).encode()


def said(text: str = "oi", **members: Any) -> dict[str, Any]:
    return {"from": "5511987654321", "type": "text", "text": {"body": text}, **members}


def inbounds(payload: Payload) -> list[Inbound]:
    return [
        message
        for entry in payload.entries
        for change in entry.changes
        for message in change.messages
    ]


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        (b"", "no_json"),
        (b"\xff\xfe", "no_json"),
        (b"hub.mode=subscribe", "no_json"),
        (b'{"entry":[', "no_json"),
        (b'{"entry":[]}x', "no_json"),
        (b'{"entry":[],"x":NaN}', "no_json"),
        (b'{"x":"a\x00b"}', "no_json"),
        (b'{"x":"\\ud8"}', "no_json"),
        (b"[]", "no_object"),
        (b'"text"', "no_object"),
        (b"null", "no_object"),
        (b'{"x":' + b"[" * DEEPEST + b"]" * DEEPEST + b"}", "too_deep"),
        (b'{"x":' + b"[" * 100_000, "too_deep"),
    ],
)
def test_only_bytes_that_are_no_json_object_are_refused(body: bytes, reason: str) -> None:
    with pytest.raises(BadPayload) as refusal:
        parse(body, RECEIVED_AT)

    assert refusal.value.reason == reason


def test_brackets_inside_of_texts_are_no_depth() -> None:
    text = '["\\' * 3_000

    [message] = inbounds(parse(post(said(text)), RECEIVED_AT))

    assert message.message.text == text


def test_what_is_just_deep_enough_passes() -> None:
    depth = DEEPEST - 1

    assert parse(b'{"x":' + b"[" * depth + b"]" * depth + b"}", RECEIVED_AT) == Payload()


def test_a_form_answer_nested_too_deeply_stays_text() -> None:
    answer = '{"a":' * DEEPEST + "[]" + "}" * DEEPEST
    reply = {"type": "nfm_reply", "nfm_reply": {"response_json": answer}}

    [message] = inbounds(parse(post({"interactive": reply}), RECEIVED_AT))

    assert message.message.value == {"response_json": answer}


def test_a_batch_of_a_thousand_updates_in_three_megabytes_is_read_whole() -> None:
    contacts = [{"wa_id": str(n), "profile": {"name": f"n{n}"}} for n in range(1_000)]
    messages = [said("x" * 2_900, id=f"wamid.{n}", **{"from": str(n)}) for n in range(1_000)]

    found = inbounds(parse(post(*messages, contacts=contacts), RECEIVED_AT))

    assert [each.key for each in found] == [f"wamid.{n}" for n in range(1_000)]
    assert [each.name for each in found] == [f"n{n}" for n in range(1_000)]


def test_a_flood_of_parts_is_cut_and_counted() -> None:
    payload = parse(b'{"entry":[' + b"{}," * 200_000 + b"{}]}", RECEIVED_AT)

    assert len(payload.entries) == 10_000
    assert payload.odd == 190_001


@pytest.mark.parametrize("sign", ["a", "é", "漢", "😀"])
def test_a_text_over_64_kb_is_cut_at_a_character(sign: str) -> None:
    [message] = inbounds(parse(post(said(sign * LONGEST_TEXT)), RECEIVED_AT))

    assert message.message.text == sign * (LONGEST_TEXT // len(sign.encode()))


def test_a_value_over_64_kb_is_left_out() -> None:
    order = {"type": "order", "order": {"text": "x" * LONGEST_TEXT}}

    [large, small] = inbounds(parse(post(order, {"order": {"text": "x"}}), RECEIVED_AT))

    assert large.message.value is None
    assert small.message.value == {"text": "x"}


def test_an_id_too_long_for_an_index_is_no_id() -> None:
    long = "w" * 513
    message = said(id=long, context={"id": long}, **{"from": long, "from_user_id": long})

    [found] = inbounds(parse(post(message), RECEIVED_AT))

    assert found.key.startswith("made:")
    assert (found.wa_id, found.user_id, found.message.context_id) == (None, None, None)


def test_made_ids_are_unique_in_a_post_and_between_posts_but_the_same_for_the_same_post() -> None:
    body = post(said(), said())
    later = RECEIVED_AT + timedelta(microseconds=1)

    first, again, other = (
        [each.key for each in inbounds(parse(body, at))] for at in (RECEIVED_AT, RECEIVED_AT, later)
    )

    assert first == again
    assert len({*first, *other}) == 4


def test_a_fingerprint_does_not_depend_on_the_order_of_keys() -> None:
    one = b'{"entry":[{"id":"1","time":5,"changes":[{"field":"f","value":{"a":1,"b":{"c":2,"d":3}}}]}]}'
    two = b'{"entry":[{"changes":[{"value":{"b":{"d":3,"c":2},"a":1},"field":"f"}],"time":5,"id":"1"}]}'
    other = one.replace(b'"time":5', b'"time":6')

    first, second, third = (
        parse(body, RECEIVED_AT).entries[0].changes[0].fingerprint for body in (one, two, other)
    )

    assert first == second
    assert first != third


def test_a_lone_contact_belongs_to_a_lone_message_only() -> None:
    contacts = [{"wa_id": "1", "profile": {"name": "Ana"}}]

    [alone] = inbounds(parse(post(said(), contacts=contacts), RECEIVED_AT))
    [first, second] = inbounds(parse(post(said(), said(), contacts=contacts), RECEIVED_AT))

    assert (alone.name, alone.wa_id) == ("Ana", "1")
    assert (first.name, first.wa_id) == (None, "5511987654321")
    assert (second.name, second.wa_id) == (None, "5511987654321")


WORDS = st.sampled_from(
    [
        "entry",
        "changes",
        "field",
        "value",
        "messages",
        "statuses",
        "contacts",
        "metadata",
        "errors",
        "id",
        "from",
        "type",
        "timestamp",
        "text",
        "body",
        "interactive",
        "button_reply",
        "list_reply",
        "nfm_reply",
        "response_json",
        "image",
        "system",
        "context",
        "wa_id",
        "user_id",
        "profile",
        "name",
        "time",
        "object",
        "order",
        "location",
        "reaction",
        "referral",
        "code",
    ]
)
LEAVES = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text()
    | WORDS
)
TREES = st.recursive(
    LEAVES,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(WORDS | st.text(), inner),
    max_leaves=30,
)
VALUES = st.fixed_dictionaries(
    {}, optional={name: st.lists(TREES, max_size=3) | TREES for name in ("messages", "statuses")}
) | st.dictionaries(WORDS, TREES)
POSTS = st.builds(
    lambda values: {"entry": [{"changes": [{"field": "messages", "value": v} for v in values]}]},
    st.lists(VALUES, max_size=3),
)


@given(st.binary() | st.binary().map(lambda noise: b'{"entry":' + noise + b"}"))
def test_no_bytes_raise_anything_but_bad_payload(body: bytes) -> None:
    try:
        payload = parse(body, RECEIVED_AT)
    except BadPayload:
        return
    assert_storable(payload)


@given(TREES | POSTS, st.booleans())
def test_no_json_raises_anything_but_bad_payload(tree: Any, escaped: bool) -> None:
    body = json.dumps(tree, ensure_ascii=escaped).encode("utf-8", "surrogatepass")

    try:
        payload = parse(body, RECEIVED_AT)
    except BadPayload:
        assert not isinstance(tree, dict)
        return
    assert_storable(payload)


USUAL = st.builds(
    lambda values: {
        "entry": [
            {
                "id": "7",
                "changes": [
                    {"field": "messages", "value": {**v, "metadata": {"phone_number_id": "1"}}}
                ],
            }
            for v in values
        ]
    },
    st.lists(
        st.fixed_dictionaries(
            {},
            optional={
                name: st.lists(st.dictionaries(WORDS, TREES), max_size=2)
                for name in ("messages", "statuses", "contacts")
            },
        ),
        max_size=2,
    ),
)


@given(TREES | POSTS | USUAL, st.booleans())
def test_the_quick_reader_reads_what_it_reads_like_the_patient_one(
    tree: Any, escaped: bool
) -> None:
    body = json.dumps(tree, ensure_ascii=escaped).encode("utf-8", "surrogatepass")

    found = quick(body, RECEIVED_AT, lambda: "made")

    if found is not None:
        patient = parse_patiently(body, RECEIVED_AT)
        assert as_json(parse(body, RECEIVED_AT)) == as_json(patient)


def as_json(payload: Payload) -> bytes:
    """Writes everything down, statuses' raw bytes too; members of objects may come in another order."""
    return msgspec.json.encode(payload, order="sorted", enc_hook=repr)


@pytest.mark.parametrize("text", ["oi", "Olá, João", "\u00e1 \U0001f600", '"{[\\\\u0000'])
def test_the_usual_post_is_read_quickly(text: str) -> None:
    told = json.loads(post(said(text, id="wamid.1"), metadata={"phone_number_id": "1"}))
    told["entry"][0]["id"] = "7"
    for escaped in (True, False):
        body = json.dumps(told, ensure_ascii=escaped).encode()

        found = quick(body, RECEIVED_AT, lambda: "made")

        assert "u0000" in text or (
            found is not None and found == parse_patiently(body, RECEIVED_AT)
        )


def test_a_long_post_is_not_read_quickly() -> None:
    told = json.loads(post(said(), metadata={"phone_number_id": "1"}))
    told["entry"][0]["id"] = "7"
    short = json.dumps(told).encode()

    assert quick(short, RECEIVED_AT, lambda: "made") is not None
    assert quick(short.ljust(SHORT + 1), RECEIVED_AT, lambda: "made") is None


@given(st.text(st.characters()), st.booleans())
def test_every_text_comes_out_clean(text: str, escaped: bool) -> None:
    body = json.dumps(
        {"entry": [{"changes": [{"value": {"messages": [said(text), said("bom")]}}]}]},
        ensure_ascii=escaped,
    ).encode("utf-8", "surrogatepass")

    [message, neighbour] = inbounds(parse(body, RECEIVED_AT))

    assert neighbour.message.text == "bom"
    if not any("\ud800" <= sign <= "\udfff" for sign in text):
        assert message.message.text == text.replace("\0", "")


def assert_storable(payload: Payload) -> None:
    """Checks what PostgreSQL asks of jsonb: it can be encoded, and holds neither NULs nor surrogates."""
    encoded = msgspec.json.encode(payload, enc_hook=repr)
    for entry in payload.entries:
        for change in entry.changes:
            encoded += change.account or b""
            encoded += b"".join(status.raw for status in change.statuses)
    assert b"\\u0000" not in encoded.replace(b"\\\\", b"")
    encoded.decode()
