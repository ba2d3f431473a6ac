"""Runs the tests of a flow: its draft or a version, with the flows it leads to, in the world of its workspace."""

import asyncio
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from typing import Any
from uuid import UUID

import msgspec

from recado.calls.script_calls import perform_scripts
from recado.engine.events import World
from recado.engine.settings import Settings, flows_named, parse_stored
from recado.engine.story import Story, parse_story
from recado.engine.story_flows import Flows, compile_flows
from recado.engine.story_reading import StoryMistake
from recado.engine.story_tests import Coverage, Verdict, coverage, judge
from recado.store import flow_versions, workspaces, worlds
from recado.store.calendars import MOST_CALENDARS, list_calendars
from recado.store.flow_tests import FlowTest
from recado.store.flows import Flow
from recado.store.pool import Db
from recado.web.errors import Refusal
from recado.web.serving import Serving

MOST_FLOWS = 50  # within reach, as for a real conversation
MOST_SECONDS = 30.0

Read = Story | StoryMistake
Documents = dict[str, dict[str, Any]]


@dataclass(frozen=True, slots=True)
class Stage:
    """What stories are played on: documents by flow id, the one under test first, and the world around them."""

    documents: Documents
    world: World


def stories_of(tests: Sequence[FlowTest]) -> list[Read]:
    """Reads the stories of tests, or what is wrong with them."""
    return [_read(test.story) for test in tests]


async def read_stage(
    db: Db, workspace_id: UUID, flow: Flow, stories: Sequence[Read], *, version: int | None
) -> Stage | None:
    """Reads everything that a run needs; None where there is no such version."""
    main = flow.draft
    if version is not None:
        found = await flow_versions.find_version(db, workspace_id, flow.facts.id, number=version)
        if found is None:
            return None
        main = found[1]
    world = await _world(db, workspace_id, flow.facts.chatbot_id)
    named = flows_named(world.settings)
    for story in stories:
        named |= flows_named(story.scene.settings) if isinstance(story, Story) else set()
    others = await _within_reach(db, workspace_id, named | _leads_to(main), but=flow.facts.id)
    return Stage({str(flow.facts.id): main, **others}, world)


async def run(
    stage: Stage, stories: Sequence[Read], served: Serving
) -> tuple[list[Verdict], Coverage]:
    """Plays the stories, as many as the time is enough for; raises Refusal (422) for a flow with mistakes."""
    try:
        flows = compile_flows(
            {id: [document] for id, document in stage.documents.items()}, served.node_types
        )
    except StoryMistake as mistake:
        raise Refusal(
            422, "flow_cannot_be_tested", field="flow_id", reason=str(mistake)
        ) from mistake
    until = asyncio.get_running_loop().time() + MOST_SECONDS
    verdicts = [await _judged(story, flows, stage.world, served, until) for story in stories]
    return verdicts, coverage(flows.programs[flows.begins], verdicts)


async def _judged(
    story: Read, flows: Flows, world: World, served: Serving, until: float
) -> Verdict:
    if isinstance(story, StoryMistake):
        return Verdict(mistake=story)
    if asyncio.get_running_loop().time() >= until:
        return Verdict(not_run=True)
    try:
        async with asyncio.timeout_at(until):
            return await judge(
                story,
                flows,
                world=world,
                perform=partial(perform_scripts, scripts=served.scripts),
                pause=partial(asyncio.sleep, 0),  # other requests are served between two steps
            )
    except TimeoutError:
        return Verdict(not_run=True)


def _read(raw: dict[str, Any]) -> Read:
    try:
        return parse_story(raw)
    except StoryMistake as mistake:
        return mistake


async def _world(db: Db, workspace_id: UUID, chatbot_id: UUID | None) -> World:
    """Reads what a real conversation would find around it; the chatbot's settings beat the workspace's."""
    ways = await workspaces.find_ways(db, workspace_id)
    calendars = await list_calendars(db, workspace_id, limit=MOST_CALENDARS, after=None)
    settings, facts = _settings(ways.settings), {}
    if chatbot_id and (chatbot := (await worlds.chatbots(db, [chatbot_id])).get(chatbot_id)):
        settings = _settings(chatbot.settings).over(settings)
        facts = {"id": str(chatbot.id), "name": chatbot.name, **chatbot.variables}
    return World(
        chatbot=facts,
        settings=settings,
        texts=ways.texts,
        calendars={calendar.name: calendar.definition for calendar in calendars},
        timezone=ways.timezone,
        locale=ways.locale,
    )


def _settings(stored: Mapping[str, Any]) -> Settings:
    """Reads stored settings as the worker does: a part that cannot be read is as good as none."""
    try:
        return parse_stored(stored)
    except msgspec.ValidationError:
        return Settings()


async def _within_reach(db: Db, workspace_id: UUID, wanted: set[str], *, but: UUID) -> Documents:
    """Reads the published flows that jumps and settings lead to, step by step, the nearest first."""
    found: Documents = {}
    seen = {str(but)}
    while fresh := sorted(_ids(wanted) - seen)[: MOST_FLOWS + 1 - len(seen)]:
        seen.update(fresh)
        versions = await worlds.published(db, [(workspace_id, UUID(id)) for id in fresh])
        documents = await worlds.documents(db, list(versions.values()))
        near = {str(pair[1]): documents[version] for pair, version in versions.items()}
        found |= near
        wanted = {target for document in near.values() for target in _leads_to(document)}
    return found


def _leads_to(document: Mapping[str, Any]) -> set[str]:
    """Gives the ids of the flows that a document's jumps and settings lead to."""
    data = [node.get("data", {}) for node in document.get("nodes", []) if node["type"] == "jump"]
    jumps = {flow for each in data if isinstance(flow := each.get("to_flow"), str)}
    return jumps | flows_named(_settings(document.get("settings", {})))


def _ids(names: set[str]) -> set[str]:
    """Gives ids as they are written in the database; a word that is none names no flow."""
    found: set[str] = set()
    for name in names:
        with suppress(ValueError):
            found.add(str(UUID(name)))
    return found
