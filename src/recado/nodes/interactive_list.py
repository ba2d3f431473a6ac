"""Shows a menu of up to ten rows and goes on by the one that is tapped or typed."""

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
from recado.engine.content import Button, ListMenu, Section
from recado.engine.events import Message
from recado.engine.flow import MAX_OPTION_ID
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

# Meta's limits, in characters and rows
BODY, HEADER, FOOTER, BUTTON, TITLE, DESCRIPTION, ROWS = 4_096, 60, 60, 20, 24, 72, 10


class Row(BaseModel):
    """A row: the id that is kept and named as a way out, the title, and words that explain it."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    id: Annotated[str, Field(min_length=1, max_length=MAX_OPTION_ID)]
    title: str = field("Título", "Title", template=True, min_length=1, max_length=200)
    description: str | None = field(
        "Descrição", "Description", default=None, template=True, max_length=1_000
    )


class Rows(BaseModel):
    """A group of rows, with a title where there are several groups."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    title: str | None = field("Título", "Title", default=None, template=True, max_length=200)
    rows: tuple[Row, ...] = field("Itens", "Rows", ui="rows", min_length=1, max_length=ROWS)


class InteractiveList(Node):
    """Sends a text with a menu, waits, and leaves by the chosen row."""

    waits: ClassVar[bool] = True
    about: ClassVar[About] = About(
        family="whatsapp",
        icon="list",
        name={"pt-BR": "Lista", "en": "List"},
        help={
            "pt-BR": "Um menu com até dez itens. Quem digita o título ou o número também escolhe.",
            "en": "A menu of up to ten rows. Typing the title or the number chooses, too.",
        },
        example={
            "content": "Escolha um sabor.",
            "button": "Ver sabores",
            "sections": [
                {"rows": [{"id": "uva", "title": "Uva"}, {"id": "caju", "title": "Caju"}]}
            ],
        },
    )
    type: Literal["interactive_list"] = "interactive_list"
    header: str | None = field("Cabeçalho", "Header", default=None, template=True, max_length=1_000)
    content: str = field(
        "Texto", "Text", template=True, ui="long_text", min_length=1, max_length=8_192
    )
    footer: str | None = field("Rodapé", "Footer", default=None, template=True, max_length=1_000)
    button: str = field("Botão", "Button", template=True, min_length=1, max_length=200)
    sections: tuple[Rows, ...] = field(
        "Seções", "Sections", ui="sections", min_length=1, max_length=ROWS
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
        yield from self._length_problems()
        if len(self.rows) > ROWS:
            yield Problem(code="too_many_rows", field="sections", params={"rows": len(self.rows)})
        if len(self.sections) > 1 and any(not section.title for section in self.sections):
            yield Problem(code="section_without_title", field="sections")
        pairs = [(row.id, row.title) for row in self.rows]
        yield from option_problems(pairs, path="sections", taken=("other", "timeout"))

    def _length_problems(self) -> Iterator[Problem]:
        yield from check_length(self.content, limit=BODY, field="content")
        yield from check_length(self.header or "", limit=HEADER, field="header")
        yield from check_length(self.footer or "", limit=FOOTER, field="footer")
        yield from check_length(self.button, limit=BUTTON, field="button")
        for number, section in enumerate(self.sections):
            path = f"sections.{number}"
            yield from check_length(section.title or "", limit=TITLE, field=f"{path}.title")
            for index, row in enumerate(section.rows):
                at = f"{path}.rows.{index}"
                yield from check_length(row.title, limit=TITLE, field=f"{at}.title")
                yield from check_length(
                    row.description or "", limit=DESCRIPTION, field=f"{at}.description"
                )

    def claims(self, visit: Visit, message: Message) -> bool:
        """Keeps commands away from a row's own title."""
        return names_option(message, self._options(visit))

    def run(self, visit: Visit) -> Step:
        """Shows the menu, takes the choice, asks again where it was none."""
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
        return [Option(row.id, visit.text(row.title, limit=TITLE)) for row in self.rows]

    def _show(self, visit: Visit, body: str) -> None:
        sections = tuple(self._section(visit, section) for section in self.sections)
        header = visit.text(self.header, limit=HEADER) if self.header else None
        footer = visit.text(self.footer, limit=FOOTER) if self.footer else None
        button = visit.text(self.button, limit=BUTTON)
        visit.send(
            ListMenu(body[:BODY], button, sections, header or None, footer or None), asks=True
        )

    def _section(self, visit: Visit, section: Rows) -> Section:
        rows = tuple(self._row(visit, row) for row in section.rows)
        return Section(rows, visit.text(section.title, limit=TITLE) if section.title else None)

    def _row(self, visit: Visit, row: Row) -> Button:
        about = visit.text(row.description, limit=DESCRIPTION) if row.description else None
        return Button(wire_id(visit.id, row.id), visit.text(row.title, limit=TITLE), about or None)
