"""A message is read as the type of answer that a question asks for, or refused with the reason."""

from datetime import UTC, date, datetime, time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from recado.engine.answers import Answer, AnswerType, BadAnswer, Rules, answers, read
from recado.engine.dates import read_date, read_time
from recado.engine.events import Json, Message, World
from recado.engine.texts import say

# Already the 12th in UTC, still the 11th in São Paulo.
NIGHT = datetime(2026, 3, 12, 1, 0, tzinfo=UTC)
PHOTO = {"type": "image", "media_id": "1"}


def answered(text: str, answer: str, locale: str = "pt-BR", **rules: Json) -> Answer | BadAnswer:
    message = Message("m", "text", text, value=text)
    return read(message, AnswerType(answer), now=NIGHT, locale=locale, rules=Rules(**rules))


@pytest.mark.parametrize(
    ("answer", "text", "value"),
    [
        ("text", " João ", "João"),
        ("number", "18", 18),
        ("number", "18,5", 18.5),
        ("number", "1.234,56", 1234.56),
        ("number", "R$ 50", 50),
        ("number", "007", 7),
        ("number", "0,5", 0.5),
        ("number", "-3", -3),
        ("integer", "18", 18),
        ("integer", "18,0", 18),
        ("email", " Ana.Silva@Exemplo.com.br", "ana.silva@exemplo.com.br"),
        ("phone", "(11) 91234-5678", "+5511912345678"),
        ("phone", "+351 912 345 678", "+351912345678"),
        ("date", "25/12/2026", "2026-12-25"),
        ("date", "hoje", "2026-03-11"),
        ("date", "Amanhã!", "2026-03-12"),
        ("time", "15h30", "15:30"),
        ("url", "exemplo.com.br/pedido?x=1", "https://exemplo.com.br/pedido?x=1"),
        ("url", "http://exemplo.com", "http://exemplo.com"),
        ("yes_no", "Sim!", True),
        ("yes_no", "n", False),
        ("yes_no", "0", False),
        ("cpf", "529.982.247-25", "52998224725"),
        ("cnpj", "11.222.333/0001-81", "11222333000181"),
        ("cnpj", "12.abc.345/01de-35", "12ABC34501DE35"),
        ("cep", "01310-100", "01310100"),
        ("regex", "AB-12", "AB-12"),
        ("any", "oi", "oi"),
    ],
)
def test_answers_that_do(answer: str, text: str, value: Json) -> None:
    found = answered(text, answer)

    assert isinstance(found, Answer)
    assert found.value == value
    assert type(found.value) is type(value)


@pytest.mark.parametrize(
    ("answer", "text"),
    [
        ("text", "  "),
        ("number", "dezoito"),
        ("number", "18 anos"),
        ("number", "1234567890123456"),
        ("integer", "18,5"),
        ("email", "ana@"),
        ("email", "ana@exemplo..com"),
        ("email", "a@b.c d"),
        ("phone", "99999"),
        ("phone", "11111111"),
        ("phone", "ligue 11 91234-5678"),
        ("date", "31/02/2026"),
        ("date", "amanhã às 15h"),
        ("time", "25:00"),
        ("time", "15:75"),
        ("time", "13pm"),
        ("url", "não tenho"),
        ("url", "javascript://x"),
        ("yes_no", "talvez"),
        ("cpf", "529.982.247-26"),
        ("cpf", "111.111.111-11"),
        ("cnpj", "11.222.333/0001-82"),
        ("cep", "1310-100"),
        ("options", "nada disso"),
        ("media", "oi"),
        ("location", "oi"),
    ],
)
def test_answers_that_do_not(answer: str, text: str) -> None:
    assert answered(text, answer) == BadAnswer(f"bad_{answer}")


@pytest.mark.parametrize(
    ("answer", "text", "rules", "reason", "said"),
    [
        ("number", "17", {"min": 18}, "number_under_min", "18"),
        ("number", "17", {"min": "17,5"}, "number_under_min", "17,5"),
        ("integer", "1001", {"max": 1000}, "number_over_max", "1.000"),
        ("date", "10/03/2026", {"min": "hoje"}, "date_under_min", "11 de março de 2026"),
        ("date", "01/01/2027", {"max": "2026-12-31"}, "date_over_max", "31 de dezembro de 2026"),
        ("time", "7:59", {"min": "08:00"}, "time_under_min", "08:00"),
        ("time", "18:01", {"max": "18h"}, "time_over_max", "18:00"),
        ("text", "Jo", {"min_length": 3}, "too_short", "3"),
        ("text", "João", {"max_length": 3}, "too_long", "3"),
    ],
)
def test_limits(answer: str, text: str, rules: dict[str, Json], reason: str, said: str) -> None:
    found = answered(text, answer, **rules)

    assert isinstance(found, BadAnswer)
    assert (found.reason, *found.values.values()) == (reason, said)
    assert said in say(World(), found.reason, **found.values)


