"""Publishing: the draft is compiled, and becomes a version only without errors."""

from collections.abc import Mapping
from typing import Any

from recado.engine.compile import compile
from recado.engine.flow import FlowDocument
from recado.engine.node import NodeTypes
from recado.engine.problems import Language, has_errors
from recado.engine.routing import triggers_of
from recado.store import flow_versions, inbox, notices
from recado.store.flows import Flow
from recado.store.ids import new_id
from recado.store.pool import Db
from recado.store.resources import resources
from recado.web.errors import FlowProblem, Refusal
from recado.web.flow_documents import problem_answers
from recado.web.viewer import Viewer


async def check(
    db: Db, viewer: Viewer, draft: dict[str, Any], node_types: NodeTypes, language: Language
) -> tuple[bool, list[FlowProblem]]:
    """Says whether a draft can be published, and everything that is wrong with it in its workspace."""
    document = FlowDocument.model_validate(draft)
    compiled = compile(document, node_types, await resources(db, viewer.workspace_id))
    problems = problem_answers(compiled.problems, document, language)
    return not has_errors(compiled.problems), problems


async def publish(
    db: Db,
    viewer: Viewer,
    flow: Flow,
    *,
    node_types: NodeTypes,
    language: Language,
    note: str | None,
) -> tuple[int, list[FlowProblem]] | Refusal:
    """Makes the draft the flow's next version, or says why not; what is published already stays."""
    publishable, problems = await check(db, viewer, flow.draft, node_types, language)
    facts = flow.facts
    if not publishable:
        return Refusal(
            422,
            "flow_has_errors",
            problems=problems,
            flow_id=str(facts.id),
            revision=facts.revision,
        )
    if facts.published_version is not None and not facts.has_changes:
        return facts.published_version, problems
    version = await flow_versions.insert_version(
        db,
        new_id(),
        workspace_id=viewer.workspace_id,
        flow_id=facts.id,
        document=flow.draft,
        triggers=triggers_of(FlowDocument.model_validate(flow.draft)),
        note=note,
        published_by=viewer.user_id,
    )
    return version, problems


async def migrate(db: Db, viewer: Viewer, flow: Flow, moves: Mapping[str, str | None]) -> int:
    """Moves the sessions that run an older version to the one just published; gives how many will move."""
    version_id = await flow_versions.published_id(db, viewer.workspace_id, flow.facts.id)
    if version_id is None:
        return 0
    notice = notices.Migrated(str(flow.facts.id), str(version_id), dict(moves))
    count = await notices.post_migration(db, viewer.workspace_id, notice)
    if count:
        await inbox.notify(db, turns=True, statuses=False)
    return count


def check_moves(draft: dict[str, Any], moves: Mapping[str, str | None]) -> None:
    """Raises Refusal (422) where a migration leads to a node that the new version does not have."""
    nodes = {node.id for node in FlowDocument.model_validate(draft).nodes}
    for old, new in moves.items():
        if new is not None and new not in nodes:
            raise Refusal(422, "unknown_node", field=f"migration.moves.{old}", node=new)
