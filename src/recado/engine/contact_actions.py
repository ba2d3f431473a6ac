"""What the node `action` can do to a contact: tags, fields, name, and consent to being written to first."""

from collections.abc import Iterator
from typing import Literal

from pydantic import BaseModel, ConfigDict, JsonValue

from recado.engine.addresses import read_email, read_phone
from recado.engine.effects import Consent, UpdateContact
from recado.engine.events import Json
from recado.engine.node import Visit, field
from recado.engine.problems import Problem
from recado.engine.written import (
    MAX_NAME,
    NamedValues,
    Words,
    fill_value,
    fill_values,
    fill_words,
    fits,
)

TAG = 100  # characters
TAGS = 20
FIELDS = 50
CONTACT_NAME = 200


class ChangeTags(BaseModel):
    """Puts tags on the contact, or takes them off."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    type: Literal["add_tag", "remove_tag"]
    tags: Words = field(
        "Etiquetas",
        "Tags",
        template=True,
        ui="tags",
        help=(
            "Uma lista, ou um texto com vírgulas entre as etiquetas.",
            "A list, or one text with commas between the tags.",
        ),
        min_length=1,
        max_length=TAGS,
    )

    def do(self, visit: Visit) -> None:
        """Changes the tags that are not empty once filled; removing one that is not there is no mistake."""
        tags = tuple(fill_words(visit, self.tags, limit=TAG, most=TAGS))
        if tags and self.type == "add_tag":
            visit.effect(UpdateContact(add_tags=tags))
            visit.note(tagged=", ".join(tags))
        elif tags:
            visit.effect(UpdateContact(remove_tags=tags))
            visit.note(untagged=", ".join(tags))


class SetField(BaseModel):
    """Keeps a value on the contact, where every later conversation finds it as `contact.fields.<field>`."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    type: Literal["set_field"]
    name: str = field(
        "Campo", "Field", alias="field", ui="field", min_length=1, max_length=MAX_NAME
    )
    value: JsonValue = field("Valor", "Value", default=None, template=True)

    def do(self, visit: Visit) -> None:
        """Sets the field; a value that is larger than a variable may be is not kept."""
        value = fill_value(visit, self.value)
        if fits(visit, self.name, value):
            visit.effect(UpdateContact(fields={self.name: value}))
            visit.note(saved=self.name)


class SaveContact(BaseModel):
    """Keeps what the customer told about themselves; the number that they write from stays who they are."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    type: Literal["save_contact"]
    name: str | None = field("Nome", "Name", default=None, template=True, max_length=1_000)
    email: str | None = field("E-mail", "E-mail", default=None, template=True, max_length=1_000)
    phone: str | None = field(
        "Telefone",
        "Phone",
        default=None,
        template=True,
        max_length=1_000,
        help=(
            "Fica no campo phone; o número do WhatsApp do contato não muda.",
            "Is kept in the field phone; the contact's WhatsApp number does not change.",
        ),
    )
    fields: NamedValues = field(
        "Campos", "Fields", default={}, template=True, ui="fields", max_length=FIELDS
    )

    def problems(self, *, field: str) -> Iterator[Problem]:
        """Finds an action that saves nothing."""
        if not (self.name or self.email or self.phone or self.fields):
            yield Problem(code="nothing_to_save", field=field)

    def do(self, visit: Visit) -> None:
        """Saves what is there once filled; an e-mail address or a phone number that is none is left out."""
        name = visit.line(self.name, limit=CONTACT_NAME)
        fields = self._known(visit) | fill_values(visit, self.fields)
        if name or fields:
            visit.effect(UpdateContact(name=name, fields=fields))
            visit.note(saved=", ".join([*(["name"] if name else []), *fields]))

    def _known(self, visit: Visit) -> dict[str, Json]:
        known: dict[str, Json] = {}
        if email := visit.line(self.email, limit=1_000):
            if address := read_email(email):
                known["email"] = address
            else:
                visit.note(skipped="bad_email", found=email)
        if phone := visit.line(self.phone, limit=1_000):
            if number := read_phone(phone):
                known["phone"] = number
            else:
                visit.note(skipped="bad_phone", found=phone)
        return known


class Agree(BaseModel):
    """Records whether the contact agrees to being written to first; either way the conversation goes on."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    type: Literal["opt_in", "opt_out"]

    def do(self, visit: Visit) -> None:
        """Records it, without words of the contact's own; a refusal that is known already says nothing new."""
        granted = self.type == "opt_in"
        if granted or not visit.value("contact.opted_out"):
            visit.effect(Consent(granted=granted))
            visit.note(agreed=granted)
