"""Webhooks that a test posts by its own hand: when, how often and to which process it likes."""

from collections.abc import Mapping
from dataclasses import dataclass

import aiohttp

from recado.whatsapp.fake import FakeMeta
from recado.whatsapp.fake_payloads import encode, envelope, inbound
from recado.whatsapp.fake_records import FakeNumber, Json
from recado.whatsapp.signature import sign
from tests.e2e.kill.office import WEBHOOK


@dataclass(frozen=True, slots=True)
class Letter:
    """A signed webhook, as bytes."""

    body: bytes
    headers: Mapping[str, str]

    async def post(self, http: aiohttp.ClientSession, url: str) -> int:
        """Posts it to a server; gives the status."""
        async with http.post(url + WEBHOOK, data=self.body, headers=self.headers) as answer:
            await answer.read()
            return answer.status


def letter(meta: FakeMeta, number: FakeNumber, said: Mapping[str, str]) -> Letter:
    """Writes a webhook with what customers (by phone) say; Meta remembers that they said it."""
    body = encode(payload(meta, number, said))
    headers = {"Content-Type": "application/json"}
    headers["X-Hub-Signature-256"] = sign(number.app_secret or "", body)
    return Letter(body, headers)


def payload(meta: FakeMeta, number: FakeNumber, said: Mapping[str, str]) -> Json:
    """Puts messages of several customers into one webhook."""
    value: Json = {"contacts": [], "messages": []}
    for phone, text in said.items():
        customer = meta.world.meet(phone)
        heard = meta.world.hear(number, customer, {"type": "text", "text": {"body": text}})
        one = inbound(customer, heard.message, wa_id=customer.phone, wamid=heard.wamid, at=heard.at)
        value = {key: value[key] + one[key] for key in value}
    return envelope(number, value)
