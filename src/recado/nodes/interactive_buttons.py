"""Shows up to three buttons and goes on by the one that is tapped or typed."""

from collections.abc import Iterator
from typing import ClassVar, Literal

from pydantic import BaseModel, ConfigDict

from recado.engine.asking import (
    Attempts,
    BurstRule,
    KeptIn,
    OptionId,
    Timeout,
    choose_from,
    chosen_names,
    names_option,
    option_problems,
    send_menu,
)
from recado.engine.content import Button, Buttons
from recado.engine.events import Message
from recado.engine.headers import HeaderField
from recado.engine.node import About, Node, Port, Visit, check_length, check_variable, field
from recado.engine.options import (
    MAX_BUTTON_TITLE,
    MAX_BUTTONS,
    MAX_BUTTONS_BODY,
    MAX_EDGE_TEXT,
    Option,
    wire_id,
)
from recado.engine.port_rules import PortRule
from recado.engine.problems import Problem
from recado.engine.steps import Step


class ReplyButton(BaseModel):
    """A button: the id that is kept and named as a way out, and the title that is seen."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    id: OptionId
    title: str = field("Título", "Title", template=True, max_length=200)

    def option(self, visit: Visit) -> Option:
        """Fills the title; one that comes out empty is the id."""
        title = visit.line(self.title, limit=MAX_BUTTON_TITLE)
        return Option(self.id, title or self.id[:MAX_BUTTON_TITLE])


class InteractiveButtons(Node):
    """Sends a text with one to three buttons, waits, and leaves by the chosen one."""

    waits: ClassVar[bool] = True
    asks: ClassVar[bool] = True
    about: ClassVar[About] = About(
        family="whatsapp",
        icon="rectangle-ellipsis",
        name={"pt-BR": "Botões", "en": "Buttons"},
        help={
            "pt-BR": "Até três botões. Quem digita o título ou o número também escolhe. Para o que não é nenhuma "
            "das opções, ligue a saída “other”; sem ela, a escolha é pedida de novo.",
            "en": "Up to three buttons. Typing the title or the number chooses, too. For what is none of the options "
            "draw an edge from “other”; without one the choice is asked for again.",
        },
        example={
            "content": "Como podemos ajudar?",
            "buttons": [{"id": "vendas", "title": "Vendas"}, {"id": "suporte", "title": "Suporte"}],
        },
    )
    port_rules: ClassVar[tuple[PortRule, ...]] = (
        PortRule(each="buttons", label="title"),
        PortRule(id="other", side=True),
        PortRule(id="timeout", side=True),
    )
    type: Literal["interactive_buttons"] = "interactive_buttons"
    header: HeaderField | None = field("Cabeçalho", "Header", default=None, ui="header")
    content: str = field(
        "Texto", "Text", template=True, ui="long_text", min_length=1, max_length=4_096
    )
    footer: str | None = field("Rodapé", "Footer", default=None, template=True, max_length=1_000)
    buttons: tuple[ReplyButton, ...] = field(
        "Botões", "Buttons", ui="buttons", min_length=1, max_length=MAX_BUTTONS
    )
    variable: KeptIn
    max_attempts: Attempts
    timeout: Timeout
    burst: BurstRule

    def ports(self) -> tuple[Port, ...]:
        """Has a main port per button; `other` and `timeout` at the side."""
        sides = (Port("other", side=True), Port("timeout", side=True))
        return (*(Port(button.id) for button in self.buttons), *sides)

    def problems(self) -> Iterator[Problem]:
        """Finds texts over WhatsApp's limits, look-alike titles, doubled ids."""
        yield from check_variable(self.variable, field="variableName")
        yield from check_length(self.content, limit=MAX_BUTTONS_BODY, field="content")
        yield from check_length(self.footer or "", limit=MAX_EDGE_TEXT, field="footer")
        if self.header:
            yield from self.header.problems(files=True)
        for index, button in enumerate(self.buttons):
            title = f"buttons.{index}.title"
            yield from check_length(button.title, limit=MAX_BUTTON_TITLE, field=title)
        pairs = [(button.id, button.title) for button in self.buttons]
        yield from option_problems(pairs, path="buttons", taken=("other", "timeout"))

    def claims(self, visit: Visit, message: Message) -> bool:
        """Keeps commands away from a button's own title."""
        return names_option(message, self.options(visit))

    @property
    def time_limit(self) -> int | None:
        """Gives the author's."""
        return self.timeout

    def sets(self, port: str) -> frozenset[str]:
        """Sets the variable, and the title beside it, with every choice."""
        return chosen_names(self.variable, port)

    @property
    def messages(self) -> int:
        """Counts the menu."""
        return 1

    def run(self, visit: Visit) -> Step:
        """Shows the buttons, takes the choice, asks again where it was none."""
        return choose_from(self, visit)

    def options(self, visit: Visit) -> list[Option]:
        """Gives the buttons as options."""
        return [button.option(visit) for button in self.buttons]

    def show(self, visit: Visit) -> None:
        """Sends the whole message."""
        header = self.header.fill(visit) if self.header else None
        footer = visit.line(self.footer, limit=MAX_EDGE_TEXT)
        body = visit.text(self.content, limit=MAX_BUTTONS_BODY)
        send_menu(visit, Buttons(body, self._buttons(visit), header, footer))

    def show_again(self, visit: Visit, words: str) -> None:
        """Sends the buttons under other words, without the picture."""
        send_menu(visit, Buttons(words[:MAX_BUTTONS_BODY], self._buttons(visit)))

    def _buttons(self, visit: Visit) -> tuple[Button, ...]:
        options = self.options(visit)
        return tuple(Button(wire_id(visit.id, option.value), option.label) for option in options)
