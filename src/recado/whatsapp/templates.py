"""Reads the templates of a WhatsApp Business account at Meta, page by page."""

from typing import Literal

import msgspec

from recado.engine.events import Json
from recado.whatsapp.client import Account, GraphClient
from recado.whatsapp.outcomes import Answer, NotSent, Refused, Unknown, failed
from recado.whatsapp.wire import clean

FIELDS = (
    "id,name,language,category,status,parameter_format,components,quality_score,rejected_reason"
)
EACH = 100  # a page; Meta's own is 25
MOST_PAGES = 60  # an account has 6,000 templates at most (Meta)


class ListedTemplate(msgspec.Struct, frozen=True, kw_only=True):
    """A template as Meta lists it; `components` are hers, unread."""

    id: str
    name: str
    language: str
    status: str
    category: str | None = None
    parameter_format: Literal["POSITIONAL", "NAMED"] = "POSITIONAL"
    components: list[dict[str, Json]] = []
    quality: str | None = None
    rejected_reason: str | None = None


class _Score(msgspec.Struct):
    score: str | None = None


class _Item(msgspec.Struct):
    id: str
    name: str
    language: str
    status: str
    category: str | None = None
    parameter_format: str | None = None
    components: list[dict[str, Json]] = []
    quality_score: _Score | None = None
    rejected_reason: str | None = None


class _Cursors(msgspec.Struct):
    after: str | None = None


class _Paging(msgspec.Struct):
    cursors: _Cursors | None = None
    next: str | None = None


class _Page(msgspec.Struct):
    data: list[_Item]
    paging: _Paging | None = None


_decoder = msgspec.json.Decoder(_Page)


async def list_templates(
    client: GraphClient, account: Account, waba_id: str
) -> list[ListedTemplate] | Refused | NotSent | Unknown:
    """Lists all templates of an account, or says why not; never a part of them."""
    found: list[ListedTemplate] = []
    after: str | None = None
    for _ in range(MOST_PAGES):
        query = {"fields": FIELDS, "limit": str(EACH)} | ({"after": after} if after else {})
        answer = await client.read(account, waba_id, "message_templates", query=query)
        if not isinstance(answer, Answer):
            return answer
        page = _read(answer)
        if not isinstance(page, _Page):
            return page
        found += map(_listed, page.data)
        after = _after(page)
        if after is None:
            return found
    return Unknown("too_many_pages")


def _read(answer: Answer) -> _Page | Refused | NotSent | Unknown:
    if answer.status != 200 or answer.raw is None:
        return failed(answer)
    try:
        return _decoder.decode(clean(answer.raw))
    except msgspec.DecodeError:
        return failed(answer)


def _after(page: _Page) -> str | None:
    """Gives the next page's cursor. The address beside it is never followed: the token goes to no other host."""
    paging = page.paging
    if paging is None or paging.next is None or paging.cursors is None:
        return None
    return paging.cursors.after


def _listed(item: _Item) -> ListedTemplate:
    reason = item.rejected_reason
    return ListedTemplate(
        id=item.id,
        name=item.name,
        language=item.language,
        status=item.status.upper(),
        category=item.category,
        parameter_format="NAMED" if item.parameter_format == "NAMED" else "POSITIONAL",
        components=item.components,
        quality=item.quality_score.score if item.quality_score else None,
        rejected_reason=None if reason in (None, "NONE") else reason,
    )
