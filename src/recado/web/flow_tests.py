"""Flow tests: what the customer says, what must come back; kept with a flow and run against its draft or a version."""

from collections.abc import Sequence
from datetime import datetime
from typing import Annotated, Any, ClassVar
from uuid import UUID

import asyncpg
from fastapi import APIRouter
from pydantic import AfterValidator, BaseModel, Field

from recado.engine.events import Json
from recado.engine.story import parse_story
from recado.engine.story_reading import StoryMistake, join
from recado.engine.story_tests import Coverage, Verdict
from recado.engine.story_words import in_portuguese
from recado.store import flow_tests as store
from recado.store.flow_tests import MOST_TESTS, FlowTest
from recado.store.ids import new_id
from recado.store.paging import Place, after
from recado.store.pool import Db
from recado.web import flows
from recado.web.errors import Refusal, not_found
from recado.web.flow_test_runs import Read, Stage, read_stage, run, stories_of
from recado.web.inputs import Input, Name, absent, at_most, storable
from recado.web.lists import Page, Paged
from recado.web.serving import Served, Tx
from recado.web.viewer import Editor, Reader, Viewer

router = APIRouter(prefix="/flow-tests", tags=["flow-tests"])

MAX_STORY_BYTES = 256_000

_SHAPE = (
    "`steps` (see docs/guide/flow-tests.md), and if need be `pinned` (how calls end, by node), `at_the_end`, `contact`, "
    "`number`, `now`, `story` (what it shows). The flow is the one that the test belongs to; `calendars`, `timezone`, "
    "`locale`, `chatbot` (variables) and `settings` are those of the workspace and the chatbot where it says nothing."
)
Story = Annotated[
    dict[str, Any], AfterValidator(storable), AfterValidator(at_most(MAX_STORY_BYTES))
]


class NewFlowTest(Input):
    """A test to keep with a flow."""

    flow_id: UUID
    name: Name
    story: Story = Field(description=_SHAPE)


class FlowTestChange(Input):
    """What changes on a test; a story is given whole."""

    read_only: ClassVar[frozenset[str]] = Input.read_only | {"flow_id"}
    name: Name = absent()
    story: Story = absent()


class FlowTestAnswer(BaseModel):
    """A test of a flow."""

    id: UUID
    flow_id: UUID
    name: str
    story: dict[str, Any] = Field(description=_SHAPE)
    created_at: datetime
    updated_at: datetime


class RunOrder(Input):
    """Which tests to run: all of a flow, on its draft or on a version."""

    flow_id: UUID
    version: int | None = Field(default=None, ge=1, description="absent: the draft")


class DifferenceAnswer(BaseModel):
    """Something else came than was expected; `step` counts from 0, and is null for how the story ends."""

    step: int | None
    said: str
    expected: Any
    came: Any


class TestResult(BaseModel):
    """How a test went; `mistake` says why its story could not be told, `not_run` that the run's time was over."""

    id: UUID
    name: str
    passed: bool
    steps: int
    mistake: str | None
    mistake_place: str | None = Field(
        description="A path into the story, such as `steps.0.bot`; steps count from 0 here, in `mistake` from 1."
    )
    not_run: bool
    differences: list[DifferenceAnswer]


class CoverageAnswer(BaseModel):
    """What the tests reached; what they missed is listed by node id, ports as [node id, port]."""

    nodes: int
    ports: int
    nodes_missed: list[str]
    ports_missed: list[tuple[str, str]]


class RunAnswer(BaseModel):
    """How all tests of a flow went."""

    passed: bool
    tests: list[TestResult]
    coverage: CoverageAnswer


@router.get("")
async def list_tests(
    viewer: Reader, db: Tx, paging: Paged, flow_id: UUID | None = None
) -> Page[FlowTestAnswer]:
    """Lists the tests of a flow, or of the whole workspace."""
    limit, start = paging.limit + 1, after(paging.after)
    found = await store.list_tests(
        db, viewer.workspace_id, flow_id=flow_id, limit=limit, after=start
    )
    total = await store.count_tests(db, viewer.workspace_id, flow_id=flow_id)
    return paging.page(found, total, shape=_shape, place=lambda test: Place(test.id))


