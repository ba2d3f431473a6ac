"""What can be wrong with an expression, in both languages: a mistake in its text, a failure of its evaluation."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

Pair = tuple[str, str]  # pt-BR, en
SHOWN = 60

MISTAKES: Mapping[str, Pair] = {
    "empty": ("a expressão está vazia", "the expression is empty"),
    "not_text": ("a expressão precisa ser um texto", "the expression must be a text"),
    "too_long": (
        "a expressão é longa demais; o máximo são {piece} caracteres",
        "the expression is too long; it may have {piece} characters",
    ),
    "too_deep": ("há partes demais umas dentro das outras", "too many parts are nested"),
    "unexpected": ("não se entende “{piece}”", "“{piece}” cannot be understood"),
    "value_missing": ("falta um valor depois de “{piece}”", "a value is missing after “{piece}”"),
    "sign_missing": ("falta “{piece}”", "“{piece}” is missing"),
    "unclosed_text": (
        "falta fechar as aspas de {piece}",
        "the closing quote of {piece} is missing",
    ),
    "curly_quotes": (
        "use aspas retas, ' ou \", em vez de {piece}",
        "use straight quotes, ' or \", instead of {piece}",
    ),
    "braces": (
        "escreva o nome da variável sem {{{{ }}}}",
        "write the name of the variable without {{{{ }}}}",
    ),
    "assignment": ("para comparar, use “==”", "use “==” to compare"),
    "chained": (
        "compare dois valores por vez, como em 1 < x and x < 5",
        "compare two values at a time, as in 1 < x and x < 5",
    ),
    "leading_zero": (
        "“{piece}” começa com zero; se é um código, ponha-o entre aspas",
        "“{piece}” begins with a zero; put it in quotes if it is a code",
    ),
    "long_number": ("o número “{piece}” é longo demais", "the number “{piece}” is too long"),
    "bad_name": ("“{piece}” não pode ser um nome", "“{piece}” cannot be a name"),
    "secret": (
        "uma expressão não pode ler segredos",
        "an expression may not read secrets",
    ),
    "unknown_function": ("a função “{piece}” não existe", "there is no function “{piece}”"),
    "too_few_arguments": ("faltam valores em “{piece}”", "values are missing in “{piece}”"),
    "too_many_arguments": (
        "há valores demais em “{piece}”",
        "there are too many values in “{piece}”",
    ),
}

FAILURES: Mapping[str, Pair] = {
    "divided_by_zero": ("divisão por zero", "a division by zero"),
    "not_a_number": ("{piece} não é um número", "{piece} is not a number"),
    "not_a_date": ("{piece} não é uma data", "{piece} is not a date"),
    "not_a_list": ("{piece} não é uma lista", "{piece} is not a list"),
    "no_such_date": ("essa data não existe no calendário", "the calendar has no such date"),
    "bad_pattern": ("o padrão {piece} não é válido", "the pattern {piece} is not valid"),
    "cannot_add": ("não se pode somar {piece}", "{piece} cannot be added"),
    "too_large": ("o resultado é grande demais", "the result is too large"),
    "too_costly": ("a conta é longa demais", "the evaluation takes too long"),
}

Language = Literal["pt-BR", "en"]
PLACE: Pair = (" (posição {position})", " (position {position})")


@dataclass(frozen=True, slots=True)
class Mistake:
    """Why a text is no expression; `position` counts its characters from 0, `piece` is what stands there."""

    code: str
    position: int = 0
    piece: str = ""

    def say(self, language: Language = "pt-BR") -> str:
        """Says the mistake in words an author understands, and where, counting from 1."""
        sentence = pick(MISTAKES[self.code], language).format(piece=self.piece)
        return sentence + pick(PLACE, language).format(position=self.position + 1)


@dataclass(frozen=True, slots=True)
class Failure:
    """Why an evaluation has no value; `piece` is the value that was to blame."""

    code: str
    piece: str = ""

    def say(self, language: Language = "pt-BR") -> str:
        """Says the failure in words an author understands; a code that a newer version wrote as it is."""
        if self.code not in FAILURES:
            return self.code
        return pick(FAILURES[self.code], language).format(piece=self.piece)


class Refused(Exception):
    """Leaves the parser with a mistake; never leaves `expressions.py`."""

    def __init__(self, code: str, position: int = 0, piece: str = "") -> None:
        super().__init__(code)
        self.mistake = Mistake(code, position, shown(piece))


class Failed(Exception):
    """Leaves an evaluation with a failure; never leaves `expressions.py`."""

    def __init__(self, code: str, piece: str = "") -> None:
        super().__init__(code)
        self.failure = Failure(code, shown(piece))


def shown(text: str) -> str:
    """Cuts a text to what fits into a sentence, on one line."""
    line = " ".join(text[: SHOWN * 2].split())
    return line if len(line) <= SHOWN else f"{line[: SHOWN - 1]}…"


def pick(pair: Pair, language: Language) -> str:
    """Picks the words of one language."""
    return pair[0] if language == "pt-BR" else pair[1]
