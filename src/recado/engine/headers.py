"""What stands above a message with buttons: a text, or a picture, video or document."""

from collections.abc import Iterator
from typing import Literal

from pydantic import BaseModel, ConfigDict

from recado.engine.content import Header, Media
from recado.engine.node import Visit, check_length, field
from recado.engine.problems import Problem

TEXT = 60  # Meta's limit, in characters


class HeaderMedia(BaseModel):
    """A picture, video or document by public address or by Meta's media id."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    type: Literal["image", "video", "document"] = field("Tipo", "Type")
    url: str | None = field("Endereço", "URL", default=None, template=True, max_length=2_000)
    media_id: str | None = field("Id da mídia", "Media id", default=None, max_length=100)
    filename: str | None = field("Arquivo", "File name", default=None, max_length=240)


class HeaderText(BaseModel):
    """A line of text."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    text: str = field("Texto", "Text", template=True, min_length=1, max_length=1_000)


HeaderField = HeaderText | HeaderMedia | str | None


def header_problems(header: HeaderField) -> Iterator[Problem]:
    """Finds a text that is too long, and media without exactly one source."""
    match header:
        case str(text) | HeaderText(text=text):
            yield from check_length(text, limit=TEXT, field="header")
        case HeaderMedia(url=url, media_id=media_id) if bool(url) == bool(media_id):
            yield Problem(code="one_source", field="header")


def fill_header(visit: Visit, header: HeaderField) -> Header | None:
    """Fills the header's texts; an empty one is left out."""
    match header:
        case str(text) | HeaderText(text=text):
            return visit.text(text, limit=TEXT) or None
        case HeaderMedia(type=kind, url=url, media_id=media_id, filename=filename):
            link = visit.text(url) if url else None
            return Media(kind, link=link, media_id=media_id, filename=filename)
    return None
