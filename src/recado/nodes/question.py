"""Asks, waits, and keeps the answer: the node most conversations are made of."""

from collections.abc import Iterator
from functools import cached_property
from typing import ClassVar, Literal

from pydantic import BaseModel, ConfigDict

from recado.engine import texts
from recado.engine.answers import Answer, AnswerType, BadAnswer, Rules, read
from recado.engine.asking import (
    BurstRule,
    Choice,
    KeptIn,
    Timeout,
    attempts_used,
    chosen,
    keep,
    names_option,
    option_problems,
)
from recado.engine.content import Content, Text
from recado.engine.events import Json, Message
from recado.engine.node import About, Node, Port, Visit, check_variable, field
from recado.engine.options import Option, present
from recado.engine.patterns import bad_pattern
from recado.engine.port_rules import PortRule
from recado.engine.problems import Problem
from recado.engine.split import split_text
from recado.engine.steps import Answered, Entered, Go, Stay, Step, TimedOut, WaitForReply
from recado.engine.traits import name_set

TEXT_LIMIT = 4_096
Bound = float | str | None


class Validation(BaseModel):
    """What an answer must keep to, and how often somebody may try."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    min: Bound = field("Mínimo", "Minimum", default=None)
    max: Bound = field("Máximo", "Maximum", default=None)
    min_length: int | None = field("Tamanho mínimo", "Shortest", default=None, ge=0, le=TEXT_LIMIT)
    max_length: int | None = field("Tamanho máximo", "Longest", default=None, ge=1, le=64_000)
    pattern: str | None = field("Expressão regular", "Pattern", default=None, max_length=1_000)
    message: str | None = field(
        "Mensagem de erro", "Error message", default=None, template=True, max_length=TEXT_LIMIT
    )
    max_attempts: int = field("Tentativas", "Attempts", default=3, ge=1, le=20)

    @cached_property
    def rules(self) -> Rules:
        """Gives what the reader of answers checks."""
        return Rules(self.min, self.max, self.min_length, self.max_length, self.pattern)


class Album(BaseModel):
    """How many pictures, videos or files make one answer; over one, they are kept as a list."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    max: int = field("Máximo", "Maximum", default=1, ge=1, le=10)


