"""A file that an author puts into a message: by public address or by Meta's media id, exactly one of them."""

import re
from collections.abc import Iterator
from typing import Literal
from urllib.parse import quote

from pydantic import BaseModel, ConfigDict

from recado.engine.content import Media
from recado.engine.node import PLACEHOLDER, Visit, check_length, field
from recado.engine.problems import Problem

LONGEST_ADDRESS = 2_000
CAPTION = 1_024  # Meta's limit, in characters
FILENAME = 240  # characters
CAPTIONED = ("image", "video", "document")
# What an address is made of besides letters and digits; the percent sign, because it may be escaped already.
RESERVED_SIGNS = "%/:?#[]@!$&'()*+,;=~"
ADDRESS = re.compile(r"https?://[^\s/?#<>{}]+\S*", re.IGNORECASE)


class MediaField(BaseModel):
    """A file and its kind; the address and the id take placeholders, so that a customer's own file can go back."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    type: Literal["image", "video", "audio", "document", "sticker"] = field("Tipo", "Type")
    url: str | None = field(
        "Endereço", "URL", default=None, template=True, max_length=LONGEST_ADDRESS
    )
    media_id: str | None = field(
        "Id da mídia", "Media id", default=None, template=True, max_length=500
    )
    caption: str | None = field(
        "Legenda", "Caption", default=None, template=True, ui="long_text", max_length=4_096
    )
    filename: str | None = field(
        "Nome do arquivo",
        "File name",
        default=None,
        template=True,
        max_length=FILENAME,
        help=("Só aparece em documentos.", "Only documents show it."),
    )

    def problems(self, *, field: str, captioned: tuple[str, ...] = CAPTIONED) -> Iterator[Problem]:
        """Finds no source or two, an address that is none, and a caption where none is shown or that is too long."""
        if bool(self.url) == bool(self.media_id):
            yield Problem(code="one_source", field=field)
        elif self.url and not PLACEHOLDER.search(self.url) and _address(self.url) is None:
            yield Problem(code="bad_address", field=f"{field}.url")
        if self.caption and self.type not in captioned:
            yield Problem(code="caption_not_shown", field=f"{field}.caption")
        yield from check_length(self.caption or "", limit=CAPTION, field=f"{field}.caption")

    def fill(self, visit: Visit) -> Media | None:
        """Fills the texts; None, traced, when what comes out is no source that Meta takes."""
        link, id = _address(_filled(visit, self.url) or ""), _filled(visit, self.media_id)
        if not (id or link):
            visit.note(skipped="no_media", type=self.type)
            return None
        caption = _filled(visit, self.caption, limit=CAPTION)
        name = _filled(visit, self.filename, limit=FILENAME)
        return Media(self.type, link=link, media_id=id, caption=caption, filename=name)


def _address(text: str) -> str | None:
    """Writes an address as it goes over the wire; None for what is none."""
    written = quote(text.strip(), safe=RESERVED_SIGNS)
    return written if ADDRESS.fullmatch(written) and len(written) <= LONGEST_ADDRESS else None


def _filled(visit: Visit, template: str | None, *, limit: int | None = None) -> str | None:
    return visit.text(template or "", limit=limit).strip() or None
