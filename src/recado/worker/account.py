"""Takes up what Meta tells of our numbers' throughput; the senders look at their numbers once a second."""

from uuid import UUID

import structlog

from recado.engine.phones import canonical, digits
from recado.store import account_inbox
from recado.store.account_inbox import Told
from recado.store.pool import Db
from recado.whatsapp.limits import STANDARD, UPGRADED

log = structlog.get_logger(__name__)

BATCH = 100


async def take_news(db: Db) -> bool:
    """Takes up a batch of news in the caller's transaction; says whether there were any."""
    taken = await account_inbox.take(db, BATCH)
    for told in dict.fromkeys(taken):
        await _take(db, told)
    return bool(taken)


async def _take(db: Db, told: Told) -> None:
    for number in await _meant(db, told):
        if told.news == "coexistence":
            await account_inbox.mark_coexistence(db, number)
        else:
            await account_inbox.mark_upgraded(db, number, standard=STANDARD, upgraded=UPGRADED)
        log.info("number_told", number=str(number), news=told.news)


async def _meant(db: Db, told: Told) -> list[UUID]:
    if told.phone is None:
        return [told.number_id]
    wanted = canonical(told.phone)
    phones = await account_inbox.family(db, told.number_id)
    return [id for id, phone in phones.items() if canonical(digits(phone)) == wanted]