class Question(Node):
    """Sends a text or options, waits for the answer, checks it, keeps it in a variable."""

    waits: ClassVar[bool] = True
    asks: ClassVar[bool] = True
    about: ClassVar[About] = About(
        family="basic",
        icon="message-circle-question",
        name={"pt-BR": "Pergunta", "en": "Question"},
        help={
            "pt-BR": "Pergunta, espera a resposta, confere e guarda em uma variável.",
            "en": "Asks, waits for the answer, checks it and keeps it in a variable.",
        },
        example={"content": "Qual é a sua idade?", "variableName": "idade", "answer": "number"},
    )
    port_rules: ClassVar[tuple[PortRule, ...]] = (
        PortRule(each="options", key="value", label="label", when={"route_by_option": (True,)}),
        PortRule(id="next", unless=True),
        PortRule(id="invalid", side=True),
        PortRule(id="timeout", side=True),
    )
    type: Literal["question"] = "question"
    content: str = field(
        "Pergunta", "Question", template=True, ui="long_text", min_length=1, max_length=TEXT_LIMIT
    )
    variable: KeptIn
    answer: AnswerType | None = field("Tipo de resposta", "Kind of answer", default=None)
    options: tuple[Choice, ...] = field(
        "Opções", "Options", default=(), ui="options", max_length=50
    )
    route_by_option: bool = field("Uma saída por opção", "A way out per option", default=False)
    media: Album | None = field("Mídia", "Media", default=None)
    validation: Validation = field("Validação", "Validation", default=Validation())
    timeout: Timeout
    burst: BurstRule

    @cached_property
    def kind(self) -> AnswerType:
        """Gives the kind of answer: options or media when the question has them, else text, unless the author chose."""
        if self.answer:
            return self.answer
        if self.options:
            return AnswerType.OPTIONS
        return AnswerType.MEDIA if self.media else AnswerType.TEXT

    def ports(self) -> tuple[Port, ...]:
        """Has `next`, or a main port per option; `invalid` and `timeout` at the side."""
        main = [Port(choice.value) for choice in self.options] if self.route_by_option else []
        sides = (Port("invalid", side=True), Port("timeout", side=True))
        return (*(main or [Port("next")]), *sides)

    def problems(self) -> Iterator[Problem]:
        """Finds doubled or look-alike options, bad patterns, and names that are our own."""
        yield from check_variable(self.variable, field="variableName")
        yield from option_problems(
            [(choice.value, choice.label) for choice in self.options],
            path="options",
            taken=("invalid", "timeout") if self.route_by_option else (),
        )
        if self.kind is AnswerType.OPTIONS and not self.options:
            yield Problem(code="missing_field", field="options")
        if self.media and self.kind not in (AnswerType.MEDIA, AnswerType.ANY):
            yield Problem(code="media_not_asked", field="media")
        if self.kind is AnswerType.REGEX and not self.validation.pattern:
            yield Problem(code="missing_field", field="validation.pattern")
        if (pattern := self.validation.pattern) and (reason := bad_pattern(pattern)):
            params = {"reason": reason}
            yield Problem(code="bad_pattern", field="validation.pattern", params=params)

    def claims(self, visit: Visit, message: Message) -> bool:
        """Keeps commands away from an option's own title."""
        return self.kind is AnswerType.OPTIONS and names_option(message, self._shown(visit))

    @property
    def time_limit(self) -> int | None:
        """Gives the author's."""
        return self.timeout

    def sets(self, port: str) -> frozenset[str]:
        """Sets the variable with every answer that does."""
        if port in ("invalid", "timeout"):
            return frozenset()
        titled = self.variable and self.kind is AnswerType.OPTIONS
        return name_set(self.variable, f"{self.variable}_title" if titled else None)

    @property
    def messages(self) -> int:
        """Counts the question."""
        return 1

    def run(self, visit: Visit) -> Step:
        """Asks when entered, checks when answered, gives up when the time is over."""
        match visit.occasion:
            case Entered():
                self._ask(visit, visit.text(self.content))
                return self._wait()
            case Answered(message=message):
                if self.kind is AnswerType.OPTIONS:
                    return self._choose(visit, message)
                return self._check(visit, message)
            case TimedOut():
                return Go("timeout")
            case _:
                return Stay()

    def _wait(self) -> WaitForReply:
        """Waits for one answer, or gathers an album where several pictures make one answer."""
        if self.media and self.media.max > 1:
            return WaitForReply(timeout=self.timeout, burst="merge", most=self.media.max)
        return WaitForReply(timeout=self.timeout, burst=self.burst)

    def _ask(self, visit: Visit, body: str) -> None:
        content: Content = Text(body)
        if self.kind is AnswerType.OPTIONS:
            button = texts.say(visit.world, "options_button")
            content = present(body, self._shown(visit), visit=visit.id, button_text=button)
        match content:
            case Text(body=text):
                for part in split_text(text):
                    visit.send(Text(part), asks=True)
            case _:
                visit.send(content, asks=True)

    def _shown(self, visit: Visit) -> list[Option]:
        return [Option(choice.value, visit.text(choice.label)) for choice in self.options]

    def _choose(self, visit: Visit, message: Message) -> Step:
        option = chosen(visit, message, self._shown(visit))
        if option is None:
            return self._check(visit, message)
        keep(visit, self.variable, option)
        return Go(option.value if self.route_by_option else "next")

    def _check(self, visit: Visit, message: Message) -> Step:
        world = visit.world
        found = read(
            message,
            self.kind,
            now=visit.now,
            timezone=world.timezone,
            locale=world.locale,
            rules=self.validation.rules,
        )
        match found:
            case Answer(value=value):
                if self.variable:
                    visit.set(self.variable, self._listed(value))
                return Go()
            case BadAnswer():
                visit.note(answer=message.text, refused=found.reason)
                return self._again(visit, found)

    def _listed(self, value: Json) -> Json:
        album = self.media is not None and self.media.max > 1
        return [value] if album and not isinstance(value, list) else value

    def _again(self, visit: Visit, bad: BadAnswer) -> Step:
        if attempts_used(visit) >= self.validation.max_attempts:
            return Go("invalid")
        own = self.validation.message
        text = visit.text(own) if own else texts.say(visit.world, bad.reason, **bad.values)
        self._ask(visit, text)
        return Stay()