@router.post("", status_code=201)
async def make_test(test: NewFlowTest, viewer: Editor, db: Tx) -> FlowTestAnswer:
    """Keeps a test with a flow."""
    await flows.lock(db, viewer, test.flow_id, revision=None)
    _check(test.story)
    if await store.count_tests(db, viewer.workspace_id, flow_id=test.flow_id) >= MOST_TESTS:
        raise Refusal(409, "too_many_flow_tests", limit=MOST_TESTS)
    test_id = new_id()
    try:
        await store.insert_test(
            db,
            test_id,
            workspace_id=viewer.workspace_id,
            flow_id=test.flow_id,
            name=test.name,
            story=test.story,
        )
    except asyncpg.UniqueViolationError as taken:
        raise Refusal(409, "flow_test_exists", field="name", name=test.name) from taken
    return _shape(await _found(db, viewer, test_id))


@router.post("/run")
async def run_tests(order: RunOrder, viewer: Editor, served: Served) -> RunAnswer:
    """Runs all tests of a flow with the engine that answers customers; scripts run, other calls are pinned.

    A run takes at most half a minute; the tests that are left then come back as not run.
    """
    async with served.transaction() as db:
        tests = await store.list_tests(
            db, viewer.workspace_id, flow_id=order.flow_id, limit=MOST_TESTS
        )
        stories = stories_of(tests)
        stage = await _stage(db, viewer, order, stories)
    verdicts, reached = await run(stage, stories, served)
    results = [_result(test, verdict) for test, verdict in zip(tests, verdicts, strict=True)]
    return RunAnswer(
        passed=all(result.passed for result in results), tests=results, coverage=_coverage(reached)
    )


@router.get("/{test_id}")
async def get_test(test_id: UUID, viewer: Reader, db: Tx) -> FlowTestAnswer:
    """Shows a test."""
    return _shape(await _found(db, viewer, test_id))


@router.put("/{test_id}")
@router.patch("/{test_id}")
async def change_test(
    test_id: UUID, change: FlowTestChange, viewer: Editor, db: Tx
) -> FlowTestAnswer:
    """Changes the fields that are given."""
    await _found(db, viewer, test_id)
    given = change.given()
    if "story" in given:
        _check(given["story"])
    try:
        await store.update_test(db, viewer.workspace_id, test_id, changes=given)
    except asyncpg.UniqueViolationError as taken:
        raise Refusal(409, "flow_test_exists", field="name", name=given["name"]) from taken
    return _shape(await _found(db, viewer, test_id))


@router.delete("/{test_id}", status_code=204)
async def delete_test(test_id: UUID, viewer: Editor, db: Tx) -> None:
    """Removes a test."""
    if not await store.delete_test(db, viewer.workspace_id, test_id):
        raise not_found()


async def _stage(db: Db, viewer: Viewer, order: RunOrder, stories: Sequence[Read]) -> Stage:
    flow = await flows.found(db, viewer, order.flow_id)
    found = await read_stage(db, viewer.workspace_id, flow, stories, version=order.version)
    if found is None:
        raise not_found()
    return found


async def _found(db: Db, viewer: Viewer, test_id: UUID) -> FlowTest:
    test = await store.find_test(db, viewer.workspace_id, test_id)
    if test is None:
        raise not_found()
    return test


def _check(story: dict[str, Json]) -> None:
    """Refuses what cannot be told, by the field; whether it fits the flow only a run can tell."""
    try:
        parse_story(story)
    except StoryMistake as mistake:
        field = join("story", mistake.place)
        raise Refusal(
            422,
            "bad_story",
            field=field,
            reason=mistake.reason,
            reason_pt=in_portuguese(mistake.reason),
        ) from mistake


def _result(test: FlowTest, verdict: Verdict) -> TestResult:
    return TestResult(
        id=test.id,
        name=test.name,
        passed=verdict.passed,
        steps=verdict.steps,
        mistake=str(verdict.mistake) if verdict.mistake else None,
        mistake_place=verdict.mistake.place if verdict.mistake else None,
        not_run=verdict.not_run,
        differences=[
            DifferenceAnswer(step=each.step, said=each.said, expected=each.expected, came=each.came)
            for each in verdict.differences
        ],
    )


def _coverage(found: Coverage) -> CoverageAnswer:
    return CoverageAnswer(
        nodes=found.nodes,
        ports=found.ports,
        nodes_missed=list(found.nodes_missed),
        ports_missed=list(found.ports_missed),
    )


def _shape(test: FlowTest) -> FlowTestAnswer:
    return FlowTestAnswer.model_validate(test, from_attributes=True)
