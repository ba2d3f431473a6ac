"""What is wrong with a story, in Portuguese: the reasons are English sentences, ours and msgspec's."""

import re

KINDS = {
    "array": "uma lista",
    "bool": "true ou false",
    "datetime": "uma data com hora",
    "float": "um número",
    "int": "um número inteiro",
    "null": "nada (null)",
    "object": "um objeto",
    "str": "um texto",
}
_SIZES = {"<=": "no máximo", ">=": "no mínimo", "<": "menos de", ">": "mais de"}
_KIND = re.compile(r"`([^`]*)`")
# English, and Portuguese with the same groups; kinds of values stand between backquotes.
_PATTERNS: tuple[tuple[str, str], ...] = (
    (r"unknown field", "o campo não existe"),
    (r"Object missing required field `(.*)`", "falta o campo “{0}”"),
    (r"Expected (`[^`]*`) with a timezone component", "precisa de {0} e fuso horário"),
    (r"Expected (`[^`]*`) of length (<=|>=|<|>) (\d+)", "precisa ser {0} de {1} {2}"),
    (r"Expected (`[^`]*`) (<=|>=|<|>) (\S+)", "precisa ser {0}: {1} {2}"),
    (r"Expected (`[^`]*`), got (`[^`]*`)", "precisa ser {0}, e é {1}"),
    (r"Invalid enum value (.*)", "o valor {0} não é aceito"),
    (
        r"Invalid RFC3339 encoded datetime",
        "não é uma data com hora, como 2026-12-24T20:00:00-03:00",
    ),
    (r"a story is an object", "uma história é um objeto"),
    (r"must be a list of 1 to (\d+) steps", "precisa ser uma lista de 1 a {0} passos"),
    (r"there is no time zone (.*)", "o fuso horário {0} não existe"),
    (r"a story begins between 2000 and 2099", "uma história começa entre 2000 e 2099"),
    (r"a step is an object", "um passo é um objeto"),
    (r"no such step: empty", "o passo está vazio"),
    (r"no such step: (.*)", "não há este passo: {0}"),
    (r"a step does one thing, not (.*)", "um passo faz uma coisa só, não {0}"),
    (r"only one thing has a caption", "só uma coisa sozinha tem legenda"),
    (
        r"not a span of time: (.*) \(at most (\d+) days, such as 3 days or 2h\)",
        "não é um tempo: {0} (no máximo {1} dias, como 3 days ou 2h)",
    ),
    (r"people do not do that: (.*)", "uma pessoa não faz isso: {0}"),
    (r"only a refusal has a code", "só uma recusa tem código"),
    (r"a call that is ok has no error", "uma chamada que deu certo não tem erro"),
    (
        r"a call that did not work has an `error` or a `status`",
        "uma chamada que não deu certo tem um “error” ou um “status”",
    ),
    (
        r"from and to are the same; a whole day is (.*)",
        "from e to são iguais; um dia inteiro é 00:00 to 24:00",
    ),
    (r"a state needs its country", "um estado precisa do seu país"),
    (r"no holidays are known for (.*)", "não se conhecem feriados de {0}"),
    (r"to is before date", "to vem antes de date"),
    (r"a list of results has 1 to (\d+) of them", "uma lista de resultados tem de 1 a {0}"),
)
_READ = tuple((re.compile(english, re.DOTALL), portuguese) for english, portuguese in _PATTERNS)


def in_portuguese(reason: str) -> str:
    """Says a reason in Portuguese; one without words here stays as it is."""
    for english, portuguese in _READ:
        if found := english.fullmatch(reason):
            return portuguese.format(*map(_word, found.groups()))
    return reason


def _word(part: str) -> str:
    kinds = _KIND.fullmatch(part)
    if kinds is None:
        return _SIZES.get(part, part)
    return " ou ".join(KINDS.get(kind, kind) for kind in kinds[1].split(" | "))
