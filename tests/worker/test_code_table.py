"""Every code of Meta's, as she answers with it: what happens to the message, its lane, its number and its account.

The table is that of the project's notes, written down a second time. `next` goes at once; `waits` goes later by itself;
`held` until somebody acts; a message is queued or lost.
"""

from collections.abc import AsyncIterator
from uuid import UUID

import msgspec
import pytest
import pytest_asyncio

from recado.store.pool import Pool
from recado.whatsapp.errors import CODES, Action
from recado.whatsapp.outcomes import Answer, Refused, SendResult, send_result
from tests.worker.clerk import Clerk
from tests.worker.desk import Desk, open_desk
from tests.worker.scripted import Scripted, add_number
from tests.worker.stage import set_up

pytestmark = pytest.mark.asyncio

# What becomes of: the message, the next of its lane, another lane of its number, another number of its account.
OUTCOMES = {
    "retry": "queued waits next next",
    "retry, number held": "queued waits waits next",
    "pace pair": "queued waits next next",
    "pace number": "queued waits waits next",
    "pace app": "queued waits waits waits",
    "auth": "queued held held next",
    "stop number": "queued held held next",
    "stop number for hours": "queued waits waits next",
    "stop waba": "queued held held held",
    "until heard": "queued held next next",
    "lost": "lost next next next",
}

# code, HTTP, the notes' action, what becomes of things.
TABLE = """
0       401  auth         auth
1       400  retry        retry
2       503  retry        retry
3       500  auth         auth
4       400  pace_app     pace app
10      403  auth         auth
33      400  stop_number  stop number
100     400  fix          lost
104     401  auth         auth
190     401  auth         auth
200     403  auth         auth
250     403  auth         auth
299     403  auth         auth
368     403  stop_waba    stop waba
613     400  pace_app     pace app
80007   400  pace_number  pace number
130403  400  user         lost
130429  400  pace_number  pace number
130429  429  pace_number  pace number
130472  400  drop         lost
130497  403  drop         lost
131000  500  retry        retry
131005  403  auth         auth
131008  400  fix          lost
131009  400  fix          lost
131016  500  retry        retry
131021  400  drop         lost
131026  400  drop         lost
131030  400  drop         lost
131031  403  stop_waba    stop waba
131037  400  stop_number  stop number
131042  400  stop_waba    stop waba
131044  400  drop         lost
131045  500  stop_number  stop number
131047  400  template     until heard
131048  400  stop_number  stop number for hours
131049  400  drop         lost
131050  400  user         lost
131051  400  fix          lost
131052  400  drop         lost
131053  400  retry        retry
131055  400  fix          lost
131056  400  pace_pair    pace pair
131056  429  pace_pair    pace pair
131057  500  retry        retry, number held
131059  400  drop         lost
131060  400  drop         lost
131062  400  drop         lost
131063  400  fix          lost
131064  400  drop         lost
132000  400  fix          lost
132001  404  fix          lost
132005  400  fix          lost
132007  400  fix          lost
132008  400  fix          lost
132012  400  fix          lost
132015  400  template     lost
132016  400  drop         lost
132018  400  fix          lost
132068  400  fix          lost
132069  400  pace_pair    pace pair
133000  500  fix          lost
133004  503  retry        retry
133005  400  fix          lost
133006  400  fix          lost
133008  400  fix          lost
133009  400  fix          lost
133010  400  stop_number  stop number
133015  400  fix          lost
133016  400  fix          lost
134011  400  fix          lost
134100  400  fix          lost
134101  400  retry        retry
134102  500  fix          lost
135000  400  retry        retry
138000  400  drop         lost
139000  400  drop         lost
131020  400  drop         lost
131041  400  drop         lost
131201  206  drop         lost
131208  429  pace_number  pace number
131215  403  drop         lost
2388001 400  fix          lost
2494100 400  retry        retry, number held
987654  400  drop         lost
987654  429  pace_number  pace number
987654  500  retry        retry
"""
ROWS = [line.split(maxsplit=3) for line in TABLE.strip().splitlines()]
RETRIES = {1: 2, 2: 3, 131000: 3, 131016: 3, 131053: 1, 133004: 3, 134101: 1, 135000: 1, 987654: 2}


