"""kill -9 at random moments of many conversations: nothing lost, nothing twice, nothing out of order.

The server dies, a worker beside it, PostgreSQL, or several of them together, while one send in twenty goes wrong in each
of five ways. RECADO_SEED=n repeats a run: the same scripts, the same moments, the same victims. `make prove` kills two
hundred times.
"""

import os
import random
from pathlib import Path

import pytest

from tests.e2e.kill.killing import WAYS
from tests.e2e.kill.trial import Trial, run
from tests.e2e.prove.report import publish

SHORT = Trial(conversations=40, kills=5, faults=0.05, unknown_wait=2, slow_downs=4)
KILLS = int(
    os.environ.get("KILLS") or 200
)  # `make prove PROOF=kills KILLS=20` for a person that is in haste
FULL = Trial(conversations=5 * KILLS, kills=KILLS, faults=0.05, unknown_wait=30, at_once=150)

pytestmark = pytest.mark.asyncio


@pytest.mark.parametrize(
    "trial",
    [
        pytest.param(SHORT, id="short", marks=pytest.mark.timeout(300)),
        pytest.param(FULL, id="full", marks=[pytest.mark.prove, pytest.mark.timeout(10_800)]),
    ],
)
async def test_every_message_gets_its_turn_though_its_processes_are_killed(
    tmp_path: Path, trial: Trial
) -> None:
    seed = int(os.environ.get("RECADO_SEED") or random.SystemRandom().randrange(1_000_000))
    print(f"\nRECADO_SEED={seed}")

    outcome = await run(trial, tmp_path, seed)

    publish("kills", f"{trial.kills} kills", outcome.figures, full=trial is FULL)
    assert not outcome.verdict.complaints, "\n".join(outcome.verdict.complaints)
    assert (
        outcome.verdict.unknown + outcome.verdict.late
        <= outcome.figures["sent_again_after_a_doubt"]
    )
    assert len(outcome.done) == trial.kills
    assert {kill.victims for kill in outcome.done} == set(WAYS)
    assert min(outcome.faults.values()) > 0
    assert outcome.codes == (0, 0)
