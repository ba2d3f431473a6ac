"""Parts of an answer by JMESPath: what is found, what is refused, and that nothing can grow without end."""

import pytest

from recado.engine.events import Json
from recado.engine.json_paths import LONGEST, find_by_path, path_mistake, too_much_work

VALUE: Json = {
    "itens": [{"nome": "Pão", "preco": 3.5}, {"nome": "Bolo", "preco": 9}],
    "a b": {"c": 0},
    "texto": "x",
}


@pytest.mark.parametrize(
    ("path", "found"),
    [
        ("itens[0].nome", "Pão"),
        ("itens[-1].preco", 9),
        ("itens[*].nome", ["Pão", "Bolo"]),
        ("itens[:1].nome", ["Pão"]),
        ("itens[?preco > `5`].nome | [0]", "Bolo"),
        ('"a b".c', 0),
        ("{n: length(itens), t: texto}", {"n": 2, "t": "x"}),
        ("join(', ', itens[].nome)", "Pão, Bolo"),
        ("sort_by(itens, &nome)[0].nome", "Bolo"),
        ("nada", None),
        ("itens.nome", None),
        ("sum(itens[].nome)", None),
        ("length(nada)", None),
        ("max_by(itens, &nada)", None),
    ],
)
def test_a_path_finds_its_part_or_nothing(path: str, found: Json) -> None:
    assert path_mistake(path) is None
    assert find_by_path(path, VALUE) == found


@pytest.mark.parametrize(
    "path",
    [
        *(
            "a[",
            "a ||",
            "$.a",
            "a b",
            "",
            "&",
            "nope(a)",
            "join(a, b)",
            "join('" + "x" * 21 + "', a)",
        ),
        " | ".join(["[@, @]"] * 7),
        " | ".join(["{a: @, b: @}"] * 7),
        " | ".join(["[@]"] * 7),
        " | ".join(["to_string(@)"] * 9),
        "a." * LONGEST + "a",
        "(" * 400 + "a" + ")" * 400,
    ],
    ids=lambda path: path[:20],
)
def test_a_path_that_cannot_be_read_or_would_grow_is_refused(path: str) -> None:
    mistake = path_mistake(path)

    assert mistake is not None
    assert all(mistake)


@pytest.mark.parametrize("path", ["!" * 490 + "a", "a" + ".a" * 240, "a" + "[0]" * 160])
def test_a_deep_path_does_not_break_out(path: str) -> None:
    path_mistake(path)

    assert find_by_path(path, {"b": 1}) in (None, True)


@pytest.mark.parametrize(
    ("paths", "size", "too_much"),
    [
        (["itens[*].nome"] * 50, 64_000, False),
        (["itens[*].nome"] * 8, 1_000_000, False),
        (["itens[*].nome"] * 9, 1_000_000, True),
        ([" | ".join(["[@, @]"] * 6)], 64_000, False),
        ([" | ".join(["[@, @]"] * 6)], 1_000_000, True),
        (["a["], 1_000_000, False),
        ([], 1_000_000, False),
    ],
)
def test_work_over_a_large_answer_is_bounded(
    paths: list[str], size: int, *, too_much: bool
) -> None:
    assert too_much_work(paths, size) is too_much
