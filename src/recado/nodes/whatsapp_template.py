"""Sends a template that Meta approved, also when the 24 hours are over, and may wait for one of its buttons."""

from collections.abc import Iterator
from typing import ClassVar, Literal

from recado.engine import texts
from recado.engine.asking import (
    Attempts,
    BurstRule,
    KeptIn,
    Timeout,
    attempts_used,
    chosen,
    chosen_names,
    keep,
    names_option,
    option_problems,
)
from recado.engine.content import Template
from recado.engine.events import Message
from recado.engine.node import About, Node, Port, Visit, check_variable, field
from recado.engine.options import Option, present
from recado.engine.port_rules import PortRule
from recado.engine.problems import Problem
from recado.engine.steps import (
    Answered,
    Entered,
    Fail,
    Go,
    Settled,
    Stay,
    Step,
    TimedOut,
    WaitForReply,
    WaitForSend,
)
from recado.engine.template_fields import (
    MAX_BUTTONS,
    ParameterField,
    TemplateButtonField,
    TemplateHeaderField,
    check_body,
    check_buttons,
    check_name,
)
from recado.engine.template_filling import NotSent, fill_body, fill_buttons, fill_header
from recado.engine.traits import Need

SIDES = ("other", "timeout", "error")
WAITS: dict[str, tuple[bool, ...]] = {"wait_for_button": (True,)}