def refused(code: int, http: int) -> SendResult:
    """Reads Meta's answer with a code."""
    error = {"message": "m", "type": "OAuthException", "code": code, "error_data": {"details": "d"}}
    return send_result(Answer(http, msgspec.json.encode({"error": error})))


@pytest_asyncio.fixture
async def desk(pool: Pool) -> AsyncIterator[Desk]:
    async with open_desk(await set_up(pool)) as desk:
        yield desk


@pytest_asyncio.fixture
async def client() -> AsyncIterator[Scripted]:
    async with Scripted() as client:
        yield client


async def standing(desk: Desk, id: UUID) -> str:
    """Tells where a message stands: under way at once, waiting for its time, or held for ever."""
    row = await desk.stage.rows(
        """select o.status, o.unheard_since is not null or coalesce(s.held_until = 'infinity', false)
                  or exists (select from outbox w where w.conversation_id = o.conversation_id and w.seq < o.seq
                                and w.unheard_since is not null) as held
             from outbox o left join number_senders s using (number_id) where o.id = $1""",
        id,
    )
    if row and row[0]["status"] == "queued":
        return "held" if row[0]["held"] else "waits"
    return "next"


@pytest.mark.parametrize("row", ROWS, ids=lambda row: f"{row[0]}-{row[1]}")
async def test_a_code_does_what_the_table_says(
    desk: Desk, client: Scripted, row: list[str]
) -> None:
    (code, http, action, outcome), stage, clerk = row, desk.stage, Clerk(desk, client)
    ana, bia = await stage.customer("5511955500001"), await stage.customer("5511955500002")
    sister = await stage.customer("5511955500003", number=await add_number(stage, "101"))
    message, following = await stage.says(ana, "1"), await stage.says(ana, "2")
    await clerk.begins()
    beside, elsewhere = await stage.says(bia, "3"), await stage.says(sister, "4")
    result = refused(int(code), int(http))

    await clerk.answers(result)
    await clerk.begins(later=1.0)  # looks for numbers with mail too

    status = (await stage.fate(message))["status"]
    found = ["lost" if status == "failed" else status]
    found += [await standing(desk, each) for each in (following, beside, elsewhere)]
    assert isinstance(result, Refused)
    assert result.rule.action == action
    assert " ".join(found) == OUTCOMES[outcome]
    assert await stage.value("select coalesce(max(tries), 0) from outbox") == (outcome == "retry")


@pytest.mark.parametrize(("code", "retries"), RETRIES.items())
async def test_a_retry_has_its_bound_and_people_hear_of_the_end(
    desk: Desk, client: Scripted, code: int, retries: int
) -> None:
    stage, clerk = desk.stage, Clerk(desk, client)
    message = await stage.says(await stage.customer(), "1")
    for _ in range(retries):
        await clerk.begins()
        await clerk.answers(refused(code, 500))
        await clerk.begins()
        await desk.pass_time(3600)
    before = (await stage.fate(message))["status"], await stage.alerts()

    await clerk.begins()
    await clerk.answers(refused(code, 500))
    await clerk.begins()

    assert before == ("queued", {})
    assert (await stage.fate(message))["status"] == "failed"
    assert await stage.alerts() == {"send_failed": 1}


async def test_every_code_that_we_know_has_a_row() -> None:
    written = {int(code) for code, *_ in ROWS}
    ranges = {*range(200, 300), *range(131201, 131216)}

    assert set(CODES) - written <= ranges
    assert {
        code for code, rule in CODES.items() if rule.action is Action.RETRY and not rule.hold
    } == (RETRIES.keys() - {987654})
