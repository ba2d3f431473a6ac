"""The Graph API's side of the fake: sending messages, and reading numbers and WABAs."""

import asyncio

import msgspec
from aiohttp import web

from recado.whatsapp.fake_answers import Access, answer, may, read, refusal, refuse, reset
from recado.whatsapp.fake_errors import Refused, by_code, no_such_object
from recado.whatsapp.fake_faults import Drawn
from recado.whatsapp.fake_handshake import handshake
from recado.whatsapp.fake_media import VERSION, Media
from recado.whatsapp.fake_records import FakeNumber, FakeTemplate, Json, Sent
from recado.whatsapp.fake_rulings import Ruling
from recado.whatsapp.fake_traffic import Traffic


class Graph:
    """Answers like graph.facebook.com for the fake's numbers."""

    def __init__(self, traffic: Traffic) -> None:
        self._traffic = traffic
        self._world = traffic.world
        self._access = Access(traffic.world)
        self._media = Media(traffic.world, self._access, traffic.plan)

    def routes(self) -> list[web.RouteDef]:
        """Lists the endpoints; the busiest comes first."""
        return [
            web.post(VERSION + "/{id}/messages", self.messages),
            web.get(VERSION + "/{id}/subscribed_apps", self.subscriptions),
            web.post(VERSION + "/{id}/subscribed_apps", self.subscribe),
            web.delete(VERSION + "/{id}/subscribed_apps", self.unsubscribe),
            web.get(VERSION + "/{id}/message_templates", self.templates),
            web.get(VERSION + "/{id}/phone_numbers", self.phone_numbers),
            *self._media.routes(),
            web.get(VERSION + "/{id}", self.node),
        ]

    async def messages(self, request: web.Request) -> web.StreamResponse:
        """Takes or refuses a message, with whatever the fault plan does to it."""
        number = self._access.number(request)
        body = read(await request.read())
        ruling = self._traffic.rule(number, body)
        if ruling.refused is not None or not isinstance(body, dict):
            return refuse(ruling.refused or by_code(100))
        if "status" in body:
            return await self._read(request, number, body)
        drawn = self._traffic.plan.draw(number=number.phone_number_id, to=ruling.to)
        return await self._send(request, number, body, ruling=ruling, drawn=drawn)

    async def node(self, request: web.Request) -> web.Response:
        """Reads a number, a WABA or a file's address, whichever has the id."""
        object_id = request.match_info["id"]
        token = self._access.token(request)
        if object_id in self._world.media:
            return answer(self._media.address(request, token))
        number = self._world.numbers.get(object_id)
        if number is not None and may(token, number):
            return answer(_asked(request, _about(number)))
        for owned in self._world.numbers_of(object_id):
            if may(token, owned):
                about: Json = {"id": object_id, "name": owned.verified_name, "currency": "BRL"}
                return answer(_asked(request, about))
        raise Refused(no_such_object(object_id))

    async def subscriptions(self, request: web.Request) -> web.Response:
        """Lists the apps that get the WABA's webhooks: this one, unless it left."""
        app = {"whatsapp_business_api_data": {"name": "Fake app", "id": "100000000000001"}}
        left = self._access.waba(request) in self._world.unsubscribed
        return answer({"data": [] if left else [app]})

    async def subscribe(self, request: web.Request) -> web.Response:
        """Subscribes the app to the WABA; an override address must pass the handshake."""
        waba_id = self._access.waba(request)
        body = read(await request.read())
        if isinstance(body, dict) and "override_callback_uri" in body:
            await self._override(waba_id, body)
        self._world.unsubscribed.discard(waba_id)
        return answer({"success": True})

    async def unsubscribe(self, request: web.Request) -> web.Response:
        """Unsubscribes the app: nothing arrives any more."""
        self._world.unsubscribed.add(self._access.waba(request))
        return answer({"success": True})

    async def templates(self, request: web.Request) -> web.StreamResponse:
        """Lists the WABA's templates, filtered by name and status."""
        waba_id = self._access.waba(request)
        drawn = self._traffic.plan.draw(number=waba_id, to="", on="message_templates")
        if (wrong := refusal(request, drawn)) is not None:
            return wrong
        name, status = request.query.get("name", ""), request.query.get("status")
        found = [
            _asked(request, _template(template))
            for template in self._world.templates(waba_id).values()
            if name in template.name and status in (None, template.status)
        ]
        return answer(_page(found, request))

    async def phone_numbers(self, request: web.Request) -> web.Response:
        """Lists the WABA's numbers."""
        waba_id = self._access.waba(request)
        found = [_about(number) for number in self._world.numbers_of(waba_id)]
        return answer(_page(found, request))

    async def _read(
        self, request: web.Request, number: FakeNumber, body: Json
    ) -> web.StreamResponse:
        drawn = self._traffic.plan.draw(number=number.phone_number_id, to="", on="receipts")
        if drawn.delay:
            await asyncio.sleep(drawn.delay)
        if (wrong := refusal(request, drawn)) is not None:
            return wrong
        self._traffic.read(number, body)
        return answer({"success": True})

    async def _send(
        self, request: web.Request, number: FakeNumber, body: Json, *, ruling: Ruling, drawn: Drawn
    ) -> web.StreamResponse:
        if drawn.delay:
            await asyncio.sleep(drawn.delay)
        if (wrong := refusal(request, drawn)) is not None:
            return wrong
        sent = self._traffic.accept(number, body, ruling, drawn)
        if drawn.reset_after:
            return reset(request)
        if drawn.delay_answer:
            await asyncio.sleep(drawn.delay_answer)
        return answer(self._taken(body, sent, ruling))

    def _taken(self, body: Json, sent: Sent, ruling: Ruling) -> Json:
        to, customer = body.get("to"), ruling.customer
        contact: Json = {"input": to if to is not None else body["recipient"]}
        if customer is not None and to is not None:
            contact["wa_id"] = self._world.wa_id(customer)
        elif customer is not None:
            contact["user_id"] = customer.user_id
        message = {"id": sent.wamid}
        if sent.type == "template":
            message["message_status"] = "accepted"
        if customer is None:
            message["group_id"] = sent.to
        return {"messaging_product": "whatsapp", "contacts": [contact], "messages": [message]}

    async def _override(self, waba_id: str, body: Json) -> None:
        url, token = str(body["override_callback_uri"]), str(body.get("verify_token", ""))
        if not await handshake(url, token):
            raise Refused(by_code(2200, "Callback verification failed"))
        for number in self._world.numbers_of(waba_id):
            self._world.add_number(
                msgspec.structs.replace(number, webhook_url=url, verify_token=token)
            )


