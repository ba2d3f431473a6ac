"""The fake's own side, under `/_fake/`: what tests, scripts and the chat page talk to."""

import base64
import binascii
import re
from collections.abc import Mapping

import msgspec
from aiohttp import web

from recado.whatsapp.fake_answers import answer
from recado.whatsapp.fake_faults import Fault
from recado.whatsapp.fake_forms import Clock, File, NewTemplate, Raw, Saying, parse, wrong
from recado.whatsapp.fake_handshake import handshake
from recado.whatsapp.fake_records import FakeNumber, Json, Sent, customer_key
from recado.whatsapp.fake_traffic import NoSuchChoice, Traffic
from recado.whatsapp.fake_webhooks import Delivery

_NAME = re.compile(r"[a-z0-9_]{1,512}")


class Control:
    """Steers the fake and shows what went through it."""

    def __init__(self, traffic: Traffic) -> None:
        self._traffic = traffic
        self._world = traffic.world

    def routes(self) -> list[web.RouteDef]:
        """Lists the control endpoints."""
        return [
            web.get("/_fake/messages", self.messages),
            web.delete("/_fake/messages", self.forget),
            web.get("/_fake/webhooks", self.webhooks),
            web.post("/_fake/webhooks", self.post_webhook),
            web.get("/_fake/customers", self.customers),
            web.post("/_fake/customers/{id}/messages", self.say),
            web.get("/_fake/faults", self.faults),
            web.post("/_fake/faults", self.add_faults),
            web.delete("/_fake/faults", self.clear_faults),
            web.post("/_fake/clock", self.clock),
            web.get("/_fake/numbers", self.numbers),
            web.post("/_fake/numbers", self.add_number),
            web.post("/_fake/numbers/{id}/handshake", self.shake),
            web.get("/_fake/templates", self.templates),
            web.post("/_fake/templates", self.add_template),
            web.delete("/_fake", self.reset),
        ]

    async def messages(self, request: web.Request) -> web.Response:
        """Lists the messages accepted from the business, oldest first."""
        to, number = request.query.get("to"), request.query.get("number")
        key = None if to is None else customer_key(to)
        found = [
            shown(sent)
            for sent in self._world.sent.values()
            if key in (None, sent.to) and number in (None, sent.phone_number_id)
        ]
        return answer({"messages": found})

    async def webhooks(self, _request: web.Request) -> web.Response:
        """Lists the webhooks with every answer that they got, oldest first."""
        return answer({"webhooks": [_delivered(d) for d in self._traffic.deliveries.kept]})

    async def post_webhook(self, request: web.Request) -> web.Response:
        """Posts any payload, signed and repeated like the others."""
        raw = parse(await request.read(), Raw)
        self._known_number(raw.number)
        delivery = self._traffic.deliver(raw.payload, number=raw.number)
        return answer({"id": None if delivery is None else delivery.id})

    async def customers(self, _request: web.Request) -> web.Response:
        """Lists the customers."""
        found = [
            {
                "id": customer.key,
                "phone": customer.phone,
                "user_id": customer.user_id,
                "name": customer.name,
                "username": customer.username,
            }
            for customer in self._world.customers.values()
        ]
        return answer({"customers": found})

    async def say(self, request: web.Request) -> web.Response:
        """Lets a customer write, tap or send a file; answers the wamid."""
        saying = parse(await request.read(), Saying)
        who = request.match_info["id"]
        if not customer_key(who):
            raise wrong("the customer must be a phone number or a business-scoped user id")
        self._known_number(saying.number)
        try:
            return answer({"id": self._said(who, saying)})
        except NoSuchChoice as missing:
            raise wrong(f"nothing to tap called {missing}", status=404) from missing

    async def faults(self, _request: web.Request) -> web.Response:
        """Lists the faults in force."""
        found = [
            {"fault": fault, "left": left, "hits": hits}
            for fault, left, hits in self._traffic.plan.listed()
        ]
        return answer({"faults": found})

    async def add_faults(self, request: web.Request) -> web.Response:
        """Puts one fault or a list of faults in force."""
        raw = await request.read()
        many = raw.lstrip().startswith(b"[")
        self._traffic.plan.add(*(parse(raw, list[Fault]) if many else [parse(raw, Fault)]))
        return await self.faults(request)

    async def clear_faults(self, request: web.Request) -> web.Response:
        """Ends all faults."""
        self._traffic.plan.clear()
        return await self.faults(request)

    async def clock(self, request: web.Request) -> web.Response:
        """Moves the clock ahead, for instance past the 24 hour window."""
        self._world.advance(parse(await request.read(), Clock).advance)
        return answer({"now": self._world.now()})

    async def numbers(self, _request: web.Request) -> web.Response:
        """Lists the numbers, without their secrets."""
        return answer({"numbers": [_public(number) for number in self._world.numbers.values()]})

    async def add_number(self, request: web.Request) -> web.Response:
        """Adds or replaces a number and says whether its webhook passes the handshake."""
        number = parse(await request.read(), FakeNumber)
        self._world.add_number(number)
        return answer({**_public(number), "verified": await self._shaken(number)})

    async def shake(self, request: web.Request) -> web.Response:
        """Verifies a number's webhook address again."""
        self._known_number(request.match_info["id"])
        number = self._world.numbers[request.match_info["id"]]
        return answer({"verified": await self._shaken(number)})

    async def templates(self, _request: web.Request) -> web.Response:
        """Lists the templates of the numbers' WABAs."""
        wabas = sorted({number.waba_id for number in self._world.numbers.values()})
        found = [
            {"waba_id": waba, "template": template}
            for waba in wabas
            for template in self._world.templates(waba).values()
        ]
        return answer({"templates": found})

    async def add_template(self, request: web.Request) -> web.Response:
        """Adds a template to a WABA."""
        new = parse(await request.read(), NewTemplate)
        if not _NAME.fullmatch(new.template.name) or not new.template.language:
            raise wrong("a template has a name of small letters, digits and _, and a language")
        self._world.add_template(new.waba_id, new.template)
        return answer({"success": True})

    async def forget(self, _request: web.Request) -> web.Response:
        """Forgets messages, webhooks and customers."""
        self._world.forget()
        self._traffic.deliveries.kept.clear()
        return answer({"success": True})

    async def reset(self, request: web.Request) -> web.Response:
        """Forgets messages and faults and sets the clock back; numbers stay."""
        self._traffic.plan.clear()
        return await self.forget(request)

    def _said(self, who: str, saying: Saying) -> str:
        number, name, say = saying.number, saying.name, self._traffic
        match saying:
            case Saying(text=str(text), tap=None, file=None, message=None):
                message: Json = {"type": "text", "text": {"body": text}}
            case Saying(text=None, tap=str(tap), file=None, message=None):
                return say.tap(who, tap, number=number, message=saying.tapped)
            case Saying(text=None, tap=None, file=File() as file, message=None):
                return self._send_file(who, file, saying)
            case Saying(text=None, tap=None, file=None, message=dict(raw)) if "type" in raw:
                message = raw
            case _:
                raise wrong("give exactly one of text, tap, file and message (with a type)")
        return say.send(
            who,
            message,
            number=number,
            name=name,
            username=saying.username,
            reply_to=saying.reply_to,
        )

    def _send_file(self, who: str, file: File, saying: Saying) -> str:
        try:
            content = base64.b64decode(file.content, validate=True)
        except binascii.Error as error:
            raise wrong("file.content is not base64") from error
        return self._traffic.send_file(
            who,
            file.kind,
            content,
            mime_type=file.mime_type,
            number=saying.number,
            name=saying.name,
            caption=file.caption,
            filename=file.filename,
        )

    def _known_number(self, phone_number_id: str | None) -> None:
        numbers = self._world.numbers
        if not numbers or (phone_number_id is not None and phone_number_id not in numbers):
            raise wrong(f"no number {phone_number_id or ''}".rstrip(), status=404)

    async def _shaken(self, number: FakeNumber) -> bool:
        if number.webhook_url is None:
            return False
        return await handshake(number.webhook_url, number.verify_token or "")


def shown(sent: Sent) -> Json:
    """Shows an accepted message as JSON."""
    return {
        "number": sent.phone_number_id,
        "to": sent.to,
        "wamid": sent.wamid,
        "body": sent.body,
        "opaque": sent.opaque,
        "at": sent.at,
        "filled": sent.filled,
        "statuses": sent.statuses,
    }


def _delivered(delivery: Delivery) -> Json:
    return {
        "id": delivery.id,
        "number": delivery.phone_number_id,
        "customer": delivery.customer,
        "url": delivery.url,
        "state": delivery.state,
        "wamid": delivery.wamid,
        "payload": msgspec.Raw(delivery.body),
        "attempts": [
            {"at": attempt.at, "status": attempt.status, "error": attempt.error}
            for attempt in delivery.attempts
        ],
    }


def _public(number: FakeNumber) -> Mapping[str, object]:
    return {
        "phone_number_id": number.phone_number_id,
        "waba_id": number.waba_id,
        "display_phone_number": number.display_phone_number,
        "verified_name": number.verified_name,
        "webhook_url": number.webhook_url,
        "signed": number.app_secret is not None,
    }
