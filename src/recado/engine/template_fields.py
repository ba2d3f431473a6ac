"""What an author writes about a Meta template: the values for its placeholders and buttons, in the node's form."""

import re
from collections.abc import Iterator, Sequence
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, ValidationInfo, field_validator, model_validator

from recado.engine.asking import OptionId
from recado.engine.headers import ABOVE_BUTTONS
from recado.engine.media import MediaField
from recado.engine.node import PLACEHOLDER, field, ids_doubled
from recado.engine.problems import Problem

# Meta's limits, in characters, and how many buttons a template may have.
MAX_BODY = 1_024
MAX_HEADER = 60
MAX_TITLE = 25
MAX_URL = 2_000
MAX_CODE = 15
MAX_BUTTONS = 10

NAME = re.compile(r"[a-z0-9_]{1,512}")
LANGUAGE = re.compile(r"[a-z]{2,3}(_[A-Za-z]{2,4})?")
PARAMETER = re.compile(r"[a-z][a-z0-9_]*")


class ParameterField(BaseModel):
    """A value for a placeholder; with a name for a template whose placeholders have names."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: str | None = field("Nome", "Name", default=None, max_length=100)
    value: str = field("Valor", "Value", template=True, max_length=4_096)

    @model_validator(mode="before")
    @classmethod
    def _from_string(cls, raw: Any) -> Any:
        return {"value": raw} if isinstance(raw, str) else raw


class TemplateHeaderField(BaseModel):
    """A value for the header's placeholder, or the file that stands there; a plain string means the value."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: str | None = field("Nome", "Name", default=None, max_length=100)
    text: str | None = field("Valor", "Value", default=None, template=True, max_length=1_000)
    media: MediaField | None = field("Mídia", "Media", default=None)

    @model_validator(mode="before")
    @classmethod
    def _from_string(cls, raw: Any) -> Any:
        return {"text": raw} if isinstance(raw, str) else raw

    def problems(self) -> Iterator[Problem]:
        """Finds text and file at once or neither, a text that is too long, and a file that cannot stand here."""
        if self.text and self.media:
            yield Problem(code="header_twice", field="header")
        if not (self.media or (self.text and self.text.strip())):
            yield Problem(code="empty_parameter", field="header")
        yield from _check_fixed(self.text or "", limit=MAX_HEADER, field="header.text")
        if self.media:
            yield from self.media.problems(field="header.media", captioned=())
            if self.media.type not in ABOVE_BUTTONS:
                params = {"type": self.media.type}
                yield Problem(code="header_takes_no", field="header.media.type", params=params)


class TemplateButtonField(BaseModel):
    """What one of the template's buttons needs: an id for a quick reply, a value for a link or a code.

    `index` is the button's place in the template, from 0; without one it is the place in this list. `text` is what
    stands on a quick reply, so that somebody who types it means the button.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    index: int | None = field("Posição", "Place", default=None, ge=0, lt=MAX_BUTTONS)
    type: Literal["quick_reply", "url", "copy_code"] = field("Tipo", "Type", default="quick_reply")
    id: OptionId | None = field("Id", "Id", default=None)
    text: str | None = field("Título", "Title", default=None, max_length=MAX_TITLE)
    value: str | None = field("Valor", "Value", default=None, template=True, max_length=MAX_URL)

    @field_validator("type", mode="before")
    @classmethod
    def _any_case(cls, raw: Any) -> Any:
        return raw.lower() if isinstance(raw, str) else raw

    @field_validator("id")
    @classmethod
    def _only_of_replies(cls, id: str | None, others: ValidationInfo) -> str | None:
        return (
            id if others.data.get("type") == "quick_reply" else None
        )  # nobody comes back from a link

    @property
    def limit(self) -> int:
        """Gives how long the value may be."""
        return MAX_CODE if self.type == "copy_code" else MAX_URL

    def problems(self, path: str) -> Iterator[Problem]:
        """Finds a quick reply without an id, another button without a value, and a value that is too long."""
        if self.type == "quick_reply":
            if self.id is None:
                yield Problem(code="button_without_id", field=f"{path}.id")
            return
        if not (self.value and self.value.strip()):
            yield Problem(code="empty_parameter", field=f"{path}.value")
        yield from _check_fixed(self.value or "", limit=self.limit, field=f"{path}.value")


def check_name(name: str, language: str) -> Iterator[Problem]:
    """Finds a name or a language that no template of Meta's has."""
    if not NAME.fullmatch(name):
        yield Problem(code="bad_template_name", field="name")
    if not LANGUAGE.fullmatch(language):
        yield Problem(code="bad_template_language", field="language", params={"value": language})


def check_body(body: Sequence[ParameterField]) -> Iterator[Problem]:
    """Finds empty values, values with and without a name in one body, names that are none or stand twice."""
    for index, parameter in enumerate(body):
        if not parameter.value.strip():
            yield Problem(code="empty_parameter", field=f"body.{index}.value")
    names = [parameter.name for parameter in body if parameter.name is not None]
    if names and len(names) < len(body):
        yield Problem(code="parameters_mixed", field="body")
    for name in names:
        if not PARAMETER.fullmatch(name):
            yield Problem(code="bad_parameter_name", field="body", params={"name": name})
    for name in sorted(ids_doubled(names)):
        yield Problem(code="parameter_twice", field="body", params={"name": name})
    fixed = "".join(parameter.value for parameter in body)
    yield from _check_fixed(fixed, limit=MAX_BODY, field="body")


def check_buttons(buttons: Sequence[TemplateButtonField]) -> Iterator[Problem]:
    """Finds what is wrong with single buttons, and two for the same place."""
    places: list[str] = []
    for index, button in enumerate(buttons):
        yield from button.problems(f"buttons.{index}")
        places.append(str(index if button.index is None else button.index))
    for place in sorted(ids_doubled(places)):
        yield Problem(code="button_place_twice", field="buttons", params={"place": int(place)})


def place(buttons: Sequence[TemplateButtonField], index: int) -> int:
    """Gives a button's place in the template."""
    own = buttons[index].index
    return index if own is None else own


def _check_fixed(text: str, *, limit: int, field: str) -> Iterator[Problem]:
    # What passes a limit only once it is filled in is not cut here, so the warning that says so would be wrong.
    length = len(PLACEHOLDER.sub("", text))
    if length > limit:
        yield Problem(code="text_too_long", field=field, params={"length": length, "limit": limit})
