"""The contract of a node type: what it holds (a pydantic model), which ports it has, and what a visit to it does.

A node type is one file in `nodes/`: its fields, its ports, its behaviour, its texts in both languages, one example.
`run` is called when the session enters the node (`Entered`) and again for what its wait was about (`Answered`,
`TimedOut`); it says what comes next and uses the `Visit` for everything else.
"""

import re
from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, ClassVar, Literal

from pydantic import BaseModel, ConfigDict, Field
from pydantic.fields import FieldInfo

from recado.engine.content import Content
from recado.engine.effects import Effect
from recado.engine.events import Json, Message, World
from recado.engine.expression_mistakes import Mistake
from recado.engine.expressions import Result, parse
from recado.engine.port_rules import PortRule
from recado.engine.problems import Problem
from recado.engine.requests import Sealed
from recado.engine.sealing import Style
from recado.engine.steps import Occasion, Step
from recado.engine.traits import Traits

# Names that scopes use, so no session variable may have them (flow language, section 3).
RESERVED = frozenset(
    [
        "contact",
        "conversation",
        "number",
        "chatbot",
        "message",
        "trigger",
        "late",
        "now",
        "today",
        "secret",
    ]
)
# Characters that a placeholder is filled with, as often as not: a name, a date, an amount.
TYPICAL = 20
PLACEHOLDER = re.compile(r"\{\{.*?\}\}", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Port:
    """A named way out. Main ports are served by the default edge, side ports need an edge of their own."""

    id: str
    side: bool = False
    # Without an edge the session just ends here, whatever a port of that name does elsewhere.
    ends: bool = False


class Visit(ABC):
    """What a node may see and do while it is visited; implemented by `visit.py`."""

    __slots__ = ()

    id: str
    node: str
    now: datetime
    occasion: Occasion
    world: World
    seed: int
    memory: dict[str, Json]

    @abstractmethod
    def text(self, template: str, *, limit: int | None = None) -> str:
        """Fills a template text from everything the flow can read; past `limit` characters it is cut and traced."""

    def line(self, template: str | None, *, limit: int) -> str | None:
        """Fills a text that is shown on one line; an empty one is none."""
        return " ".join(self.text(template, limit=limit).split()) or None if template else None

    @abstractmethod
    def sealed(self, template: str, *, style: Style = "plain") -> Sealed:
        """Fills a text that may name `{{secret.X}}`: values are written as `style` demands, secrets stay references."""

    @abstractmethod
    def variables(self) -> Mapping[str, Json]:
        """Gives all session variables."""

    @abstractmethod
    def value(self, path: str) -> Json:
        """Looks up a variable or scope path such as `order.total`; None when it is unset."""

    @abstractmethod
    def evaluate(self, expression: str) -> Result:
        """Evaluates an expression with everything the flow can read; a failure is part of the result."""

    @abstractmethod
    def has_edge(self, port: str) -> bool:
        """Says whether a port leads anywhere."""

    @abstractmethod
    def set(self, name: str, value: Json) -> bool:
        """Sets a session variable, or unsets it with None and where the value does not fit, which is traced.

        Says whether the value fits.
        """

    @abstractmethod
    def send(self, content: Content, *, asks: bool = False, quote_trigger: bool = False) -> None:
        """Sends a message to the customer."""

    @abstractmethod
    def effect(self, effect: Effect) -> None:
        """Asks for any other effect."""

    @abstractmethod
    def times_here(self) -> int:
        """Says how often this turn has come to this node, now included: luck must not be the same each time."""

    @abstractmethod
    def note(self, **facts: Json) -> None:
        """Writes into the trace why the node did what it did."""


class About(BaseModel):
    """What people read about a node type, in both languages, and how the palette shows it."""

    family: Literal["basic", "logic", "actions", "integration", "ai", "whatsapp", "analytics"]
    icon: str
    name: dict[str, str]
    help: dict[str, str]
    example: dict[str, Any]


class Node(Traits, BaseModel):
    """A node's configuration, as its type's schema reads it from the document's `data`."""

    model_config = ConfigDict(extra="forbid", frozen=True, populate_by_name=True)

    about: ClassVar[About]
    # What `ports` gives, as data for builders; a test holds the two against each other.
    port_rules: ClassVar[tuple[PortRule, ...]] = (PortRule(id="next"),)
    # A node that waits, or one that chooses its way, makes a loop through it an honest one.
    waits: ClassVar[bool] = False
    chooses: ClassVar[bool] = False

    type: str
    label: str | None = Field(default=None, max_length=200)

    @property
    def breaks_loops(self) -> bool:
        """Says whether going round through this node may come to an end."""
        return self.waits or self.chooses

    @property
    def reads_calendar(self) -> bool:
        """Says whether the node asks a calendar, so that events carry them."""
        return False

    def ports(self) -> tuple[Port, ...]:
        """Lists the ways out, which may depend on the configuration."""
        return (Port("next"),)

    def can_take(self, port: str) -> bool:
        """Says whether the configuration lets a visit ever leave by a port; a time that is not set never runs out."""
        return port != "timeout" or self.time_limit is not None

    def problems(self) -> Iterator[Problem]:
        """Finds mistakes that the schema cannot see; fields are paths into `data`."""
        return iter(())

    def jumps(self) -> tuple[str | None, str | None]:
        """Names the node and the flow that the node goes to without an edge, if it does."""
        return None, None

    def claims(self, visit: Visit, message: Message) -> bool:
        """Says whether the words are exactly one of the node's options, so that no command may take them."""
        return False

    def run(self, visit: Visit) -> Step:
        """Does what the node does on this occasion and says what comes next."""
        raise NotImplementedError


NodeTypes = Mapping[str, type[Node]]


def field(
    pt: str,
    en: str,
    *,
    default: Any = ...,
    template: bool = False,
    secrets: bool = False,
    ui: str | None = None,
    help: tuple[str, str] | None = None,
    **rules: Any,
) -> Any:
    """Declares a field of a node: its names in both languages, its hint for the form, its limits.

    `template` marks text that takes `{{variables}}`, `secrets` one that takes `{{secret.X}}` as well; the compiler
    checks both. `ui` names the form's control where
    the schema's type is not enough (long_text, variable, duration, options, rules).
    """
    hints: dict[str, Any] = {"title": {"pt-BR": pt, "en": en}, "template": template, "ui": ui}
    hints["secrets"] = secrets
    if help:
        hints["help"] = {"pt-BR": help[0], "en": help[1]}
    extra: dict[str, Any] = {"recado": {key: value for key, value in hints.items() if value}}
    return Field(default=default, title=en, json_schema_extra=extra, **rules)


def takes_template(info: FieldInfo) -> bool:
    """Says whether a field was declared as text with `{{variables}}`."""
    match info.json_schema_extra:
        case {"recado": {"template": True}}:
            return True
    return False


def takes_secrets(info: FieldInfo) -> bool:
    """Says whether a text with `{{variables}}` may name secrets."""
    match info.json_schema_extra:
        case {"recado": {"secrets": True}}:
            return True
    return False


def check_length(text: str, *, limit: int, field: str) -> Iterator[Problem]:
    """Yields a problem where a text is longer than WhatsApp takes, or may well be once its placeholders are filled."""
    fixed, placeholders = PLACEHOLDER.subn("", text)
    params: dict[str, Json] = {"length": len(fixed), "limit": limit}
    if len(fixed) > limit:
        yield Problem(code="text_too_long", field=field, params=params)
    elif len(fixed) + placeholders * TYPICAL > limit:
        yield Problem(code="may_pass_limit", severity="warning", field=field, params=params)


def check_variable(name: str | None, *, field: str) -> Iterator[Problem]:
    """Yields a problem where a variable would hide one of our own names."""
    if name is not None and name.split(".", 1)[0] in RESERVED:
        yield Problem(code="reserved_variable", field=field, params={"name": name})


def check_expression(source: Json, *, field: str) -> Iterator[Problem]:
    """Yields a problem where a text cannot be read as an expression."""
    read = parse(source) if isinstance(source, str) else Mistake("not_text")
    if isinstance(read, Mistake):
        reasons: dict[str, Json] = {"reason_pt": read.say("pt-BR"), "reason_en": read.say("en")}
        yield Problem(code="bad_expression", field=field, params=reasons)


def ids_doubled(ids: Sequence[str]) -> set[str]:
    """Gives the ids that stand more than once."""
    seen: set[str] = set()
    return {id for id in ids if id in seen or seen.add(id)}  # type: ignore[func-returns-value]