def _about(number: FakeNumber) -> Json:
    return {
        "id": number.phone_number_id,
        "display_phone_number": number.display_phone_number,
        "verified_name": number.verified_name,
        "quality_rating": "GREEN",
        "code_verification_status": "VERIFIED",
        "name_status": "APPROVED",
        "platform_type": "CLOUD_API",
        "status": "CONNECTED",
        "throughput": {"level": "STANDARD"},
        "whatsapp_business_manager_messaging_limit": "TIER_2K",
        "webhook_configuration": {"application": number.webhook_url},
    }


def _asked(request: web.Request, found: Json) -> Json:
    fields = request.query.get("fields")
    if fields is None:
        return found
    return {key: found[key] for key in ("id", *fields.split(",")) if key in found}


def _template(template: FakeTemplate) -> Json:
    return {
        "id": template.id or "1000000000000000",
        "name": template.name,
        "language": template.language,
        "category": template.category,
        "status": template.status,
        "parameter_format": template.parameter_format,
        "components": list(template.components),
        "quality_score": {"score": template.quality},
        "rejected_reason": "ABUSIVE_CONTENT" if template.status == "REJECTED" else "NONE",
    }


def _page(found: list[Json], request: web.Request) -> Json:
    limit, after = request.query.get("limit", ""), request.query.get("after", "")
    start = int(after) if after.isdecimal() else 0
    end = start + (int(limit) if limit.isdecimal() else 25)
    paging: Json = {"cursors": {"before": str(start), "after": str(end)}}
    if end < len(found):
        paging["next"] = str(request.url.update_query(after=str(end)))
    return {"data": found[start:end], "paging": paging}