@pytest.mark.parametrize(
    ("answer", "text", "rules"),
    [
        ("number", "18", {"min": 18, "max": 18}),
        ("date", "hoje", {"min": "today", "max": "amanhã"}),
        ("time", "8:00", {"min": "08:00"}),
        ("text", "João", {"min_length": 4, "max_length": 4, "min": 9}),
        ("number", "18", {"min": "sem sentido", "min_length": 3}),
        ("regex", "AB-12", {"pattern": r"^[A-Z]{2}-\d+$"}),
    ],
)
def test_within_the_limits(answer: str, text: str, rules: dict[str, Json]) -> None:
    assert isinstance(answered(text, answer, **rules), Answer)


def test_a_pattern_is_re2_and_holds_for_every_typed_answer() -> None:
    assert answered("ab", "regex", pattern=r"^\d+$") == BadAnswer("bad_regex")
    assert answered("ana@gmail.com", "email", pattern="@exemplo\\.com$") == BadAnswer("bad_regex")


def test_limits_are_said_in_the_customers_language() -> None:
    found = answered("1", "number", locale="en", min=1234.5)

    assert found == BadAnswer("number_under_min", {"min": "1,234.5"})


@pytest.mark.parametrize("kind", ["reaction", "system", "edit", "revoke", "unsupported", "sticker"])
def test_some_messages_never_answer(kind: str) -> None:
    assert not answers(Message("m", kind, "oi"))


@pytest.mark.parametrize("kind", ["text", "image", "audio", "location", "button_reply", "contacts"])
def test_the_others_do(kind: str) -> None:
    assert answers(Message("m", kind))


def media(caption: str = "", kind: str = "image") -> Message:
    return Message("m", kind, caption, value=PHOTO)


def asked(message: Message, answer: AnswerType) -> Answer | BadAnswer:
    return read(message, answer, now=NIGHT)


@pytest.mark.parametrize("answer", [AnswerType.TEXT, AnswerType.NUMBER, AnswerType.OPTIONS])
def test_media_without_a_caption_is_no_text(answer: AnswerType) -> None:
    assert asked(media(), answer) == BadAnswer("only_text")


def test_a_caption_is_the_text() -> None:
    assert asked(media("18"), AnswerType.NUMBER) == Answer(18, "18")


def test_media_questions_take_media() -> None:
    assert asked(media("olha"), AnswerType.MEDIA) == Answer(PHOTO, "olha")
    assert asked(media(kind="sticker"), AnswerType.MEDIA) == BadAnswer("bad_media")
    assert asked(media(), AnswerType.LOCATION) == BadAnswer("bad_location")
    assert asked(media(), AnswerType.ANY) == Answer(PHOTO, "")


def test_location_questions_take_a_location() -> None:
    place = {"latitude": -23.5, "longitude": -46.6}

    assert asked(Message("m", "location", value=place), AnswerType.LOCATION) == Answer(place, "")


@pytest.mark.parametrize(
    ("text", "day"),
    [
        ("2026-12-25", date(2026, 12, 25)),
        ("5/4/26", date(2026, 4, 5)),
        ("5/4/85", date(1985, 4, 5)),
        ("05-04-2026", date(2026, 4, 5)),
        ("05.04.2026", date(2026, 4, 5)),
        ("5/4", date(2026, 4, 5)),
        ("1º de maio", date(2026, 5, 1)),
        ("15 de março de 2027", date(2027, 3, 15)),
        ("15 mar 2027", date(2027, 3, 15)),
        ("March 15, 2027", date(2027, 3, 15)),
        ("15th of March 2027", date(2027, 3, 15)),
        ("ontem", date(2026, 3, 10)),
        ("depois de amanhã", date(2026, 3, 13)),
        ("tomorrow", date(2026, 3, 12)),
        ("29/02/2026", None),
        ("5/4-2026", None),
        ("15 de banana", None),
        ("13/13/2026", None),
        ("segunda", None),
        ("0000-01-01", None),
        ("x" * 5_000, None),
    ],
)
def test_dates(text: str, day: date | None) -> None:
    assert read_date(text, date(2026, 3, 11)) == day


@pytest.mark.parametrize(
    ("text", "clock"),
    [
        ("15:30", time(15, 30)),
        ("15:30:20", time(15, 30, 20)),
        ("às 15h", time(15)),
        ("15 horas", time(15)),
        ("9h05min", time(9, 5)),
        ("15", time(15)),
        ("3pm", time(15)),
        ("3:30 p.m.", time(15, 30)),
        ("12am", time(0)),
        ("meio-dia", time(12)),
        ("midnight", time(0)),
        ("24:00", None),
        ("0pm", None),
        ("15:3", None),
        ("1530", None),
        ("", None),
    ],
)
def test_times(text: str, clock: time | None) -> None:
    assert read_time(text) == clock


LIKELY = st.sampled_from(
    ["18", "hoje", "15h", "sim", "31/12/9999", "52998224725", "1e9", "\x00", "²"]
)
EDGES = st.none() | st.integers() | st.text(max_size=5) | LIKELY


@given(st.text(max_size=30) | LIKELY, st.sampled_from(AnswerType), EDGES, EDGES)
def test_reading_is_total(text: str, answer: AnswerType, low: Json, high: Json) -> None:
    found = answered(text, answer.value, min=low, max=high)

    match found:
        case Answer(value=value):
            assert isinstance(value, str | bool | int | float)
        case BadAnswer(reason=reason, values=values):
            assert say(World(), reason, **values)
