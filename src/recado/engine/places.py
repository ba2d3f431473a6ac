"""A place and contact cards that an author puts into a message."""

import math
from collections.abc import Iterator
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

from recado.engine.content import ContactCard, Location
from recado.engine.node import PLACEHOLDER, Visit, field
from recado.engine.problems import Problem

Degrees = Annotated[float, Field(strict=True)] | Annotated[str, Field(max_length=200)]
NORTH, EAST = 90, 180
LONGEST, PHONE, EMAIL = 1_000, 100, 320


class LocationField(BaseModel):
    """A place on the map; the degrees are numbers or texts with placeholders."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    latitude: Degrees = field("Latitude", "Latitude", template=True)
    longitude: Degrees = field("Longitude", "Longitude", template=True)
    name: str | None = field("Nome", "Name", default=None, template=True, max_length=LONGEST)
    address: str | None = field(
        "Endereço", "Address", default=None, template=True, max_length=LONGEST
    )

    def problems(self, *, field: str) -> Iterator[Problem]:
        """Finds degrees that are no number or not on the map."""
        for name, value, most in self._degrees():
            written = isinstance(value, str) and PLACEHOLDER.search(value)
            if not written and _on_map(value, most) is None:
                params = {"most": most}
                yield Problem(code="bad_degrees", field=f"{field}.{name}", params=params)

    def fill(self, visit: Visit) -> Location | None:
        """Fills the texts; None, traced, when the degrees come out as no place on the map."""
        found = [
            _on_map(visit.text(value) if isinstance(value, str) else value, most)
            for _, value, most in self._degrees()
        ]
        match found:
            case [float() as latitude, float() as longitude]:
                name, address = (
                    visit.line(self.name, limit=LONGEST),
                    visit.line(self.address, limit=LONGEST),
                )
                return Location(latitude, longitude, name, address)
        visit.note(skipped="no_place", found=found)
        return None

    def _degrees(self) -> tuple[tuple[str, float | str, int], ...]:
        return ("latitude", self.latitude, NORTH), ("longitude", self.longitude, EAST)


class CardField(BaseModel):
    """A person or company to save in the phone book."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: str = field("Nome", "Name", template=True, min_length=1, max_length=LONGEST)
    phones: tuple[Annotated[str, Field(min_length=1, max_length=PHONE)], ...] = field(
        "Telefones",
        "Phones",
        default=(),
        template=True,
        max_length=20,
        help=(
            "Com + e o código do país o cartão abre uma conversa no WhatsApp.",
            "With + and the country code the card opens a chat on WhatsApp.",
        ),
    )
    emails: tuple[Annotated[str, Field(min_length=1, max_length=EMAIL)], ...] = field(
        "E-mails", "E-mail addresses", default=(), template=True, max_length=20
    )
    organization: str | None = field(
        "Empresa", "Organization", default=None, template=True, max_length=LONGEST
    )

    def fill(self, visit: Visit) -> ContactCard | None:
        """Fills the texts; None, traced, when no name comes out."""
        if (name := visit.line(self.name, limit=LONGEST)) is None:
            visit.note(skipped="no_name")
            return None
        phones = tuple(phone for text in self.phones if (phone := visit.line(text, limit=PHONE)))
        emails = tuple(email for text in self.emails if (email := visit.line(text, limit=EMAIL)))
        return ContactCard(name, phones, emails, visit.line(self.organization, limit=LONGEST))


def _on_map(value: float | str, most: int) -> float | None:
    """Reads degrees, though not as other numbers in texts: -46.633 would be thousands."""
    try:
        degrees = float(value.replace(",", ".") if isinstance(value, str) else value)
    except ValueError:
        return None
    return degrees if math.isfinite(degrees) and abs(degrees) <= most else None
