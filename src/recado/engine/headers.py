"""What stands above a message with options: a line of text, or above buttons a picture, video or document."""

from collections.abc import Iterator
from typing import Any

from pydantic import BaseModel, ConfigDict, model_validator

from recado.engine.content import Header
from recado.engine.media import MediaField
from recado.engine.node import Visit, check_length, field
from recado.engine.options import MAX_EDGE_TEXT
from recado.engine.problems import Problem

ABOVE_BUTTONS = ("image", "video", "document")


class HeaderField(BaseModel):
    """A text or a file; a plain string means the text."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    text: str | None = field("Texto", "Text", default=None, template=True, max_length=1_000)
    media: MediaField | None = field("Mídia", "Media", default=None)

    @model_validator(mode="before")
    @classmethod
    def _from_string(cls, raw: Any) -> Any:
        return {"text": raw} if isinstance(raw, str) else raw

    def problems(self, *, files: bool) -> Iterator[Problem]:
        """Finds a text that is too long, a file that cannot stand here, and text and file at once."""
        if self.text and self.media:
            yield Problem(code="header_twice", field="header")
        yield from check_length(self.text or "", limit=MAX_EDGE_TEXT, field="header.text")
        if self.media and not files:
            yield Problem(code="header_takes_text", field="header.media")
        elif self.media:
            # The words under a picture are the message's own text.
            yield from self.media.problems(field="header.media", captioned=())
            if self.media.type not in ABOVE_BUTTONS:
                params = {"type": self.media.type}
                yield Problem(code="header_takes_no", field="header.media.type", params=params)

    def fill(self, visit: Visit) -> Header | None:
        """Fills the text or the file; one that comes out empty is left out."""
        if self.media:
            return self.media.fill(visit)
        return visit.line(self.text, limit=MAX_EDGE_TEXT)
