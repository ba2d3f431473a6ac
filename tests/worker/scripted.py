"""A way to Meta whose requests end when, and as, the test says; and numbers to send for beside the stage's own."""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from uuid import UUID

from recado.engine.events import Json
from recado.store.ids import new_id
from recado.whatsapp.client import Account, GraphClient
from recado.whatsapp.errors import Action, Rule
from recado.whatsapp.outcomes import Refused, SendResult
from tests.worker.stage import Stage


@dataclass(frozen=True)
class Asked:
    """A request that waits for its end."""

    number: str
    opaque: str
    answer: "asyncio.Future[SendResult]"


class Scripted(GraphClient):
    """Keeps every request until the test answers it."""

    def __init__(self) -> None:
        super().__init__()
        self.asked: list[Asked] = []
        self._rung = asyncio.Event()

    async def send(self, account: Account, body: Mapping[str, Json]) -> SendResult:
        """Waits for the test's answer."""
        answer: asyncio.Future[SendResult] = asyncio.get_running_loop().create_future()
        opaque = str(body["biz_opaque_callback_data"])
        self.asked.append(Asked(account.phone_number_id, opaque, answer))
        self._rung.set()
        return await answer

    async def begun(self, count: int) -> list[Asked]:
        """Lets requests that were granted begin, until there are so many."""
        async with asyncio.timeout(20):
            while len(self.asked) < count:
                self._rung.clear()
                await self._rung.wait()
        return self.asked


def refused(action: Action, *, retry_after: float | None = None, retries: int = 3) -> Refused:
    """Makes a refusal."""
    return Refused(
        rule=Rule(action=action, meaning="scripted", retries=retries),
        code=1,
        message="",
        details="",
        http_status=400,
        retry_after=retry_after,
    )


async def add_number(stage: Stage, phone_number_id: str, *, waba_id: str = "200") -> UUID:
    """Adds a number with the access token of the stage's own."""
    number = new_id()
    await stage.sql(
        """insert into whatsapp_numbers
                  (id, workspace_id, phone_number, phone_shown, connection_type, phone_number_id, waba_id,
                   webhook_token, webhook_verify_token, access_token_id, limits)
           select $1, workspace_id, '+' || $3, $3, 'official', $3, $4, $3, 'verify', access_token_id, limits
             from whatsapp_numbers where id = $2""",
        number,
        stage.number,
        phone_number_id,
        waba_id,
    )
    return number


async def queue(stage: Stage, number: UUID, count: int) -> None:
    """Queues a message for each of so many customers of a number."""
    for _ in range(count):
        phone = str(new_id().int % 10**13)
        await stage.says(await stage.customer(phone, number=number), "Olá")
