"""Serves the chat page, its live feed and its pictures."""

import asyncio
import base64
import hashlib
import re
from collections.abc import Mapping
from importlib import resources

import msgspec
from aiohttp import web

from recado.whatsapp.fake_control import shown
from recado.whatsapp.fake_records import Json, Read, Said, Sent, customer_key
from recado.whatsapp.fake_traffic import Traffic
from recado.whatsapp.fake_webhooks import Delivery

_INLINE = re.compile(r"<(script|style)>(.*?)</\1>", re.DOTALL)
_SHOWN_MEDIA = ("image/jpeg", "image/png", "image/webp", "audio/", "video/")
_BEAT = 20.0  # seconds between comments that keep proxies from closing the feed


class Page:
    """Shows a customer's side of the conversation in a browser."""

    def __init__(self, traffic: Traffic) -> None:
        self._traffic = traffic
        self._html = (
            resources.files("recado.whatsapp").joinpath("fake_page.html").read_text("utf-8")
        )
        self._policy = _policy(self._html)

    def routes(self) -> list[web.RouteDef]:
        """Lists the page's endpoints."""
        return [
            web.get("/", self.page),
            web.get("/_fake/events", self.events),
            web.get("/_fake/media/{id}", self.media),
        ]

    async def page(self, _request: web.Request) -> web.Response:
        """Serves the page; only its own script and style may run, and it may call only home."""
        headers = {
            "Content-Security-Policy": self._policy,
            "Cache-Control": "no-cache",
            "Referrer-Policy": "no-referrer",
            "X-Content-Type-Options": "nosniff",
        }
        return web.Response(text=self._html, content_type="text/html", headers=headers)

    async def media(self, request: web.Request) -> web.Response:
        """Gives the page a file to show; anything but pictures, sound and video downloads."""
        media = self._traffic.world.media.get(request.match_info["id"])
        if media is None:
            raise web.HTTPNotFound(text="{}", content_type="application/json")
        safe = media.mime_type.startswith(_SHOWN_MEDIA)
        headers = {
            "X-Content-Type-Options": "nosniff",
            "Content-Security-Policy": "sandbox; default-src 'none'",
            "Content-Disposition": "inline" if safe else "attachment",
        }
        kind = media.mime_type.split(";")[0] if safe else "application/octet-stream"
        return web.Response(body=media.content, content_type=kind, headers=headers)

    async def events(self, request: web.Request) -> web.StreamResponse:
        """Streams what happens to one customer at one number, beginning with their history."""
        customer = request.query.get("customer")
        key = None if customer is None else customer_key(customer)
        number = request.query.get("number")
        headers = {"Content-Type": "text/event-stream", "Cache-Control": "no-store"}
        response = web.StreamResponse(headers=headers)
        await response.prepare(request)
        listener = self._traffic.watchers.listen(customer=key, number=number)
        try:
            if key is not None:
                await response.write(_event({"event": "history", **self._history(key, number)}))
            while await self._pass_on(response, listener.events):
                pass
        except ConnectionResetError:
            return response
        finally:
            self._traffic.watchers.leave(listener)
        return response

    async def _pass_on(
        self, response: web.StreamResponse, events: asyncio.Queue[Mapping[str, object] | None]
    ) -> bool:
        try:
            event = await asyncio.wait_for(events.get(), _BEAT)
        except TimeoutError:
            await response.write(b": beat\n\n")
            return True
        if event is None:
            return False
        await response.write(_event({**event, **_entry(event.get("entry"))}))
        return True

    def _history(self, customer: str, number: str | None) -> Json:
        ours = self._traffic.number(number).phone_number_id
        timeline = list(self._traffic.world.timeline(ours, customer))
        read = {read.wamid for read in self._traffic.world.reads}
        # A receipt speaks for the messages before its own, too.
        seen = max((at for at, entry in enumerate(timeline) if entry.wamid in read), default=-1)
        webhooks = {d.wamid: d for d in self._traffic.deliveries.kept if d.wamid}
        entries = [
            {
                **_shown(entry),
                "read": at <= seen,
                **webhook_state(webhooks.get(entry.wamid)),
            }
            for at, entry in enumerate(timeline)
        ]
        return {"entries": entries}


def webhook_state(delivery: Delivery | None) -> Json:
    """Says how far a customer's message got on its way to the webhook."""
    if delivery is None:
        return {"state": "none", "attempts": 0}
    last = delivery.attempts[-1] if delivery.attempts else None
    return {
        "state": delivery.state,
        "attempts": len(delivery.attempts),
        "answer": None if last is None else last.status or last.error,
    }


def _entry(entry: object) -> Json:
    match entry:
        case Sent() | Said():
            return {"entry": _shown(entry)}
        case Read(wamid=wamid, typing=typing):
            return {"entry": {"wamid": wamid, "typing": typing}}
        case _:
            return {}


def _shown(entry: Sent | Said) -> Json:
    match entry:
        case Sent():
            return {"from": "business", **shown(entry)}
        case Said(wamid=wamid, message=message, at=at):
            return {"from": "customer", "wamid": wamid, "message": message, "at": at}


def _event(event: Json) -> bytes:
    return b"data: " + msgspec.json.encode(event) + b"\n\n"


def _policy(html: str) -> str:
    hashes: dict[str, list[str]] = {"script": [], "style": []}
    for kind, content in _INLINE.findall(html):
        digest = base64.b64encode(hashlib.sha256(content.encode()).digest()).decode()
        hashes[kind].append(f"'sha256-{digest}'")
    return (
        f"default-src 'none'; script-src {' '.join(hashes['script'])}; "
        f"style-src {' '.join(hashes['style'])}; connect-src 'self'; img-src 'self' data:; "
        "media-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    )
