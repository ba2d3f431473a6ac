"""Texts with variables: what is filled in, what is missing, what stays text, and that nothing breaks out."""

import json

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from recado.engine.events import Json
from recado.engine.filters import filters
from recado.engine.flow import MAX_VALUE_BYTES
from recado.engine.template import Rendered, check, lookup, render, sole_path, variables

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3)
    ),
    max_leaves=5,
)
SCOPE: dict[str, Json] = {
    "nome_do_usuário": "Ana",
    "meu-saldo": 5.0,
    "nome completo": "Ana Souza",
    "1": "um",
    "order": {"items": [{"title": "Pão", "preço.final": 3}], "done": None},
    "zero": 0,
    "falso": False,
    "nulo": None,
    "lista": ["á", 1, 2.5],
    "cliente.nome": "Bia",
    "preço": "1.234,56",
    "now": "2026-03-05T14:07:08-03:00",
}


def text(source: str) -> str:
    return render(source, SCOPE).text


def test_the_users_own_example() -> None:
    rendered = render(
        "Olá {{name}}, seu saldo é {{balance}}", {"name": "João", "balance": "R$ 100"}
    )

    assert rendered == Rendered("Olá João, seu saldo é R$ 100")


@pytest.mark.parametrize(
    ("source", "filled"),
    [
        ("{{nome_do_usuário}} {{ meu-saldo }} {{nome completo}} {{1}}", "Ana 5 Ana Souza um"),
        ("{{ nome_do_usua\u0301rio }}", "Ana"),
        ("{{\u00a0zero\n}}", "0"),
        ("{{order.items[0].title}} {{ order . items [ 0 ] . title }}", "Pão Pão"),
        ("{{order.items.0['preço.final']}}", "3"),
        ("{{cliente.nome}}", "Bia"),
        ("{{zero}} {{falso}} [{{nulo}}]", "0 false []"),
        ("{{lista}}", '["á",1,2.5]'),
        ("{{order.items}}", '[{"title":"Pão","preço.final":3}]'),
        ("sem nada", "sem nada"),
        ("", ""),
        ("}} {{zero}} }}", "}} 0 }}"),
    ],
)
def test_paths(source: str, filled: str) -> None:
    assert check(source) is None
    assert render(source, SCOPE) == Rendered(filled)


@pytest.mark.parametrize(
    ("source", "filled"),
    [
        ("{{ preço | money('BRL') }}", "R$ 1.234,56"),
        ('{{ preço|money }} {{preço|money("USD")}}', "R$ 1.234,56 US$ 1.234,56"),
        ("{{preço|number}} {{preço|number(1)}} {{zero|number(2)}}", "1.234,56 1.234,6 0,00"),
        ("{{preço|round(1)}} {{ 2.5|round }} {{'abc'|round}}", "1234.6 3 abc"),
        ("{{now|date}} {{now|date('%H:%M, %A %%x')}}", "05/03/2026 14:07, quinta-feira %x"),
        ("{{now|date('long')}} {{'25/12/2026'|date('%b %Y')}}", "5 de março de 2026 dez. 2026"),
        ("{{nome completo|upper}} {{'d\\'água'|title}} {{' a '|trim}}", "ANA SOUZA D'água a"),
        ("{{lista|length}} {{lista|first}} {{lista|last}} {{'né'|length}}", "3 á 2.5 2"),
        ("{{lista|join}} {{lista|join(' / ')|upper}}", "á, 1, 2.5 Á / 1 / 2.5"),
        ("{{'a-b-c'|replace('-', '+')}} {{'a-b'|replace('-')}}", "a+b+c ab"),
        ("{{nulo|default('x')}} {{nada|default('y')}} {{zero|default('z')}}", "x y 0"),
        ("{{ nada or nulo or nome completo }}", "Ana Souza"),
        ("{{ 'sim' if meu-saldo else 'não' }} {{ not zero }}", "sim true"),
        ("{{ (nada or 'q')|upper }}", "Q"),
        ("{{ '}}' }} {{ '{{' }} {{ '{%' }}", "}} {{ {%"),
    ],
)
def test_filters_and_choices(source: str, filled: str) -> None:
    assert check(source) is None
    assert render(source, SCOPE).text == filled