class WhatsappTemplate(Node):
    """Sends a template; goes on, or with `wait_for_button` by the quick reply that is tapped."""

    waits: ClassVar[bool] = True
    about: ClassVar[About] = About(
        family="whatsapp",
        icon="layout-template",
        name={"pt-BR": "Modelo do WhatsApp", "en": "WhatsApp template"},
        help={
            "pt-BR": "Envia um modelo aprovado pela Meta, o único tipo de mensagem aceito depois de 24 horas sem "
            "resposta. Cada envio é cobrado. Valor vazio, contato que recusou mensagens ou recusa da Meta saem por "
            "“error”.",
            "en": "Sends a template that Meta approved, the only kind of message that is taken after 24 hours without "
            "a reply. Each one is paid for. An empty value, a contact who refused messages or a refusal of Meta's "
            "leave by “error”.",
        },
        example={
            "name": "lembrete_consulta",
            "language": "pt_BR",
            "body": ["{{nome}}", "{{data}}"],
            "buttons": [
                {"type": "quick_reply", "id": "confirmar", "text": "Confirmar"},
                {"type": "quick_reply", "id": "remarcar", "text": "Remarcar"},
            ],
            "wait_for_button": True,
            "timeout": 86_400,
        },
    )
    port_rules: ClassVar[tuple[PortRule, ...]] = (
        PortRule(each="buttons", label="text", when=WAITS),
        PortRule(id="next", when={"wait_for_button": (False,)}),
        PortRule(id="other", side=True, when=WAITS),
        PortRule(id="timeout", side=True, when=WAITS),
        PortRule(id="error", side=True),
    )
    type: Literal["whatsapp_template"] = "whatsapp_template"
    name: str = field("Nome do modelo", "Template's name", ui="template", max_length=512)
    language: str = field("Idioma", "Language", default="pt_BR", max_length=15)
    header: TemplateHeaderField | None = field(
        "Cabeçalho", "Header", default=None, ui="template_header"
    )
    body: tuple[ParameterField, ...] = field(
        "Valores do texto", "Values of the text", default=(), ui="parameters", max_length=100
    )
    buttons: tuple[TemplateButtonField, ...] = field(
        "Botões", "Buttons", default=(), ui="template_buttons", max_length=MAX_BUTTONS
    )
    wait_for_button: bool = field("Esperar por um botão", "Wait for a button", default=False)
    variable: KeptIn
    max_attempts: Attempts
    timeout: Timeout
    burst: BurstRule

    def ports(self) -> tuple[Port, ...]:
        """Has `next`, or a main port per quick reply; the ways out of what goes wrong at the side."""
        if not self.wait_for_button:
            return (Port("next"), Port("error", side=True))
        replies = tuple(Port(id) for id, _ in self._replies())
        return (*replies, *(Port(side, side=True) for side in SIDES))

    def problems(self) -> Iterator[Problem]:
        """Finds what no template has, values that are empty, and buttons that cannot be told apart."""
        yield from check_name(self.name, self.language)
        yield from check_variable(self.variable, field="variableName")
        if self.header:
            yield from self.header.problems()
        yield from check_body(self.body)
        yield from check_buttons(self.buttons)
        yield from option_problems(self._replies(), path="buttons", taken=SIDES)
        if self.wait_for_button and not self._replies():
            yield Problem(code="no_button_to_wait_for", field="wait_for_button")

    @property
    def time_limit(self) -> int | None:
        """Gives the author's."""
        return self.timeout

    def sets(self, port: str) -> frozenset[str]:
        """Sets the variable, and the title beside it, with every choice."""
        chosen_here = port in (id for id, _ in self._replies())
        return chosen_names(self.variable, port) if chosen_here else frozenset()

    def takes(self, port: str) -> int | None:
        """Takes until the customer is heard, where a button is waited for."""
        heard = self.wait_for_button and port not in ("timeout", "error")
        return None if heard else super().takes(port)

    @property
    def messages(self) -> int:
        """Counts the template."""
        return 1

    @property
    def speaks_freely(self) -> bool:
        """Says no: a template goes out at any time."""
        return False

    @property
    def opens_window(self) -> bool:
        """Says yes: a template goes out at any time."""
        return True

    @property
    def hears(self) -> bool:
        """Says whether a button is waited for."""
        return self.wait_for_button

    @property
    def breaks_loops(self) -> bool:
        """Says whether a button is waited for; Meta's word alone ends no loop."""
        return self.wait_for_button

    def needs(self) -> Iterator[Need]:
        """Names the template."""
        yield Need("template", self.name, "name")

    def claims(self, visit: Visit, message: Message) -> bool:
        """Keeps commands away from a button's own title."""
        return names_option(message, self._options())

    def run(self, visit: Visit) -> Step:
        """Sends the template, waits for Meta's word where something hangs on it, then for a button if asked."""
        match visit.occasion:
            case Entered() if "sent" in visit.memory:
                # Asked again: the customer has the template, and has written since.
                return self._ask_again(visit)
            case Entered():
                return self._send(visit)
            case Settled(accepted=False):
                return Go("error")
            case Settled():
                return self._sent(visit)
            case TimedOut():
                return Go("timeout")
            case Answered(message=message):
                return self._take(visit, message)
            case _:
                return Stay()

    def _send(self, visit: Visit) -> Step:
        template = self._fill(visit)
        if isinstance(template, NotSent):
            visit.note(not_sent=template.reason, field=template.field)
            return Go("error")
        visit.send(template, asks=self.wait_for_button)
        waits = self.wait_for_button or visit.has_edge("error")
        return WaitForSend() if waits else Go("next")

    def _fill(self, visit: Visit) -> Template | NotSent:
        if visit.world.contact.get("opted_out"):
            return NotSent("opted_out")
        header = fill_header(visit, self.header) if self.header else None
        if isinstance(header, NotSent):
            return header
        body = fill_body(visit, self.body)
        if isinstance(body, NotSent):
            return body
        buttons = fill_buttons(visit, self.buttons)
        if isinstance(buttons, NotSent):
            return buttons
        return Template(self.name, self.language, header, body, buttons)

    def _sent(self, visit: Visit) -> Step:
        if not self.wait_for_button:
            return Go("next")
        visit.memory["sent"] = True
        return WaitForReply(timeout=self.timeout, burst=self.burst)

    def _take(self, visit: Visit, message: Message) -> Step:
        if option := chosen(visit, message, self._options()):
            keep(visit, self.variable, option)
            return Go(option.value)
        if visit.has_edge("other"):
            return Go("other")
        if attempts_used(visit) >= self.max_attempts:
            return Fail("no_option_chosen")
        return self._ask_again(visit)

    def _ask_again(self, visit: Visit) -> Step:
        """Offers the buttons in an ordinary message: the window is open, and the template would be paid for twice."""
        words = texts.say(visit.world, "bad_options")
        button = texts.say(visit.world, "options_button")
        again = present(words, self._options(), visit=visit.id, button_text=button)
        visit.send(again, asks=True)
        return Stay()

    def _options(self) -> list[Option]:
        return [Option(id, title) for id, title in self._replies()]

    def _replies(self) -> list[tuple[str, str]]:
        """Lists the quick replies, id and title; a title that the author left out is taken to be the id."""
        return [
            (button.id, button.text or button.id)
            for button in self.buttons
            if button.type == "quick_reply" and button.id is not None
        ]
