"""Options take the form that fits, and what the customer does finds the right one."""

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from recado.engine.content import Buttons, ListMenu, Text
from recado.engine.events import Message, Tap
from recado.engine.fold import fold_title
from recado.engine.options import Late, Option, match, parse_wire_id, present, wire_id

VISIT = "abcdefghijkl"
OTHER = "zzzzzzzzzzzz"
MENU = [Option("sim", "Sim, quero"), Option("nao", "Não"), Option("email", "E-mail ✉️")]


def options(*titles: str) -> list[Option]:
    return [Option(f"v{number}", title) for number, title in enumerate(titles)]


def shown(body: str, *titles: str, **edges: str) -> Text | Buttons | ListMenu:
    return present(body, options(*titles), visit=VISIT, button_text="Ver opções", **edges)


def typed(text: str) -> Message:
    return Message("m", "text", text)


def tapped(option: str, visit: str | None = VISIT, text: str = "?") -> Message:
    return Message("m", "button_reply", text, tap=Tap(option, visit))


@pytest.mark.parametrize(
    ("body", "titles", "form"),
    [
        ("b", ["t" * 20] * 0 + ["a", "b", "c"], Buttons),
        ("b", ["t" * 20], Buttons),
        ("b", ["t" * 21], ListMenu),
        ("b", ["a", "b", "c", "d"], ListMenu),
        ("b" * 1_024, ["a"], Buttons),
        ("b" * 1_025, ["a"], ListMenu),
        ("b" * 4_096, ["a"], ListMenu),
        ("b" * 4_097, ["a"], Text),
        ("b", ["t" * 24], ListMenu),
        ("b", ["t" * 25], Text),
        ("b", list("abcdefghij"), ListMenu),
        ("b", list("abcdefghijk"), Text),
        (" ", ["a"], Text),
        ("b", [" "], Text),
        ("b", ["a", "a"], Text),
        ("b", [], Text),
    ],
)
def test_the_form_follows_whatsapps_limits(body: str, titles: list[str], form: type) -> None:
    assert type(shown(body, *titles)) is form


def test_a_header_or_footer_that_is_too_long_makes_it_text() -> None:
    assert shown("b", "x", header="h" * 60, footer="f" * 60) != shown("b", "x")
    assert shown("b", "x", header="h" * 61) == Text("h" * 61 + "\n\nb\n\n1. x")
    assert shown("b", "x", footer="f" * 61) == Text("b\n\n1. x\n\n" + "f" * 61)


def test_a_list_has_rows_with_descriptions() -> None:
    described = [
        Option("a", "A"),
        Option("b", "B\nb", "d" * 80),
        Option("c", "C"),
        Option("d", "D"),
    ]

    menu = present("b", described, visit=VISIT, button_text="o" * 30)

    assert isinstance(menu, ListMenu)
    row = menu.sections[0].rows[1]
    assert (row.id, row.title, row.description) == (f"{VISIT}:b", "B b", "d" * 72)
    assert menu.button == "o" * 20


def test_numbered_text_says_what_to_type() -> None:
    assert shown("Escolha", "t" * 30, "Dois") == Text(f"Escolha\n\n1. {'t' * 30}\n2. Dois")


@pytest.mark.parametrize(
    ("message", "value"),
    [
        (tapped("nao"), "nao"),
        (tapped("sumiu", text="não"), "nao"),
        (tapped("sumiu"), None),
        (tapped("email", visit=None), "email"),
        (tapped("PAYLOAD", visit=None, text="Não"), "nao"),
        (typed("  NAO! "), "nao"),
        (typed("sim quero"), "sim"),
        (typed("Sim"), "sim"),  # the value, as nothing else fits
        (typed("email"), "email"),
        (typed("e-mail"), "email"),
        (typed("3"), "email"),
        (typed("3."), "email"),
        (typed("3️⃣"), "email"),
        (typed("4"), None),
        (typed("0"), None),
        (typed("9" * 5_000), None),
        (typed("talvez"), None),
        (typed(""), None),
        (typed("👍"), None),
    ],
)
def test_what_a_message_means(message: Message, value: str | None) -> None:
    found = match(message, MENU, visit=VISIT)

    assert (found.value if isinstance(found, Option) else found) == value


def test_a_tap_on_an_older_asking_is_late() -> None:
    assert match(tapped("sim", OTHER, "Não"), MENU, visit=VISIT) == Late(OTHER, "sim")


def test_positions_do_not_count_where_titles_are_numbers() -> None:
    numbers = options("10", "2", "1")

    assert match(typed("1"), numbers, visit=VISIT) == numbers[2]
    assert match(typed("3"), numbers, visit=VISIT) is None


def test_a_position_beats_a_value() -> None:
    swapped = [Option("2", "A"), Option("1", "B")]

    assert match(typed("1"), swapped, visit=VISIT) == swapped[0]


def test_a_spelling_without_blanks_must_be_unique() -> None:
    assert match(typed("15kg"), options("1,5 kg", "15 kg"), visit=VISIT) is None
    assert match(typed("prepago"), options("Pré-pago", "Pós-pago"), visit=VISIT) == Option(
        "v0", "Pré-pago"
    )


@given(st.text(alphabet="abz019_-", min_size=12, max_size=12), st.text(min_size=1, max_size=180))
def test_wire_ids_come_back(visit: str, value: str) -> None:
    assert parse_wire_id(wire_id(visit, value)) == Tap(value, visit)


def test_a_foreign_id_is_an_option_without_a_visit() -> None:
    assert parse_wire_id("sim") == Tap("sim")
    assert parse_wire_id("a:b") == Tap("a:b")


TITLES = st.lists(
    st.text(alphabet="abAÁç12 -!é👍", min_size=1, max_size=26).filter(str.strip),
    min_size=1,
    max_size=12,
    unique_by=fold_title,
)


@given(TITLES, st.sampled_from(["Escolha:", "b" * 1_500]))
def test_whatever_is_presented_is_understood(titles: list[str], body: str) -> None:
    asked = options(*titles)

    content = present(body, asked, visit=VISIT, button_text="Ver")

    match content:
        case Buttons(buttons=choices):
            taps = [parse_wire_id(choice.id) for choice in choices]
        case ListMenu(sections=sections):
            taps = [parse_wire_id(row.id) for section in sections for row in section.rows]
        case Text():
            taps = []
    for option, tap in zip(asked, taps, strict=False):
        assert match_of(Message("m", "button_reply", tap=tap), asked) == option
    for option in asked:
        assert match_of(typed(option.label), asked) == option


@given(TITLES)
def test_the_numbers_of_numbered_text_are_understood(titles: list[str]) -> None:
    assume(not any(fold_title(title).isdecimal() for title in titles))
    asked = options(*titles)

    for number, option in enumerate(asked, start=1):
        assert match_of(typed(str(number)), asked) == option


def match_of(message: Message, asked: list[Option]) -> Option | Late | None:
    return match(message, asked, visit=VISIT)