def test_english_writes_numbers_its_own_way() -> None:
    rendered = render("{{preço|money}} {{preço|number}} {{now|date('%B')}}", SCOPE, locale="en")

    assert rendered.text == "R$1,234.56 1,234.56 March"


def test_only_double_braces_are_syntax() -> None:
    source = "{% if x %} {# c #} {{zero|upper}} {%- raw -%} {%"

    assert check(source) is None
    assert text(source) == "{% if x %} {# c #} 0 {%- raw -%} {%"


def test_what_is_missing_is_empty_and_listed_once() -> None:
    rendered = render(
        "[{{ x.y }}] {{x.y}} {{order.items[9].z}} {{z|upper}} {{w|default(1)}}", SCOPE
    )

    assert rendered == Rendered("[]    1", ("x.y", "order.items[9].z", "z"))


def test_a_value_is_never_read_as_a_template() -> None:
    scope = {"answer": "{{secret.TOKEN}} {{ 7|upper }}", "secret": {"TOKEN": "s3cr3t"}}

    for source in ("{{answer}}", "{{answer|trim}}", "{{answer|default('x')}}", "{{ answer or 1 }}"):
        assert render(source, scope).text == scope["answer"]


@pytest.mark.parametrize(
    ("source", "said"),
    [
        ("a\nb {{ nome", "falta fechar com }} o que começa em “{{ nome” (linha 2)"),
        ("{{}}", "não há nada entre {{ e }} (linha 1)"),
        ("{{ x|maiusculo }}", "o filtro “maiusculo” não existe (linha 1)"),
        ("{{ x + 1 }}", "não se entende “x + 1” (linha 1)"),
        ("{{" + "x" * 501 + "}}", f"“{{{{{'x' * 58}…” é longo demais (linha 1)"),
        ("{{x}}" * 201, "há expressões demais neste texto (linha 1)"),
    ],
)
def test_mistakes_are_said_with_their_line(source: str, said: str) -> None:
    assert check(source) == said
    assert check(source, locale="en") not in (None, said)
    assert render(source, SCOPE) == Rendered(source)
    assert variables(source) == frozenset()


@pytest.mark.parametrize(
    "inside",
    [
        "7*7", "a.b()", "range(9)", "''.__class__", "a|upper(1)", "a|replace", "'a'|attr('x')", "a is defined",
        "x = 1", "[1]", "{'a': 1}", "a ~ b", "a > 1", "a == b", "a[b]", "a[1:2]", "a if", "or a", "a|", "|upper", "(",
        "'a", "a 'b'", "{a", "self.x()", "'a'()", "(a)(b)", "a|upper|" * 12, "a, *b", "-a", "a|default(**b)", "a.",
    ],
)  # fmt: skip
def test_nothing_else_is_understood(inside: str) -> None:
    assert check(f"{{{{ {inside} }}}}") is not None


def test_a_text_names_the_variables_it_reads() -> None:
    source = "{{a}} {{ b.c [0] . d|default(e) }} {{ 'x' if f-g else nome completo }} {{h['i.j']}} {{ 1|round }}"

    assert variables(source) == {"a", "b.c[0].d", "e", "f-g", "nome completo", 'h["i.j"]'}
    assert variables("nada") == frozenset()


@pytest.mark.parametrize(
    ("source", "path"),
    [
        (" {{ order.items }} ", "order.items"),
        ("{{meu-saldo}}", "meu-saldo"),
        ("{{a}}{{b}}", None),
        ("{{a}}.", None),
        ("{{a|upper}}", None),
        ("a", None),
        ("", None),
        ("{{", None),
    ],
)
def test_a_lone_path_is_told_apart(source: str, path: str | None) -> None:
    assert sole_path(source) == path


