"""Everything that a script tries to get out of its sandbox by, one entry of `escapes.json` each: none gets out.

An entry's `holds` says what the script comes back with: a `value`, an `error`, or `any` error, within its `seconds` if it has any. What must hold for all
of them is here: no secret of ours in it, nobody called, and the next script finds the world as it was.
"""

import asyncio
import json
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio

from recado.calls.script import Scripts
from recado.calls.script_answer import LONGEST_DETAIL, Ran

ESCAPES: list[dict[str, Any]] = json.loads(Path(__file__).with_name("escapes.json").read_text())
CANARY = "canary-5b1c"
# All that one script could leave for the next.
LOOK = """
const seen = [];
for (const root of [globalThis, Object, Object.prototype, Function.prototype, Array, Array.prototype, String.prototype,
    JSON, Math, Date, RegExp.prototype, Symbol.prototype, Error, Promise.prototype, Reflect]) {
  seen.push(Object.isFrozen(root), ...Reflect.ownKeys(root).map(String));
}
return [seen.join(), Math.max(1, 2), JSON.stringify({a: 1}), Date.now() > 0, ({}).polluted === undefined, nome];
"""


@dataclass
class House:
    """What must stay as it is: a pool of one process, a file, an address that nobody may call."""

    scripts: Scripts
    file: Path
    port: int
    callers: list[object] = field(default_factory=list)

    async def look(self) -> Ran:
        """Runs a script that sees whatever earlier ones left."""
        return await self.scripts.run(LOOK, {"nome": "Ana"}, timeout=30)


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def house(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[House]:
    file = tmp_path_factory.mktemp("house") / "secret.mjs"
    file.write_text(f"export default '{CANARY}'")
    callers: list[object] = []
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("RECADO_CANARY", CANARY)
        server = await asyncio.start_server(lambda *who: callers.append(who), "127.0.0.1", 0)
        house = House(
            Scripts(processes=1), file, server.sockets[0].getsockname()[1], callers=callers
        )
        yield house
        await house.scripts.close()
        server.close()


@pytest.mark.asyncio(loop_scope="module")
@pytest.mark.parametrize("escape", ESCAPES, ids=lambda escape: escape["name"])
async def test_no_script_gets_out(house: House, escape: dict[str, Any]) -> None:
    before = await house.look()
    inputs = {"file": str(house.file), "port": house.port, **escape.get("inputs", {})}

    ran = await house.scripts.run(escape["code"], inputs, timeout=escape.get("seconds", 30))

    assert_holds(ran, escape["holds"])
    assert CANARY not in repr(ran)
    assert not house.callers
    assert await house.look() == before
    assert len(house.scripts.pids()) == 1
    assert list(house.file.parent.iterdir()) == [house.file]


def assert_holds(ran: Ran, holds: dict[str, Any]) -> None:
    """Compares what came back with what an entry says."""
    assert len(ran.detail) <= LONGEST_DETAIL
    assert ran.error != "crashed"
    match holds:
        case {"error": "any"}:
            assert ran.error is not None
        case {"error": str(error)}:
            assert ran.error == error
        case {"value": value}:
            assert (ran.error, ran.value) == (None, value)
            assert json.dumps(ran.value) == json.dumps(value)  # True is not 1


def test_there_are_enough_of_them_and_each_is_another() -> None:
    names = {escape["name"] for escape in ESCAPES}

    assert len(names) == len(ESCAPES) >= 60
    assert len({escape["code"] + json.dumps(escape.get("inputs")) for escape in ESCAPES}) == len(
        ESCAPES
    )
