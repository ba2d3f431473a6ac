"""What the nodes that ask share: choosing among options, asking again, giving up."""

from collections.abc import Iterator, Sequence
from itertools import combinations
from typing import Annotated, Any, Protocol

from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

from recado.engine import texts
from recado.engine.content import Buttons, ListMenu, Media, Text
from recado.engine.events import Message
from recado.engine.flow import MAX_OPTION_ID
from recado.engine.fold import fold_title
from recado.engine.node import Visit, field, ids_doubled
from recado.engine.options import Option, as_numbered, is_takeable, match
from recado.engine.problems import Problem
from recado.engine.settings import Burst
from recado.engine.split import split_text
from recado.engine.steps import Answered, Entered, Fail, Go, Stay, Step, TimedOut, WaitForReply

MONTH = 30 * 86_400

# Fields that the asking nodes share.
OptionId = Annotated[str, Field(min_length=1, max_length=MAX_OPTION_ID)]
KeptIn = Annotated[
    str | None,
    field(
        "Guardar em",
        "Keep in",
        default=None,
        ui="variable",
        alias="variableName",
        min_length=1,
        max_length=100,
    ),
]
Attempts = Annotated[int, field("Tentativas", "Attempts", default=3, ge=1, le=20)]
Timeout = Annotated[
    int | None,
    field("Tempo limite (s)", "Time limit (s)", default=None, ui="duration", ge=1, le=MONTH),
]
BurstRule = Annotated[
    Burst | None,
    field(
        "Mensagens em sequência",
        "Messages in a burst",
        default=None,
        help=(
            "fresh: só vale o que vier depois da pergunta; each: cada mensagem responde uma pergunta; "
            "merge: junta tudo até haver silêncio; newest: vale a última.",
            "fresh: only what comes after the question counts; each: every message answers a question; "
            "merge: joins all until there is silence; newest: the last one counts.",
        ),
    ),
]


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


def send_menu(visit: Visit, menu: Buttons | ListMenu) -> None:
    """Sends buttons or a list; what Meta would refuse once it is filled in goes out as numbered text."""
    if is_takeable(menu):
        return visit.send(menu, asks=True)
    visit.note(shown_as="text")
    if isinstance(menu.header, Media):
        visit.send(menu.header, asks=True)
    for part in split_text(as_numbered(menu)):
        visit.send(Text(part), asks=True)
    return None


class Menu(Protocol):
    """A node that shows options and leaves by the chosen one."""

    @property
    def variable(self) -> str | None:
        """Gives the variable that keeps the choice."""

    @property
    def max_attempts(self) -> int:
        """Says how often somebody may choose wrongly."""

    @property
    def timeout(self) -> int | None:
        """Gives the seconds after which it stops waiting."""

    @property
    def burst(self) -> Burst | None:
        """Says how it takes messages in quick succession."""

    def options(self, visit: Visit) -> list[Option]:
        """Lists what can be chosen, with the titles filled in."""

    def show(self, visit: Visit) -> None:
        """Sends the menu."""

    def show_again(self, visit: Visit, words: str) -> None:
        """Sends the options under other words, after an answer that was none of them."""


def choose_from(node: Menu, visit: Visit) -> Step:
    """Shows the menu when entered, leaves by the chosen option or *timeout*, asks again after a wrong answer."""
    match visit.occasion:
        case Entered():
            node.show(visit)
            return WaitForReply(timeout=node.timeout, burst=node.burst)
        case TimedOut():
            return Go("timeout")
        case Answered(message=message):
            if option := chosen(visit, message, node.options(visit)):
                keep(visit, node.variable, option)
                return Go(option.value)
            return _none_of_them(node, visit)
        case _:
            return Stay()


def _none_of_them(node: Menu, visit: Visit) -> Step:
    if visit.has_edge("other"):
        return Go("other")
    if attempts_used(visit) >= node.max_attempts:
        return Fail("no_option_chosen")
    node.show_again(visit, texts.say(visit.world, "bad_options"))
    return Stay()


def chosen_names(variable: str | None, port: str) -> frozenset[str]:
    """Names what a menu sets whenever it is left by a port: the choice and its title."""
    if variable is None or port in ("other", "timeout"):
        return frozenset()
    return frozenset((variable, f"{variable}_title"))


def option_problems(
    options: Sequence[tuple[str, str]], *, path: str, taken: Sequence[str] = ()
) -> Iterator[Problem]:
    """Finds doubled values and titles that look the same to somebody who types; options are (value, title)."""
    for value in sorted(ids_doubled([*(value for value, _ in options), *taken])):
        yield Problem(code="option_twice", field=path, params={"value": value})
    for value, title in options:
        if not title.strip():
            yield Problem(code="option_without_title", field=path, params={"value": value})
        if value != value.strip() or not value.isprintable():
            yield Problem(code="bad_option_id", field=path, params={"value": value})
    fixed = [title for _, title in options if "{{" not in title]
    for first, second in combinations(fixed, 2):
        if fold_title(first) == fold_title(second):
            yield Problem(
                code="titles_equal", field=path, params={"first": first, "second": second}
            )
