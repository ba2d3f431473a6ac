"""Publishing: the draft is compiled, and becomes a version only without errors."""

from typing import Any

from recado.engine.compile import compile
from recado.engine.flow import FlowDocument
from recado.engine.node import NodeTypes
from recado.engine.problems import Language, has_errors
from recado.store import flow_versions
from recado.store.flows import Flow
from recado.store.ids import new_id
from recado.store.pool import Db
from recado.web.errors import FlowProblem, Refusal
from recado.web.flow_documents import problem_answers
from recado.web.viewer import Viewer


def check(
    draft: dict[str, Any], node_types: NodeTypes, language: Language
) -> tuple[bool, list[FlowProblem]]:
    """Says whether a draft can be published, and everything that is wrong with it."""
    compiled = compile(FlowDocument.model_validate(draft), node_types)
    return not has_errors(compiled.problems), problem_answers(compiled.problems, language)


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
    publishable, problems = check(flow.draft, node_types, language)
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
        note=note,
        published_by=viewer.user_id,
    )
    return version, problems