def test_lookup_gives_the_value_itself() -> None:
    assert lookup("lista", SCOPE) is SCOPE["lista"]
    assert lookup("order.items[0].title", SCOPE) == "Pão"
    assert lookup("cliente.nome", SCOPE) == "Bia"
    assert lookup("falso", SCOPE) is False
    assert lookup("nada.mesmo", SCOPE) is None
    assert lookup("a +", SCOPE) is None
    assert lookup("lista[-1]", SCOPE) is None


def test_a_text_is_cut_at_64_kb() -> None:
    rendered = render("{{x}}{{x}}", {"x": "é" * 30_000})

    assert rendered.truncated
    assert len(rendered.text.encode()) == MAX_VALUE_BYTES
    assert not render("{{x}}", {"x": "a" * MAX_VALUE_BYTES}).truncated
    assert render("a" * 70_000, {}).truncated


def test_filters_cannot_blow_up_a_text() -> None:
    long = "a" * 60_000
    use = filters("pt-BR")

    assert len(use["replace"](long, "a", long)) == MAX_VALUE_BYTES
    assert len(use["join"](["b"] * 50_000, long)) <= MAX_VALUE_BYTES
    assert render("{{ x|replace('a', x)|replace('a', x) }}", {"x": long}).text == long + "a" * 4_000


def test_deep_values_do_no_harm() -> None:
    deep: Json = []
    for _ in range(100_000):
        deep = [deep]

    assert render("{{x}}{{x|upper}}{{x|first|length}}", {"x": deep}).text == "1"
    while deep:  # taken apart by hand: freeing it in one go would recurse
        deep = deep[0]


def test_unsafe_parsing_is_out_of_reach() -> None:
    assert check("{{ " + "not " * 100_000 + "x }}") is not None
    assert check("{{ " + "(" * 240 + "x" + ")" * 240 + " }}") is not None


SIGNS = [
    "{{", "}}", "{%", "%}", "{#", "{", "}", "{{a}}", "{{ a|", " ", "\n", "'", '"', "\\", "|", "(", ")", ",", "-", "1",
    "upper", "default", "money", "date", "join", "or", "if", "else", "a", "b.c", "[0]", "é", "\ud800",
]  # fmt: skip
PIECES = st.lists(st.sampled_from(SIGNS), max_size=12).map("".join)


@given(PIECES | st.text(max_size=20), st.dictionaries(st.sampled_from(["a", "b", "é"]), JSON))
@example("{{ a|round|money }}", {"a": 1.7e308})
@example("{{ a|number(15) }}{{a|money('💥')}}", {"a": -1e-300})
@example("{{ a }}", {"a": 10**5_000})
@example("{{ a|round }}", {"a": float("nan")})
def test_rendering_never_fails(source: str, scope: dict[str, Json]) -> None:
    rendered = render(source, scope)

    if check(source) is not None:
        assert rendered.text == source
    assert set(rendered.missing) <= variables(source)


EXPRESSIONS = st.sampled_from([
    "a|upper", "a|title", "a|money", "a|money(b)", "a|number", "a|number(3)", "a|round", "a|round(b)", "a|date",
    "a|date('%Y%%')", "a|date('full')", "a|date('%Q%B')", "a|date(b)", "a|length", "a|first", "a|last", "a|join(b)",
    "a|replace(b, a)", "a|default(b)|trim|lower", "a or b", "a and b", "a if b else a", "not a",
])  # fmt: skip


@given(EXPRESSIONS, JSON | st.sampled_from(["1,5", "2026-01-01", "9999-12-31T23:59Z"]), JSON)
def test_filters_take_anything(expression: str, a: Json, b: Json) -> None:
    source = f"{{{{ {expression} }}}}"

    assert check(source) is None
    assert render(source, {"a": a, "b": b}).missing == ()


@given(st.dictionaries(st.text(min_size=1, max_size=5), JSON, max_size=4))
def test_objects_become_json(value: dict[str, Json]) -> None:
    assert json.dumps(json.loads(render("{{x}}", {"x": value}).text)) == json.dumps(value)
