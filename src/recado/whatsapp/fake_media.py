"""The fake's media endpoints: upload, address, download, delete."""

import hmac
import secrets

import aiohttp
from aiohttp import web

from recado.whatsapp.fake_answers import Access, answer, may, refusal
from recado.whatsapp.fake_errors import Refused, bad_parameter, by_code, no_such_object
from recado.whatsapp.fake_faults import FaultPlan
from recado.whatsapp.fake_records import FakeMedia, FakeNumber, Json
from recado.whatsapp.fake_world import FakeWorld

VERSION = r"/{version:v\d+\.\d+}"
_URL_LIVES = 300  # seconds, Meta's media addresses
_MB = 1 << 20
_MOST = {"image": 5 * _MB, "video": 16 * _MB, "audio": 16 * _MB}
_MOST_STICKER, _MOST_DOCUMENT = 500 << 10, 100 * _MB


class Media:
    """Keeps files like the Graph API: an id each, an address that lives 5 minutes."""

    def __init__(self, world: FakeWorld, access: Access, plan: FaultPlan) -> None:
        self._world = world
        self._plan = plan
        self._access = access
        self._key = secrets.token_bytes(16)

    def routes(self) -> list[web.RouteDef]:
        """Lists the media endpoints."""
        return [
            web.post(VERSION + "/{id}/media", self.upload),
            web.get("/lookaside/{id}", self.download),
            web.delete(VERSION + "/{id}", self.delete),
        ]

    async def upload(self, request: web.Request) -> web.Response:
        """Keeps an uploaded file and answers its id."""
        number = self._access.number(request)
        if not request.content_type.startswith("multipart/"):
            raise Refused(bad_parameter("The parameter file is required."))
        parts = await _parts(request)
        drawn = self._plan.draw(number=number.phone_number_id, to="", on="media")
        if (wrong := refusal(request, drawn)) is not None:
            return wrong
        if parts.get("messaging_product") != b"whatsapp":
            raise Refused(bad_parameter("The parameter messaging_product is required."))
        if "file" not in parts:
            raise Refused(bad_parameter("The parameter file is required."))
        mime_type = parts.get("type", b"").decode(errors="replace").strip()
        media = FakeMedia(
            self._world.new_id(),
            _checked(mime_type, parts["file"]),
            parts["file"],
            number.phone_number_id,
        )
        self._world.add_media(media)
        return answer({"id": media.id})

    def address(self, request: web.Request, token: str) -> Json:
        """Describes a file and where to get it."""
        media = self._owned(request, token)
        until = str(int(self._world.now()) + _URL_LIVES)
        url = request.url.origin() / "lookaside" / media.id
        return {
            "messaging_product": "whatsapp",
            "url": str(url.with_query(until=until, seal=self._seal(media.id, until))),
            "mime_type": media.mime_type,
            "sha256": media.sha256,
            "file_size": len(media.content),
            "id": media.id,
        }

    async def download(self, request: web.Request) -> web.Response:
        """Gives a file's content to its number's token while the address lives, else 404."""
        token = self._access.token(request)
        media_id, until = request.match_info["id"], request.query.get("until", "")
        seal = request.query.get("seal", "")
        media = self._world.media.get(media_id)
        if media is None or not hmac.compare_digest(self._seal(media_id, until), seal):
            return web.Response(status=404)
        if self._world.now() > float(until) or not self._may(token, media):
            return web.Response(status=404)
        return web.Response(body=media.content, content_type=media.mime_type.split(";")[0])

    async def delete(self, request: web.Request) -> web.Response:
        """Deletes a file."""
        media = self._owned(request, self._access.token(request))
        self._world.forget_media(media.id)
        return answer({"success": True})

    def _owned(self, request: web.Request, token: str) -> FakeMedia:
        media = self._world.media.get(request.match_info["id"])
        if media is None:
            raise Refused(no_such_object(request.match_info["id"]))
        asked = request.query.get("phone_number_id", media.phone_number_id)
        if asked != media.phone_number_id or not self._may(token, media):
            raise Refused(no_such_object(media.id))
        return media

    def _may(self, token: str, media: FakeMedia) -> bool:
        owner: FakeNumber | None = self._world.numbers.get(media.phone_number_id)
        return owner is not None and may(token, owner)

    def _seal(self, media_id: str, until: str) -> str:
        return hmac.new(self._key, f"{media_id}.{until}".encode(), "sha256").hexdigest()


async def _parts(request: web.Request) -> dict[str, bytes]:
    found: dict[str, bytes] = {}
    async for part in await request.multipart():
        if not isinstance(part, aiohttp.BodyPartReader):
            continue
        found[part.name or ""] = await _limited(part)
        if part.name == "file":
            found.setdefault("type", part.headers.get("Content-Type", "").encode())
    return found


async def _limited(part: aiohttp.BodyPartReader) -> bytes:
    content = bytearray()
    while chunk := await part.read_chunk(1 << 16):
        content += chunk
        if len(content) > _MOST_DOCUMENT:
            raise Refused(by_code(131053, "File is larger than 100 MB", status=400))
    return bytes(content)


def _checked(mime_type: str, content: bytes) -> str:
    if "/" not in mime_type:
        raise Refused(bad_parameter("Param file must be a file with a valid MIME type."))
    if not content:
        raise Refused(by_code(131053, "File is empty"))
    kind = mime_type.split("/", maxsplit=1)[0]
    most = _MOST_STICKER if mime_type == "image/webp" else _MOST.get(kind, _MOST_DOCUMENT)
    if len(content) > most:
        raise Refused(by_code(131053, f"{mime_type} file is larger than {most} bytes"))
    return mime_type
