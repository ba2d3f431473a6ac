"""A long text goes out in pieces that read well and lose no word."""

from hypothesis import given
from hypothesis import strategies as st

from recado.engine.split import MAX_TEXT, split_text


def test_a_text_within_the_limit_stays_as_it_is() -> None:
    body = "  a\n\n" + "b" * (MAX_TEXT - 5)

    assert split_text(body) == [body]


def test_the_cut_is_at_a_paragraph_before_a_line_before_a_word() -> None:
    assert split_text("aaa bbb\ncc\n\ndd ee", 14) == ["aaa bbb\ncc", "dd ee"]
    assert split_text("aaa bbb\ncc dd", 11) == ["aaa bbb", "cc dd"]
    assert split_text("aaa bbb ccc", 8) == ["aaa bbb", "ccc"]
    assert split_text("aaabbbccc", 4) == ["aaab", "bbcc", "c"]


def test_an_early_paragraph_does_not_make_a_tiny_message() -> None:
    assert split_text("a\n\nbbbb cccc dddd", 12) == ["a\n\nbbbb cccc", "dddd"]


def test_blank_text_gives_nothing() -> None:
    assert split_text("") == []
    assert split_text(" \n" * 9_000) == []


def test_an_emoji_is_one_character() -> None:
    assert split_text("😀" * 5, 2) == ["😀😀", "😀😀", "😀"]


@given(st.text(alphabet="ab \n😀", max_size=200), st.integers(1, 30))
def test_pieces_fit_and_lose_only_blanks(body: str, limit: int) -> None:
    pieces = split_text(body, limit)

    assert all(piece.strip() and len(piece) <= limit for piece in pieces)
    assert "".join("".join(pieces).split()) == "".join(body.split())
