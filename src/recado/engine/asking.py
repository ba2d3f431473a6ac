"""What the nodes that ask share: choosing among options, asking again, giving up."""

from collections.abc import Iterator, Sequence
from itertools import combinations
from typing import Any

from pydantic import BaseModel, ConfigDict, field_validator, model_validator

from recado.engine import texts
from recado.engine.events import Message
from recado.engine.flow import MAX_OPTION_ID
from recado.engine.fold import fold_title
from recado.engine.node import Fail, Go, Stay, Step, Visit, field, ids_doubled
from recado.engine.options import Option, match
from recado.engine.problems import Problem

MONTH = 30 * 86_400


class Choice(BaseModel):
    """An option: the value that is kept and the words that are shown; a plain string means both."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    value: str = field("Valor", "Value", min_length=1, max_length=MAX_OPTION_ID)
    label: str = field("Texto", "Label", template=True, min_length=1, max_length=1_000)

    @model_validator(mode="before")
    @classmethod
    def _from_string(cls, raw: Any) -> Any:
        if isinstance(raw, str):
            return {"value": raw, "label": raw}
        if isinstance(raw, dict) and "label" not in raw and "value" in raw:
            return {**raw, "label": str(raw["value"])}
        return raw

    @field_validator("value", mode="before")
    @classmethod
    def _numbers_are_values_too(cls, raw: Any) -> Any:
        return str(raw) if isinstance(raw, int | float) and not isinstance(raw, bool) else raw


def chosen(visit: Visit, message: Message, options: Sequence[Option]) -> Option | None:
    """Finds the option that a message means, and traces the judgement."""
    option = match(message, options, visit=visit.id)
    if not isinstance(option, Option):
        visit.note(answer=message.text, no_option=True)
        return None
    visit.note(answer=message.text, option=option.value)
    return option


def keep(visit: Visit, variable: str | None, option: Option) -> None:
    """Keeps the option's value, and its title beside it."""
    if variable:
        visit.set(variable, option.value)
        visit.set(f"{variable}_title", option.label)


def attempts_used(visit: Visit) -> int:
    """Counts one more wrong answer; gives how many there were."""
    attempts = int(visit.memory.get("attempts", 0)) + 1
    visit.memory["attempts"] = attempts
    return attempts


def names_option(message: Message, options: Sequence[Option]) -> bool:
    """Says whether the words are exactly an option's title."""
    said = fold_title(message.text)
    return any(fold_title(option.label) == said for option in options)


def other(visit: Visit, *, max_attempts: int) -> Step | None:
    """Says where a wrong choice leads: the port *other*, `on_error` after the last attempt, or None: ask again."""
    if visit.has_edge("other"):
        return Go("other")
    if attempts_used(visit) >= max_attempts:
        return Fail("no_option_chosen")
    return None


def ask_again(visit: Visit) -> str:
    """Gives the platform's words for a choice that is none of the options."""
    return texts.say(visit.world, "bad_options")


STAY = Stay()


def option_problems(
    options: Sequence[tuple[str, str]], *, path: str, taken: Sequence[str] = ()
) -> Iterator[Problem]:
    """Finds doubled values and titles that look the same to somebody who types; options are (value, title)."""
    for value in sorted(ids_doubled([*(value for value, _ in options), *taken])):
        yield Problem(code="option_twice", field=path, params={"value": value})
    fixed = [title for _, title in options if "{{" not in title]
    for first, second in combinations(fixed, 2):
        if fold_title(first) == fold_title(second):
            yield Problem(
                code="titles_equal", field=path, params={"first": first, "second": second}
            )
