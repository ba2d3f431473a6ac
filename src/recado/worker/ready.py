"""Makes a message ready for its request: its content read, and what it shows uploaded.

An upload sends nothing to anybody. So one of unknown fate is not in doubt, as a message would be: it is made again.
"""

import asyncio
from collections.abc import Awaitable

import msgspec

from recado.engine.content import Content, Media, QrCode
from recado.store.outbox import Sending
from recado.whatsapp.client import Account, GraphClient
from recado.whatsapp.media import qr_picture
from recado.whatsapp.messages import Recipient, payload
from recado.whatsapp.outcomes import NotSent, Refused, Unknown, Uploaded
from recado.worker.verdict import unsendable

Body = dict[str, object]
_CONTENT: msgspec.json.Decoder[Content] = msgspec.json.Decoder(Content)


def ready(
    client: GraphClient, account: Account, sending: Sending
) -> Body | Refused | Awaitable[Body | Refused | NotSent]:
    """Gives the request's body, or what makes it; one that cannot be written is refused by ourselves."""
    try:
        content = _CONTENT.decode(sending.content)
        if isinstance(content, QrCode):
            return _with_picture(client, account, sending, content)
        return _body(sending, content)
    except ValueError as problem:  # msgspec.ValidationError is one
        return unsendable(str(problem))


async def _with_picture(
    client: GraphClient, account: Account, sending: Sending, code: QrCode
) -> Body | Refused | NotSent:
    try:
        picture = await _picture(client, account, code)
        return _body(sending, picture) if isinstance(picture, Media) else picture
    except ValueError as problem:
        return unsendable(str(problem))


def _body(sending: Sending, content: Content) -> Body:
    to = Recipient(phone=sending.phone, user_id=sending.user_id)
    opaque = f"{sending.id}.{sending.attempt}"
    return payload(content, to=to, reply_to=sending.reply_to, opaque=opaque)


async def _picture(
    client: GraphClient, account: Account, code: QrCode
) -> Media | Refused | NotSent:
    """Draws and uploads a QR code; drawing takes some hundredths of a second, which others must not wait."""
    file = await asyncio.to_thread(qr_picture, code.text)
    match await client.upload(account, file):
        case Uploaded(media_id=media_id):
            return Media("image", media_id=media_id, caption=code.caption)
        case Unknown(reason=reason):
            return NotSent(f"upload_{reason}")
        case refused_or_not_sent:
            return refused_or_not_sent
