"""What somebody who sets Recado up does, over the REST API: sign in, draw, register a number."""

from dataclasses import dataclass
from typing import Any

import aiohttp

from recado.whatsapp.fake_records import FakeNumber

EMAIL, PASSWORD = "dona@example.com", "uma senha bem longa"
ADMIN = {"RECADO_ADMIN_EMAIL": EMAIL, "RECADO_ADMIN_PASSWORD": PASSWORD}
WEBHOOK = "/api/v1/whatsapp/webhook"


@dataclass(frozen=True)
class Office:
    """A signed-in client of the API."""

    http: aiohttp.ClientSession
    url: str
    token: str

    @classmethod
    async def sign_in(cls, http: aiohttp.ClientSession, url: str) -> "Office":
        """Signs the owner in."""
        credentials = {"email": EMAIL, "password": PASSWORD}
        async with http.post(f"{url}/api/v1/auth/login", json=credentials) as answer:
            assert answer.status == 200, await answer.text()
            return cls(http, url, (await answer.json())["access_token"])

    async def get(self, path: str) -> Any:
        """Reads."""
        return await self._ask("GET", path, None)

    async def post(self, path: str, body: dict[str, Any]) -> Any:
        """Makes."""
        return await self._ask("POST", path, body)

    async def open_shop(
        self, flow: dict[str, Any], number: FakeNumber, *, messages_per_second: int | None = 80
    ) -> None:
        """Publishes a flow, gives it a chatbot, and lets a number answer with it."""
        made = await self.post("/flows/?publish=true", flow)
        chatbot = await self.post("/chatbots/", {"name": "Bot", "flow_id": made["id"]})
        await self.post(
            "/whatsapp/",
            {
                "phone_number": number.display_phone_number,
                "connection_type": "official",
                "phone_number_id": number.phone_number_id,
                "whatsapp_business_account_id": number.waba_id,
                "access_token": number.access_token,
                "app_secret": number.app_secret,
                "default_chatbot_id": chatbot["id"],
                "limits": {"messages_per_second": messages_per_second},
            },
        )

    async def _ask(self, method: str, path: str, body: dict[str, Any] | None) -> Any:
        headers = {"Authorization": f"Bearer {self.token}"}
        address = f"{self.url}/api/v1{path}"
        async with self.http.request(method, address, json=body, headers=headers) as answer:
            assert answer.status in (200, 201), f"{method} {path}: {await answer.text()}"
            return await answer.json()


def shop_number(url: str) -> FakeNumber:
    """Makes the number that Meta knows, with its webhook at a server's address."""
    return FakeNumber(
        phone_number_id="100000000000777",
        waba_id="200000000000777",
        display_phone_number="+55 11 4000-0777",
        access_token="token-of-the-shop",
        app_secret="secret-of-the-shop",
        webhook_url=url + WEBHOOK,
    )
