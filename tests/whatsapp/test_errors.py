"""What each of Meta's codes means to the sender: the table of the project's notes, written down a second time."""

import pytest

from recado.whatsapp.errors import CODES, FAMILIES, Action, GraphError, classify, graph_error

# code -> what the notes say; "x+n" is a RETRY of at most n, "x>y" what follows it, "!" an alert.
EXPECTED = {
    0: "auth!",
    1: "retry+2>fix!",
    2: "retry+3>drop!",
    3: "auth!",
    4: "pace_app",
    10: "auth!",
    33: "stop_number!",
    100: "fix!",
    104: "auth!",
    190: "auth!",
    200: "auth!",
    299: "auth!",
    368: "stop_waba!",
    613: "pace_app",
    80007: "pace_number",
    130403: "user",
    130429: "pace_number",
    130472: "drop",
    130497: "drop!",
    131000: "retry+3>drop!",
    131005: "auth!",
    131008: "fix!",
    131009: "fix!",
    131016: "retry+3>drop!",
    131021: "drop",
    131026: "drop",
    131030: "drop!",
    131031: "stop_waba!",
    131037: "stop_number!",
    131042: "stop_waba!",
    131044: "drop",
    131045: "stop_number!",
    131047: "template",
    131048: "stop_number!",
    131049: "drop",
    131050: "user",
    131051: "fix!",
    131052: "drop",
    131053: "retry+1>drop!",
    131055: "fix!",
    131056: "pace_pair",
    131057: "retry+5>drop!",
    131059: "drop",
    131060: "drop",
    131062: "drop",
    131063: "fix!",
    131064: "drop!",
    132000: "fix!",
    132001: "fix!",
    132005: "fix!",
    132007: "fix!",
    132008: "fix!",
    132012: "fix!",
    132015: "template!",
    132016: "drop!",
    132018: "fix!",
    132068: "fix!",
    132069: "pace_pair",
    133000: "fix!",
    133004: "retry+3>drop!",
    133005: "fix!",
    133006: "fix!",
    133008: "fix!",
    133009: "fix!",
    133010: "stop_number!",
    133015: "fix!",
    133016: "fix!",
    134011: "fix!",
    134100: "fix!",
    134101: "retry+1>drop!",
    134102: "fix!",
    135000: "retry+1>fix!",
    138000: "drop",
    138999: "drop",
    139000: "drop",
    139999: "drop",
    131020: "drop",
    131041: "drop",
    131201: "drop",
    131208: "pace_number",
    131215: "drop",
    2388000: "fix!",
    2388999: "fix!",
    2494100: "retry+5>drop!",
}


@pytest.mark.parametrize(("code", "expected"), EXPECTED.items())
@pytest.mark.parametrize("http_status", [None, 200, 400, 429, 503])
def test_a_code_decides_whatever_the_status(
    code: int, expected: str, http_status: int | None
) -> None:
    rule = classify(http_status, GraphError(code=code))

    retry = f"+{rule.retries}>{rule.then}" if rule.action is Action.RETRY else ""
    assert f"{rule.action}{retry}{'!' if rule.alert else ''}" == expected
    assert rule.meaning


def test_no_code_of_the_table_is_unexpected() -> None:
    assert set(CODES) - set(EXPECTED) == {*range(201, 299), *range(131202, 131215)} - {131208}


def test_families_and_codes_do_not_overlap() -> None:
    assert not [code for code in CODES for codes, _ in FAMILIES if code in codes]


def test_every_action_is_used() -> None:
    assert {rule.action for rule in CODES.values()} == set(Action)


def test_contacts_are_marked() -> None:
    marks = {code: rule.mark for code, rule in CODES.items() if rule.mark}

    assert marks == {130403: "blocked", 131026: "unreachable", 131050: "marketing_opt_out"}


def test_maintenance_holds_the_number() -> None:
    holds = {code: rule.wait for code, rule in CODES.items() if rule.hold}

    assert holds == {131057: 25, 2494100: 120}


def test_a_number_held_for_spam_is_not_tried_for_hours() -> None:
    assert CODES[131048].wait == 4 * 3600


@pytest.mark.parametrize(
    ("http_status", "action", "retries"),
    [
        (None, "drop", 0),
        (302, "fix", 0),
        (400, "drop", 0),
        (404, "drop", 0),
        (429, "pace_number", 0),
        (500, "retry", 2),
        (503, "retry", 2),
    ],
)
@pytest.mark.parametrize("error", [None, GraphError(code=-1), GraphError(code=987654321)])
def test_an_unknown_code_goes_by_the_status(
    http_status: int | None, action: str, retries: int, error: GraphError | None
) -> None:
    rule = classify(http_status, error)

    assert (rule.action, rule.retries) == (action, retries)


def test_an_unknown_code_that_meta_calls_transient_is_retried() -> None:
    assert classify(400, GraphError(code=987654321, transient=True)).action is Action.RETRY
    assert classify(400, GraphError(code=100, transient=True)).action is Action.FIX


def test_an_error_is_read_from_a_refusal() -> None:
    error = graph_error(
        {
            "message": "(#131056) Pair rate limit hit",
            "type": "OAuthException",
            "code": 131056,
            "error_data": {"messaging_product": "whatsapp", "details": "Too many"},
            "is_transient": True,
            "fbtrace_id": "A1",
        }
    )

    assert error == GraphError(
        code=131056, message="(#131056) Pair rate limit hit", details="Too many", transient=True
    )


def test_an_error_is_read_from_a_webhook() -> None:
    assert graph_error({"code": "131026", "title": "Undeliverable"}) == GraphError(
        code=131026, message="Undeliverable"
    )


@pytest.mark.parametrize("code", [None, True, "", "x", "-1", 1.5, [], "9" * 30, "²"])
def test_an_odd_code_is_no_code(code: object) -> None:
    assert graph_error({"code": code, "error_data": "x", "message": 5}) == GraphError(code=-1)


@pytest.mark.parametrize("raw", [None, "error", 5, []])
def test_what_is_no_object_is_no_error(raw: object) -> None:
    assert graph_error(raw) is None
