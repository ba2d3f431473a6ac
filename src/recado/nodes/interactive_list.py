"""Shows a menu of up to ten rows and goes on by the one that is tapped or typed."""

from collections.abc import Iterator
from typing import ClassVar, Literal

from pydantic import BaseModel, ConfigDict

from recado.engine import texts
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
from recado.engine.content import Button, ListMenu, Section
from recado.engine.events import Message
from recado.engine.headers import HeaderField
from recado.engine.node import About, Node, Port, Visit, check_length, check_variable, field
from recado.engine.options import (
    MAX_EDGE_TEXT,
    MAX_LIST_BODY,
    MAX_LIST_BUTTON,
    MAX_ROW_DESCRIPTION,
    MAX_ROW_TITLE,
    MAX_ROWS,
    Option,
    wire_id,
)
from recado.engine.port_rules import PortRule
from recado.engine.problems import Problem
from recado.engine.steps import Step


class Row(BaseModel):
    """A row: the id that is kept and named as a way out, the title, and words that explain it."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    id: OptionId
    title: str = field("Título", "Title", template=True, max_length=200)
    description: str | None = field(
        "Descrição", "Description", default=None, template=True, max_length=1_000
    )

    def problems(self, path: str) -> Iterator[Problem]:
        """Finds texts over WhatsApp's limits."""
        about = self.description or ""
        yield from check_length(self.title, limit=MAX_ROW_TITLE, field=f"{path}.title")
        yield from check_length(about, limit=MAX_ROW_DESCRIPTION, field=f"{path}.description")

    def option(self, visit: Visit) -> Option:
        """Fills the texts; a title that comes out empty is the id."""
        title = visit.line(self.title, limit=MAX_ROW_TITLE) or self.id[:MAX_ROW_TITLE]
        return Option(self.id, title, visit.line(self.description, limit=MAX_ROW_DESCRIPTION))

    def fill(self, visit: Visit) -> Button:
        """Makes the row that is sent."""
        option = self.option(visit)
        return Button(wire_id(visit.id, option.value), option.label, option.description)


class Rows(BaseModel):
    """A group of rows, with a title where there are several groups."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    title: str | None = field("Título", "Title", default=None, template=True, max_length=200)
    rows: tuple[Row, ...] = field("Itens", "Rows", ui="rows", min_length=1, max_length=50)

    def problems(self, path: str) -> Iterator[Problem]:
        """Finds texts over WhatsApp's limits."""
        yield from check_length(self.title or "", limit=MAX_ROW_TITLE, field=f"{path}.title")
        for index, row in enumerate(self.rows):
            yield from row.problems(f"{path}.rows.{index}")

    def fill(self, visit: Visit) -> Section:
        """Fills the texts."""
        rows = tuple(row.fill(visit) for row in self.rows)
        return Section(rows, visit.line(self.title, limit=MAX_ROW_TITLE))


class InteractiveList(Node):
    """Sends a text with a menu, waits, and leaves by the chosen row."""

    waits: ClassVar[bool] = True
    asks: ClassVar[bool] = True
    about: ClassVar[About] = About(
        family="whatsapp",
        icon="list",
        name={"pt-BR": "Lista", "en": "List"},
        help={
            "pt-BR": "Um menu com até dez itens. Quem digita o título ou o número também escolhe. Para o que não é "
            "nenhum dos itens, ligue a saída “other”; sem ela, a escolha é pedida de novo.",
            "en": "A menu of up to ten rows. Typing the title or the number chooses, too. For what is none of the rows "
            "draw an edge from “other”; without one the choice is asked for again.",
        },
        example={
            "content": "Escolha um sabor.",
            "button": "Ver sabores",
            "sections": [
                {"rows": [{"id": "uva", "title": "Uva"}, {"id": "caju", "title": "Caju"}]}
            ],
        },
    )
    port_rules: ClassVar[tuple[PortRule, ...]] = (
        PortRule(each="sections.rows", label="title"),
        PortRule(id="other", side=True),
        PortRule(id="timeout", side=True),
    )
    type: Literal["interactive_list"] = "interactive_list"
    header: HeaderField | None = field("Cabeçalho", "Header", default=None, ui="header")
    content: str = field(
        "Texto", "Text", template=True, ui="long_text", min_length=1, max_length=8_192
    )
    footer: str | None = field("Rodapé", "Footer", default=None, template=True, max_length=1_000)
    button: str = field("Botão", "Button", template=True, min_length=1, max_length=200)
    sections: tuple[Rows, ...] = field(
        "Seções", "Sections", ui="sections", min_length=1, max_length=50
    )
    variable: KeptIn
    max_attempts: Attempts
    timeout: Timeout
    burst: BurstRule

    @property
    def rows(self) -> list[Row]:
        """Gives the rows of all sections."""
        return [row for section in self.sections for row in section.rows]

    def ports(self) -> tuple[Port, ...]:
        """Has a main port per row; `other` and `timeout` at the side."""
        sides = (Port("other", side=True), Port("timeout", side=True))
        return (*(Port(row.id) for row in self.rows), *sides)

    def problems(self) -> Iterator[Problem]:
        """Finds texts over WhatsApp's limits, too many rows, look-alike titles, doubled ids."""
        yield from check_variable(self.variable, field="variableName")
        yield from check_length(self.content, limit=MAX_LIST_BODY, field="content")
        yield from check_length(self.footer or "", limit=MAX_EDGE_TEXT, field="footer")
        yield from check_length(self.button, limit=MAX_LIST_BUTTON, field="button")
        if self.header:
            yield from self.header.problems(files=False)
        for index, section in enumerate(self.sections):
            yield from section.problems(f"sections.{index}")
        if len(self.rows) > MAX_ROWS:
            yield Problem(code="too_many_rows", field="sections", params={"rows": len(self.rows)})
        if len(self.sections) > 1 and any(not section.title for section in self.sections):
            yield Problem(code="section_without_title", field="sections")
        pairs = [(row.id, row.title) for row in self.rows]
        yield from option_problems(pairs, path="sections", taken=("other", "timeout"))

    def claims(self, visit: Visit, message: Message) -> bool:
        """Keeps commands away from a row's own title."""
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
        """Shows the menu, takes the choice, asks again where it was none."""
        return choose_from(self, visit)

    def options(self, visit: Visit) -> list[Option]:
        """Gives the rows as options."""
        return [row.option(visit) for row in self.rows]

    def show(self, visit: Visit) -> None:
        """Sends the whole message."""
        header = visit.line(self.header.text, limit=MAX_EDGE_TEXT) if self.header else None
        footer = visit.line(self.footer, limit=MAX_EDGE_TEXT)
        body = visit.text(self.content, limit=MAX_LIST_BODY)
        send_menu(visit, self._menu(visit, body, header=header, footer=footer))

    def show_again(self, visit: Visit, words: str) -> None:
        """Sends the menu under other words."""
        send_menu(visit, self._menu(visit, words[:MAX_LIST_BODY]))

    def _menu(
        self, visit: Visit, body: str, *, header: str | None = None, footer: str | None = None
    ) -> ListMenu:
        opener = visit.line(self.button, limit=MAX_LIST_BUTTON)
        opener = opener or texts.say(visit.world, "options_button")[:MAX_LIST_BUTTON]
        sections = tuple(section.fill(visit) for section in self.sections)
        return ListMenu(body, opener, sections, header, footer)
