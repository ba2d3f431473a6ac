"""One life of a worker process with node types that may kill it: takes up turns until there are none, then stops."""

import asyncio
import sys

from recado.store.pool import create_pool
from recado.worker.hand_over import HandOver
from recado.worker.life import Life
from recado.worker.programs import Programs
from recado.worker.turn import Turns
from tests.worker.bad_nodes import BAD_TYPES


async def live(url: str) -> None:
    """Begins, works until idle, ends cleanly."""
    life = await Life.begin(url)
    pool = await create_pool(url, min_size=1, max_size=3)
    turns = Turns(pool, Programs(BAD_TYPES), queued=HandOver(None))
    if life.after_crash:
        turns.be_careful()
    while await turns.step():
        pass
    await pool.close()
    await life.end()


if __name__ == "__main__":
    asyncio.run(live(sys.argv[1]))
