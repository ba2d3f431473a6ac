"""Runs the tests of a flow: its draft or a version, and the published flows that it jumps to."""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from recado.calls.script import perform as run_script
from recado.engine.compile import compile
from recado.engine.effects import Call
from recado.engine.events import CallResult, Json
from recado.engine.flow import FlowDocument
from recado.engine.problems import has_errors
from recado.engine.requests import Script
from recado.engine.story_tests import Coverage, Verdict, coverage, judge
from recado.store import flow_versions, worlds
from recado.store.flows import Flow
from recado.store.pool import Db
from recado.web.errors import Refusal
from recado.web.serving import Serving

MAIN = "main"
MOST_FLOWS = 20  # that a test may jump to


@dataclass(frozen=True, slots=True)
class Documents:
    """The flow under test, and the published flows within its reach, by id."""

    main: dict[str, Any]
    others: dict[str, dict[str, Any]]


async def read_documents(
    db: Db, workspace_id: UUID, flow: Flow, *, version: int | None
) -> Documents | None:
    """Reads everything that a run needs; None where there is no such version."""
    main = flow.draft
    if version is not None:
        found = await flow_versions.find_version(db, workspace_id, flow.facts.id, number=version)
        if found is None:
            return None
        main = found[1]
    others: dict[str, dict[str, Any]] = {}
    wanted = _targets(main)
    while fresh := [id for id in wanted if id not in others][: MOST_FLOWS - len(others)]:
        versions = await worlds.published(db, [(workspace_id, id) for id in map(UUID, fresh)])
        documents = await worlds.documents(db, list(versions.values()))
        others |= {id: {} for id in fresh}
        others |= {str(pair[1]): documents[id] for pair, id in versions.items()}
        wanted = [target for id in fresh for target in _targets(others[id])]
    return Documents(main, {id: document for id, document in others.items() if document})


async def run(
    documents: Documents, stories: Sequence[Mapping[str, Json]], served: Serving
) -> tuple[list[Verdict], Coverage]:
    """Plays the stories; raises Refusal (422) for a flow with mistakes."""
    compiled = compile(FlowDocument.model_validate(documents.main), served.node_types)
    if compiled.program is None or has_errors(compiled.problems):
        raise Refusal(422, "flow_has_errors", field="flow_id")

    async def perform(call: Call) -> CallResult | None:
        match call.request:
            case Script() as script:
                return await run_script(script, served.scripts, timeout=call.timeout)
        return None

    flows = {MAIN: [documents.main], **{id: [each] for id, each in documents.others.items()}}
    verdicts: list[Verdict] = []
    for story in stories:
        told = {**story, "flows": flows}
        verdicts.append(await judge(told, served.node_types, perform=perform))
        await asyncio.sleep(0)  # other requests are served between two stories
    return verdicts, coverage(compiled.program, f"{MAIN} 1", verdicts)


def _targets(document: Mapping[str, Any]) -> list[str]:
    """Lists the ids of the flows that a document's jumps lead to."""
    named = (node.get("data", {}).get("to_flow") for node in document.get("nodes", []))
    return list(dict.fromkeys(name for name in named if isinstance(name, str) and _is_id(name)))


def _is_id(name: str) -> bool:
    try:
        return str(UUID(name)) == name
    except ValueError:
        return False
