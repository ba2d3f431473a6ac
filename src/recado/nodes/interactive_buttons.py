"""Shows up to three buttons and goes on by the one that is tapped or typed."""

from collections.abc import Iterator
from typing import Annotated, ClassVar, Literal

from pydantic import BaseModel, ConfigDict, Field

from recado.engine.asking import (
    MONTH,
    STAY,
    ask_again,
    chosen,
    keep,
    names_option,
    option_problems,
    other,
)
from recado.engine.content import Button, Buttons, Header
from recado.engine.events import Message
from recado.engine.flow import MAX_OPTION_ID
from recado.engine.headers import HeaderField, fill_header, header_problems
from recado.engine.node import (
    About,
    Answered,
    Entered,
    Go,
    Node,
    Port,
    Step,
    TimedOut,
    Visit,
    WaitForReply,
    check_length,
    check_variable,
    field,
)
from recado.engine.options import Option, wire_id
from recado.engine.problems import Problem
from recado.engine.settings import Burst

BODY, FOOTER, TITLE = 1_024, 60, 20  # Meta's limits, in characters


class ReplyButton(BaseModel):
    """A button: the id that is kept and named as a way out, and the title that is seen."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    id: Annotated[str, Field(min_length=1, max_length=MAX_OPTION_ID)]
    title: str = field("Título", "Title", template=True, min_length=1, max_length=200)


class InteractiveButtons(Node):
    """Sends a text with one to three buttons, waits, and leaves by the chosen one."""

    waits: ClassVar[bool] = True
    about: ClassVar[About] = About(
        family="whatsapp",
        icon="rectangle-ellipsis",
        name={"pt-BR": "Botões", "en": "Buttons"},
        help={
            "pt-BR": "Até três botões. Quem digita o título ou o número também escolhe.",
            "en": "Up to three buttons. Typing the title or the number chooses, too.",
        },
        example={
            "content": "Como podemos ajudar?",
            "buttons": [{"id": "vendas", "title": "Vendas"}, {"id": "suporte", "title": "Suporte"}],
        },
    )
    type: Literal["interactive_buttons"] = "interactive_buttons"
    header: HeaderField = field("Cabeçalho", "Header", default=None, ui="header")
    content: str = field(
        "Texto", "Text", template=True, ui="long_text", min_length=1, max_length=4_096
    )
    footer: str | None = field("Rodapé", "Footer", default=None, template=True, max_length=1_000)
    buttons: tuple[ReplyButton, ...] = field(
        "Botões", "Buttons", ui="buttons", min_length=1, max_length=3
    )
    variable: str | None = field(
        "Guardar em",
        "Keep in",
        default=None,
        ui="variable",
        alias="variableName",
        min_length=1,
        max_length=100,
    )
    max_attempts: int = field("Tentativas", "Attempts", default=3, ge=1, le=20)
    timeout: int | None = field(
        "Tempo limite (s)", "Time limit (s)", default=None, ui="duration", ge=1, le=MONTH
    )
    burst: Burst | None = field("Mensagens em sequência", "Messages in a burst", default=None)

    def ports(self) -> tuple[Port, ...]:
        """Has a main port per button; `other` and `timeout` at the side."""
        sides = (Port("other", side=True), Port("timeout", side=True))
        return (*(Port(button.id) for button in self.buttons), *sides)

    def problems(self) -> Iterator[Problem]:
        """Finds texts over WhatsApp's limits, look-alike titles, doubled ids."""
        yield from check_variable(self.variable, field="variableName")
        yield from check_length(self.content, limit=BODY, field="content")
        yield from check_length(self.footer or "", limit=FOOTER, field="footer")
        yield from header_problems(self.header)
        for index, button in enumerate(self.buttons):
            yield from check_length(button.title, limit=TITLE, field=f"buttons.{index}.title")
        pairs = [(button.id, button.title) for button in self.buttons]
        yield from option_problems(pairs, path="buttons", taken=("other", "timeout"))

    def claims(self, visit: Visit, message: Message) -> bool:
        """Keeps commands away from a button's own title."""
        return names_option(message, self._options(visit))

    def run(self, visit: Visit) -> Step:
        """Shows the buttons, takes the choice, asks again where it was none."""
        match visit.occasion:
            case Entered():
                self._show(visit, visit.text(self.content))
                return WaitForReply(timeout=self.timeout, burst=self.burst)
            case TimedOut():
                return Go("timeout")
            case Answered(message=message):
                if option := chosen(visit, message, self._options(visit)):
                    keep(visit, self.variable, option)
                    return Go(option.value)
        if (step := other(visit, max_attempts=self.max_attempts)) is not None:
            return step
        self._show(visit, ask_again(visit))
        return STAY

    def _options(self, visit: Visit) -> list[Option]:
        return [Option(button.id, visit.text(button.title, limit=TITLE)) for button in self.buttons]

    def _show(self, visit: Visit, body: str) -> None:
        header: Header | None = fill_header(visit, self.header)
        buttons = tuple(Button(wire_id(visit.id, o.value), o.label) for o in self._options(visit))
        footer = visit.text(self.footer, limit=FOOTER) if self.footer else None
        visit.send(Buttons(body[:BODY], buttons, header, footer or None), asks=True)
