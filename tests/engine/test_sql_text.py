"""An author's SQL as text: parameters as SQLAlchemy reads them, and what is not run."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import text

from recado.engine.sql_text import (
    Mode,
    bind_placeholders,
    parameters_in,
    quoted_parameters,
    refused_word,
)


@given(st.text(alphabet="ab:1_\\ '\"é;-,(", max_size=40))
def test_parameters_are_what_sqlalchemy_takes_for_such(query: str) -> None:
    assert list(parameters_in(query)) == list(text(query)._bindparams)


@pytest.mark.parametrize(
    ("query", "names"),
    [
        ("select :a, :b, :a", ("a", "b")),
        ("select a::text, '12:30', '\\:c', x:=1", ()),
        ("where id=:id and d>=:início", ("id", "início")),
    ],
)
def test_parameters_are_listed_once_in_their_order(query: str, names: tuple[str, ...]) -> None:
    assert parameters_in(query) == names


@pytest.mark.parametrize(
    ("query", "mode", "word"),
    [
        ("select 1", "rows", None),
        ("\n (SELECT 1) union (select 2)", "rows", None),
        ("With x as (select 1) select * from x", "first", None),
        ("show tables", "rows", None),
        ("select profile, into_outfile, programa from t", "rows", None),
        ("update t set a = 1", "execute", None),
        ("call fechar_pedido(:id)", "execute", None),
        ("update t set a = 1", "rows", "update"),
        ("show tables", "execute", "show"),
        ("Truncate t", "execute", "Truncate"),
        ("/* x */ select 1", "rows", "/* x */ select 1"),
        ("select 1 into outfile '/x'", "rows", "outfile"),
        ("select Pg_Read_File('/x')", "rows", "Pg_Read_File"),
        ("select 1 /*!50000 + 1 */", "rows", "/*!"),
        ('select u&"x"', "rows", 'u&"'),
        ("", "rows", ""),
    ],
)
def test_the_word_for_which_a_query_is_not_run(query: str, mode: Mode, word: str | None) -> None:
    assert refused_word(query, mode) == word


def test_quotes_around_a_parameter_are_seen() -> None:
    assert quoted_parameters("select ':a', \":b\", `:c`, ' :d', :e, '12:30', ':a'") == (
        "a",
        "b",
        "c",
    )


def test_placeholders_become_parameters_that_keep_their_values() -> None:
    query = "select '{{nome}}', {{ pedido.id }}, \"{{nome}}\", :x where a like '%{{nome}}%'"

    bound, parameters = bind_placeholders(query, {"x": 1, "nome": "{{outro}}"})

    assert bound == "select :nome_2, :pedido_id, :nome_2, :x where a like :nome_3"
    assert parameters == {
        "x": 1,
        "nome": "{{outro}}",
        "nome_2": "{{nome}}",
        "nome_3": "%{{nome}}%",
        "pedido_id": "{{ pedido.id }}",
    }
