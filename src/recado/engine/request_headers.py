"""A header that goes along with a request over HTTP."""

from pydantic import BaseModel, ConfigDict

from recado.engine.node import Visit, field
from recado.engine.requests import Sealed

HEADER_NAME = r"^[A-Za-z0-9!#$%&'*+.^_`|~-]+$"  # RFC 9110's token


class HeaderLine(BaseModel):
    """A name, and a value that is filled on one line."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: str = field("Nome", "Name", pattern=HEADER_NAME, max_length=200)
    value: str = field("Valor", "Value", default="", template=True, secrets=True, max_length=10_000)

    def fill(self, visit: Visit) -> tuple[str, Sealed]:
        """Fills the value; secrets stay references."""
        return self.name, visit.sealed(self.value, style="header")
