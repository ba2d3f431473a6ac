"""The same questions to PostgreSQL, MySQL and SQLite, and what comes back."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio

from tests.calls.databases import KINDS, PASSWORD, Shop, open_shop

pytestmark = pytest.mark.asyncio


@pytest_asyncio.fixture(params=KINDS)
async def shop(
    request: pytest.FixtureRequest, empty_database_url: str, tmp_path: Path
) -> AsyncIterator[Shop]:
    async with open_shop(request.param, empty_database_url, tmp_path) as shop:
        yield shop


async def test_rows_are_objects_with_plain_values(shop: Shop) -> None:
    result = await shop.ask("select id, nome, total, ativo from pedidos order by id")

    assert result.ok, result.detail
    assert result.status == 3
    values = [list(row.values()) for row in result.value]
    assert [row[:3] for row in values] == [
        [1, "Ana", 19.9],
        [2, "Bruno's", 1234567890.12],
        [3, "Célia", None],
    ]
    assert [bool(row[3]) for row in values] == [True, False, False]


async def test_first_is_one_row_and_scalar_one_value(shop: Shop) -> None:
    first = await shop.ask("select id, nome from pedidos order by id desc", "first")
    scalar = await shop.ask("select nome from pedidos order by id", "scalar")

    assert (first.value, first.status, first.detail) == ({"id": 3, "nome": "Célia"}, 1, "")
    assert (scalar.value, scalar.status) == ("Ana", 1)


@pytest.mark.parametrize("mode", ["rows", "first", "scalar"])
async def test_no_row_is_no_error(shop: Shop, mode: str) -> None:
    result = await shop.ask("select nome from pedidos where id = 99", mode)  # type: ignore[arg-type]

    assert (result.ok, result.status) == (True, 0)
    assert result.value == ([] if mode == "rows" else None)


async def test_text_that_a_customer_typed_finds_a_number(shop: Shop) -> None:
    assert await shop.value("select nome from pedidos where id = :id", id="2") == "Bruno's"
    assert await shop.value("select nome from pedidos where id = :id", id=2) == "Bruno's"


async def test_a_parameter_may_stand_twice_beside_another(shop: Shop) -> None:
    query = "select nome from pedidos where (id = :id or nome = :nome) and id = :id"

    assert await shop.value(query, id=2, nome="Ana") == "Bruno's"


@pytest.mark.parametrize(
    "text",
    ["' or 1=1 -- ", "\\' or 1=1 -- ", "x'; drop table pedidos; -- ", "%s :id $1 ?", '"', "\\"],
)
async def test_a_value_is_never_part_of_the_query(shop: Shop, text: str) -> None:
    found = await shop.ask("select id from pedidos where nome = :nome", nome=text)

    assert (found.ok, found.status) == (True, 0)
    assert await shop.value("select count(*) from pedidos") == 3


async def test_quotes_around_a_parameter_open_no_door(shop: Shop) -> None:
    query = "select id from pedidos where nome = ':nome'"

    result = await shop.ask(query, nome=" or 1=1 or nome=")

    assert not result.value


async def test_colons_that_are_no_parameters_stay(shop: Shop) -> None:
    assert await shop.value(r"select '12:30 \:x 100%'") == "12:30 :x 100%"


async def test_more_rows_than_wanted_are_cut_and_it_is_said(shop: Shop) -> None:
    result = await shop.ask("select id from pedidos order by id", max_rows=2)

    assert [row["id"] for row in result.value] == [1, 2]
    assert "more rows" in result.detail


async def test_columns_of_one_name_are_all_there(shop: Shop) -> None:
    result = await shop.ask("select id, nome as id, total as id from pedidos where id = 1", "first")

    assert result.value == {"id": 1, "id_2": "Ana", "id_3": 19.9}


async def test_values_without_an_exact_number_are_text(shop: Shop) -> None:
    result = await shop.ask("select 9007199254740993 as a, 12 as b", "first")

    assert result.value == {"a": "9007199254740993", "b": 12}


async def test_a_result_that_no_variable_could_hold_is_refused(shop: Shop) -> None:
    ones = " union all ".join(["select nome from pedidos"] * 250)

    result = await shop.ask(f"select :a as a, nome from ({ones}) b", a="x" * 500, max_rows=1000)

    assert (result.ok, result.error, result.value) == (False, "too_large", None)


async def test_writing_needs_the_mode_and_the_permission(shop: Shop) -> None:
    query = "update pedidos set nome = :nome where id < :id"

    by_reading = await shop.writable().ask(query, nome="X", id=3)
    by_reader = await shop.ask(query, "execute", nome="X", id=3)
    assert (by_reading.error, by_reader.error) == ("query_failed", "query_failed")
    assert await shop.value("select count(*) from pedidos where nome = 'X'") == 0

    allowed = await shop.writable().ask(query, "execute", nome="X", id=3)

    assert (allowed.ok, allowed.value, allowed.status) == (True, 2, 2)
    assert await shop.value("select count(*) from pedidos where nome = 'X'") == 2


async def test_a_change_of_nothing_counts_none(shop: Shop) -> None:
    result = await shop.writable().ask("delete from pedidos where id = :id", "execute", id=99)

    assert (result.ok, result.value, result.status) == (True, 0, 0)


async def test_a_change_that_fails_changes_nothing(shop: Shop) -> None:
    query = "insert into pedidos (id, nome) values (:a, 'novo'), (:b, 'velho')"

    result = await shop.writable().ask(query, "execute", a=10, b=1)

    assert (result.ok, result.error) == (False, "query_failed")
    assert await shop.value("select count(*) from pedidos") == 3


async def test_values_may_be_any_json(shop: Shop) -> None:
    assert await shop.value("select count(*) from pedidos where id = :id", id=None) == 0
    assert await shop.value("select count(*) from pedidos where total > :t", t=19.5) == 2
    assert (
        await shop.value("select count(*) from pedidos where criado >= :d", d="2026-11-24 00:00:00")
        == 1
    )
    assert await shop.value("select count(*) from pedidos limit :n", n=1) == 3


async def test_a_secret_comes_in_as_a_value_and_never_out(shop: Shop) -> None:
    shop.secrets["TOKEN"] = "Ana"
    asked = await shop.ask(
        "select id, nome from pedidos where nome = :t", "first", secrets={"t": "TOKEN"}
    )
    missing = await shop.ask("select :t as t", secrets={"t": "NADA"})

    assert asked.value == {"id": 1, "nome": "•••"}
    assert (missing.error, missing.detail) == ("secret_missing", "NADA")


async def test_the_databases_words_come_without_the_values(shop: Shop) -> None:
    shop.secrets["TOKEN"] = "segredo-da-loja"
    query = "insert into pedidos (id, nome) values (:id, :nome)"
    await shop.writable().ask(query, "execute", id=555111, nome="a")

    twice = await shop.writable().ask(query, "execute", id=555111, secrets={"nome": "TOKEN"})
    unknown = await shop.ask("select nada from pedidos where nome = :n", n="Fulano")

    assert (twice.error, unknown.error) == ("query_failed", "query_failed")
    assert "nada" in unknown.detail
    for words in (twice.detail, unknown.detail):
        assert len(words) <= 300
        assert not any(each in words for each in ("555111", "segredo", "Fulano", PASSWORD))


async def test_a_parameter_that_is_not_given_is_named(shop: Shop) -> None:
    result = await shop.ask("select :a")

    assert (result.error, result.detail) == ("query_failed", "The parameter :a is not given.")


async def test_a_query_that_takes_too_long_is_ended(shop: Shop) -> None:
    endless = (
        "with recursive t(n) as (select 1 union all select n + 1 from t where n < :n)"
        " select count(*) from t a"
    )
    slow = {"mysql": "select sleep(:n / 1000000)", "postgresql": "select pg_sleep(:n / 1000000)"}

    result = await shop.ask(slow.get(shop.kind, endless), "scalar", n=500_000_000, within=0.3)

    assert (result.ok, result.error) == (False, "timeout")
    assert await shop.value("select count(*) from pedidos") == 3


async def test_a_value_that_fills_the_memory_is_ended(shop: Shop) -> None:
    huge = {
        "postgresql": "select repeat('x', 200000000)",
        "mysql": "select repeat('x', 15000000)",
        "sqlite": "select hex(zeroblob(200000000))",
    }

    result = await shop.ask(huge[shop.kind], "scalar")

    assert (result.ok, result.error, result.value) == (False, "too_large", None)


async def test_a_trailing_semicolon_is_forgiven(shop: Shop) -> None:
    assert await shop.value("select count(*) from pedidos;\n") == 3
